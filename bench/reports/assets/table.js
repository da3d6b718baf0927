// The table: of a long board only the rows in sight exist. One cell at a time is in the tab order; arrows move it.

const box = byId("scroll"), table = byId("table"), body = table.tBodies[0];
const AHEAD = 4, ROW = 62;
const tall = box.classList.contains("tall");
const nameLimit = () => (tall ? (innerWidth < 600 ? 30 : 46) : 400);
let cursor = { at: 0, column: 0 }, drawn = { first: -1, last: -1 };

const cellButton = (at, column) => body.querySelector(`button[data-at="${at}"][data-column="${column}"]`);
const ranked = () => view.sort.id === "shifted" && view.sort.down;

function drawHead() {
  const row = make("tr", { "aria-rowindex": 1 });
  for (const column of shownColumns()) {
    const active = view.sort.id === column.id;
    const th = make("th", { scope: "col", "aria-sort": active ? (view.sort.down ? "descending" : "ascending") : "none", class: column.id.split(":")[0] });
    const button = make("button", { type: "button", title: column.about || "sort by name" }, make("span", {}, column.head), make("small", {}, column.note()));
    button.dataset.sort = column.id;
    th.append(button);
    row.append(th);
  }
  const focused = document.activeElement?.dataset?.sort;
  table.tHead.replaceChildren(row);
  if (focused) [...row.querySelectorAll("button")].find((button) => button.dataset.sort === focused)?.focus();
}

function drawRow(at, columns) {
  const index = view.order[at], row = data.rows[index];
  const tr = make("tr", { "aria-rowindex": at + 2, "aria-selected": index === view.selected });
  tr.dataset.index = index;
  if (row.first) tr.classList.add("first-tied");
  // Bands are neighbours in the order of ranks, and mean nothing in another one.
  if (ranked() && row.band) {
    tr.classList.add(row.band % 2 ? "band-odd" : "band-even");
    if (at && data.rows[view.order[at - 1]].band !== row.band) tr.classList.add("band-start");
  }
  columns.forEach((column, k) => {
    const td = make(k ? "td" : "th", k ? {} : { scope: "row" });
    const button = k ? cell(row, column) : modelCell(row, nameLimit());
    button.tabIndex = cursor.at === at && cursor.column === k ? 0 : -1;
    button.dataset.at = at;
    button.dataset.column = k;
    if (column.words) td.className = "words";
    td.append(button);
    tr.append(td);
  });
  return tr;
}

function spacer(rows, columns) {
  const td = make("td", { colspan: columns.length });
  td.style.height = rows * ROW + "px";
  return make("tr", { class: "spacer", "aria-hidden": "true" }, td);
}

function drawBody(force, all = !tall) {
  const columns = shownColumns(), length = view.order.length;
  const first = all ? 0 : Math.max(0, Math.min(length - 1, Math.floor(box.scrollTop / ROW)) - AHEAD);
  const last = all ? length : Math.min(length, first + Math.ceil(box.clientHeight / ROW) + 2 * AHEAD);
  if (!force && first === drawn.first && last === drawn.last) return;
  const held = body.contains(document.activeElement);
  const inside = cursor.at >= first && cursor.at < last;
  drawn = { first, last };
  const rows = [];
  for (let at = first; at < last; at += 1) rows.push(drawRow(at, columns));
  if (!inside && rows.length) rows[0].querySelector("button").tabIndex = 0;
  if (!length) rows.push(make("tr", { class: "nobody" }, make("td", { colspan: columns.length }, data.rows.length ? "No model fits the filter." : "No model has been listed yet.")));
  body.replaceChildren(...(first ? [spacer(first, columns)] : []), ...rows, ...(last < length ? [spacer(length - last, columns)] : []));
  if (held && inside) cellButton(cursor.at, cursor.column)?.focus({ preventScroll: true });
}

function redraw() {
  if (drawn.last >= 0) box.style.minHeight = "";
  cursor = { at: 0, column: Math.min(cursor.column, shownColumns().length - 1) };
  if (tall) box.scrollTop = 0;
  table.setAttribute("aria-rowcount", view.order.length + 1);
  table.setAttribute("aria-colcount", shownColumns().length);
  drawHead();
  drawBody(true);
}

function reveal(at) {
  if (!tall) {
    const tr = cellButton(at, 0)?.closest("tr"), seen = tr?.getBoundingClientRect();
    if (seen && (seen.top < 0 || seen.bottom > innerHeight)) tr.scrollIntoView({ block: "nearest" });
    return;
  }
  const head = table.tHead.offsetHeight, top = at * ROW;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + ROW > box.scrollTop + box.clientHeight - head) box.scrollTop = top + ROW - box.clientHeight + head;
  drawBody(false);
}

function reorder() {
  const column = COLUMNS.find((candidate) => candidate.id === view.sort.id);
  const values = data.rows.map(column.value), sign = view.sort.down ? -1 : 1;
  view.order = data.rows.map((_, index) => index).filter(passes);
  view.order.sort((a, b) => {
    const x = values[a], y = values[b];
    // What is missing stands last either way; the rank decides between equals.
    if (x === undefined || y === undefined) return (x === undefined) - (y === undefined) || a - b;
    return (x < y ? -sign : x > y ? sign : 0) || a - b;
  });
  redraw();
  tell("order");
}

function sortBy(id) {
  const column = COLUMNS.find((candidate) => candidate.id === id);
  view.sort = { id, down: view.sort.id === id ? !view.sort.down : !(id === "model" || column.words) };
  reorder();
  say(`sorted by ${column.head}, ${view.sort.down ? "descending" : "ascending"}`);
}

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-10, 0], PageDown: [10, 0], Home: [-1e9, 0], End: [1e9, 0] };

function step(event) {
  const from = event.target.dataset, move = MOVES[event.key];
  if (!move || from.at === undefined) return;
  event.preventDefault();
  const clamp = (value, top) => Math.min(Math.max(value, 0), top);
  const old = cellButton(cursor.at, cursor.column);
  if (old) old.tabIndex = -1;
  cursor = { at: clamp(+from.at + move[0], view.order.length - 1), column: clamp(+from.column + move[1], shownColumns().length - 1) };
  reveal(cursor.at);
  const next = cellButton(cursor.at, cursor.column);
  next.tabIndex = 0;
  next.focus({ preventScroll: tall });
}

function showSelected(scroll) {
  const at = view.order.indexOf(view.selected);
  if (scroll && at >= 0) {
    cursor = { at, column: 0 };
    reveal(at);
  }
  for (const tr of body.rows) if (tr.dataset.index !== undefined) tr.setAttribute("aria-selected", +tr.dataset.index === view.selected);
}

function startTable() {
  table.setAttribute("role", "grid");
  table.tHead.addEventListener("click", (event) => {
    const id = event.target.closest("button")?.dataset.sort;
    if (id) sortBy(id);
  });
  body.addEventListener("click", (event) => {
    const target = event.target.closest("button");
    if (!target) return;
    const column = shownColumns()[+target.dataset.column], index = view.order[+target.dataset.at];
    cursor = { at: +target.dataset.at, column: +target.dataset.column };
    if (column.id === "model") select(view.selected === index ? null : index);
    else if (!target.classList.contains("missing")) openDetail(data.rows[index], column);
  });
  body.addEventListener("keydown", step);
  let waiting = false;
  box.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; drawBody(false); });
  }, { passive: true });
  watch("selected", () => showSelected(false));
  addEventListener("beforeprint", () => drawBody(true, true));
  addEventListener("afterprint", () => drawBody(true));
}
