// A link to a clip and to what is filtered: everything after the # of the page's address.

/** The query, the order and the clip as text for a link. */
function toLink(query, sorts, row) {
  const parts = new URLSearchParams();
  for (const [facet, values] of Object.entries(query.chosen)) for (const value of values) parts.append(facet, value);
  for (const [column, [low, high]] of Object.entries(query.ranges)) parts.set(`${column}~`, `${low}..${high}`);
  if (query.text) parts.set("text", query.text);
  if (!query.onlyErrors) parts.set("all", "yes");
  if (query.pair) parts.set("pair", query.pair);
  parts.set("sort", sorts.map(({ column, descending }) => (descending ? "-" : "") + column).join(","));
  if (row) parts.set("clip", [row.experiment, row.condition, row.id].join("|"));
  return parts.toString();
}

/** The same back: {query, sorts, clip}; what it does not know it leaves out. */
function fromLink(text) {
  const query = emptyQuery();
  const parts = new URLSearchParams(text.replace(/^#/, ""));
  for (const [name, value] of parts) {
    const numbers = value.split("..").map(Number);
    if (name in FACETS) (query.chosen[name] ??= []).push(value);
    else if (name.endsWith("~") && numbers.length === 2 && !numbers.some(Number.isNaN)) query.ranges[name.slice(0, -1)] = numbers;
  }
  query.text = parts.get("text") ?? "";
  query.onlyErrors = !parts.has("all");
  query.pair = parts.get("pair") ?? "";
  const sorts = (parts.get("sort") ?? "").split(",").filter(Boolean);
  return {
    query,
    sorts: sorts.map((name) => ({ column: name.replace(/^-/, ""), descending: name.startsWith("-") })),
    clip: parts.get("clip") ?? "",
  };
}
