// The columns: what each one is called, by what it sorts, and what it shows of a row.

const chosenChart = () => {
  const form = byId("switch");
  if (!form) return "";
  const set = form.elements.set.value;
  return set === "size" ? set : set + "/" + form.elements.scale.value;
};
// The size chart has no line: effective robustness stays on the set that was last looked at.
let judged = Object.keys(data.robustness)[0] || "";

const COLUMNS = [
  { id: "model", head: "model", note: () => "rank, name, type", value: (row) => names[row.index].toLowerCase(), fixed: true },
  { id: "shifted", head: "shifted", note: () => "mean of " + MEAN_SETS.length, about: "mean top-1 accuracy over " + MEAN_SETS.map((set) => set.title).join(", "), value: (row) => row.shifted[0], best: true },
  { id: "robustness", head: "eff. robust.", note: () => titleOf(judged.split("/")[0]) + ", " + judged.split("/")[1], about: "points above what the line predicts from accuracy in distribution", value: (row) => robustnessOf(row.index, judged)?.[0] },
  ...data.sets.map((set, index) => ({
    id: "set:" + set.name, head: set.title, set, index, about: set.about, best: true,
    note: () => (set.kind === "shifted" || set.kind === set.title.toLowerCase() ? "n " + count(set.n) : set.kind),
    value: (row) => row.cells[index]?.[0],
  })),
  { id: "parameters", head: "params", note: () => "number", about: "number of parameters", value: (row) => row.parameters ?? undefined },
  { id: "arm", head: "training data", note: () => "arm", about: "what the model was trained on", value: (row) => row.arm, words: true, hidden: true },
  { id: "seeds", head: "seeds", note: () => "runs", about: "training runs on this board that differ in the seed alone", value: (row) => row.seeds ?? undefined, hidden: true },
].filter((column) => column.id !== "robustness" || judged);
data.rows.forEach((row, index) => { row.index = index; });
const BEST = new Map(COLUMNS.filter((column) => column.best).map((column) => [column.id, data.rows.reduce((top, row) => Math.max(top, column.value(row) ?? -1), -1)]));
const shownColumns = () => COLUMNS.filter((column) => !column.hidden);

function bar(low, high, value) {
  const ci = make("i", { class: "ci", "aria-hidden": "true" }, make("b"), make("u"));
  ci.firstChild.style.cssText = `left:${100 * low}%;width:${100 * (high - low)}%`;
  ci.lastChild.style.left = 100 * value + "%";
  return ci;
}

// Why a cell of this row is empty.
function whyMissing(row, column) {
  if (column.id === "robustness") {
    const at = setIndex(judged.split("/")[0]);
    return row.cells[at] ? "no line: too few standard models besides this one" : "not scored on " + data.sets[at].title;
  }
  if (column.id === "parameters") return "its card does not say";
  if (column.id === "seeds") return "nothing is known of its training";
  return "not scored on " + column.head;
}

function cell(row, column) {
  const button = make("button", { type: "button" });
  const value = column.value(row);
  if (value === undefined) {
    const reason = whyMissing(row, column);
    button.className = "missing";
    button.title = reason;
    button.append("–", make("small", {}, column.id.startsWith("set:") ? "not scored" : column.id === "robustness" ? "no value" : "unknown"));
    button.setAttribute("aria-label", reason);
  } else if (column.id === "robustness") {
    const [, low, high, outside] = robustnessOf(row.index, judged);
    button.append(points(value), make("small", {}, low === null ? "no interval" : range(points, low, high)), ...(outside ? [make("small", {}, "extrapolated")] : []));
  } else if (column.best) {
    const [, low, high] = column.set ? row.cells[column.index] : row.shifted;
    button.append(make("span", value === BEST.get(column.id) ? { class: "best" } : {}, percent(value)), bar(low, high, value));
    button.setAttribute("aria-label", `${column.head} ${percent(value)} %, interval ${range(percent, low, high)}`);
  } else if (column.id === "parameters") button.append(millions(value));
  else button.append(String(value), ...(column.id === "seeds" && value === 1 ? [make("small", {}, "one seed")] : []));
  return button;
}

// Long names keep both ends, which tell models apart; the whole name is in the title and the detail.
function shortName(name, limit) {
  if (name.length <= limit) return name;
  const head = Math.ceil((limit - 1) * 0.6);
  return name.slice(0, head) + "…" + name.slice(name.length - (limit - 1 - head));
}

// A name that wraps does so after what separates its parts.
function breakable(name) {
  const parts = name.split(/(?<=[_./\-])(?=\w)/);
  return make("bdi", { class: "name" }, ...parts.flatMap((part, k) => (k ? [make("wbr"), part] : [part])));
}

function modelCell(row, limit) {
  const about = [...(tieOf(row) ? [tieOf(row)] : []), seriesOf(row), ...(row.seeds === 1 && row.role === "arm" ? ["one seed"] : [])];
  const label = `${names[row.index]}, ${rankWords(row)}, ${seriesOf(row)}`;
  const button = make("button", { type: "button", title: names[row.index], "aria-label": label });
  button.append(make("span", { class: "rank" }, rankOf(row)), mark(row.series), breakable(shortName(names[row.index], limit)), make("small", {}, about.join(" · ")));
  return button;
}
