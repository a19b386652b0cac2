// Which rows are shown, in which order. Plain functions over plain rows; no page is touched here.

const ALL = "";

/** Turn {columns, values} as Python sends them into objects. */
function unpackRows({ columns, values }) {
  return values.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])));
}

/** Whether a row answers a query; `reviews` maps utterance ids to {tags, note}. */
function matches(row, query, reviews, allowed) {
  for (const name of ["experiment", "condition", "l1", "level", "speaker"]) {
    if (query[name] && row[name] !== query[name]) return false;
  }
  if (query.onlyErrors && row.errors === 0) return false;
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
  const found = new Map();
  for (const row of rows) {
    if (row.experiment !== first && row.experiment !== second) continue;
    const key = `${row.condition} ${row.id}`;
    const point = found.get(key) ?? { id: row.id, condition: row.condition };
    if (row.experiment === first) point.x = row.wer;
    if (row.experiment === second) point.y = row.wer;
    found.set(key, point);
  }
  return [...found.values()].filter((point) => point.x !== undefined && point.y !== undefined);
}

/** Comma-separated text of rows, quoted where needed. */
function asCsv(rows, columns) {
  const quote = (value) => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  return [columns.join(","), ...rows.map((row) => columns.map((name) => quote(row[name])).join(","))].join("\n") + "\n";
}
