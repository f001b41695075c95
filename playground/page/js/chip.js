// One option of a command being typed: its name and its value.

import { OPTION, fixedValues } from "./commands.js";
import { el, icon } from "./dom.js";
import { t } from "./words.js";

const EDITABLE = { role: "textbox", contenteditable: "plaintext-only", spellcheck: "false", "aria-controls": "popup-list" };

export class Chip {
  /** `listeners`: input, keydown and focus of the place where the value is typed. */
  constructor(option, state, listeners) {
    this.option = option;
    this.values = fixedValues(option, state);
    this.picked = null;
    this.file = null;
    this.place = option.type === OPTION.ATTACHMENT ? this.fileButton() : el("span", { class: "chip-value", ...EDITABLE, "aria-label": option.name });
    this.root = el("span", { class: "chip", data: { option: option.name } }, el("span", { class: "chip-name" }, option.name), this.place);
    this.place.addEventListener("input", () => {
      this.dropName();
      this.picked = null;
      this.complain(false);
    });
    for (const [name, listener] of Object.entries(listeners)) {
      this.place.addEventListener(name, (event) => listener(this, event));
    }
    this.root.addEventListener("click", () => this.focus());
  }

  get text() {
    return this.place.textContent.replaceAll("\n", " ");
  }

  get empty() {
    return this.option.type === OPTION.ATTACHMENT ? !this.file : this.text.trim() === "";
  }

  /** What goes into the act; undefined where a typed value is none of the fixed ones. */
  get value() {
    const typed = this.text.trim();
    if (this.picked) return this.picked.value;
    if (this.values) return this.values.find((value) => value.name.toLowerCase() === typed.toLowerCase())?.value;
    return typed;
  }

  write(text) {
    this.place.textContent = text;
  }

  /** The name is on the chip: whoever types it too, as in `/imagine prompt: a red fox`, does not mean it as a value. */
  dropName() {
    const name = [this.option.name, this.option.key].find((each) => this.text.startsWith(`${each}:`));
    if (!name) return;
    this.write(this.place.textContent.slice(name.length + 1).trimStart());
    this.focus();
  }

  pick(value) {
    this.write(value.name);
    this.picked = value;
    this.complain(false);
  }

  /** Put the caret behind the value. */
  focus() {
    if (document.activeElement !== this.place) this.place.focus();
    if (this.option.type === OPTION.ATTACHMENT) return;
    const selection = getSelection();
    if (selection.rangeCount && this.place.contains(selection.anchorNode) && selection.toString()) return;
    selection.selectAllChildren(this.place);
    selection.collapseToEnd();
  }

  complain(wrong) {
    this.root.classList.toggle("wrong", wrong);
    if (wrong) this.place.setAttribute("aria-invalid", "true");
    else this.place.removeAttribute("aria-invalid");
  }

  /** Enter and the space bar open the browser's dialog, as on any button. */
  fileButton() {
    this.input = el("input", { type: "file", class: "visually-hidden", tabindex: "-1", "aria-hidden": "true" });
    this.fileName = el("span", {});
    const button = el("button", { type: "button", class: "chip-file", "aria-controls": "popup-list" }, icon("clip"), this.fileName, this.input);
    button.addEventListener("click", (event) => event.target !== this.input && this.input.click());
    this.input.addEventListener("change", () => {
      button.focus();
      this.take(this.input.files[0] ?? null, button);
    });
    this.nameFile(button);
    return button;
  }

  /** Use this file, or none; the form hears of it as of anything typed. */
  take(file, button = this.place) {
    this.file = file;
    if (!file) this.input.value = "";
    this.nameFile(button);
    button.dispatchEvent(new Event("input"));
  }

  nameFile(button) {
    this.fileName.textContent = this.file?.name ?? t("Choose a file");
    button.setAttribute("aria-label", `${this.option.name}: ${this.fileName.textContent}`);
  }
}
