// What is shown, as files: the table as CSV and JSON at full precision, the chart as SVG.

function save(name, kind, text) {
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: kind })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// A cell that no spreadsheet takes for a formula.
function csvCell(value) {
  if (typeof value === "number") return String(value);
  const text = String(value ?? "").replace(/\s+/g, " ").trim(), inert = /^[=+\-@]/.test(text) ? "'" + text : text;
  return /[",]/.test(inert) ? '"' + inert.replaceAll('"', '""') + '"' : inert;
}

function shownRows() {
  return view.order.map((index) => {
    const row = data.rows[index], record = { rank: row.rank, ...(row.ranks ? { rank_low: row.ranks[0], rank_high: row.ranks[1], tied_with_first: row.first } : {}), model: row.title, slug: row.slug, type: seriesOf(row) };
    for (const column of shownColumns()) {
      if (column.id === "model") continue;
      if (!column.best) { record[column.id === "robustness" ? "robustness:" + judged : column.id] = column.value(row) ?? null; continue; }
      const values = column.set ? row.cells[column.index] : row.shifted, name = column.set ? column.set.name : column.id;
      for (const [k, part] of ["", ":low", ":high"].entries()) record[name + part] = values?.[k] ?? null;
      if (column.set) record[name + ":n"] = values?.[3] ?? null;
    }
    return record;
  });
}

function csv() {
  const rows = shownRows(), heads = Object.keys(rows[0] || { model: "" });
  return [heads, ...rows.map((row) => heads.map((head) => row[head]))].map((line) => line.map(csvCell).join(",")).join("\r\n") + "\r\n";
}

function json() {
  const sets = Object.fromEntries(data.sets.map(({ name, title, n, digest }) => [name, { title, n, digest }]));
  return JSON.stringify({ track: data.track, sets, rows: shownRows() }, null, 1) + "\n";
}

// The chart as it stands, in a file of its own: colours as numbers, symbols inside.
function svg() {
  const colours = getComputedStyle(document.documentElement), copy = holder.querySelector("svg").cloneNode(true);
  const probe = document.body.appendChild(make("i"));
  const colour = (_, name) => {
    probe.style.color = colours.getPropertyValue("--" + name);
    return getComputedStyle(probe).color;
  };
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("font-family", "system-ui, sans-serif");
  copy.prepend(draw("style", {}, ".out{opacity:.12}.halo circle{fill:none;stroke:var(--ink);stroke-width:2}.halo text{font-size:9px;font-weight:600;fill:var(--ink)}"), byId("symbols").cloneNode(true));
  const [, , width, height] = copy.getAttribute("viewBox").split(" ");
  copy.querySelector("defs").after(draw("rect", { width, height, style: "fill:var(--ground)" }));
  for (const element of copy.querySelectorAll("use[data-row]")) {
    element.prepend(draw("title", {}, element.getAttribute("aria-label")));
    for (const name of ["tabindex", "role", "aria-label", "data-row"]) element.removeAttribute(name);
  }
  const text = new XMLSerializer().serializeToString(copy).replace(/var\(--(\w+)\)/g, colour);
  probe.remove();
  return text;
}

function startDownload() {
  const stem = data.track.replace(/[^\w-]+/g, "-");
  byId("save-csv").addEventListener("click", () => save(stem + "-shown.csv", "text/csv", csv()));
  byId("save-json").addEventListener("click", () => save(stem + "-shown.json", "application/json", json()));
  byId("save-svg").addEventListener("click", () => holder && save(stem + "-chart.svg", "image/svg+xml", svg()));
  byId("save-svg").disabled = !holder;
}
