// Which rows are shown, in which order. Plain functions over plain rows; no page is touched here.

const ALL = "";
const LAUNDERED = "laundered"; // offered where it is known what was said otherwise than meant

/** Turn {columns, values} as Python sends them into objects. */
function unpackRows({ columns, values }) {
  return values.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])));
}

/** Whether a row answers a query; `reviews` maps utterance ids to {tags, note}. */
function matches(row, query, reviews, allowed) {
  for (const name of ["experiment", "condition", "l1", "level", "speaker"]) {
    if (query[name] && row[name] !== query[name]) return false;
  }
  // What is laundered was said wrong and is written right, so it is no error of the transcript.
  if (query.onlyErrors && row.errors === 0 && query.kind !== LAUNDERED) return false;
  if (row.wer < query.minWer / 100 || row.wer > query.maxWer / 100) return false;
  if (query.kind && !hasKind(row, query.kind)) return false;
  if (query.tag && !(reviews[row.id]?.tags ?? []).includes(query.tag)) return false;
  if (allowed && !allowed.has(row.index)) return false;
  const text = query.text.normalize("NFC").trim();
  return !text || row.reference.includes(text) || row.hypothesis.includes(text) || row.id.includes(text);
}

function hasKind(row, kind) {
  return kind in row ? row[kind] > 0 : row.flags.includes(kind);
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
  const known = sorts.find((s) => s.column === column);
  const turned = { column, descending: known ? !known.descending : true };
  if (!add) return [turned];
  return known ? sorts.map((s) => (s === known ? turned : s)) : [...sorts, turned];
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

/** Comma-separated text of rows, quoted where needed. */
function asCsv(rows, columns) {
  const quote = (value) => {
    const text = String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = rows.map((row) => columns.map((name) => quote(row[name])).join(","));
  return [columns.join(","), ...lines].join("\n") + "\n";
}

/** The same as a file. Its first character tells spreadsheets that Hangul in it is UTF-8. */
function csvFile(rows, columns) {
  return new Blob(["\ufeff" + asCsv(rows, columns)], { type: "text/csv" });
}
