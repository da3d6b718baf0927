// The models of the board, which of them are shown in which order, and which one is selected.

const MEAN_SETS = data.sets.filter((set) => set.kind === "shifted");
const view = {
  order: data.rows.map((_, index) => index),
  sort: { id: "shifted", down: true },
  selected: null,
};
const watchers = { order: [], selected: [], chart: [] };
const watch = (what, action) => watchers[what].push(action);
const tell = (what, ...details) => watchers[what].forEach((action) => action(...details));

const seriesOf = (row) => data.series[row.series].label;
const robustnessOf = (index, key) => data.robustness[key]?.[index] || null;
const setIndex = (name) => data.sets.findIndex((set) => set.name === name);
const titleOf = (name) => data.sets[setIndex(name)]?.title ?? name;

// Ranks as an interval where the board has them.
const rankOf = (row) => (!row.ranks ? String(row.rank) : row.ranks[0] === row.ranks[1] ? String(row.ranks[0]) : row.ranks.join("–"));
const tieOf = (row) => (row.first && row.rank > 1 ? "tied with first" : "");
const rankWords = (row) =>
  row.ranks ? `rank ${rankOf(row).replace("–", " to ")} at 95 %, measured place ${row.rank}` + (tieOf(row) ? ", tied with first" : "") : `rank ${row.rank}`;

// Names that stand twice get the end of their slug.
const names = (() => {
  const seen = new Map();
  for (const row of data.rows) seen.set(row.title, (seen.get(row.title) || 0) + 1);
  return data.rows.map((row) => (seen.get(row.title) > 1 ? `${row.title} (${row.slug.slice(-8)})` : row.title));
})();

// What is large and seldom needed is read when it is first asked for.
const answers = (() => {
  let read = null;
  return () => (read ??= JSON.parse(byId("answers").textContent));
})();

function bitsOf(index, set) {
  const text = answers().correct[set.name]?.[index];
  return text ? unpack(text, set.n) : null;
}

const labelsOf = (() => {
  const known = new Map();
  return (set) => {
    if (!known.has(set.name)) known.set(set.name, data.classes.length && answers().labels[set.name] ? unpackLabels(answers().labels[set.name]) : null);
    return known.get(set.name);
  };
})();

function select(index) {
  view.selected = index;
  const slug = index === null ? "" : "#model=" + encodeURIComponent(data.rows[index].slug);
  // A page that was opened from a disk may refuse; the link can still be copied.
  try { history.replaceState(null, "", location.pathname + location.search + slug); } catch { /* as above */ }
  tell("selected");
}

function linkTo(index) {
  return location.href.split("#")[0] + "#model=" + encodeURIComponent(data.rows[index].slug);
}

function linked() {
  const slug = new URLSearchParams(location.hash.slice(1)).get("model");
  const index = slug === null ? -1 : data.rows.findIndex((row) => row.slug === slug);
  return index < 0 ? null : index;
}
