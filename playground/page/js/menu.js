// A context menu: at the pointer, or under the button that opened it.

import { el, icon, roveFocus } from "./dom.js";
import { face } from "./face.js";

const EDGE = 8;

/**
 * Show `entries` ({label, act, danger, note, person, checked} or {heading, person}) at `anchor`, an element or a point {x, y}.
 * Arrow keys move, Esc and a press elsewhere close.
 */
export function openMenu(anchor, entries) {
  document.querySelector(".menu")?.remove();
  const before = document.activeElement;
  const menu = el("div", { class: "menu", role: "menu" }, ...entries.map((entry) => renderEntry(entry, close)));
  const items = [...menu.querySelectorAll("button")];

  function close() {
    menu.remove();
    document.removeEventListener("pointerdown", elsewhere, true);
    before?.focus?.({ preventScroll: true });
  }
  function elsewhere(event) {
    if (!menu.contains(event.target)) close();
  }

  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      close();
    } else {
      roveFocus(event, items);
    }
  });
  document.body.append(menu);
  place(menu, anchor);
  (menu.querySelector("[aria-checked=true]") ?? items[0])?.focus({ preventScroll: true });
  document.addEventListener("pointerdown", elsewhere, true);
}

function renderEntry(entry, close) {
  if (entry.heading) return el("div", { class: "menu-heading" }, entry.person && face(entry.person, 24), entry.heading, entry.note && el("small", {}, entry.note));
  const act = () => {
    close();
    entry.act();
  };
  const choice = entry.checked !== undefined;
  return el(
    "button",
    {
      type: "button",
      role: choice ? "menuitemradio" : "menuitem",
      "aria-checked": choice ? String(entry.checked) : null,
      class: entry.danger ? "menu-item danger" : "menu-item",
      on: { click: act },
    },
    entry.person && face(entry.person, 24),
    el("span", {}, entry.label),
    entry.note && el("small", {}, entry.note),
    entry.checked && icon("check"),
  );
}

/** Keep the whole menu inside the window. */
function place(menu, anchor) {
  const box = anchor.getBoundingClientRect?.();
  const left = box ? box.left : anchor.x;
  const top = box ? box.bottom + 4 : anchor.y;
  const { width, height } = menu.getBoundingClientRect();
  const above = box ? box.top - height - 4 : top - height;
  const fits = top + height + EDGE < innerHeight;
  menu.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
  menu.style.top = `${fits ? top : Math.max(EDGE, above)}px`;
}
