// Theme, menus, tooltips, copying; then everything is started.

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

async function copyText(text, control) {
  const label = control.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No clipboard for pages from a disk in some browsers: the old way still works.
    const area = make("textarea", { class: "hidden" });
    area.value = text;
    control.after(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  control.textContent = "copied";
  say("copied");
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
  byId("theme").setAttribute("aria-label", `${dark ? "light" : "dark"} theme`);
}

// The pictures of a class are one stop of the tab key; arrows go from one to the next.
function rove(event) {
  const move = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const images = [...event.currentTarget.children], next = images[images.indexOf(event.target) + move];
  if (!next) return;
  event.preventDefault();
  event.target.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

function startSheets() {
  for (const group of document.querySelectorAll(".images")) {
    const show = (event) => event.target.dataset.tip !== undefined && showTip(event.target, [event.target.dataset.tip]);
    group.addEventListener("pointerover", show);
    group.addEventListener("focusin", show);
    group.addEventListener("pointerout", () => showTip(null));
    group.addEventListener("focusout", () => showTip(null));
    group.addEventListener("keydown", rove);
  }
}

function startMenus() {
  const open = () => document.querySelectorAll("details.menu[open]");
  document.addEventListener("click", (event) => {
    const control = event.target.closest?.("[data-copy]");
    if (control) copyText(byId(control.dataset.copy).textContent, control);
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    showTip(null);
    for (const menu of open()) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  document.addEventListener("scroll", () => showTip(null), { passive: true });
  byId("edition")?.addEventListener("change", (event) => { if (event.target.value) location.href = event.target.value + location.hash; });
  byId("theme").addEventListener("click", () => theme(true));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => theme(false));
}

function follow() {
  const index = linked();
  if (index === null) return;
  view.selected = index;
  tell("selected");
  showSelected(true);
}

theme(false);
startMenus();
startSheets();
startTable();
startFilters();
startChart();
startDetail();
startCompare();
startByClass();
startDownload();
reorder();
follow();
addEventListener("hashchange", follow);
