// One clip to look at and hear: waveform, spectrogram, words, and a player that repeats a stretch.

const FFT_SIZE = 512;

/** A colour of the page, by the name of its CSS variable; `element` must be on the page. */
function colour(element, name) {
  return getComputedStyle(element).getPropertyValue(`--${name}`).trim();
}

/** Power spectrum in dB of one Hann-windowed frame (radix-2 FFT, in place). */
function spectrum(samples, start) {
  const re = new Float32Array(FFT_SIZE), im = new Float32Array(FFT_SIZE);
  for (let i = 0; i < FFT_SIZE; i++) re[i] = (samples[start + i] ?? 0) * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / FFT_SIZE));
  for (let i = 1, j = 0; i < FFT_SIZE; i++) {
    let bit = FFT_SIZE >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [re[i], re[j]] = [re[j], re[i]];
  }
  for (let size = 2; size <= FFT_SIZE; size <<= 1) {
    for (let from = 0; from < FFT_SIZE; from += size) {
      for (let k = 0; k < size / 2; k++) {
        const angle = (-2 * Math.PI * k) / size, a = from + k, b = a + size / 2;
        const x = re[b] * Math.cos(angle) - im[b] * Math.sin(angle), y = re[b] * Math.sin(angle) + im[b] * Math.cos(angle);
        [re[b], im[b], re[a], im[a]] = [re[a] - x, im[a] - y, re[a] + x, im[a] + y];
      }
    }
  }
  return Array.from({ length: FFT_SIZE / 2 }, (_, i) => 10 * Math.log10(re[i] * re[i] + im[i] * im[i] + 1e-9));
}

/** Peak and RMS level in dBFS, and the frequency below which 99 % of the power lies. */
function measure(samples, rate) {
  let peak = 1e-9, sum = 0;
  for (const s of samples) (peak = Math.max(peak, Math.abs(s))), (sum += s * s);
  const power = new Float64Array(FFT_SIZE / 2);
  for (let at = 0; at + FFT_SIZE <= samples.length; at += FFT_SIZE) spectrum(samples, at).forEach((db, i) => (power[i] += 10 ** (db / 10)));
  const total = power.reduce((a, b) => a + b, 0);
  let bin = 0, below = 0;
  while (bin < power.length && below < 0.99 * total) below += power[bin++];
  const db = (x) => (20 * Math.log10(x)).toFixed(0);
  return { peak: db(peak), rms: db(Math.sqrt(sum / Math.max(1, samples.length)) + 1e-9), bandwidth: Math.round((bin * rate) / FFT_SIZE) };
}

function drawWave(canvas, samples, height, fillStyle) {
  const context = canvas.getContext("2d");
  context.fillStyle = fillStyle;
  const step = samples.length / canvas.width;
  for (let x = 0; x < canvas.width; x++) {
    let low = 0, high = 0;
    for (let i = Math.floor(x * step); i < (x + 1) * step; i++) (low = Math.min(low, samples[i])), (high = Math.max(high, samples[i]));
    context.fillRect(x, height / 2 - (high * height) / 2, 1, Math.max(1, ((high - low) * height) / 2));
  }
}

function drawSpectrogram(canvas, samples, top, height) {
  const context = canvas.getContext("2d"), image = context.createImageData(canvas.width, height);
  for (let x = 0; x < canvas.width; x++) {
    const column = spectrum(samples, Math.floor((x * samples.length) / canvas.width) - FFT_SIZE / 2);
    for (let y = 0; y < height; y++) {
      const db = column[Math.floor(((height - 1 - y) * column.length) / height)];
      const shade = 255 - Math.max(0, Math.min(255, (db + 40) * 3.6));
      image.data.set([shade, shade, shade, 255], 4 * (y * canvas.width + x));
    }
  }
  context.putImageData(image, 0, top);
}

/**
 * A player with a picture. `words` = [{text, start_s, end_s, confidence}].
 * Returns {element, toggle(), toggleLoop(), play(start, end), stop()}.
 */
