// In a file of its own: everything is embedded, reviews stay in this browser until they are exported.

const DATA = JSON.parse(document.getElementById("data").textContent);
const KEY = `speakor review ${location.pathname}`;
const reviews = { ...DATA.reviews, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
const allRows = unpackRows(DATA.rows);

mount(document.getElementById("explorer"), {
  rows: allRows,
  columns: DATA.rows.columns,
  tags: DATA.tags,
  reviews,
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
    localStorage.setItem(KEY, JSON.stringify(reviews));
    return "kept in this browser; export it as review.csv below";
  },
});

const link = document.getElementById("export-review");
link.onclick = () => {
  const rows = Object.entries(reviews).map(([utterance_id, { tags, note }]) => ({
    utterance_id,
    tags: tags.join(";"),
    note,
  }));
  link.href = URL.createObjectURL(csvFile(rows, ["utterance_id", "tags", "note"]));
};
