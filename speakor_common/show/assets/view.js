// The explorer itself: what is asked for, what is shown, and what every key does.
// `source` tells where rows, audio and reviews come from; a notebook kernel and a file have one each.

const FIRST_SORTS = [{ column: "wer", descending: true }];
const TABS = { table: "Clips", scatter: "Model against model", confusion: "Confusions", agreement: "Agreement" };

function mount(root, source) {
  const rows = source.rows;
  const asked = fromLink(source.link ?? "");
  const state = {
    query: asked.query,
    sorts: asked.sorts.length ? asked.sorts : FIRST_SORTS,
    shown: [],
    chosen: null,
    pair: null, // of a confusion: {name, rows}
    tab: "table",
    columns: kept.get("columns", SHOWN_FIRST).filter((name) => name in COLUMNS),
    density: kept.get("density", "comfortable"),
    rater: kept.get("rater", ""),
    blind: false,
  };
  const book = reviewBook(source.reviews, source.saveReview);
  const facets = Object.keys(FACETS);

  const rail = filterRail(rows, facets, change);
  const table = rowTable({ choose: select, sort, reviewOf: (row) => book.together(row.id, state.blind ? state.rater : null) });
  const detail = clipDetail(source, book, () => state, { step, copyLink, reviewed });
  const models = [...new Set(rows.map((row) => row.experiment))].sort();
  const panels = {
    table: { element: table.element, update: () => {} },
    scatter: scatterPanel(models, { points: pointsOf, choose: choosePoint }),
    confusion: confusionPanel(source.confusions, onlyPair),
    agreement: agreementPanel(book.reviews, source.tags),
  };
  const help = helpDialog();
  const parts = furnish();
  restorePair();
  refresh();
  reopen(asked.clip);

  /** Everything around the table and the detail. */
  function furnish() {
    const search = make("input", { type: "search", name: "text", placeholder: "Search text or clip", "aria-label": "search text or clip", value: state.query.text, oninput: () => change({ text: search.value }) });
    const status = make("span", { className: "status", role: "status" });
    const rater = make("input", { name: "rater", size: 9, placeholder: "your name", "aria-label": "your name as a rater", value: state.rater, onchange: () => setRater(rater.value.trim()) });
    const blind = make("button", { type: "button", name: "blind", title: "no models, nobody else’s review (B)", "aria-pressed": "false", onclick: toggleBlind }, icon("eye"), "blind");
    const undo = iconButton("undo", "undo (U)", () => stepBack(false)), redo = iconButton("redo", "once more (Shift U)", () => stepBack(true));
    const density = iconButton("rows", "rows closer together or further apart (D)", toggleDensity);
    const helpButton = make("button", { type: "button", className: "icon plain", title: "keys (?)", "aria-label": "keys", textContent: "?", onclick: () => help.showModal() });
    const chosen = make("div", { className: "chips chosen-filters" });
    const tabs = make("div", { className: "tabs", role: "tablist" }, ...Object.entries(TABS).map(([name, text]) => make("button", { type: "button", role: "tab", "data-tab": name, textContent: text, onclick: () => openTab(name) })));
    const list = make("section", { className: "list" }, make("div", { className: "bar list-head" }, tabs, status), chosen, ...Object.values(panels).map((panel) => panel.element));
    const filters = make("details", { className: "rail", open: true }, make("summary", { textContent: "Filters" }), rail.element);
    const top = make("div", { className: "bar top" }, search, columnMenu(), exportMenu(), density, undo, redo, make("span", { className: "space" }), rater, blind, helpButton);
    const layout = make("div", { className: "layout" }, filters, list, detail.element);
    root.classList.add("speakor", "speakor-explorer");
    root.dataset.lmSuppressShortcuts = "true"; // JupyterLab has meanings of its own for these keys
    root.append(make("div", { className: "frame" }, top, layout), help);
    jamoTip(root);
    (source.keysFrom ?? root).addEventListener("keydown", keys);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (detail.sound()?.redraw(), panels[state.tab].update()));
    if (root.clientWidth < 1240) filters.open = false;
    return { search, status, undo, redo, chosen, tabs, filters, blind };
  }

  function columnMenu() {
    const boxes = Object.keys(COLUMNS).filter((name) => rows.some((row) => name in row)).map((name) => {
      const box = make("input", { type: "checkbox", value: name, checked: state.columns.includes(name), onchange: () => setColumn(name, box.checked) });
      return make("label", {}, box, COLUMNS[name].title ?? COLUMNS[name].head);
    });
    return menu("Columns", ...boxes);
  }

  function exportMenu() {
    const says = make("small", { role: "status" });
    const entry = (text, onclick) => make("button", { type: "button", className: "plain", textContent: text, onclick });
    return menu("Export",
      entry("rows as CSV", () => download("rows.csv", csvFile(state.shown, source.columns))),
      entry("clips as zip", () => exportClips(says)),
      entry("review as CSV", () => download("review.csv", reviewFile(book.reviews))),
      says,
    );
  }

  function menu(name, ...entries) {
    const element = make("details", { className: "menu", "data-menu": name.toLowerCase() }, make("summary", { textContent: name }), make("div", { className: "sheet" }, ...entries));
    element.addEventListener("focusout", (event) => !element.contains(event.relatedTarget) && event.relatedTarget && (element.open = false));
    document.addEventListener("click", (event) => !element.contains(event.target) && (element.open = false));
    return element;
  }

  // What is asked for.

  function change(patch) {
    state.query = { ...state.query, ...patch };
    table.element.scrollTop = 0;
    refresh();
  }

  function refresh() {
    const allowed = state.pair ? new Set(state.pair.rows) : null;
    const { shown, counts } = ask(rows, state.query, reviewsSeen(), allowed, facets);
    state.shown = state.blind ? blindRows(shown) : sortRows(shown, state.sorts);
    rail.update(state.query, counts, state.shown);
    parts.status.textContent = `${state.shown.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows`;
    parts.chosen.replaceChildren(...chosenFilters());
    openTab(state.tab);
    if (!state.shown.includes(state.chosen)) select(state.shown[0] ?? null, false);
    else list();
  }

  /** A blind rater filters by the own review alone. */
  function reviewsSeen() {
    if (!state.blind) return book.reviews;
    const own = Object.entries(book.reviews).filter(([, entries]) => state.rater in entries);
    return Object.fromEntries(own.map(([id, entries]) => [id, { [state.rater]: entries[state.rater] }]));
  }

  function chosenFilters() {
    const parts = [];
    const part = (text, remove) => parts.push(make("button", { type: "button", className: "chip", "aria-label": `${text}, remove`, onclick: remove }, text, icon("close")));
    for (const [facet, values] of Object.entries(state.query.chosen))
      for (const value of values) part(value.replaceAll("_", " "), () => change({ chosen: { ...state.query.chosen, [facet]: values.filter((other) => other !== value) } }));
    for (const name of Object.keys(state.query.ranges)) part(RANGES[name]?.label ?? name, () => change({ ranges: Object.fromEntries(Object.entries(state.query.ranges).filter(([other]) => other !== name)) }));
    if (state.pair) part(state.pair.name, () => onlyPair(null));
    if (parts.length) parts.push(make("button", { type: "button", className: "plain clear", textContent: "clear", onclick: clearFilters }));
    return parts;
  }

  function clearFilters() {
    state.pair = null;
    parts.search.value = "";
    change(emptyQuery());
  }

  function onlyPair(pair) {
    state.pair = pair;
    state.tab = "table";
    change({ pair: pair?.name ?? "" });
  }

  async function restorePair() {
    if (!state.query.pair) return;
    const known = (await source.confusions()).find((pair) => pair.name === state.query.pair);
    if (known) onlyPair(known);
  }

  function sort(column, add) {
    state.sorts = nextSorts(state.sorts, column, add);
    refresh();
  }

  // What is shown.

  function list() {
    table.show(state.shown, state.chosen, state);
    [parts.undo.disabled, parts.redo.disabled] = [!book.canUndo(), !book.canRedo()];
    source.keepLink?.(link());
  }

  function openTab(name) {
    state.tab = name;
    for (const tab of parts.tabs.children) tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
    for (const [other, panel] of Object.entries(panels)) panel.element.hidden = other !== name;
    panels[name].update();
  }

  function select(row, focus = false) {
    state.chosen = row;
    list();
    if (row) table.reveal(row);
    if (focus) table.element.focus();
    detail.show(row);
  }

  function reopen(clip) {
    const [experiment, condition, id] = clip.split("|");
    const row = rows.find((row) => row.id === id && row.condition === condition && row.experiment === experiment);
    if (row) select(row);
  }

  function step(by) {
    const at = state.shown.indexOf(state.chosen) + by;
    const next = state.shown[Math.max(0, Math.min(state.shown.length - 1, at))];
    if (next && next !== state.chosen) select(next);
  }

  function pointsOf(x, y) {
    const query = { ...state.query, onlyErrors: false, chosen: { ...state.query.chosen, experiment: [] } };
    return pairs(ask(rows, query, book.reviews, null, []).shown, x, y);
  }

  function choosePoint(point, model) {
    select(rows.find((row) => row.id === point.id && row.condition === point.condition && row.experiment === model));
  }

  // Review.

  function reviewed() {
    list();
    parts.undo.disabled = !book.canUndo();
  }

  async function stepBack(again) {
    const id = await book.step(again);
    if (!id) return;
    const row = state.chosen?.id === id ? state.chosen : state.shown.find((row) => row.id === id) ?? rows.find((row) => row.id === id);
    select(row);
    detail.show(row, true);
  }

  function setRater(name) {
    state.rater = name;
    kept.set("rater", name);
    detail.show(state.chosen, true);
    list();
  }

  function toggleBlind() {
    state.blind = !state.blind;
    root.classList.toggle("blind", state.blind);
    parts.blind.setAttribute("aria-pressed", String(state.blind));
    if (state.blind) openTab("table");
    refresh();
    detail.show(state.chosen, true);
  }

  function setColumn(name, on) {
    const wanted = Object.keys(COLUMNS).filter((other) => (other === name ? on : state.columns.includes(other)));
    state.columns = wanted.length ? wanted : SHOWN_FIRST;
    kept.set("columns", state.columns);
    list();
  }

  function toggleDensity() {
    state.density = state.density === "compact" ? "comfortable" : "compact";
    kept.set("density", state.density);
    list();
    if (state.chosen) table.reveal(state.chosen);
  }

  // What is taken away.

  function link() {
    return toLink(state.query, state.sorts, state.chosen);
  }

  async function copyLink() {
    const text = source.address ? source.address(link()) : link();
    await navigator.clipboard?.writeText(text).catch(() => {});
    parts.status.textContent = "link copied";
  }

  async function exportClips(says) {
    const once = new Map(state.shown.map((row) => [row.id, row]));
    const files = [];
    let silent = 0;
    for (const [id, row] of once) {
      says.textContent = `${files.length + silent + 1} of ${once.size} …`;
      const { audio } = await source.detail(row.index).catch(() => ({ audio: [] }));
      if (audio.length) files.push({ name: `${id.replace(/[^\p{L}\p{N}._-]/gu, "_")}.ogg`, bytes: audio });
      else silent++;
    }
    const table = new TextEncoder().encode("\ufeff" + asCsv(state.shown, source.columns));
    download("clips.zip", zipFile([{ name: "rows.csv", bytes: table }, ...files]));
    says.textContent = `${files.length} clips` + (silent ? `, ${silent} have no sound` : "");
  }

  function focusSearch() {
    parts.search.focus();
    parts.search.select();
  }

  function focusFilters() {
    parts.filters.open = true;
    parts.filters.querySelector(".chip, input")?.focus();
  }

  let word = -1;
  function nextWord(by) {
    const buttons = detail.element.querySelectorAll(".words .chip");
    word = (word + by + buttons.length) % Math.max(1, buttons.length);
    buttons[word]?.click();
  }

  /** What a key does, if anything; capital letters are with shift. */
  function actionOf(event) {
    const digit = /^[1-9]$/.test(event.key) && Number(event.key);
    if (digit) return () => detail.form()?.toggle(digit - 1);
    return {
      ArrowDown: () => step(1), j: () => step(1), ArrowUp: () => step(-1), k: () => step(-1),
      PageDown: () => step(table.perScreen()), PageUp: () => step(-table.perScreen()),
      Home: () => step(-Infinity), End: () => step(Infinity),
      " ": () => detail.sound()?.toggle(), l: () => detail.sound()?.toggleLoop(),
      "[": () => detail.sound()?.faster(-1), "]": () => detail.sound()?.faster(1),
      w: () => nextWord(1), W: () => nextWord(-1),
      e: () => detail.form()?.editLabel(), n: () => detail.form()?.editNote(),
      u: () => stepBack(false), U: () => stepBack(true),
      "/": focusSearch, f: focusFilters, x: clearFilters, d: toggleDensity, b: toggleBlind, c: copyLink,
      "?": () => help.showModal(),
    }[event.key];
  }

  function keys(event) {
    if (help.open || event.ctrlKey || event.metaKey || event.altKey) return;
    const writes = event.target.matches("textarea, select, input:not([type=checkbox]):not([type=range])");
    if (event.key === "Escape") return table.element.focus();
    if (writes) return;
    // Controls keep the keys that work them.
    const works = event.target.matches("button, summary, a, input, audio, [role=tab]");
    if (works && [" ", "Enter"].includes(event.key)) return;
    if (event.target.matches("input[type=range]") && /^(Arrow|Page|Home|End)/.test(event.key)) return;
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }
}
