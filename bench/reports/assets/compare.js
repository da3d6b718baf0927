// Two models on the same images, computed here from their correctness bits.

const pairForm = byId("pair");
const CLASSES_SHOWN = 24;

function pairsOf(a, b) {
  return data.sets.flatMap((set) => {
    const [left, right] = [bitsOf(a, set), bitsOf(b, set)];
    return left && right ? [{ set, left, right, pair: pairOf(left, right) }] : [];
  });
}

// A difference with its interval on a scale from -span to +span, the axis in the middle.
function differenceBar({ difference, interval }, span) {
  const place = (value) => 50 + (50 * Math.max(-span, Math.min(span, value))) / span;
  const [low, high] = interval.map(place);
  const ci = make("i", { class: "ci wide", "aria-hidden": "true" }, make("b"), make("u"), make("s"));
  ci.children[0].style.cssText = `left:${low}%;width:${high - low}%`;
  ci.children[1].style.left = place(difference) + "%";
  return ci;
}

function differenceCell(result, span) {
  return make("span", {}, points(result.difference), make("small", {}, range(points, ...result.interval)), differenceBar(result, span));
}

function verdict(a, b, result) {
  const [high, low] = result.difference >= 0 ? [names[a], names[b]] : [names[b], names[a]];
  const apart = result.interval[0] > 0 || result.interval[1] < 0;
  const gap = `${fixed(Math.abs(100 * result.difference))} points (95 % interval of A less B ${range(points, ...result.interval)}; p ${chance(result.p).replace(/^(?!<)/, "= ")})`;
  if (apart) return `${high} is ahead of ${low} in mean shifted accuracy by ${gap}. That is for this one pair; ranks on the board are corrected for all pairs.`;
  return `These data cannot tell the two apart in mean shifted accuracy: ${gap}.`;
}

function comparisonRows(pairs, mean) {
  const results = pairs.map(({ pair }) => compareOnSet(pair));
  const all = [...results, ...(mean ? [mean] : [])];
  const span = Math.max(0.01, ...all.flatMap((one) => one.interval.map(Math.abs)));
  const share = (bits) => percent(bits.reduce((sum, bit) => sum + bit, 0) / bits.length);
  const rows = pairs.map(({ set, left, right, pair }, k) => [
    over(set.title, set.kind), count(set.n), share(left), share(right),
    differenceCell(results[k], span), `${count(pair.aOnly)} / ${count(pair.bOnly)}`, over(chance(results[k].p), "exact"),
  ]);
  if (mean) rows.unshift([over("mean shifted", `${plural(MEAN_SETS.length, "set")}`), "–", ...[0, 1].map((k) => percent(mean.shifted[k])), differenceCell(mean, span), "–", over(chance(mean.p), "normal")]);
  return rows;
}

function meanOf(a, b, pairs) {
  const shifted = pairs.filter(({ set }) => set.kind === "shifted");
  if (!shifted.length || shifted.length < MEAN_SETS.length) return null;
  return { ...compareMeans(shifted.map(({ pair }) => pair)), shifted: [a, b].map((index) => data.rows[index].shifted[0]) };
}

// How the two differ on each class of one set, most different first.
function classDifferences({ set, left, right }) {
  const labels = labelsOf(set);
  if (!labels) return null;
  const found = data.classes.map((name) => ({ name, n: 0, a: 0, b: 0, aOnly: 0, bOnly: 0 }));
  labels.forEach((label, i) => {
    const one = found[label];
    one.n += 1;
    one.a += left[i];
    one.b += right[i];
    one.aOnly += left[i] & ~right[i] & 1;
    one.bOnly += right[i] & ~left[i] & 1;
  });
  return found.filter((one) => one.n).sort((x, y) => Math.abs(y.a - y.b) / y.n - Math.abs(x.a - x.b) / x.n);
}

function classTable(pairs) {
  const chosen = pairs.find(({ set }) => set.name === pairForm.elements.set.value) || pairs[0];
  const found = classDifferences(chosen);
  if (!found) return make("p", { class: "meta" }, `No differences by class on ${chosen.set.title}: its labels were not at hand when the board was published.`);
  const results = found.slice(0, CLASSES_SHOWN).map((one) => compareOnSet(one));
  const span = Math.max(0.01, ...results.flatMap((one) => one.interval.map(Math.abs)));
  const rows = results.map((result, k) => {
    const one = found[k];
    return [one.name, count(one.n), percent(one.a / one.n), percent(one.b / one.n), differenceCell(result, span), `${one.aOnly} / ${one.bOnly}`, chance(result.p)];
  });
  const some = found.length > CLASSES_SHOWN ? `, the ${CLASSES_SHOWN} most different of ${count(found.length)}` : ", most different first";
  return tableOf(["class", "n", "A, %", "B, %", "A less B, points", "only A / only B", "p"], rows, `By class on ${chosen.set.title}${some}; intervals and p of single classes, not corrected for their number`);
}

function compare() {
  const [a, b] = ["a", "b"].map((side) => Number(pairForm.elements[side].value)), where = byId("differences");
  const command = `python run_bench.py compare ${data.rows[a].slug} ${data.rows[b].slug} --track ${data.track}`;
  byId("compare-command").textContent = command;
  byId("pair-command").hidden = !data.ranking?.paired;
  if (a === b) {
    byId("verdict").textContent = "Choose two different models.";
    where.replaceChildren();
    return;
  }
  const pairs = pairsOf(a, b);
  if (!pairs.length) {
    byId("verdict").textContent = answers().left_out
      ? "This board's answers are too many for one page; the command below compares the two."
      : "No comparison: which images each of the two got right is not recorded on the same set.";
    where.replaceChildren();
    return;
  }
  const mean = meanOf(a, b, pairs);
  byId("verdict").textContent = mean ? verdict(a, b, mean) : "The two do not share all shifted sets; below are those that they share.";
  const caption = `A: ${names[a]}. B: ${names[b]}. Paired on the same images; “only A”: images that A alone got right`;
  where.replaceChildren(tableOf(["set", "n", "A, %", "B, %", "A less B, points", "only A / only B", "p"], comparisonRows(pairs, mean), caption), classTable(pairs));
}

function startCompare() {
  if (data.rows.length < 2) {
    pairForm.hidden = true;
    byId("verdict").textContent = "A comparison needs two models.";
    return;
  }
  for (const side of ["a", "b"]) pairForm.elements[side].append(...names.map((name, index) => make("option", { value: index }, shortName(name, 90))));
  const sets = make("select", { name: "set" }, ...data.sets.map((set) => make("option", { value: set.name }, set.title)));
  sets.value = (MEAN_SETS[0] || data.sets[0]).name;
  pairForm.append(make("label", {}, make("span", {}, "by class on"), sets));
  pairForm.elements.b.value = 1;
  pairForm.addEventListener("change", compare);
  pairForm.addEventListener("submit", (event) => event.preventDefault());
  byId("swap").addEventListener("click", () => {
    const { a, b } = pairForm.elements;
    [a.value, b.value] = [b.value, a.value];
    compare();
  });
  watch("selected", () => {
    if (view.selected === null || Number(pairForm.elements.a.value) === view.selected) return;
    if (Number(pairForm.elements.b.value) === view.selected) pairForm.elements.b.value = pairForm.elements.a.value;
    pairForm.elements.a.value = view.selected;
    compare();
  });
  compare();
}
