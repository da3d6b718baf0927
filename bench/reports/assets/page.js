"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const headline = data.sets.filter((set) => set.kind === "shifted");
  const fixed = (value) => {
    const text = Math.abs(value).toFixed(1);
    return value < 0 && Number(text) ? "−" + text : text;
  };
  const percent = (fraction) => fixed(100 * fraction);
  const points = (fraction) => (Number((100 * fraction).toFixed(1)) > 0 ? "+" : "") + percent(fraction);
  const range = (write, low, high) => (low === null ? "no interval" : write(low) + " to " + write(high));

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  function mark(series) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "mark");
    svg.setAttribute("viewBox", "-6 -6 12 12");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", "#mark-" + series);
    svg.append(use);
    return svg;
  }

  // ---- columns: what each one shows of a row -------------------------------------------------

  const chosen = () => {
    const form = byId("switch");
    return form ? form.elements.set.value + "/" + form.elements.scale.value : "";
  };
  const titleOf = (name) => (data.sets.find((set) => set.name === name) || { title: name }).title;
  const columns = [
    { id: "model", head: "model", note: "rank and name", value: (row) => row.title.toLowerCase() },
    { id: "shifted", head: "shifted", note: "mean of " + headline.length, value: (row) => row.shifted[0] },
    { id: "robustness", head: "eff. robust.", note: "", value: (row) => (row.robustness[chosen()] || [undefined])[0] },
    ...data.sets.map((set, index) => ({
      id: "set:" + set.name, head: set.title, set, index,
      note: set.kind === "shifted" ? "n " + set.n.toLocaleString("en") : set.kind,
      value: (row) => (row.cells[index] || [undefined])[0],
    })),
  ].filter((column) => column.id !== "robustness" || data.rows.some((row) => Object.keys(row.robustness).length));
  const best = new Map(columns.slice(1).map((column) => [column.id, data.rows.reduce((top, row) => Math.max(top, column.value(row) ?? -9), -9)]));

  // ---- the table: only the rows in sight exist -----------------------------------------------

  const box = byId("scroll"), table = byId("table"), body = table.tBodies[0];
  const MANY = 60, AHEAD = 8;
  const tall = data.rows.length > MANY;
  let order = data.rows.map((_, index) => index);
  let sort = { id: "shifted", down: true };
  let selected = null, cursor = { at: 0, column: 0 }, shown = { first: -1, last: -1 };
  let height = 44;

  function drawHead() {
    const row = make("tr", { "aria-rowindex": 1 });
    columns.forEach((column) => {
      if (column.id === "robustness") column.note = titleOf(chosen().split("/")[0]) + ", " + chosen().split("/")[1];
      const active = sort.id === column.id;
      const th = make("th", { scope: "col", "aria-sort": active ? (sort.down ? "descending" : "ascending") : "none", class: column.id.split(":")[0] });
      const button = make("button", { type: "button", title: column.set ? column.set.about : column.head }, make("span", {}, column.head), make("small", {}, column.note));
      button.dataset.sort = column.id;
      th.append(button);
      row.append(th);
    });
    const focused = document.activeElement?.dataset?.sort;
    table.tHead.replaceChildren(row);
    if (focused) row.querySelectorAll("button").forEach((button) => button.dataset.sort === focused && button.focus());
  }

  function bar(low, high, value) {
    const ci = make("i", { class: "ci", "aria-hidden": "true" }, make("b"), make("u"));
    ci.firstChild.style.left = 100 * low + "%";
    ci.firstChild.style.width = 100 * (high - low) + "%";
    ci.lastChild.style.left = 100 * value + "%";
    return ci;
  }

  function cell(row, column) {
    const button = make("button", { type: "button" });
    if (column.id === "robustness") {
      const value = row.robustness[chosen()];
      if (!value) return missing("no line, or not scored on this set");
      button.append(points(value[0]), make("small", {}, value[3] ? "extrapolated" : value[1] === null ? "" : range(points, value[1], value[2])));
      return button;
    }
    const value = column.set ? row.cells[column.index] : row.shifted;
    if (!value) return missing("not scored on " + column.head);
    button.append(make("span", value[0] === best.get(column.id) ? { class: "best" } : {}, percent(value[0])), bar(value[1], value[2], value[0]));
    button.setAttribute("aria-label", percent(value[0]) + " %, interval " + range(percent, value[1], value[2]));
    return button;
  }

  function missing(reason) {
    return make("button", { type: "button", class: "missing", title: reason, "aria-label": reason }, "–");
  }

  function drawRow(at) {
    const index = order[at], row = data.rows[index];
    const tr = make("tr", { "aria-rowindex": at + 2, "aria-selected": index === selected });
    tr.dataset.index = index;
    columns.forEach((column, k) => {
      const td = make(k ? "td" : "th", k ? {} : { scope: "row" });
      const button = k ? cell(row, column) : make("button", { type: "button", title: row.title });
      if (!k) button.append(make("span", { class: "rank" }, row.rank), mark(row.series), name(row.title), make("small", {}, data.series[row.series]));
      button.tabIndex = cursor.at === at && cursor.column === k ? 0 : -1;
      button.dataset.at = at;
      button.dataset.column = k;
      td.append(button);
      tr.append(td);
    });
    return tr;
  }

  // Long names lose their middle: both ends tell models apart.
  function name(title) {
    const tail = Math.min(9, Math.floor(title.length / 3));
    return make("bdi", { class: "name" }, make("span", {}, title.slice(0, title.length - tail)), make("span", {}, title.slice(title.length - tail)));
  }

  function spacer(rows) {
    const td = make("td", { colspan: columns.length });
    td.style.height = rows * height + "px";
    return make("tr", { class: "spacer", "aria-hidden": "true" }, td);
  }

  function drawBody(force, all = !tall) {
    const first = all ? 0 : Math.max(0, Math.floor(box.scrollTop / height) - AHEAD);
    const last = all ? order.length : Math.min(order.length, first + Math.ceil(box.clientHeight / height) + 2 * AHEAD);
    if (!force && first === shown.first && last === shown.last) return;
    const held = body.contains(document.activeElement);
    shown = { first, last };
    const inside = cursor.at >= first && cursor.at < last;
    const rows = [];
    for (let at = first; at < last; at += 1) rows.push(drawRow(at));
    if (!inside && rows.length) rows[0].querySelector("button").tabIndex = 0;
    body.replaceChildren(...(first ? [spacer(first)] : []), ...rows, ...(last < order.length ? [spacer(order.length - last)] : []));
    if (held && inside) button(cursor.at, cursor.column)?.focus({ preventScroll: true });
  }

  const button = (at, column) => body.querySelector(`button[data-at="${at}"][data-column="${column}"]`);

  function reveal(at) {
    if (!tall) {
      const tr = button(at, 0)?.closest("tr");
      const seen = tr?.getBoundingClientRect();
      if (seen && (seen.top < 0 || seen.bottom > innerHeight)) tr.scrollIntoView({ block: "nearest" });
      return;
    }
    const head = table.tHead.offsetHeight, top = at * height;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + height > box.scrollTop + box.clientHeight - head) box.scrollTop = top + height - box.clientHeight + head;
    drawBody(false);
  }

  function sortBy(id) {
    sort = { id, down: sort.id === id ? !sort.down : id !== "model" };
    reorder();
    byId("live").textContent = "sorted by " + columns.find((column) => column.id === id).head + (sort.down ? ", descending" : ", ascending");
  }

  function reorder() {
    const column = columns.find((candidate) => candidate.id === sort.id);
    const values = data.rows.map(column.value), sign = sort.down ? -1 : 1;
    const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    order.sort((a, b) => {
      if (values[a] === undefined || values[b] === undefined) return (values[a] === undefined) - (values[b] === undefined) || a - b;
      return sign * compare(values[a], values[b]) || a - b;
    });
    cursor = { at: 0, column: cursor.column };
    box.scrollTop = 0;
    drawHead();
    drawBody(true);
  }

  function step(event) {
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-10, 0], PageDown: [10, 0], Home: [-1e9, 0], End: [1e9, 0] };
    const from = event.target.dataset, move = moves[event.key];
    if (!move || from.at === undefined) return;
    event.preventDefault();
    const clamp = (value, top) => Math.min(Math.max(value, 0), top);
    const old = button(cursor.at, cursor.column);
    if (old) old.tabIndex = -1;
    cursor = { at: clamp(+from.at + move[0], order.length - 1), column: clamp(+from.column + move[1], columns.length - 1) };
    reveal(cursor.at);
    const next = button(cursor.at, cursor.column);
    next.tabIndex = 0;
    next.focus({ preventScroll: tall });
  }

  // ---- one model is selected, in table and chart ---------------------------------------------

  function select(index, fromChart) {
    selected = selected === index && !fromChart ? null : index;
    if (fromChart && index !== null) {
      cursor = { at: order.indexOf(index), column: 0 };
      reveal(cursor.at);
    }
    body.querySelectorAll("tr").forEach((tr) => tr.setAttribute("aria-selected", tr.dataset.index !== undefined && +tr.dataset.index === selected));
    emphasise();
  }

  function emphasise() {
    byId("chart")?.querySelectorAll(".on").forEach((point) => point.classList.remove("on"));
    const point = byId("chart")?.querySelector(`[data-row="${selected}"]`);
    if (!point) return;
    point.classList.add("on");
    if (point !== document.activeElement) point.parentNode.append(point);
  }

  // ---- the chart -----------------------------------------------------------------------------

  const drawings = new Map([...document.querySelectorAll("script[data-chart]")].map((script) => [script.dataset.chart, script]));
  let marks = [], walker = [];

  function drawChart(first) {
    const holder = byId("chart"), key = chosen();
    if (!holder) return;
    if (first) drawings.set(key, { textContent: JSON.stringify(holder.innerHTML) });
    else holder.innerHTML = JSON.parse(drawings.get(key).textContent);
    marks = [...holder.querySelectorAll("[data-row]")].map((element) => ({ element, index: +element.dataset.row, x: +element.getAttribute("x"), y: +element.getAttribute("y") }));
    walker = [...marks].sort((a, b) => a.x - b.x || b.y - a.y);
    marks.forEach(({ element, index }) => {
      element.setAttribute("role", "img");
      element.setAttribute("tabindex", "-1");
      element.setAttribute("aria-label", describe(index).join(", "));
    });
    if (walker.length) walker[0].element.setAttribute("tabindex", "0");
    byId("fit").textContent = data.fits[key] || "No line: it takes at least three standard models.";
    byId("svg").href = data.plots[key] + ".svg";
    byId("pdf").href = data.plots[key] + ".pdf";
    emphasise();
  }

  function describe(index) {
    const row = data.rows[index], name = chosen().split("/")[0], robust = row.robustness[chosen()];
    const line = (set, k) => set.title + " " + percent(row.cells[k][0]) + " % (" + range(percent, row.cells[k][1], row.cells[k][2]) + ")";
    const accuracies = data.sets.flatMap((set, k) => (row.cells[k] && (set.kind === "in distribution" || set.name === name) ? [line(set, k)] : []));
    const above = robust ? ["effective robustness " + points(robust[0]) + " points" + (robust[3] ? ", extrapolated" : "")] : [];
    return [row.title, data.series[row.series], ...accuracies, ...above];
  }

  function nearest(event) {
    const svg = byId("chart").querySelector("svg"), frame = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / frame.width;
    const x = (event.clientX - frame.left) * scale, y = (event.clientY - frame.top) * scale;
    let found = null, least = 14 * 14;
    for (const point of marks) {
      const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
      if (distance < least) [found, least] = [point, distance];
    }
    return found;
  }

  function walk(event) {
    const move = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key], from = event.target.dataset.row;
    if (from === undefined) return;
    if (event.key === "Enter" || event.key === " ") select(+from, true);
    else if (move) {
      const at = walker.findIndex((point) => point.index === +from);
      const next = walker[(at + move + walker.length) % walker.length].element;
      event.target.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    } else return;
    event.preventDefault();
  }

  // ---- tooltip, detail, small things ----------------------------------------------------------

  const tip = byId("tip");
  function showTip(element, lines) {
    if (!element) { tip.hidden = true; return; }
    tip.replaceChildren(...lines.map((line, k) => make(k ? "div" : "b", {}, line)));
    tip.hidden = false;
    const at = element.getBoundingClientRect(), size = tip.getBoundingClientRect();
    const x = Math.min(Math.max(8, at.left + at.width / 2 - size.width / 2), document.documentElement.clientWidth - size.width - 8);
    const y = at.top - size.height - 8 > 0 ? at.top - size.height - 8 : at.bottom + 8;
    tip.style.transform = `translate(${x}px, ${y}px)`;
  }

  function detail(row, column) {
    const facts = [], full = (value) => String(value);
    if (column.set) {
      const [top1, low, high, n, top5] = row.cells[column.index];
      facts.push(["accuracy (top-1)", `${percent(top1)} %: ${Math.round(top1 * n).toLocaleString("en")} of ${n.toLocaleString("en")} images, ${full(top1)}`], ["95 % interval", `${full(low)} to ${full(high)}`], ["top-5", full(top5)], ["set", `${column.set.title} (${column.set.kind})`], ["digest", column.set.digest]);
      for (const scale of ["linear", "logit"]) {
        const value = row.robustness[column.set.name + "/" + scale];
        if (value) facts.push([`effective robustness, ${scale}`, `${points(value[0])} points: ${full(value[0])}` + (value[1] === null ? "" : `, ${full(value[1])} to ${full(value[2])}`) + (value[3] ? "; extrapolated" : "")]);
      }
    } else if (column.id === "shifted") {
      facts.push(["shifted accuracy", `${percent(row.shifted[0])} %: ${full(row.shifted[0])}`], ["95 % interval", `${full(row.shifted[1])} to ${full(row.shifted[2])}`], ["mean over", headline.map((set) => `${set.title} (n ${set.n.toLocaleString("en")})`).join(", ")], ["digests", headline.map((set) => set.digest).join("\n")]);
    } else {
      const value = row.robustness[chosen()];
      facts.push(["effective robustness", `${points(value[0])} points: ${full(value[0])}`], ["95 % interval", value[1] === null ? "none" : `${full(value[1])} to ${full(value[2])}`], ["line", data.fits[chosen()] || "none"], ["extrapolated", value[3] ? "yes: outside the range of the line" : "no"]);
    }
    facts.push(["model", row.model], ["architecture", row.arch + (row.parameters === null ? "" : `, ${row.parameters.toLocaleString("en")} parameters`)], ["training data", data.series[row.series] + `, seed ${row.seed}`]);
    byId("detail-title").textContent = row.title + ": " + column.head;
    byId("detail").querySelector("dl").replaceChildren(...facts.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
    byId("command").textContent = row.command;
    byId("detail").showModal();
  }

  async function copy(control) {
    const source = byId(control.dataset.copy), label = control.textContent;
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      getSelection().selectAllChildren(source);
      document.execCommand("copy");
    }
    control.textContent = "copied";
    setTimeout(() => { control.textContent = label; }, 1500);
  }

  function theme(flip) {
    const root = document.documentElement, system = matchMedia("(prefers-color-scheme: dark)").matches;
    let dark = root.dataset.theme ? root.dataset.theme === "dark" : system;
    if (flip) {
      dark = !dark;
      root.dataset.theme = dark ? "dark" : "light";
    }
    byId("theme").textContent = dark ? "light" : "dark";
    byId("theme").setAttribute("aria-label", "switch to the " + (dark ? "light" : "dark") + " theme");
  }

  function rove(event) {
    const move = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const images = [...event.currentTarget.children], next = images[images.indexOf(event.target) + move];
    if (!next) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  // ---- wiring ----------------------------------------------------------------------------------

  table.tHead.addEventListener("click", (event) => { const target = event.target.closest("button"); if (target) sortBy(target.dataset.sort); });
  body.addEventListener("click", (event) => {
    const target = event.target.closest("button");
    if (!target) return;
    const row = data.rows[order[+target.dataset.at]], column = columns[+target.dataset.column];
    cursor = { at: +target.dataset.at, column: +target.dataset.column };
    if (column.id === "model") select(order[cursor.at], false);
    else if (!target.classList.contains("missing")) detail(row, column);
  });
  body.addEventListener("keydown", step);
  let waiting = false;
  box.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; drawBody(false); });
  }, { passive: true });
  const chart = byId("chart");
  if (chart) {
    chart.addEventListener("pointermove", (event) => { const point = nearest(event); chart.style.cursor = point ? "pointer" : ""; showTip(point?.element, point ? describe(point.index) : []); });
    chart.addEventListener("pointerleave", () => showTip(null));
    chart.addEventListener("click", (event) => { const point = nearest(event); select(point ? point.index : null, true); });
    chart.addEventListener("focusin", (event) => event.target.dataset.row !== undefined && showTip(event.target, describe(+event.target.dataset.row)));
    chart.addEventListener("focusout", () => showTip(null));
    chart.addEventListener("keydown", walk);
    byId("switch").addEventListener("change", () => { drawChart(false); if (sort.id === "robustness") reorder(); else { drawHead(); drawBody(true); } });
  }
  for (const group of document.querySelectorAll(".images")) {
    const show = (event) => event.target.dataset.tip !== undefined && showTip(event.target, [event.target.dataset.tip]);
    group.addEventListener("pointerover", show);
    group.addEventListener("focusin", show);
    group.addEventListener("pointerout", () => showTip(null));
    group.addEventListener("focusout", () => showTip(null));
    group.addEventListener("keydown", rove);
  }
  document.addEventListener("click", (event) => {
    const control = event.target.closest?.("[data-copy]");
    if (control) copy(control);
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    showTip(null);
    for (const menu of document.querySelectorAll("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  document.addEventListener("scroll", () => showTip(null), { passive: true });
  byId("close").addEventListener("click", () => byId("detail").close());
  byId("theme").addEventListener("click", () => theme(true));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => theme(false));
  addEventListener("beforeprint", () => drawBody(true, true));
  addEventListener("afterprint", () => drawBody(true));

  byId("caption").textContent = data.rows.length
    ? "Accuracy in percent; bar: 95 % interval from 0 to 100. Click a name to find it in the chart, a number for its origin."
    : "No model has been listed yet.";
  if (tall) box.classList.add("tall");
  table.setAttribute("role", "grid");
  table.setAttribute("aria-rowcount", data.rows.length + 1);
  theme(false);
  drawChart(true);
  drawHead();
  drawBody(true);
})();
