// In a file of its own: everything is embedded, reviews stay in this browser until they are exported.

const DATA = JSON.parse(document.getElementById("data").textContent);
const KEY = `review ${location.pathname}`;
const reviews = { ...upgraded(DATA.reviews), ...upgraded(kept.get(KEY, {})) };
const allRows = unpackRows(DATA.rows);

mount(document.getElementById("explorer"), {
  rows: allRows,
  columns: DATA.rows.columns,
  tags: DATA.tags,
  reviews,
  link: location.hash,
  keysFrom: document,
  address: (link) => `${location.href.split("#")[0]}#${link}`,
  keepLink: (link) => history.replaceState(null, "", `#${link}`),
  detail: async (index) => {
    const { id, condition } = allRows[index];
    return {
      html: DATA.details[`${condition} ${id}`],
      words: DATA.words[index],
      audio: Uint8Array.from(atob(DATA.sounds[id] ?? ""), (letter) => letter.charCodeAt(0)),
      problem: DATA.problems[id] ?? "",
    };
  },
  confusions: async () => DATA.confusions,
  saveReview: async () => {
    kept.set(KEY, reviews);
    return "kept in this browser; export it as review.csv";
  },
});
