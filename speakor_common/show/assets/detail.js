// One clip in detail: sound, aligned lines of all models, review.

/**
 * `source` answers what a clip is; `look()` = {rater, blind}.
 * `on` = {step(by), copyLink(), reviewed()}.
 */
function clipDetail(source, book, look, on) {
  const element = make("section", { className: "detail", "aria-label": "clip" });
  let shown = { row: null, sound: null, form: null }, request = 0;

  async function show(row, again = false) {
    if (!again && row && row === shown.row) return;
    const asked = ++request;
    shown.sound?.stop();
    shown = { row, sound: null, form: null };
    delete element.dataset.shown;
    if (!row) return element.replaceChildren(make("p", { className: "empty", textContent: "Nothing to show." }));

    // Nothing of the row before stays while this one is on its way: its tags would look like this one's.
    element.replaceChildren(head(row), make("p", { className: "quiet", textContent: "loading …" }));
    const answer = await source.detail(row.index).catch((error) => ({ html: "", words: [], audio: [], problem: error.message }));
    if (asked !== request) return; // another row was chosen meanwhile

    const { rater, blind } = look();
    if (answer.audio.length) shown.sound = soundView(answer.audio, blind ? [] : answer.words);
    shown.form = reviewForm(row, source.tags, book, rater, blind, on.reviewed);
    const sound = shown.sound?.element ?? make("p", { className: "problem", textContent: `No sound: ${answer.problem}` });
    const lines = make("div", { className: "texts", innerHTML: answer.html });
    lines.querySelector(`[data-experiment="${CSS.escape(row.experiment)}"]`)?.classList.add("this");
    linkWords(lines);
    element.replaceChildren(head(row), sound, lines, shown.form.element);
    element.scrollTop = 0;
    element.dataset.shown = row.id;
  }

  function head(row) {
    const facts = [row.l1, row.level, row.speaker, `${row.duration.toFixed(1)} s`, row.condition].filter(Boolean);
    const bar = make("div", { className: "bar" },
      iconButton("previous", "previous clip (↑)", () => on.step(-1)),
      iconButton("next", "next clip (↓)", () => on.step(1)),
      make("h2", { className: "id", textContent: row.id }),
      iconButton("link", "copy a link to this clip (C)", on.copyLink),
    );
    return make("header", {}, bar, make("div", { className: "chips" }, ...facts.map((fact) => make("span", { className: "badge", textContent: fact }))));
  }

  return { element, show, sound: () => shown.sound, form: () => shown.form };
}

/** The same word of all lines stands out together, by pointer and by focus. */
function linkWords(lines) {
  const mark = (event, on) => {
    const word = event.target.closest?.("[data-word]");
    if (!word) return;
    for (const same of lines.querySelectorAll(`[data-word="${word.dataset.word}"]`)) same.classList.toggle("linked", on);
  };
  for (const name of ["mouseover", "focusin"]) lines.addEventListener(name, (event) => mark(event, true));
  for (const name of ["mouseout", "focusout"]) lines.addEventListener(name, (event) => mark(event, false));
}

/** The jamo of a marked syllable beside it, by pointer and by focus. */
function jamoTip(root) {
  const tip = make("div", { className: "tip", role: "tooltip", popover: "manual" });
  root.append(tip);
  const hide = () => tip.matches(":popover-open") && tip.hidePopover();
  const reveal = (event) => {
    const mark = event.target.closest?.("[data-jamo]");
    if (!mark) return hide();
    tip.textContent = mark.dataset.jamo;
    tip.showPopover();
    const box = mark.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(innerWidth - tip.offsetWidth - 4, box.left + box.width / 2 - tip.offsetWidth / 2))}px`;
    tip.style.top = `${box.top > tip.offsetHeight + 8 ? box.top - tip.offsetHeight - 6 : box.bottom + 6}px`;
  };
  for (const name of ["mouseover", "focusin"]) root.addEventListener(name, reveal);
  for (const name of ["mouseleave", "focusout"]) root.addEventListener(name, hide);
  root.addEventListener("scroll", hide, true);
}
