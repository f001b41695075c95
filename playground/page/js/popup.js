// The list above the message box: commands, options, values. It takes its keys from the
// focused element, so that typing never has to stop.

import { el } from "./dom.js";

export class Popup {
  constructor() {
    this.list = el("div", { class: "popup-list", role: "listbox", id: "popup-list" });
    this.title = el("div", { class: "popup-title" });
    this.root = el("div", { class: "popup", hidden: true }, this.title, this.list);
    this.items = [];
    this.active = -1;
    // A press in the list must not take the focus away from what is being typed.
    this.root.addEventListener("mousedown", (event) => event.preventDefault());
  }

  /**
   * Show `items` ({name, description, pick}) under a title. `active` is the one that Enter picks;
   * -1 leaves Enter alone until an arrow key chose one.
   */
  show(title, items, active = 0) {
    const before = this.items[this.active]?.name;
    this.title.textContent = title;
    this.items = items;
    const again = items.findIndex((item) => item.name === before);
    this.active = active < 0 ? -1 : Math.max(again, Math.min(active, items.length - 1));
    this.list.replaceChildren(...items.map((item, index) => this.option(item, index)));
    this.root.hidden = !title && items.length === 0;
    this.mark();
  }

  hide() {
    this.show("", [], -1);
  }

  get open() {
    return !this.root.hidden && this.items.length > 0;
  }

  /** Handle a key for the list; returns whether it was one. */
  key(event, { tabPicksFirst = true } = {}) {
    if (!this.open) return false;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      const from = this.active < 0 && steps[event.key] < 0 ? 0 : this.active;
      this.active = (from + steps[event.key] + this.items.length) % this.items.length;
      this.mark();
    } else if (event.key === "Escape") {
      this.hide();
    } else if ((event.key === "Enter" && this.active >= 0) || (event.key === "Tab" && !event.shiftKey && (this.active >= 0 || tabPicksFirst))) {
      this.items[Math.max(this.active, 0)].pick();
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  }

  option(item, index) {
    return el(
      "button",
      { type: "button", class: "popup-option", role: "option", id: `popup-option-${index}`, tabindex: "-1", on: { click: () => item.pick() } },
      el("span", { class: "popup-name" }, item.name),
      item.description && el("span", { class: "popup-description" }, item.description),
    );
  }

  mark() {
    [...this.list.children].forEach((option, index) => {
      option.setAttribute("aria-selected", String(index === this.active));
      if (index === this.active) option.scrollIntoView({ block: "nearest" });
    });
    const focused = document.activeElement;
    if (!focused?.hasAttribute("aria-controls")) return;
    if (this.open && this.active >= 0) focused.setAttribute("aria-activedescendant", `popup-option-${this.active}`);
    else focused.removeAttribute("aria-activedescendant");
  }
}
