// The charts: Matplotlib's drawing, in which the models are placed here so that they can be found, filtered, chosen.

const CHARTS = JSON.parse(byId("charts").textContent);
const holder = byId("chart");
let spots = [], walker = [];

function drawChart() {
  if (!holder) return;
  const key = chosenChart(), chart = CHARTS[key];
  if (key !== "size" && data.robustness[key]) judged = key;
  byId("scales").disabled = key === "size";
  // Our own drawing, whose texts were escaped when it was made.
  holder.innerHTML = chart.frame;
  spots = [];
  chart.marks.forEach((marks, series) => {
    const group = holder.querySelector(`[data-series="${series}"]`);
    group?.setAttribute("opacity", marks.opacity);
    marks.rows.forEach((index, k) => {
      const [x, y] = [marks.x[k], marks.y[k]];
      const element = draw("use", { href: "#mark-" + series, transform: `translate(${x} ${y}) scale(${marks.scale})`, "data-row": index, role: "img", tabindex: "-1", "aria-label": describe(index, key).join(", ") });
      group?.append(element);
      spots.push({ element, index, x, y, home: group });
    });
  });
  walker = [...spots].sort((a, b) => a.x - b.x || b.y - a.y);
  walker[0]?.element.setAttribute("tabindex", "0");
  byId("fit").textContent = data.charts[key] || "No line: it takes at least three standard models.";
  byId("svg").href = data.files[key] + ".svg";
  byId("pdf").href = data.files[key] + ".pdf";
  dim();
  emphasise();
}

function describe(index, key = chosenChart()) {
  const row = data.rows[index], lines = [names[index], `${seriesOf(row)}, ${rankWords(row)}`];
  if (key === "size") return [...lines, `${millions(row.parameters)} parameters`, `shifted accuracy ${percent(row.shifted[0])} % (${range(percent, row.shifted[1], row.shifted[2])})`];
  const name = key.slice(0, key.lastIndexOf("/")), above = robustnessOf(index, key);
  for (const [k, set] of data.sets.entries()) {
    if (row.cells[k] && (set.kind === "in distribution" || set.name === name)) lines.push(`${set.title} ${percent(row.cells[k][0])} % (${range(percent, row.cells[k][1], row.cells[k][2])})`);
  }
  if (above) lines.push(`effective robustness ${points(above[0])} points` + (above[1] === null ? "" : ` (${range(points, above[1], above[2])})`) + (above[3] ? ", extrapolated" : ""));
  return lines;
}

// Models that the filter leaves out stay as faint marks, so that the picture keeps its scale.
function dim() {
  if (view.order.length === data.rows.length && !holder?.querySelector(".out")) return;
  const shown = new Set(view.order);
  for (const { element, index } of spots) element.classList.toggle("out", !shown.has(index));
}

function emphasise() {
  if (!holder) return;
  holder.querySelectorAll(".on").forEach((element) => element.classList.remove("on"));
  holder.querySelector(".halo")?.remove();
  const spot = spots.find(({ index }) => index === view.selected);
  if (!spot) return;
  spot.element.classList.add("on");
  const halo = draw("g", { class: "halo", "aria-hidden": "true", transform: `translate(${spot.x} ${spot.y})` }, draw("circle", { r: 9 }));
  const label = draw("text", { x: spot.x > 190 ? -13 : 13, y: 3.5, "text-anchor": spot.x > 190 ? "end" : "start" }, shortName(names[spot.index], 30));
  halo.append(label);
  holder.querySelector("svg").append(halo);
}

function nearest(event) {
  const svg = holder.querySelector("svg"), frame = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / frame.width;
  const x = (event.clientX - frame.left) * scale, y = (event.clientY - frame.top) * scale;
  let found = null, least = 14 * 14;
  for (const spot of spots) {
    const distance = (spot.x - x) ** 2 + (spot.y - y) ** 2;
    if (distance < least && !spot.element.classList.contains("out")) [found, least] = [spot, distance];
  }
  return found;
}

function walk(event) {
  const move = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key], from = event.target.dataset.row;
  if (from === undefined) return;
  if (event.key === "Enter" || event.key === " ") pick(+from);
  else if (move) {
    const at = walker.findIndex((spot) => spot.index === +from);
    const next = walker[(at + move + walker.length) % walker.length].element;
    event.target.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  } else return;
  event.preventDefault();
}

function pick(index) {
  select(index);
  showSelected(true);
}

function startChart() {
  if (!holder) return;
  holder.addEventListener("pointermove", (event) => {
    const spot = nearest(event);
    holder.style.cursor = spot ? "pointer" : "";
    showTip(spot?.element, spot ? describe(spot.index) : []);
  });
  holder.addEventListener("pointerleave", () => showTip(null));
  holder.addEventListener("click", (event) => { const spot = nearest(event); if (spot) pick(spot.index); else select(null); });
  holder.addEventListener("focusin", (event) => event.target.dataset.row !== undefined && showTip(event.target, describe(+event.target.dataset.row)));
  holder.addEventListener("focusout", () => showTip(null));
  holder.addEventListener("keydown", walk);
  byId("switch").addEventListener("change", () => {
    drawChart();
    if (view.sort.id === "robustness") reorder();
    else { drawHead(); drawBody(true); }
  });
  watch("order", dim);
  watch("selected", emphasise);
  drawChart();
}
