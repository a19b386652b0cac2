// The explorer itself: filters, table, one utterance in detail, model against model, confusions.
// `source` tells where rows, audio and reviews come from; a notebook kernel and a file have one each.

const PAGE_ROWS = 50;
const KINDS = ["substitutions", "deletions", "insertions", "empty", "hallucination", "repetition", "spacing", "not_korean"];
const SHOWN = ["wer", "experiment", "condition", "l1", "level", "speaker", "duration", "substitutions", "deletions", "insertions", "reference", "hypothesis"];
const HEADS = { substitutions: "S", deletions: "D", insertions: "I", wer: "WER", l1: "L1", duration: "s", experiment: "model" };
const SELECTS = { experiment: "model", condition: "condition", l1: "L1", level: "level", speaker: "speaker" };

function make(tag, attributes = {}, ...children) {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
}

function choice(name, values, onChange) {
  const select = make("select", { name, onchange: onChange }, make("option", { value: ALL, textContent: "all" }));
  select.append(...values.map((value) => make("option", { value, textContent: value })));
  return select;
}

function mount(root, source) {
  const rows = source.rows.map((row, index) => ({ ...row, index }));
  const distinct = (name) => [...new Set(rows.map((row) => row[name]))].filter(Boolean).sort();
  const state = { sorts: [{ column: "wer", descending: true }], page: 0, chosen: null, allowed: null, matching: [], sound: null, request: 0 };
  const inputs = {};
  const change = () => ((state.page = 0), filter());

  const bar = make("div", { className: "bar" });
  for (const [name, label] of Object.entries(SELECTS)) bar.append(make("label", {}, `${label} `, (inputs[name] = choice(name, distinct(name), change))));
  const kinds = rows.some((row) => row.laundered > 0) ? [...KINDS, LAUNDERED] : KINDS;
  bar.append(make("label", {}, "error ", (inputs.kind = choice("kind", kinds, change))));
  bar.append(make("label", {}, "tag ", (inputs.tag = choice("tag", source.tags, change))));
  for (const [name, label, value] of [["minWer", "WER % from", 0], ["maxWer", "to", 1000]])
    bar.append(make("label", {}, `${label} `, (inputs[name] = make("input", { name, type: "number", value, min: 0, step: 10, oninput: change }))));
  bar.append(make("label", {}, "search ", (inputs.text = make("input", { name: "text", type: "search", placeholder: "text or id", oninput: change }))));
  bar.append(make("label", {}, (inputs.onlyErrors = make("input", { name: "onlyErrors", type: "checkbox", checked: true, onchange: change })), " only with errors"));

  const status = make("span", { className: "status", role: "status" });
  const older = make("button", { textContent: "‹ page", onclick: () => turn(-1) }), newer = make("button", { textContent: "page ›", onclick: () => turn(1) });
  const save = make("button", { textContent: "export rows", onclick: () => download("rows.csv", csvFile(state.matching, source.columns)) });
  const clear = make("button", { textContent: "all pairs again", hidden: true, onclick: () => ((state.allowed = null), (clear.hidden = true), change()) });
  const head = make("tr"), body = make("tbody");
  const table = make("table", { className: "rows", tabIndex: 0, onkeydown: keys }, make("thead", {}, head), body);
  table.setAttribute("aria-label", "utterances; arrow keys move, space plays, L repeats");
  const detail = make("section", { className: "detail", tabIndex: -1, onkeydown: keys });
  root.classList.add("speakor-explorer");
  root.append(bar, make("div", { className: "bar" }, status, older, newer, save, clear), table, detail, scatterPanel(), confusionPanel());

  function query() {
    const read = (input) => (input.type === "checkbox" ? input.checked : input.type === "number" ? Number(input.value) : input.value);
    return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, read(input)]));
  }

  function filter() {
    const asked = query();
    state.matching = sortRows(rows.filter((row) => matches(row, asked, source.reviews, state.allowed)), state.sorts);
    list();
    if (!state.matching.includes(state.chosen)) select(state.matching[0] ?? null);
    root.dispatchEvent(new CustomEvent("filtered", { detail: state.matching.length }));
  }

  function list() {
    const pages = Math.max(1, Math.ceil(state.matching.length / PAGE_ROWS));
    status.textContent = `${state.matching.length} of ${rows.length} rows, page ${state.page + 1} of ${pages}`;
    [older.disabled, newer.disabled] = [state.page === 0, state.page >= pages - 1];
    head.replaceChildren(...SHOWN.map(heading));
    const page = state.matching.slice(state.page * PAGE_ROWS, (state.page + 1) * PAGE_ROWS);
    body.replaceChildren(...page.map((row) => {
      const line = make("tr", { onclick: () => select(row) }, ...SHOWN.map((name) => make("td", { textContent: cell(row, name) })));
      line.classList.toggle("chosen", row === state.chosen);
      return line;
    }));
  }

  function heading(name) {
    const place = state.sorts.findIndex((sort) => sort.column === name), sort = state.sorts[place];
    const arrow = sort ? (sort.descending ? " ▾" : " ▴") + (state.sorts.length > 1 ? place + 1 : "") : "";
    const button = make("button", { textContent: (HEADS[name] ?? name) + arrow, title: `sort by ${name}; with shift as a further key` });
    button.onclick = (event) => ((state.sorts = nextSorts(state.sorts, name, event.shiftKey)), filter());
    const element = make("th", {}, button);
    element.setAttribute("aria-sort", sort ? (sort.descending ? "descending" : "ascending") : "none");
    return element;
  }

  function cell(row, name) {
    if (name === "wer") return `${Math.round(100 * row.wer)} %`;
    return name === "duration" ? row.duration.toFixed(1) : row[name] + (name === "reference" && source.reviews[row.id]?.tags.length ? " ⚑" : "");
  }

  function turn(by) {
    state.page += by;
    list();
  }

  function step(by) {
    const next = state.matching[state.matching.indexOf(state.chosen) + by];
    if (next) state.page = Math.floor(state.matching.indexOf(next) / PAGE_ROWS), select(next);
  }

  function keys(event) {
    if (["INPUT", "SELECT", "TEXTAREA", "BUTTON", "AUDIO"].includes(event.target.tagName)) return;
    const action = { ArrowDown: () => step(1), ArrowUp: () => step(-1), j: () => step(1), k: () => step(-1), " ": () => state.sound?.toggle(), l: () => state.sound?.toggleLoop() }[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has meanings of its own for these keys
    action();
  }

  async function select(row) {
    state.chosen = row;
    list();
    const request = ++state.request;
    state.sound?.stop();
    state.sound = null;
    delete detail.dataset.shown;
    if (!row) return detail.replaceChildren("no utterance matches");

    // Nothing of the row before stays while this one is on its way: its tags would look like this one's.
    const title = make("b", { textContent: `${row.id} · ${row.l1} · ${row.level} · ${row.speaker} · ${row.duration.toFixed(1)} s` });
    detail.replaceChildren(title, " loading …");
    const answer = await source.detail(row.index).catch((error) => ({ html: "", words: [], audio: [], problem: error.message }));
    if (request !== state.request) return; // another row was chosen meanwhile

    if (answer.audio.length) state.sound = soundView(answer.audio, answer.words);
    const sound = state.sound?.element ?? make("div", { className: "problem", textContent: `No sound: ${answer.problem}` });
    detail.replaceChildren(title, sound, make("div", { innerHTML: answer.html }), review(row));
    detail.dataset.shown = row.id;
  }

  function review(row) {
    const known = source.reviews[row.id] ?? { tags: [], note: "" };
    const note = make("input", { name: "note", value: known.note, placeholder: "note", size: 40 });
    const boxes = source.tags.map((tag) => make("input", { type: "checkbox", value: tag, checked: known.tags.includes(tag) }));
    const saved = make("span", { className: "saved", role: "status" });
    const keep = async () => {
      const entry = { tags: boxes.filter((box) => box.checked).map((box) => box.value), note: note.value };
      source.reviews[row.id] = entry;
      list();
      saved.textContent = ` ${await source.saveReview(row.id, entry).catch((error) => `not kept: ${error.message}`)}`;
    };
    note.onchange = keep;
    for (const box of boxes) box.onchange = keep;
    return make("div", { className: "review" }, ...boxes.map((box) => make("label", {}, box, ` ${box.value}`)), note, saved);
  }

  function scatterPanel() {
    const models = distinct("experiment");
    const canvas = make("canvas", { width: 320, height: 320, className: "scatter" });
    const [x, y] = [0, 1].map((i) => make("select", { name: "xy"[i], onchange: draw }, ...models.map((name) => make("option", { textContent: name, selected: name === models[Math.min(i, models.length - 1)] }))));
    let points = [];
    const at = (value) => 20 + Math.min(1.5, value) * 190;
    function draw() {
      const context = canvas.getContext("2d"), asked = { ...query(), experiment: ALL, onlyErrors: false };
      points = pairs(rows.filter((row) => matches(row, asked, source.reviews, state.allowed)), x.value, y.value);
      context.clearRect(0, 0, 320, 320);
      context.strokeStyle = colour(root, "left-out");
      context.strokeRect(20, 15, 285, 285);
      context.beginPath(), context.moveTo(20, 300), context.lineTo(305, 15), context.stroke();
      context.fillStyle = colour(root, "black");
      context.fillText(`WER of ${x.value}, 0 to 150 %`, 90, 315);
      context.save(), context.translate(12, 230), context.rotate(-Math.PI / 2), context.fillText(`WER of ${y.value}`, 0, 0), context.restore();
      context.fillStyle = colour(root, "blue");
      context.globalAlpha = 0.5;
      for (const p of points) context.fillRect(at(p.x) - 2, 320 - at(p.y) - 2, 4, 4);
      context.globalAlpha = 1;
      panel.dataset.points = points.length;
    }
    canvas.onclick = (event) => {
      const distance = (p) => (at(p.x) - event.offsetX) ** 2 + (320 - at(p.y) - event.offsetY) ** 2;
      const nearest = points.reduce((a, b) => (distance(b) < distance(a) ? b : a), points[0]);
      if (nearest) select(rows.find((row) => row.id === nearest.id && row.condition === nearest.condition && row.experiment === y.value));
    };
    root.addEventListener("filtered", () => panel.open && draw());
    const panel = make("details", { ontoggle: draw }, make("summary", { textContent: "Model against model" }), "x ", x, " y ", y, make("br"), canvas);
    panel.classList.add("scatter-panel");
    return panel;
  }

  function confusionPanel() {
    const place = make("div", { className: "bar" });
    const panel = make("details", {}, make("summary", { textContent: "Confusions: which sound became which" }), place);
    panel.ontoggle = async () => {
      if (!panel.open || place.children.length) return;
      place.textContent = "counting …";
      const confused = await source.confusions().catch((error) => {
        place.textContent = `not counted: ${error.message}`;
        return null;
      });
      if (confused) place.replaceChildren(...confused.map((pair) => make("button", { textContent: `${pair.name} ${pair.rows.length}`, onclick: () => only(pair) })));
    };
    const only = (pair) => {
      state.allowed = new Set(pair.rows);
      [clear.hidden, clear.textContent] = [false, `only ${pair.name} ✕`];
      change();
    };
    panel.classList.add("confusion-panel");
    return panel;
  }

  function download(name, file) {
    const link = make("a", { href: URL.createObjectURL(file), download: name });
    link.click();
  }

  filter();
}
