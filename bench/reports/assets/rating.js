"use strict";
const round = JSON.parse(document.getElementById("data").textContent);
const find = (id) => document.getElementById(id);
const WORDS = { yes: "Yes", no: "No", left: "Left", same: "About the same", right: "Right" };
const ASKED = { image: ["class", "quality"], grid: ["diversity"] };
const OFFERED = { class: ["yes", "no"], quality: ["1", "2", "3", "4", "5"], diversity: ["left", "same", "right"] };
const KEYS = { image: { y: ["class", "yes"], n: ["class", "no"], 1: ["quality", "1"], 2: ["quality", "2"], 3: ["quality", "3"], 4: ["quality", "4"], 5: ["quality", "5"] }, grid: { 1: ["diversity", "left"], 2: ["diversity", "same"], 3: ["diversity", "right"] } };
let rater = 1, at = 0, shown = 0, answers = {}, seconds = {};

const item = () => round.items[round.orders[rater - 1][at]];
const store = () => `rating-${round.round}-${rater}`;
const whole = (one) => ASKED[one.kind].every((question) => answers[one.code]?.[question]);

function keep() {
  try { localStorage.setItem(store(), JSON.stringify({ at, answers, seconds })); } catch { /* A browser may forbid it; the answers are still on the page. */ }
}
function recall() {
  try {
    const kept = JSON.parse(localStorage.getItem(store()) || "null");
    if (kept) ({ at, answers, seconds } = kept);
  } catch { /* As above. */ }
}
function picture(data, words) {
  const image = document.createElement("img");
  image.src = `data:image/${round.encoding};base64,${data}`;
  image.alt = words;
  return image;
}
function element(tag, text, kind) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}
function grid(images, words) {
  const figure = element("figure"), box = element("div", "", "grid");
  images.forEach((data, k) => box.append(picture(data, `${words}, picture ${k + 1}`)));
  figure.append(box, element("figcaption", words));
  return figure;
}
function key(one, question, value) {
  return Object.keys(KEYS[one.kind]).find((k) => KEYS[one.kind][k][0] === question && KEYS[one.kind][k][1] === value);
}
function ask(one, question) {
  const box = element("fieldset"), bar = element("div", "", "answers");
  box.style.cssText = "border:0;margin:0;padding:0";
  const said = { class: `Does it show “${one.label}”?`, quality: "How good is it?", diversity: "Which group is more varied?" };
  box.append(element("h2", said[question]));
  for (const value of OFFERED[question]) {
    const button = element("button", `${WORDS[value] || value} `);
    const shortcut = key(one, question, value);
    if (WORDS[value]) button.append(element("kbd", shortcut.toUpperCase()));
    button.dataset.question = question;
    button.dataset.answer = value;
    button.setAttribute("aria-pressed", String(answers[one.code]?.[question] === value));
    button.addEventListener("click", () => answer(question, value));
    bar.append(button);
  }
  box.append(bar);
  if (question === "quality") {
    const ends = element("div", "", "ends");
    ends.append(element("span", "broken"), element("span", "nothing wrong"));
    box.append(ends);
  }
  return box;
}
function show() {
  const total = round.items.length, done = round.items.filter(whole).length;
  find("progress").value = done;
  find("place").textContent = at < total ? `${at + 1} of ${total}` : `${done} of ${total} answered`;
  find("start").hidden = true;
  find("screen").hidden = at >= total;
  find("end").hidden = at < total;
  if (at >= total) { find("save").focus(); return; }
  const one = item(), pictures = find("pictures"), questions = find("questions");
  pictures.className = round.side <= 128 ? "small" : "";
  if (one.kind === "grid") pictures.replaceChildren(grid(one.left, "left"), grid(one.right, "right"));
  else pictures.replaceChildren(picture(one.left[0], "the picture to rate"));
  questions.replaceChildren(...ASKED[one.kind].map((question) => ask(one, question)));
  shown = performance.now();
}
function answer(question, value) {
  const one = item();
  (answers[one.code] ||= {})[question] = value;
  seconds[one.code] = (seconds[one.code] || 0) + (performance.now() - shown) / 1000;
  if (whole(one)) at += 1;
  keep();
  show();
}
function back() {
  if (at > 0) { at -= 1; keep(); show(); }
}
function table() {
  const lines = ["round,rater,position,item,question,answer,seconds"];
  round.orders[rater - 1].forEach((index, position) => {
    const one = round.items[index];
    for (const question of ASKED[one.kind]) {
      const value = answers[one.code]?.[question];
      if (value) lines.push([round.round, rater, position + 1, one.code, question, value, (seconds[one.code] || 0).toFixed(2)].join(","));
    }
  });
  return `${lines.join("\n")}\n`;
}
function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([table()], { type: "text/csv" }));
  link.download = `ratings-${round.round}-rater${rater}.csv`;
  link.click();
  find("saved").textContent = `Saved as ${link.download}.`;
}
find("go").addEventListener("click", () => { rater = Number(find("rater").value); recall(); show(); });
find("back").addEventListener("click", back);
find("again").addEventListener("click", back);
find("save").addEventListener("click", save);
document.addEventListener("keydown", (event) => {
  if (find("start").hidden === false || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Backspace") { event.preventDefault(); back(); return; }
  if (find("screen").hidden || event.repeat) return;
  const chosen = KEYS[item().kind][event.key.toLowerCase()];
  if (chosen) { event.preventDefault(); answer(...chosen); }
});
