// Which rows are shown, in which order, and how many would be. Plain functions; no page is touched here.
// A query is {chosen: {facet: [values]}, ranges: {column: [low, high]}, text, onlyErrors, pair}.

const KINDS = ["substitutions", "deletions", "insertions", "empty", "hallucination", "repetition", "spacing", "not_korean"];
const LAUNDERED = "laundered"; // what was said otherwise than meant, and the transcript corrects
const SUSPECT = "label suspect"; // models agree with one another against the label
const UNSEEN = "not reviewed";
const CORRECTED = "label corrected";
const FACETS = { experiment: "model", condition: "condition", l1: "first language", level: "level", kind: "error", tag: "review", speaker: "speaker" };
const MARGINAL = [LAUNDERED, SUSPECT];

/** Turn {columns, values} as Python sends them into objects, each with its index and kinds of errors. */
function unpackRows({ columns, values }) {
  return values.map((row, index) => {
    const object = Object.fromEntries(columns.map((name, i) => [name, row[i]]));
    return { ...object, index, kinds: kindsOf(object) };
  });
}

function kindsOf(row) {
  const flags = (row.flags ?? "").split(";");
  const kinds = KINDS.filter((kind) => (kind in row ? row[kind] > 0 : flags.includes(kind)));
  if (row.laundered > 0) kinds.push(LAUNDERED);
  if (row.suspect > 0) kinds.push(SUSPECT);
  return kinds;
}

function emptyQuery() {
  return { chosen: {}, ranges: {}, text: "", onlyErrors: true, pair: "" };
}

/** The values by which a row is found in a facet. `reviews` is {id: {rater: entry}}. */
function valuesOf(row, facet, reviews) {
  if (facet === "kind") return row.kinds;
  if (facet !== "tag") return [row[facet]];
  const entries = Object.values(reviews[row.id] ?? {});
  if (!entries.length) return [UNSEEN];
  const tags = entries.flatMap((entry) => entry.tags);
  return entries.some((entry) => entry.correction) ? [...tags, CORRECTED] : tags;
}

/** Names of what a row fails in a query: none if it is shown. It stops at two, which is all that counting needs. */
function failures(row, query, reviews, allowed) {
  const failed = [];
  // What is laundered is written right, so it is no error of the transcript.
  const needsErrors = query.onlyErrors && !(query.chosen.kind ?? []).some((kind) => MARGINAL.includes(kind));
  if (needsErrors && row.errors === 0) failed.push("onlyErrors");
  if (allowed && !allowed.has(row.index)) failed.push("pair");
  if (query.text && !hasText(row, query.text)) failed.push("text");
  for (const [column, [low, high]] of Object.entries(query.ranges)) {
    if (row[column] < low || row[column] > high) failed.push(column);
    if (failed.length > 1) return failed;
  }
  for (const [facet, chosen] of Object.entries(query.chosen)) {
    if (!chosen.length) continue;
    const met = facet in row ? chosen.includes(row[facet]) : valuesOf(row, facet, reviews).some((value) => chosen.includes(value));
    if (!met) failed.push(facet);
    if (failed.length > 1) return failed;
  }
  return failed;
}

function hasText(row, text) {
  return row.reference.includes(text) || row.hypothesis.includes(text) || row.id.includes(text);
}

/** The rows a query shows, and for every facet how many each of its values would show: {shown, counts}. */
function ask(rows, query, reviews, allowed, facets = Object.keys(FACETS)) {
  const asked = { ...query, text: query.text.normalize("NFC").trim() };
  const counts = Object.fromEntries(facets.map((facet) => [facet, new Map()]));
  const shown = [];
  for (const row of rows) {
    const failed = failures(row, asked, reviews, allowed);
    if (failed.length > 1) continue;
    if (!failed.length) shown.push(row);
    // What is written right can still be asked for.
    if (failed[0] === "onlyErrors" && "kind" in counts) for (const kind of row.kinds.filter((kind) => MARGINAL.includes(kind))) countUp(counts.kind, kind);
    // A facet's own choice does not count against its values.
    for (const facet of failed.length ? failed.filter((name) => name in counts) : facets) {
      if (facet in row) countUp(counts[facet], row[facet]);
      else for (const value of new Set(valuesOf(row, facet, reviews))) countUp(counts[facet], value);
    }
  }
  return { shown, counts };
}

function countUp(counts, value) {
  counts.set(value, (counts.get(value) ?? 0) + 1);
}

/** Rows in the order of `sorts` = [{column, descending}], the first deciding first; ties keep the given order. */
function sortRows(rows, sorts) {
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  return [...rows].sort((a, b) => {
    for (const { column, descending } of sorts) {
      const order = compare(a[column], b[column]);
      if (order) return descending ? -order : order;
    }
    return a.index - b.index;
  });
}

/** The sorts after a click on a column's head; with `add` (shift) it joins those before instead of replacing them. */
function nextSorts(sorts, column, add) {
  const known = sorts.find((sort) => sort.column === column);
  const turned = { column, descending: known ? !known.descending : true };
  if (!add) return [turned];
  return known ? sorts.map((sort) => (sort === known ? turned : sort)) : [...sorts, turned];
}

/** For blind review: each clip once, in an order that says nothing about models. */
function blindRows(rows) {
  const once = new Map(rows.map((row) => [`${row.condition} ${row.id}`, row]));
  const scramble = (text) => [...text].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0, 7);
  return [...once.values()].sort((a, b) => scramble(a.id) - scramble(b.id));
}

/** One point an utterance both models transcribed: [{id, condition, x, y}]. */
function pairs(rows, first, second) {
  const points = new Map();
  for (const row of rows) {
    if (row.experiment !== first && row.experiment !== second) continue;
    const key = `${row.condition} ${row.id}`;
    const point = points.get(key) ?? { id: row.id, condition: row.condition };
    if (row.experiment === first) point.x = row.wer;
    if (row.experiment === second) point.y = row.wer;
    points.set(key, point);
  }
  return [...points.values()].filter((point) => point.x !== undefined && point.y !== undefined);
}

/** How many values lie in each of `bins` equal parts from low to high. */
function binned(values, low, high, bins) {
  const counts = new Array(bins).fill(0);
  for (const value of values) counts[Math.max(0, Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins)))]++;
  return counts;
}
