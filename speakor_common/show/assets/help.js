// What the keys do, and where it can be read.

const KEYS = [
  ["↓ ↑ or J K", "next and previous clip"],
  ["Page, Home, End", "a screen of clips, the first, the last"],
  ["Space", "play or pause"],
  ["L", "repeat the stretch, or all"],
  ["[ ]", "slower, faster; the pitch stays"],
  ["W", "play the next word (Shift: the previous)"],
  ["1 – 9", "give or take the tag of that number"],
  ["E", "correct the label; Enter keeps it"],
  ["N", "write a note"],
  ["U", "undo (Shift: once more)"],
  ["/", "search"],
  ["F", "go to the filters"],
  ["X", "clear all filters"],
  ["D", "rows closer together or further apart"],
  ["B", "blind: no models, nobody else’s review"],
  ["C", "copy a link to this clip and these filters"],
  ["Esc", "back to the table"],
  ["?", "this help"],
];

/** A dialog over the page. */
function helpDialog() {
  const lines = KEYS.map(([keys, what]) => make("tr", {}, make("th", { scope: "row" }, ...keys.split(/ (or|–) /).flatMap((part) => (["or", "–"].includes(part) ? [` ${part} `] : part.split(/,? /).map((key) => make("kbd", { textContent: key }))))), make("td", { textContent: what })));
  const close = iconButton("close", "close", () => dialog.close());
  const dialog = make("dialog", { className: "help", "aria-label": "keys" }, make("div", { className: "bar" }, make("h2", { textContent: "Keys" }), close), make("table", {}, make("tbody", {}, ...lines)));
  dialog.onclick = (event) => event.target === dialog && dialog.close();
  return dialog;
}
