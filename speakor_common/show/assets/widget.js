// In JupyterLab: rows, sound and reviews come from the kernel, by numbered questions and answers.
// The rows are asked for instead of synced, so that they are not stored in the notebook.

async function render({ model, el }) {
  let last = 0;
  const ask = (what, more = {}) =>
    new Promise((resolve, reject) => {
      const request = `${Date.now()} ${++last}`;
      const answer = (message, buffers) => {
        if (message.request !== request) return;
        model.off("msg:custom", answer);
        if (message.error) reject(new Error(message.error));
        else resolve({ ...message, buffers });
      };
      model.on("msg:custom", answer);
      model.send({ request, what, ...more });
    });
  const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  el.textContent = "loading …";
  let start;
  try {
    start = JSON.parse(new TextDecoder().decode(bytes((await ask("start")).buffers[0])));
  } catch (error) {
    el.textContent = `The rows could not be loaded: ${error.message}`;
    return;
  }
  el.textContent = "";
  mount(el, {
    rows: unpackRows(start.rows),
    columns: start.rows.columns,
    tags: start.tags,
    reviews: start.reviews,
    link: start.link,
    detail: async (index) => {
      const answer = await ask("detail", { index });
      const [sound] = answer.buffers ?? [];
      return { ...answer, audio: sound ? bytes(sound) : new Uint8Array() };
    },
    confusions: async () => (await ask("confusions")).pairs,
    saveReview: async (id, rater, review) => (await ask("review", { id, rater, ...review })).saved,
  });
}

export default { render };
