// One clip to look at and hear: a player that repeats a stretch, faster or slower at the same pitch.

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5];
const WAVE_HEIGHT = 72, PICTURE_HEIGHT = 168;
const SHORTEST_STRETCH = 0.05; // seconds; less is a click

/**
 * `words` = [{text, start_s, end_s, confidence}].
 * Returns {element, toggle(), toggleLoop(), faster(steps), play(start, end), redraw(), stop()}.
 */
function soundView(bytes, words) {
  const address = URL.createObjectURL(new Blob([bytes], { type: "audio/ogg" }));
  const audio = make("audio", { preload: "auto", src: address, preservesPitch: true });
  const state = { stretch: null, dragged: null, samples: null, rate: 1, length: 1, picture: null };
  const canvas = make("canvas", { className: "sound", role: "img", "aria-label": "waveform above, spectrogram below; drag to repeat a stretch" });
  const loop = make("button", { type: "button", title: "repeat the stretch, or all (L)", "aria-pressed": "false", onclick: toggleLoop }, icon("loop"), "loop");
  const start = make("button", { type: "button", className: "play", title: "play or pause (space)", onclick: toggle }, icon("play"), "play");
  const speed = make("select", { name: "speed", "aria-label": "speed", title: "speed ([ and ])", onchange: () => (audio.playbackRate = Number(speed.value)) });
  speed.append(...SPEEDS.map((value) => make("option", { value, textContent: `${value}×`, selected: value === 1 })));
  const clock = make("span", { className: "clock quiet" }), facts = make("small", { className: "facts" });
  const wordRow = make("div", { className: "words chips" }, ...words.map(wordButton));
  const element = make("div", { className: "player" }, make("div", { className: "bar" }, start, loop, speed, clock), canvas, wordRow, facts, audio);

  function wordButton(word) {
    const sure = `${word.start_s.toFixed(2)}–${word.end_s.toFixed(2)} s, confidence ${word.confidence.toFixed(2)}`;
    return make("button", { type: "button", className: "chip", title: `play ${sure}`, textContent: word.text, onclick: () => play(word.start_s, word.end_s) });
  }

  function draw() {
    const context = canvas.getContext("2d"), ratio = canvas.width / Math.max(1, canvas.clientWidth);
    const x = (seconds) => (seconds / state.length) * canvas.width;
    context.clearRect(0, 0, canvas.width, canvas.height);
    const stretch = state.dragged ?? state.stretch;
    if (stretch) {
      context.globalAlpha = 0.3;
      context.fillStyle = colour(canvas, "stretch");
      context.fillRect(x(Math.min(...stretch)), 0, x(Math.abs(stretch[1] - stretch[0])), canvas.height);
      context.globalAlpha = 1;
    }
    if (state.picture) context.drawImage(state.picture, 0, 0);
    drawWords(context, x, ratio);
    context.fillStyle = colour(canvas, "ink");
    context.fillRect(x(audio.currentTime), 0, Math.max(1, ratio), canvas.height);
    clock.textContent = `${audio.currentTime.toFixed(1)} of ${state.length.toFixed(1)} s`;
  }

  function drawWords(context, x, ratio) {
    context.font = `${11 * ratio}px ${getComputedStyle(canvas).fontFamily}`;
    context.fillStyle = colour(canvas, "bound");
    for (const word of words) {
      context.fillRect(x(word.start_s), 0, ratio, canvas.height);
      context.fillText(word.text, x(word.start_s) + 4 * ratio, 12 * ratio, Math.max(8, x(word.end_s - word.start_s)));
    }
  }

  /** Draw what does not move once, at the size it is shown at. */
  function paint() {
    if (!state.samples || !canvas.clientWidth) return;
    const ratio = window.devicePixelRatio || 1;
    [canvas.width, canvas.height] = [canvas.clientWidth * ratio, PICTURE_HEIGHT * ratio].map(Math.round);
    state.picture = make("canvas", { width: canvas.width, height: canvas.height });
    const top = Math.round(16 * ratio), wave = Math.round(WAVE_HEIGHT * ratio);
    drawWave(state.picture, state.samples, top, wave, colour(canvas, "wave"));
    drawSpectrogram(state.picture, state.samples, top + wave, canvas.height - top - wave, channels(colour(canvas, "ink")));
    draw();
  }

  function play(from, to) {
    state.stretch = [from, to];
    audio.currentTime = from;
    audio.play();
    draw();
  }

  function toggle() {
    if (audio.paused && state.stretch && audio.currentTime >= state.stretch[1]) audio.currentTime = state.stretch[0];
    audio.paused ? audio.play() : audio.pause();
  }

  function setLoop(on) {
    loop.setAttribute("aria-pressed", String(on));
  }

  function looping() {
    return loop.getAttribute("aria-pressed") === "true";
  }

  function toggleLoop() {
    setLoop(!looping());
  }

  function faster(steps) {
    const at = SPEEDS.indexOf(audio.playbackRate) + steps;
    speed.value = audio.playbackRate = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at))];
  }

  /** While it plays: stop at the stretch's end or begin it again, in time with the screen. */
  function follow() {
    if (state.stretch && audio.currentTime >= state.stretch[1]) {
      if (looping()) audio.currentTime = state.stretch[0];
      else audio.pause();
    }
    draw();
    if (!audio.paused) requestAnimationFrame(follow);
  }

  const seconds = (event) => Math.max(0, Math.min(1, event.offsetX / canvas.clientWidth)) * state.length;
  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    state.dragged = [seconds(event), seconds(event)];
  };
  canvas.onpointermove = (event) => {
    if (!state.dragged) return;
    state.dragged[1] = seconds(event);
    draw();
  };
  canvas.onpointerup = () => {
    const [from, to] = [...(state.dragged ?? [0, 0])].sort((a, b) => a - b);
    state.dragged = null;
    if (to - from >= SHORTEST_STRETCH) return setLoop(true), play(from, to);
    state.stretch = null;
    setLoop(false);
    audio.currentTime = from;
    draw();
  };
  canvas.onpointercancel = () => ((state.dragged = null), draw());

  const named = () => start.replaceChildren(...(audio.paused ? [icon("play"), "play"] : ["pause"]));
  audio.onplay = () => (named(), requestAnimationFrame(follow));
  audio.onpause = named;
  audio.onseeked = draw;
  audio.onended = () => looping() && play(...(state.stretch ?? [0, state.length]));

  const sized = new ResizeObserver(paint);
  sized.observe(canvas);
  new OfflineAudioContext(1, 1, 16000).decodeAudioData(bytes.slice().buffer).then(
    (decoded) => {
      [state.samples, state.length] = [decoded.getChannelData(0), decoded.duration];
      const levels = measure(state.samples, decoded.sampleRate);
      facts.textContent = `peak ${levels.peak} dBFS · RMS ${levels.rms} dBFS · 99 % of the power below ${levels.bandwidth} Hz`;
      paint();
      element.dataset.ready = "yes";
    },
    (error) => (facts.textContent = `no picture: ${error.message}`),
  );

  function stop() {
    audio.pause();
    sized.disconnect();
    URL.revokeObjectURL(address);
  }
  return { element, toggle, toggleLoop, faster, play, redraw: paint, stop };
}
