// A coach mark over the message box, on the first visit: how a picture is made here.

import { el } from "./dom.js";
import { isToTry } from "./welcome.js";
import { t, withNodes } from "./words.js";

const KEY = "playground-coached";

export class Coach {
  constructor(store) {
    this.store = store;
    this.done = localStorage.getItem(KEY) !== null;
    this.root = el(
      "div",
      { class: "coach", id: "coach", role: "note", hidden: true },
      el(
        "p",
        {},
        el("b", { class: "coach-title" }, t("Your first picture")),
        ...withNodes("Press {try} above, or type {slash} here to see all commands.", { try: el("b", {}, t("Try it")), slash: el("kbd", {}, "/") }),
      ),
      el("button", { type: "button", class: "coach-done", on: { click: () => this.finish() } }, t("Got it")),
    );
  }

  /** `typing` hides it for the moment. */
  render(typing) {
    const { channel, shown, state } = this.store;
    this.root.hidden = this.done || typing || !state.bot.online || !isToTry(channel, shown.length === 0);
  }

  /** It has been read, or was not needed: never again in this browser. */
  finish() {
    this.done = true;
    this.root.hidden = true;
    localStorage.setItem(KEY, "yes");
  }
}
