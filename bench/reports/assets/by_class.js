// Accuracy by class as a heat map: the models at the top of the table, in its order, on one set.

const classForm = byId("by-class");
const HEAT_ROWS = 12, HEAT_CLASSES = 40;
let heatRows = HEAT_ROWS;

function classAccuracies(index, set, labels) {
  const bits = bitsOf(index, set);
  if (!bits) return null;
  const right = new Float64Array(data.classes.length), n = new Float64Array(data.classes.length);
  labels.forEach((label, i) => { n[label] += 1; right[label] += bits[i]; });
  return { right, n };
}

function heatCell(right, n, name) {
  if (!n) return make("td", { class: "missing", title: `no image of ${name} in this set` }, "–");
  const td = make("td", { title: `${name}: ${right} of ${n}, ${range(percent, ...wilson(right, n))} %` }, String(Math.round((100 * right) / n)));
  td.style.setProperty("--heat", `${Math.round(50 * (1 - right / n))}%`);
  return td;
}

// All classes in their order, or of very many the hardest ones.
function classesShown(found) {
  const all = data.classes.map((_, k) => k);
  if (all.length <= HEAT_CLASSES) return all;
  const mean = (k) => found.reduce((sum, { right, n }) => sum + (n[k] ? right[k] / n[k] : 1), 0);
  return all.map((k) => [mean(k), k]).sort((x, y) => x[0] - y[0] || x[1] - y[1]).slice(0, HEAT_CLASSES).map(([, k]) => k);
}

function drawHeat() {
  const set = data.sets[setIndex(classForm.elements.set.value)], labels = labelsOf(set), where = byId("heat");
  if (!labels) {
    where.replaceChildren();
    byId("class-note").textContent = `No accuracies by class on ${set.title}: its labels were not at hand when the board was published.`;
    return;
  }
  const rows = view.order.slice(0, heatRows).flatMap((index) => {
    const found = classAccuracies(index, set, labels);
    return found ? [{ index, ...found }] : [];
  });
  const classes = classesShown(rows), hardest = classes.length < data.classes.length;
  const heads = classes.map((k) => make("th", { scope: "col" }, data.classes[k]));
  const lines = rows.map(({ index, right, n }) => make("tr", {}, make("th", { scope: "row", title: names[index] }, mark(data.rows[index].series), " ", shortName(names[index], innerWidth < 600 ? 22 : 44)), ...classes.map((k) => heatCell(right[k], n[k], data.classes[k]))));
  const caption = `Accuracy by class on ${set.title}, %` + (hardest ? `, the ${HEAT_CLASSES} hardest of ${count(data.classes.length)} classes` : "");
  const table = make("table", { class: "heat" }, make("caption", {}, caption), make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "model"), ...heads)), make("tbody", {}, ...lines));
  where.replaceChildren(make("div", { class: "box", tabindex: "0", role: "region", "aria-label": caption }, table));
  byId("class-note").textContent = rows.length
    ? `The first ${plural(rows.length, "model")} of the table above, in its order and under its filters; the stronger the colour, the more images are wrong. Point at a cell for n and interval.`
    : "No model that is shown has answers on this set.";
  byId("more").hidden = view.order.length <= heatRows;
}

function startByClass() {
  if (!data.sets.some(labelsOf) || !data.rows.length) {
    byId("class-note").textContent = "No accuracies by class: the labels of the sets were not at hand when the board was published.";
    return;
  }
  const sets = make("select", { name: "set" }, ...data.sets.map((set) => make("option", { value: set.name }, set.title)));
  sets.value = (MEAN_SETS[0] || data.sets[0]).name;
  classForm.append(make("label", {}, make("span", {}, "set"), sets), make("button", { type: "button", id: "more" }, "more models"));
  classForm.addEventListener("change", drawHeat);
  classForm.addEventListener("submit", (event) => event.preventDefault());
  byId("more").addEventListener("click", () => { heatRows += HEAT_ROWS; drawHeat(); });
  // After the table, which a reader who sorts is looking at.
  let waiting = 0;
  watch("order", () => {
    clearTimeout(waiting);
    waiting = setTimeout(drawHeat, 60);
  });
}