function soundView(bytes, words) {
  const element = document.createElement("div"), canvas = document.createElement("canvas"), audio = document.createElement("audio");
  const wordRow = document.createElement("div"), facts = document.createElement("small"), loop = document.createElement("input");
  [canvas.width, canvas.height, canvas.className] = [900, 150, "sound"];
  canvas.setAttribute("aria-label", "waveform above, spectrogram below; drag to choose a stretch");
  canvas.setAttribute("role", "img");
  [audio.controls, audio.preload, loop.type] = [true, "auto", "checkbox"];
  const address = URL.createObjectURL(new Blob([bytes], { type: "audio/ogg" }));
  audio.src = address;
  const label = document.createElement("label");
  label.append(loop, " repeat (L)");
  element.append(audio, label, facts, canvas, wordRow);
  let stretch = null, picture = null, length = 1;

  const draw = () => {
    const context = canvas.getContext("2d"), x = (seconds) => (seconds / length) * canvas.width;
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (picture) context.drawImage(picture, 0, 0);
    if (stretch) {
      context.globalAlpha = 0.35;
      context.fillStyle = colour(canvas, "orange");
      context.fillRect(x(stretch[0]), 0, x(stretch[1] - stretch[0]), canvas.height);
      context.globalAlpha = 1;
    }
    context.fillStyle = colour(canvas, "vermilion");
    context.font = "11px 'Speakor Hangul', sans-serif";
    for (const word of words) {
      context.fillRect(x(word.start_s), 0, 1, canvas.height);
      context.fillText(word.text, x(word.start_s) + 3, 10);
    }
    context.fillStyle = colour(canvas, "black");
    context.fillRect(x(audio.currentTime), 0, 1, canvas.height);
  };
  const play = (start, end) => {
    stretch = [start, end];
    audio.currentTime = start;
    audio.play();
    draw();
  };
  const toggleLoop = () => (loop.checked = !loop.checked);
  const toggle = () => (audio.paused ? audio.play() : audio.pause());
  audio.addEventListener("timeupdate", () => {
    if (stretch && audio.currentTime >= stretch[1]) loop.checked ? (audio.currentTime = stretch[0]) : (audio.pause(), (stretch = null));
    draw();
  });
  audio.addEventListener("ended", () => loop.checked && play(...(stretch ?? [0, length])));
  let from = null;
  const seconds = (event) => (event.offsetX / canvas.clientWidth) * length;
  canvas.addEventListener("mousedown", (event) => (from = seconds(event)));
  canvas.addEventListener("mouseup", (event) => {
    const [a, b] = [from, seconds(event)].sort((p, q) => p - q);
    b - a < 0.05 ? ((stretch = null), (audio.currentTime = a), draw()) : play(a, b);
  });
  for (const word of words) {
    const button = document.createElement("button");
    button.textContent = word.text;
    button.title = `${word.start_s.toFixed(2)}–${word.end_s.toFixed(2)} s, confidence ${word.confidence.toFixed(2)}`;
    button.addEventListener("click", () => play(word.start_s, word.end_s));
    wordRow.append(button);
  }
  const paint = (decoded) => {
    const samples = decoded.getChannelData(0);
    length = decoded.duration;
    picture = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
    drawWave(picture, samples, 60, colour(canvas, "blue"));
    drawSpectrogram(picture, samples, 60, 90);
    const levels = measure(samples, decoded.sampleRate);
    facts.textContent = ` peak ${levels.peak} dBFS, RMS ${levels.rms} dBFS, 99 % of the power below ${levels.bandwidth} Hz`;
    element.dataset.ready = "yes";
    draw();
  };
  new OfflineAudioContext(1, 1, 16000)
    .decodeAudioData(bytes.slice().buffer)
    .then(paint, (error) => (facts.textContent = ` no picture: ${error.message}`));
  const stop = () => {
    audio.pause();
    URL.revokeObjectURL(address);
  };
  return { element, toggle, toggleLoop, play, stop };
}
