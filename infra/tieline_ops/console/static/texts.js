// Two texts, word by word: what both have, and what is only in one of them.

const MOST = 1_000_000;

/**
 * The parts of `one` and of `two`, in order: `{text, only}`, where `only` says that the other text lacks it.
 * Null if the texts have so little in common that marks would help nobody.
 */
export function compared(one, two) {
  const a = words(one), b = words(two);
  let start = 0, end = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const left = a.slice(start, a.length - end), right = b.slice(start, b.length - end);
  const [inLeft, inRight] = common(left, right);
  const shared = said(a.filter((_, n) => n < start || n >= a.length - end || inLeft.has(n - start)));
  if (shared === 0 || shared * 3 < Math.min(said(a), said(b))) return null;
  return [parts(a, start, end, inLeft), parts(b, start, end, inRight)];
}

const words = (text) => text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];

const said = (some) => some.filter((word) => word.trim()).length;

/** The places of a longest run of words that both have, in both; none if that were too much work. */
function common(left, right) {
  const rows = left.length, columns = right.length;
  const inLeft = new Set(), inRight = new Set();
  if (rows * columns === 0 || rows * columns > MOST) return [inLeft, inRight];
  const length = Array.from({ length: rows + 1 }, () => new Uint32Array(columns + 1));
  for (let n = rows - 1; n >= 0; n -= 1) {
    for (let m = columns - 1; m >= 0; m -= 1) {
      length[n][m] = left[n] === right[m] ? length[n + 1][m + 1] + 1 : Math.max(length[n + 1][m], length[n][m + 1]);
    }
  }
  for (let n = 0, m = 0; n < rows && m < columns;) {
    if (left[n] === right[m]) {
      inLeft.add(n);
      inRight.add(m);
      n += 1;
      m += 1;
    } else if (length[n + 1][m] >= length[n][m + 1]) n += 1;
    else m += 1;
  }
  return [inLeft, inRight];
}

function parts(all, start, end, known) {
  const found = [];
  all.forEach((word, n) => {
    const only = n >= start && n < all.length - end && !known.has(n - start);
    if (found.at(-1)?.only === only) found.at(-1).text += word;
    else found.push({ text: word, only });
  });
  return found;
}
