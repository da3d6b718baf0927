// Two models on the same images: the functions of bench/metrics/paired.py again, held to it and to SciPy by test.

const Z95 = 1.959963984540054;

// Correctness bits of `n` images from base64, big-endian within a byte.
function unpack(text, n) {
  const bytes = atob(text), bits = new Uint8Array(n);
  for (let i = 0; i < n; i += 1) bits[i] = (bytes.charCodeAt(i >> 3) >> (7 - (i & 7))) & 1;
  return bits;
}

// Class of each image from base64, uint16, little endian.
function unpackLabels(text) {
  const bytes = atob(text), labels = new Uint16Array(bytes.length / 2);
  for (let i = 0; i < labels.length; i += 1) labels[i] = bytes.charCodeAt(2 * i) | (bytes.charCodeAt(2 * i + 1) << 8);
  return labels;
}

// The images that only A, and that only B, got right: all that a paired comparison needs.
function pairOf(a, b) {
  let aOnly = 0, bOnly = 0;
  for (let i = 0; i < a.length; i += 1) {
    if (a[i] && !b[i]) aOnly += 1;
    else if (b[i] && !a[i]) bOnly += 1;
  }
  return { n: a.length, aOnly, bOnly };
}

// ln n!, by sum where that is exact enough and by Stirling's series beyond.
function logFactorial(n) {
  if (n < 32) {
    let sum = 0;
    for (let k = 2; k <= n; k += 1) sum += Math.log(k);
    return sum;
  }
  const x = n + 1, x2 = x * x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * x) - 1 / (360 * x * x2) + 1 / (1260 * x * x2 * x2);
}

// Two-sided p of the exact McNemar test: a binomial test of `aOnly` among both at 1/2.
function mcnemar(aOnly, bOnly) {
  const low = Math.min(aOnly, bOnly), total = aOnly + bOnly;
  if (2 * low >= total - 1) return 1;
  let term = 1, sum = 1;
  for (let k = low; k > 0 && term > 1e-17 * sum; k -= 1) {
    term *= k / (total - k + 1);
    sum += term;
  }
  const log = logFactorial(total) - logFactorial(low) - logFactorial(total - low) - total * Math.LN2;
  return Math.min(1, 2 * Math.exp(log) * sum);
}

// Of the difference of two paired accuracies, a half count added to each kind of image (Bonett and Price 2012).
function adjustedVariance({ aOnly, bOnly, n }) {
  const disagree = (aOnly + bOnly + 2) / (n + 2), difference = (aOnly - bOnly) / (n + 2);
  return (disagree - difference * difference) / (n + 2);
}

function compareOnSet(pair) {
  const centre = (pair.aOnly - pair.bOnly) / (pair.n + 2), half = Z95 * Math.sqrt(adjustedVariance(pair));
  return {
    difference: (pair.aOnly - pair.bOnly) / pair.n,
    interval: [Math.max(-1, centre - half), Math.min(1, centre + half)],
    p: mcnemar(pair.aOnly, pair.bOnly),
  };
}

// The unweighted mean over sets: the sets' images are different ones, so their paired variances add.
function compareMeans(pairs) {
  if (pairs.length === 1) return compareOnSet(pairs[0]);
  const difference = pairs.reduce((sum, pair) => sum + (pair.aOnly - pair.bOnly) / pair.n, 0) / pairs.length;
  const error = Math.sqrt(pairs.reduce((sum, pair) => sum + adjustedVariance(pair), 0)) / pairs.length;
  return {
    difference,
    interval: [Math.max(-1, difference - Z95 * error), Math.min(1, difference + Z95 * error)],
    p: erfc(Math.abs(difference) / error / Math.SQRT2),
  };
}

// The complementary error function for x >= 0: its series near 0, its continued fraction beyond.
function erfc(x) {
  if (x < 2) {
    let term = x, sum = x;
    for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k += 1) {
      term *= (-x * x) / k;
      sum += term / (2 * k + 1);
      if (k > 200) break;
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let k = 120; k > 0; k -= 1) fraction = k / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

// 95 % Wilson interval of a share.
function wilson(right, n) {
  const z2 = Z95 * Z95, middle = (right + z2 / 2) / (n + z2);
  const half = (Z95 / (n + z2)) * Math.sqrt((right * (n - right)) / n + z2 / 4);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}
