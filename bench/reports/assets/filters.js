// Which models are shown: search, type, training data, size; and which columns.

const filterForm = byId("filters");
let wanted = {};

function readFilters() {
  const fields = filterForm.elements, size = (field) => (field.value === "" ? null : 1e6 * Number(field.value));
  wanted = {
    words: fields.text.value.toLowerCase().split(/\s+/).filter(Boolean),
    series: fields.series.value,
    arm: fields.arm.value,
    least: size(fields.least),
    most: size(fields.most),
  };
}

const searched = data.rows.map((row) => [row.title, row.arch, row.model, row.slug].join(" ").toLowerCase());

function passes(index) {
  const row = data.rows[index], { words, series, arm, least, most } = wanted;
  if (series && row.series !== Number(series)) return false;
  if (arm && row.arm !== arm) return false;
  // A model of unknown size is in no range of sizes.
  if (least !== null && !(row.parameters >= least)) return false;
  if (most !== null && !(row.parameters !== null && row.parameters <= most)) return false;
  return words.every((word) => searched[index].includes(word));
}

function showCount() {
  const all = data.rows.length, shown = view.order.length;
  byId("count").textContent = shown === all ? plural(all, "model") : `${count(shown)} of ${plural(all, "model")}`;
}

function startFilters() {
  const option = (value, label) => make("option", { value }, label);
  filterForm.elements.series.append(...data.series.map((series, k) => option(k, series.label)));
  filterForm.elements.arm.append(...[...new Set(data.rows.map((row) => row.arm))].sort().map((arm) => option(arm, arm)));
  byId("columns").querySelector("fieldset").append(...COLUMNS.filter((column) => !column.fixed).map((column) => {
    const box = make("input", { type: "checkbox", value: column.id, ...(column.hidden ? {} : { checked: "" }) });
    return make("label", {}, box, column.head);
  }));
  byId("columns").addEventListener("change", (event) => {
    const column = COLUMNS.find((candidate) => candidate.id === event.target.value);
    column.hidden = !event.target.checked;
    if (column.hidden && view.sort.id === column.id) view.sort = { id: "shifted", down: true };
    reorder();
    event.stopPropagation();
  });
  const apply = () => { readFilters(); reorder(); };
  filterForm.addEventListener("input", (event) => { if (event.target.type !== "checkbox") apply(); });
  filterForm.addEventListener("reset", (event) => {
    const columns = [...byId("columns").querySelectorAll("input")].map((input) => [input, input.checked]);
    setTimeout(() => { columns.forEach(([input, checked]) => { input.checked = checked; }); apply(); });
    event.stopPropagation();
  });
  filterForm.addEventListener("submit", (event) => event.preventDefault());
  watch("order", showCount);
  readFilters();
}
