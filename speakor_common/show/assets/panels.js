// Beside the table: model against model, which sound became which, and how far raters agree.

const SIDE = 420, EDGE = 44, HIGHEST = 1.5; // of the plane, in pixels and as a rate

/** `on` = {points(x, y), choose(point, model)}. */
function scatterPanel(models, on) {
  const canvas = make("canvas", { width: 2 * SIDE, height: 2 * SIDE, className: "scatter", role: "img", "aria-label": "word error rate of one model against another's" });
  const choice = (name, i) => make("select", { name, "aria-label": `model on ${name}`, onchange: draw }, ...models.map((model) => make("option", { textContent: model, selected: model === models[Math.min(i, models.length - 1)] })));
  const [x, y] = [choice("x", 0), choice("y", 1)];
  const says = make("p", { className: "quiet" });
  const element = make("section", { className: "panel scatter-panel" }, make("div", { className: "bar" }, make("label", {}, "across", x), make("label", {}, "up", y)), canvas, says);
  const at = (value) => EDGE + (Math.min(HIGHEST, value) / HIGHEST) * (SIDE - EDGE - 12);
  let points = [];

  function draw() {
    points = on.points(x.value, y.value);
    element.dataset.points = points.length;
    const context = canvas.getContext("2d");
    context.setTransform(2, 0, 0, 2, 0, 0);
    context.clearRect(0, 0, SIDE, SIDE);
    axes(context);
    context.fillStyle = colour(canvas, "wave");
    context.globalAlpha = 0.55;
    for (const point of points) context.fillRect(at(point.x) - 2.5, SIDE - at(point.y) - 2.5, 5, 5);
    context.globalAlpha = 1;
    const above = points.filter((p) => p.y > p.x).length, below = points.filter((p) => p.y < p.x).length;
    says.textContent = `${points.length} clips: ${x.value} is better in ${above}, ${y.value} in ${below}. Click a point to open its clip.`;
  }

  function axes(context) {
    context.strokeStyle = colour(canvas, "line");
    context.fillStyle = colour(canvas, "quiet");
    context.font = `11px ${getComputedStyle(canvas).fontFamily}`;
    for (const rate of [0, 0.5, 1, 1.5]) {
      context.strokeRect(at(0), SIDE - at(HIGHEST), at(rate) - at(0), at(HIGHEST) - at(0));
      context.strokeRect(at(0), SIDE - at(rate), at(HIGHEST) - at(0), at(rate) - at(0));
      const text = `${100 * rate} %`, width = context.measureText(text).width;
      context.fillText(text, Math.min(at(rate) - width / 2, SIDE - width), SIDE - EDGE + 16);
      context.fillText(text, at(0) - width - 6, SIDE - at(rate) + 4);
    }
    context.strokeStyle = colour(canvas, "border");
    context.beginPath(), context.moveTo(at(0), SIDE - at(0)), context.lineTo(at(HIGHEST), SIDE - at(HIGHEST)), context.stroke();
    context.fillText(`WER of ${x.value}`, SIDE / 2 - 30, SIDE - 10);
    context.save(), context.translate(10, SIDE / 2 + 30), context.rotate(-Math.PI / 2), context.fillText(`WER of ${y.value}`, 0, 0), context.restore();
  }

  canvas.onclick = (event) => {
    const scale = SIDE / canvas.clientWidth, [left, top] = [event.offsetX * scale, event.offsetY * scale];
    const distance = (p) => (at(p.x) - left) ** 2 + (SIDE - at(p.y) - top) ** 2;
    if (points.length) on.choose(points.reduce((a, b) => (distance(b) < distance(a) ? b : a)), y.value);
  };
  return { element, update: draw };
}

/** `load()` gives [{name, rows}]; `only(pair)` shows a pair's rows. */
function confusionPanel(load, only) {
  const place = make("div", { className: "chips" });
  const element = make("section", { className: "panel confusion-panel" }, make("p", { className: "quiet", textContent: "Which sound became which, the most frequent first. Choose one to see its clips." }), place);
  let loaded = null;
  async function update() {
    place.textContent = loaded ? "" : "counting …";
    try {
      loaded ??= await load();
    } catch (error) {
      place.textContent = `not counted: ${error.message}`;
      return;
    }
    place.replaceChildren(...loaded.map((pair) => chip(pair.name, pair.rows.length, false, () => only(pair))));
  }
  return { element, update };
}

/** How far raters agree, tag by tag. */
function agreementPanel(reviews, tags) {
  const element = make("section", { className: "panel agreement-panel" });
  function update() {
    const lines = agreementByTag(reviews, tags), { raters, n } = lines[0];
    const who = raters.map((name) => name || "before").join(", ");
    if (raters.length < 2) return element.replaceChildren(make("p", { className: "quiet", textContent: "Agreement needs two raters. Give your name above the table; a second rater does the same, with this page or with this review read in, best blind." }));
    const cells = ({ tag, used, kappa }) => make("tr", {}, make("td", { textContent: tag }), make("td", { className: "number", textContent: used }), make("td", { className: "number", textContent: Number.isNaN(kappa) ? "–" : kappa.toFixed(2) }));
    const measure = raters.length === 2 ? "Cohen’s κ" : "Fleiss’ κ";
    const head = make("tr", {}, make("th", { scope: "col", textContent: "tag" }), make("th", { scope: "col", className: "number", textContent: "times given" }), make("th", { scope: "col", className: "number", textContent: measure }));
    element.replaceChildren(make("p", { className: "quiet", textContent: `${n} clips judged by all of ${who}. κ is 1 where they always agree and 0 where they agree as by chance; – where nobody, or everybody, gave the tag.` }), make("table", {}, make("thead", {}, head), make("tbody", {}, ...lines.map(cells))));
  }
  return { element, update };
}
