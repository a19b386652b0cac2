// What a clip looks like: its spectrum, its level, and how both are drawn. Plain functions.

const FFT_SIZE = 512;

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

/** The waveform, mirrored about its middle, from `top` for `height` pixels. */
function drawWave(canvas, samples, top, height, fillStyle) {
  const context = canvas.getContext("2d"), step = samples.length / canvas.width, middle = top + height / 2;
  const loudest = samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 1e-3);
  context.fillStyle = fillStyle;
  for (let x = 0; x < canvas.width; x++) {
    let low = 0, high = 0;
    for (let i = Math.floor(x * step); i < (x + 1) * step; i++) (low = Math.min(low, samples[i])), (high = Math.max(high, samples[i]));
    const scale = (0.48 * height) / loudest;
    context.fillRect(x, middle - high * scale, 1, Math.max(1, (high - low) * scale));
  }
}

/** The spectrogram in shades of `ink` ([red, green, blue]) over nothing, so that it suits light and dark. */
function drawSpectrogram(canvas, samples, top, height, ink) {
  const context = canvas.getContext("2d"), image = context.createImageData(canvas.width, height);
  for (let x = 0; x < canvas.width; x++) {
    const column = spectrum(samples, Math.floor((x * samples.length) / canvas.width) - FFT_SIZE / 2);
    for (let y = 0; y < height; y++) {
      const db = column[Math.floor(((height - 1 - y) * column.length) / height)];
      const shade = Math.max(0, Math.min(255, (db + 40) * 3.6));
      image.data.set([...ink, shade], 4 * (y * canvas.width + x));
    }
  }
  context.putImageData(image, 0, top);
}

/** [red, green, blue] of a colour written as #rrggbb. */
function channels(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}
