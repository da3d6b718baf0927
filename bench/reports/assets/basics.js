// What every other file uses: the board's data, elements, and how numbers are written (as in numerals.py).

const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
const MINUS = "−";

const fixed = (value, digits = 1) => {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) ? MINUS + text : text;
};
const percent = (fraction) => fixed(100 * fraction);
const points = (fraction) => (Number((100 * fraction).toFixed(1)) > 0 ? "+" : "") + percent(fraction);
const range = (write, low, high) => (low === null ? "no interval" : write(low) + " to " + write(high));
const count = (number) => number.toLocaleString("en");
const chance = (p) => (p < 0.0001 ? "< 0.0001" : p.toFixed(p < 0.01 ? 4 : 3));
const plural = (number, noun) => count(number) + " " + noun + (number === 1 ? "" : "s");

function millions(number) {
  if (number >= 1e9) return fixed(number / 1e9) + " G";
  if (number >= 1e6) return fixed(number / 1e6) + " M";
  return number >= 1e3 ? fixed(number / 1e3) + " k" : String(number);
}

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function mark(series) {
  return draw("svg", { class: "mark", viewBox: "-6 -6 12 12", "aria-hidden": "true" }, draw("use", { href: "#mark-" + series }));
}

function say(text) {
  byId("live").textContent = text;
}

function facts(list, entries) {
  list.replaceChildren(...entries.map(([term, value]) => make("div", {}, make("dt", {}, term), make("dd", {}, value))));
}

// A table in its own box; cells are text or elements, and the first of a row heads it.
function tableOf(head, rows, caption) {
  const heads = make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, text)));
  const lines = rows.map((row) => make("tr", {}, ...row.map((cell, k) => (k ? make("td", {}, cell) : make("th", { scope: "row" }, cell)))));
  const table = make("table", {}, make("caption", {}, caption), make("thead", {}, heads), make("tbody", {}, ...lines));
  return make("div", { class: "box numbers", tabindex: "0", role: "region", "aria-label": caption }, table);
}

// A number over words or an interval, as one cell.
function over(number, small, attributes = {}) {
  return make("span", attributes, number, make("small", {}, small));
}
