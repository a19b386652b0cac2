// The table: as many rows as can be seen are on the page, of as many as there are.

const COLUMNS = {
  wer: { head: "WER", width: 3.75, number: true },
  experiment: { head: "model", width: 6 },
  condition: { head: "condition", width: 6 },
  l1: { head: "L1", width: 3.25, title: "first language" },
  level: { head: "level", width: 3.75 },
  speaker: { head: "speaker", width: 6 },
  duration: { head: "s", width: 3.25, number: true, title: "duration in seconds" },
  rate: { head: "syll./s", width: 4.5, number: true, title: "syllables a second" },
  confidence: { head: "conf.", width: 4, number: true, title: "mean confidence of words" },
  substitutions: { head: "S", width: 2.75, number: true },
  deletions: { head: "D", width: 2.75, number: true },
  insertions: { head: "I", width: 2.75, number: true },
  id: { head: "clip", width: 15 },
  reference: { head: "label", width: 0 },
  hypothesis: { head: "recognised", width: 0 },
};
const SHOWN_FIRST = ["wer", "experiment", "l1", "level", "reference", "hypothesis"];
const OF_MODELS = ["wer", "experiment", "confidence", "substitutions", "deletions", "insertions", "hypothesis"]; // not shown to a blind rater
const ROW_HEIGHTS = { compact: 26, comfortable: 36 }; // pixels
const SPARE_ROWS = 12; // above and below what is seen

/**
 * `on` = {choose(row), sort(column, add), reviewOf(row)}.
 * Returns {element, show(rows, chosen, look), seen()}; `look` = {columns, density, sorts, blind}.
 */
function rowTable(on) {
  const columnWidths = make("colgroup"), head = make("tr"), body = make("tbody", { className: "shown" });
  const above = make("tbody", { className: "pad", "aria-hidden": "true" }), below = make("tbody", { className: "pad", "aria-hidden": "true" });
  const table = make("table", { className: "rows", role: "grid", "aria-label": "utterances" }, columnWidths, make("thead", {}, head), above, body, below);
  const empty = make("p", { className: "empty", hidden: true, textContent: "No utterance answers all filters." });
  const element = make("div", { className: "scroller", tabIndex: 0, role: "region", "aria-label": "utterances; arrow keys move, ? shows all keys" }, table, empty);
  let rows = [], chosen = null, look = null, waiting = false, drawn = "";

  function columns() {
    return look.columns.filter((name) => !(look.blind && OF_MODELS.includes(name)));
  }

  function show(someRows, chosenRow, someLook) {
    [rows, chosen, look] = [someRows, chosenRow, someLook];
    element.dataset.density = look.density;
    empty.hidden = rows.length > 0;
    table.setAttribute("aria-rowcount", rows.length + 1);
    const names = columns();
    columnWidths.replaceChildren(...names.map((name) => make("col", { style: COLUMNS[name].width ? `width:${COLUMNS[name].width}rem` : "" })));
    table.style.minWidth = `${names.reduce((sum, name) => sum + (COLUMNS[name].width || 11), 0)}rem`;
    const focused = head.contains(document.activeElement) ? document.activeElement.dataset.column : null;
    head.replaceChildren(...names.map(heading));
    if (focused) head.querySelector(`[data-column="${focused}"]`)?.focus();
    drawn = "";
    draw();
  }

  /** Only what can be seen is made, and the rest is space above and below. */
  function draw() {
    waiting = false;
    const height = ROW_HEIGHTS[look.density], names = columns();
    const from = Math.max(0, Math.floor(element.scrollTop / height) - SPARE_ROWS);
    const to = Math.min(rows.length, from + Math.ceil(element.clientHeight / height) + 2 * SPARE_ROWS);
    // A row that stays keeps its element, or a click that begins on it would end on another.
    if (drawn === `${from} ${to}`) return;
    drawn = `${from} ${to}`;
    pad(above, from * height);
    pad(below, (rows.length - to) * height);
    body.replaceChildren(...rows.slice(from, to).map((row, i) => line(row, from + i, names)));
  }

  function pad(part, height) {
    part.replaceChildren(...(height ? [make("tr", { style: `height:${height}px` })] : []));
  }

  function line(row, place, names) {
    const cells = names.map((name) => make("td", { className: COLUMNS[name].number ? "number" : `of-${name}`, title: COLUMNS[name].width ? "" : row[name] }, ...cell(row, name)));
    const element = make("tr", { "aria-rowindex": place + 2, "aria-selected": String(row === chosen), onclick: () => on.choose(row) }, ...cells);
    element.classList.toggle("chosen", row === chosen);
    return element;
  }

  function cell(row, name) {
    if (name === "wer" || name === "confidence") return [`${Math.round(100 * row[name])} %`];
    if (name === "duration" || name === "rate") return [row[name].toFixed(1)];
    if (name !== "reference") return [row[name]];
    const { tags, correction } = on.reviewOf(row);
    const marks = make("span", { className: "marks" });
    if (tags.length) marks.append(make("span", { className: "tagged", title: tags.join(", "), role: "img", "aria-label": `tagged ${tags.join(", ")}` }, icon("flag")));
    if (correction) marks.append(make("span", { className: "corrected", title: correction, role: "img", "aria-label": `corrected to ${correction}` }, icon("pencil")));
    return marks.children.length ? [marks, correction || row.reference] : [row.reference];
  }

  function heading(name) {
    const place = look.sorts.findIndex((sort) => sort.column === name), sort = look.sorts[place];
    const { head: text, title = name, number } = COLUMNS[name];
    const arrow = sort ? make("span", { className: "arrow", "aria-hidden": "true", textContent: (sort.descending ? "↓" : "↑") + (look.sorts.length > 1 ? place + 1 : "") }) : "";
    const button = make("button", { type: "button", className: "plain", "data-column": name, title: `sort by ${title}; with shift as a further key` }, text, arrow);
    button.onclick = (event) => on.sort(name, event.shiftKey);
    return make("th", { scope: "col", className: number ? "number" : "", "aria-sort": sort ? (sort.descending ? "descending" : "ascending") : "none" }, button);
  }

  /** Bring a row into view. */
  function reveal(row) {
    const height = ROW_HEIGHTS[look.density], top = rows.indexOf(row) * height;
    const headHeight = head.offsetHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    if (top + height > element.scrollTop + element.clientHeight - headHeight) element.scrollTop = top + height - element.clientHeight + headHeight;
  }

  const later = () => {
    if (!waiting && look) requestAnimationFrame(draw);
    waiting = true;
  };
  element.addEventListener("scroll", later);
  new ResizeObserver(later).observe(element);
  return { element, show, reveal, perScreen: () => Math.max(1, Math.floor(element.clientHeight / ROW_HEIGHTS[look.density]) - 2) };
}
