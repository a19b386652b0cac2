// What people take away: rows and reviews as CSV, clips as a zip.

/** Comma-separated text of rows, quoted where needed. */
function asCsv(rows, columns) {
  const quote = (value) => {
    const text = String(value ?? "");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = rows.map((row) => columns.map((name) => quote(row[name])).join(","));
  return [columns.join(","), ...lines].join("\n") + "\n";
}

/** The same as a file. Its first character tells spreadsheets that Hangul in it is UTF-8. */
function csvFile(rows, columns) {
  return new Blob(["\ufeff" + asCsv(rows, columns)], { type: "text/csv" });
}

/** Everybody's review as the table that the project reads. */
function reviewFile(reviews) {
  const rows = Object.entries(reviews).flatMap(([utterance_id, entries]) =>
    Object.entries(entries).map(([rater, entry]) => ({ ...entry, utterance_id, rater, tags: entry.tags.join(";") })),
  );
  return csvFile(rows, ["utterance_id", "tags", "note", "correction", "rater"]);
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** Little-endian bytes of [value, size] fields. */
function fields(...pairs) {
  return Uint8Array.from(pairs.flatMap(([value, size]) => Array.from({ length: size }, (_, i) => (value >>> (8 * i)) & 255)));
}

/**
 * A zip of [{name, bytes}], stored as they are: sound is compressed already.
 * Names are UTF-8 (bit 11); the date is the format's first day, so equal content gives equal files.
 */
function zipFile(files) {
  const parts = [], directory = [];
  let offset = 0;
  for (const { name, bytes } of files) {
    const letters = new TextEncoder().encode(name);
    const facts = [[20, 2], [0x0800, 2], [0, 2], [0, 2], [0x21, 2], [crc32(bytes), 4], [bytes.length, 4], [bytes.length, 4], [letters.length, 2], [0, 2]];
    const local = fields([0x04034b50, 4], ...facts);
    directory.push(fields([0x02014b50, 4], [20, 2], ...facts, [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]), letters);
    parts.push(local, letters, bytes);
    offset += local.length + letters.length + bytes.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = fields([0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [size, 4], [offset, 4], [0, 2]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}
