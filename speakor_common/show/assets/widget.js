// In JupyterLab: rows, sound and reviews come from the kernel, by numbered questions and answers.
// The rows are asked for instead of synced, so that they are not stored in the notebook.

async function render({ model, el }) {
  let last = 0;
  const ask = (what, more = {}) =>
    new Promise((resolve) => {
      const request = `${Date.now()} ${++last}`;
      const answer = (message, buffers) => {
        if (message.request !== request) return;
        model.off("msg:custom", answer);
        resolve({ ...message, buffers });
      };
      model.on("msg:custom", answer);
      model.send({ request, what, ...more });
    });
  const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  el.textContent = "loading …";
  const start = JSON.parse(new TextDecoder().decode(bytes((await ask("start")).buffers[0])));
  el.textContent = "";
  mount(el, {
    rows: unpackRows(start.rows),
    columns: start.rows.columns,
    tags: start.tags,
    reviews: start.reviews,
    detail: async (index) => {
      const found = await ask("detail", { index });
      return { html: found.html, words: found.words, audio: bytes(found.buffers[0]) };
    },
    confusions: async () => (await ask("confusions")).pairs,
    saveReview: async (id, review) => (await ask("review", { id, ...review })).saved,
  });
}

export default { render };
