// Where a number comes from: full precision, n, interval, digests, and the command that makes it again.

function openDetail(row, column) {
  const entries = [];
  if (column.set) entries.push(...ofSet(row, column));
  else if (column.id === "shifted") entries.push(...ofMean(row));
  else if (column.id === "robustness") entries.push(...ofRobustness(row));
  else entries.push([column.about, String(column.value(row))]);
  entries.push(["rank", rankWords(row)], ["model", row.model], ["architecture", row.arch]);
  if (row.parameters !== null && column.id !== "parameters") entries.push(["parameters", count(row.parameters)]);
  entries.push(["trained on", `${row.arm}, seed ${row.seed}`]);
  byId("detail-title").textContent = names[row.index];
  facts(byId("detail").querySelector(".facts"), entries);
  byId("command").textContent = row.command;
  byId("detail").dataset.index = row.index;
  byId("detail").showModal();
}

function ofSet(row, { set, index }) {
  const [top1, low, high, n, top5] = row.cells[index];
  const entries = [
    ["accuracy (top-1)", `${percent(top1)} %: ${count(Math.round(top1 * n))} of ${count(n)} images, ${top1}`],
    ["95 % interval", `${low} to ${high}`],
    ["top-5", top5 === null ? "not measured" : String(top5)],
    ["set", `${set.title} (${set.kind})`],
    ["digest of the set", set.digest],
    ["digest of the answers", answers().predictions[set.name]?.[row.index] || "not recorded"],
  ];
  for (const key of Object.keys(data.robustness)) if (key.startsWith(set.name + "/")) entries.push(...aboveLine(row, key));
  return entries;
}

function ofMean(row) {
  return [
    ["shifted accuracy", `${percent(row.shifted[0])} %: ${row.shifted[0]}`],
    ["95 % interval", `${row.shifted[1]} to ${row.shifted[2]}`],
    ["mean over", MEAN_SETS.map((set) => `${set.title} (n ${count(set.n)})`).join(", ")],
    ["digests of the sets", MEAN_SETS.map((set) => set.digest).join("\n")],
  ];
}

function ofRobustness(row) {
  return [...aboveLine(row, judged), ["line", data.charts[judged] || "none"], ["set", titleOf(judged.split("/")[0])]];
}

function aboveLine(row, key) {
  const value = robustnessOf(row.index, key);
  if (!value) return [];
  const [points1, low, high, outside, zero] = value;
  const flags = (outside ? "; extrapolated: outside the fitted range" : "") + (zero ? "; no image was right: depends on the clip" : "");
  return [[`effective robustness, ${key.slice(key.lastIndexOf("/") + 1)}`, `${points(points1)} points: ${points1}` + (low === null ? "" : `, ${low} to ${high}`) + flags]];
}

const hint = byId("selection").textContent;

function showSelection() {
  const line = byId("selection"), index = view.selected;
  if (index === null) {
    line.textContent = hint;
    return;
  }
  const link = make("a", { href: "#model=" + encodeURIComponent(data.rows[index].slug) }, "link to this row");
  const open = make("button", { type: "button", class: "link" }, "origin");
  open.addEventListener("click", () => openDetail(data.rows[index], COLUMNS[1]));
  const hidden = view.order.includes(index) ? [] : [" (filtered out)"];
  line.replaceChildren("Selected: ", make("b", {}, names[index]), ...hidden, " · ", link, " · ", open, " · ", make("a", { href: "#compare" }, "compare"));
}

function startDetail() {
  byId("close").addEventListener("click", () => byId("detail").close());
  byId("copy-link").addEventListener("click", (event) => copyText(linkTo(+byId("detail").dataset.index), event.target));
  watch("selected", showSelection);
  watch("order", showSelection);
}
