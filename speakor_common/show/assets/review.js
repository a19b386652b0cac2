// What raters say of a clip: tags, a note, a corrected label. One entry a clip and rater, and every step can be undone.

const NOTHING_SAID = { tags: [], note: "", correction: "" };

/** Reviews {id: {rater: entry}}; what one person left before raters had names belongs to "". */
function upgraded(reviews) {
  return Object.fromEntries(Object.entries(reviews).map(([id, entry]) => [id, Array.isArray(entry.tags) ? { "": { ...NOTHING_SAID, ...entry } } : entry]));
}

/** Reviews with undo. `save(id, rater, entry)` keeps an entry for good and resolves to words that say where. */
function reviewBook(reviews, save) {
  const done = [], undone = [];
  const of = (id, rater) => reviews[id]?.[rater] ?? NOTHING_SAID;

  function put(id, rater, entry) {
    reviews[id] ??= {};
    if (entry) reviews[id][rater] = entry;
    else delete reviews[id][rater];
    if (!Object.keys(reviews[id]).length) delete reviews[id];
    return save(id, rater, entry ?? NOTHING_SAID);
  }

  function set(id, rater, said) {
    const entry = said.tags.length || said.note || said.correction ? said : null;
    done.push({ id, rater, before: reviews[id]?.[rater] ?? null, after: entry });
    undone.length = 0;
    return put(id, rater, entry);
  }

  /** Take the last step back, or with `again` make it once more; resolves to its clip's id, if there was one. */
  async function step(again) {
    const change = (again ? undone : done).pop();
    if (!change) return null;
    (again ? done : undone).push(change);
    await put(change.id, change.rater, again ? change.after : change.before);
    return change.id;
  }

  /** Everybody's tags and correction of a clip, or one rater's alone. */
  function together(id, rater = null) {
    const entries = rater === null ? Object.values(reviews[id] ?? {}) : [of(id, rater)];
    const tags = [...new Set(entries.flatMap((entry) => entry.tags))];
    return { tags, correction: entries.find((entry) => entry.correction)?.correction ?? "" };
  }
  return { reviews, of, set, step, together, canUndo: () => done.length > 0, canRedo: () => undone.length > 0 };
}

/** The form for one clip. Returns {element, toggle(tagNumber), editLabel(), editNote()}. */
function reviewForm(row, tags, book, rater, blind, changed) {
  const entry = book.of(row.id, rater);
  const says = make("span", { className: "saved", role: "status" });
  const label = make("textarea", { name: "correction", rows: 2, lang: "ko", spellcheck: false, value: entry.correction || row.reference });
  const note = make("input", { name: "note", value: entry.note, placeholder: "note", "aria-label": "note" });
  const chips = tags.map((tag, i) => make("button", { type: "button", className: "chip", "data-value": tag, "aria-pressed": String(entry.tags.includes(tag)), onclick: () => toggle(i) }, make("small", { textContent: i + 1 }), tag));

  async function keep() {
    const text = label.value.normalize("NFC").trim();
    const said = {
      tags: tags.filter((_, i) => chips[i].getAttribute("aria-pressed") === "true"),
      note: note.value.trim(),
      correction: text === row.reference ? "" : text,
    };
    if (JSON.stringify(said) === JSON.stringify(book.of(row.id, rater))) return;
    const saved = book.set(row.id, rater, said);
    changed();
    says.className = "saved";
    try {
      says.textContent = await saved;
    } catch (error) {
      says.className = "saved problem";
      says.textContent = `not kept: ${error.message}`;
    }
  }

  function toggle(i) {
    const pressed = chips[i]?.getAttribute("aria-pressed") === "true";
    chips[i]?.setAttribute("aria-pressed", String(!pressed));
    return keep();
  }

  label.onchange = note.onchange = keep;
  label.onkeydown = note.onkeydown = (event) => {
    if (event.key === "Enter" && !event.isComposing) event.preventDefault(), event.target.blur();
  };
  const others = blind ? [] : Object.entries(book.reviews[row.id] ?? {}).filter(([name]) => name !== rater);
  const element = make("section", { className: "review" },
    make("h3", { textContent: rater ? `Your review, ${rater}` : "Your review" }),
    make("label", { className: "correct" }, make("span", { textContent: "label" }), label),
    make("div", { className: "chips" }, ...chips),
    make("div", { className: "bar" }, note, says),
    ...others.map(([name, other]) => make("p", { className: "other quiet", textContent: `${name || "before"}: ${[...other.tags, other.correction && `“${other.correction}”`, other.note].filter(Boolean).join(" · ") || "nothing to note"}` })),
  );
  return { element, toggle, editLabel: () => label.focus(), editNote: () => note.focus() };
}
