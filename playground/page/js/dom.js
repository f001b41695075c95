// Builds DOM. Text always goes in as text: nothing here, or anywhere, parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `props` are attributes, except `class`, `data` (dataset), `on` (listeners) and
 * values of true, false or null, which set or leave out an attribute. Children that are null or
 * false are left out; strings become text.
 */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "data") Object.assign(element.dataset, value);
    else if (name === "on") listen(element, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...present(children));
  return element;
}

/** The children worth adding, lists flattened. */
export function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

function listen(element, listeners) {
  for (const [name, listener] of Object.entries(listeners)) element.addEventListener(name, listener);
}

const ICONS = {
  hash: "M9 3 7 21M17 3l-2 18M4 8.500h17M3 15.500h17",
  menu: "M4 6h16M4 12h16M4 18h16",
  sun: "M12 4V2M12 22v-2M4 12H2M22 12h-2M5.600 5.600 4.200 4.200M19.800 19.800l-1.400-1.400M5.600 18.400l-1.400 1.400M19.800 4.200l-1.400 1.400M12 7.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9Z",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500Z",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  globe: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM3 12h18M12 3c2.500 2.500 3.700 5.600 3.700 9s-1.200 6.500-3.700 9c-2.500-2.500-3.700-5.600-3.700-9s1.200-6.500 3.700-9Z",
  close: "M6 6l12 12M18 6 6 18",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  down: "M5 9l7 7 7-7",
  send: "M4 12 20 4l-5 16-3.500-6.500L4 12Z",
  eye: "M2 12s3.500-6.500 10-6.500S22 12 22 12s-3.500 6.500-10 6.500S2 12 2 12Zm10-2.700a2.700 2.700 0 1 0 0 5.400 2.700 2.700 0 0 0 0-5.400Z",
  warning: "M12 3 2 20.500h20L12 3Zm0 6.500v5M12 17.500h.01",
  file: "M6 2.500h8l5 5v14H6v-19ZM14 2.500v5h5",
  open: "M9 5H5v14h14v-4M13 4h7v7M20 4l-9 9",
  reply: "M4 18v-5a3 3 0 0 1 3-3h13",
  clip: "M20 11.500 12 19.500a5 5 0 0 1-7-7l8.500-8.500a3.300 3.300 0 0 1 4.700 4.700l-8.500 8.500a1.700 1.700 0 0 1-2.400-2.400L15 7",
  check: "M5 12.500 10 17.500 19.500 7",
};

/** A line icon of the table above, drawn in the text's colour. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button that shows only an icon. */
export function iconButton(name, label, onClick, props = {}) {
  return el("button", { type: "button", class: "icon-button", title: label, "aria-label": label, on: { click: onClick }, ...props }, icon(name));
}

/** Move the focus among siblings with the arrow keys; returns whether the key was one. */
export function roveFocus(event, items) {
  const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
  const at = items.indexOf(document.activeElement);
  if (event.key === "Home") items[0]?.focus();
  else if (event.key === "End") items.at(-1)?.focus();
  else if (event.key in steps) items[(at + steps[event.key] + items.length) % items.length]?.focus();
  else return false;
  event.preventDefault();
  return true;
}
