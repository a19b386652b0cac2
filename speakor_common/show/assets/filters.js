// The filters: chips with counts, ranges over small histograms, search.

const RANGES = {
  wer: { label: "Word error rate", scale: 100, unit: "%", step: 5, highest: 200 },
  duration: { label: "Duration", scale: 1, unit: "s", step: 0.5, highest: 60 },
  rate: { label: "Speech rate", scale: 1, unit: "syllables/s", step: 0.5, highest: 12 },
  confidence: { label: "Confidence", scale: 100, unit: "%", step: 5, highest: 100 },
};
const BINS = 20;
const MOST_CHIPS = 14; // more values than this are a list to choose from

/**
 * The rail of filters. `change(patch)` is called with what of the query becomes otherwise.
 * Returns {element, update(query, counts, shown)}.
 */
function filterRail(rows, facetNames, change) {
  const element = make("div", { className: "filters" });
  const facets = facetNames.map((name) => facetGroup(name, change));
  const ranges = Object.keys(RANGES).filter((name) => rows.some((row) => row[name] > 0)).map((name) => rangeGroup(name, rows, change));
  const errors = make("input", { type: "checkbox", name: "onlyErrors", onchange: () => change({ onlyErrors: errors.checked }) });
  element.append(make("label", { className: "only" }, errors, "only with errors"), ...facets.map((f) => f.element), ...ranges.map((r) => r.element));
  const update = (query, counts, shown) => {
    errors.checked = query.onlyErrors;
    for (const facet of facets) facet.update(query, counts);
    for (const range of ranges) range.update(query, shown);
  };
  return { element, update };
}

/** All values of a facet, with how many rows each would show beside what else is chosen. */
function facetGroup(name, change) {
  const place = make("div", { className: "chips" });
  const element = make("section", { className: "facet", "data-facet": name }, make("h2", { textContent: FACETS[name] }), place);
  const known = new Set();
  const toggled = (chosen, value) => (chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value]);

  function update(query, counts) {
    const chosen = query.chosen[name] ?? [];
    for (const value of [...counts[name].keys(), ...chosen]) known.add(value);
    const values = [...known].filter(Boolean).sort();
    element.hidden = values.length < 2 && !chosen.length && name !== "tag" && name !== "kind";
    const pick = (value) => change({ chosen: { ...query.chosen, [name]: toggled(chosen, value) } });
    const asList = values.length > MOST_CHIPS;
    const chips = (asList ? chosen : values).map((value) => chip(value, counts[name].get(value) ?? 0, chosen.includes(value), () => pick(value)));
    const had = place.contains(document.activeElement) ? document.activeElement.dataset.value : null;
    place.replaceChildren(...(asList ? [valueList(values, chosen, counts[name], pick)] : []), ...chips);
    if (had) [...place.children].find((child) => child.dataset.value === had)?.focus();
  }

  function valueList(values, chosen, counts, pick) {
    const list = make("select", { name, "aria-label": FACETS[name], onchange: () => pick(list.value) });
    const rest = values.filter((value) => !chosen.includes(value) && counts.get(value));
    list.append(make("option", { value: "", textContent: `one of ${rest.length} …` }));
    list.append(...rest.map((value) => make("option", { value, textContent: `${value} (${counts.get(value)})` })));
    return list;
  }
  return { element, update };
}

function chip(value, count, pressed, onclick) {
  const button = make("button", { type: "button", className: "chip", "aria-pressed": String(pressed), "data-value": value, onclick });
  button.append(value.replaceAll("_", " "), make("small", { textContent: count.toLocaleString("en") }));
  button.classList.toggle("none", !count && !pressed);
  return button;
}

/** Two handles over a histogram of what is shown. */
function rangeGroup(name, rows, change) {
  const { label, scale, unit, step, highest } = RANGES[name];
  const most = rows.reduce((peak, row) => Math.max(peak, row[name] * scale), 0);
  const top = Math.min(highest, Math.max(step, Math.ceil(most / step) * step));
  const handle = (which) => make("input", { type: "range", name: `${name}-${which}`, min: 0, max: top, step, "aria-label": `${label}, ${which}`, oninput: moved });
  const [low, high] = [handle("from"), handle("to")];
  const bars = make("div", { className: "bars", "aria-hidden": "true" }, ...Array.from({ length: BINS }, () => make("i")));
  const says = make("small");
  const element = make("section", { className: "facet range" }, make("h2", {}, label, says), bars, make("div", { className: "handles" }, low, high));
  let asked = {};

  function moved() {
    const [from, to] = [Number(low.value), Number(high.value)].sort((a, b) => a - b);
    const ranges = { ...asked, [name]: [from / scale, to >= top ? Infinity : to / scale] };
    if (from === 0 && to >= top) delete ranges[name];
    change({ ranges });
  }

  function update(query, shown) {
    asked = query.ranges;
    const [from, to] = asked[name] ?? [0, Infinity];
    if (!element.contains(document.activeElement)) [low.value, high.value] = [from * scale, Math.min(top, to * scale)];
    const [a, b] = [from * scale, Math.min(top, to * scale)];
    says.textContent = name in asked ? ` ${a.toFixed(step < 1 ? 1 : 0)}–${to === Infinity ? "" : b.toFixed(step < 1 ? 1 : 0)} ${unit}` : ` ${unit}`;
    const counts = binned(shown.map((row) => row[name] * scale), 0, top, BINS);
    const tallest = Math.max(1, ...counts);
    counts.forEach((count, i) => (bars.children[i].style.height = `${count ? Math.max(4, (100 * count) / tallest) : 0}%`));
  }
  return { element, update };
}
