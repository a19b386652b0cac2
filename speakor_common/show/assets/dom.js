// Elements of the page: how they are made, their icons, and files that people take away.

const ICONS = {
  previous: "M10 3 5 8l5 5",
  next: "m6 3 5 5-5 5",
  play: "M5 3.5v9l7-4.5z",
  loop: "M3 8a4 4 0 0 1 4-4h5m-2-2 2 2-2 2M13 8a4 4 0 0 1-4 4H4m2 2-2-2 2-2",
  link: "M7 9a2.5 2.5 0 0 0 3.5 0l2-2A2.5 2.5 0 0 0 9 3.500l-.7.7M9 7a2.500 2.500 0 0 0-3.500 0l-2 2A2.500 2.500 0 0 0 7 12.500l.7-.7",
  undo: "M6 3 3 6l3 3M3 6h6a4 4 0 0 1 0 8H6",
  redo: "m10 3 3 3-3 3m3-3H7a4 4 0 0 0 0 8h3",
  rows: "M2.500 4h11M2.500 8h11M2.500 12h11",
  close: "m4 4 8 8m0-8-8 8",
  flag: "M4 14V2.500h8L10 5.500l2 3H4",
  pencil: "m3 13 .7-3L10.500 3.200l2.300 2.300L6 12.300z",
  eye: "M1.500 8S4 3.500 8 3.500 14.500 8 14.500 8 12 12.500 8 12.500 1.500 8 1.500 8Zm4.700 0a1.800 1.800 0 1 0 3.600 0 1.800 1.800 0 0 0-3.600 0",
};

/** An element. What has a dash in its name, `role` and `for` become attributes, all else properties. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role" || name === "for") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

function icon(name) {
  const place = document.createElement("template");
  place.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
  return place.content.firstChild;
}

/** A button that shows an icon alone; its name is read out and shown on hover. */
function iconButton(name, label, onclick) {
  return make("button", { type: "button", className: "icon plain", title: label, "aria-label": label, onclick }, icon(name));
}

function download(name, file) {
  const link = make("a", { href: URL.createObjectURL(file), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** A colour of the page by the name of its variable; `element` must be on the page. */
function colour(element, name) {
  return getComputedStyle(element).getPropertyValue(`--${name}`).trim();
}

/** What this browser keeps of choices, e.g. columns; nothing where it keeps nothing. */
const kept = {
  get(name, fallback) {
    try {
      return JSON.parse(localStorage.getItem(`speakor ${name}`)) ?? fallback;
    } catch {
      return fallback;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(`speakor ${name}`, JSON.stringify(value));
    } catch {
      // A browser that keeps nothing still shows everything.
    }
  },
};
