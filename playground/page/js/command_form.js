// A command being filled in: its name, a chip for every option in use, the list of the others.

import { Chip } from "./chip.js";
import { OPTION } from "./commands.js";
import { el } from "./dom.js";
import { t } from "./words.js";

const AUTOCOMPLETE_MS = 200;

export class CommandForm {
  /** `leave(text)` goes back to plain text, `send` sends; both belong to the composer. */
  constructor(leaf, store, popup, { leave, send }) {
    this.leaf = leaf;
    this.store = store;
    this.popup = popup;
    this.leave = leave;
    this.send = send;
    this.chips = [];
    this.query = "";
    this.name = el("button", { type: "button", class: "command-token", title: leaf.description, "aria-label": t("Command {name}", leaf) }, `/${leaf.name}`);
    this.name.addEventListener("keydown", (event) => this.nameKey(event));
    this.row = el("div", { class: "chips" }, this.name);
    this.root = this.row;
    for (const option of leaf.options.filter((each) => each.required)) this.add(option);
    if (this.chips.length === 0 && leaf.options.length === 1) this.add(leaf.options[0]);
  }

  /** Focus the first option that needs something, with `text` already typed there. */
  begin(text) {
    const first = this.chips.find((chip) => chip.option.type !== OPTION.ATTACHMENT) ?? this.chips[0];
    if (first && text && first.option.type !== OPTION.ATTACHMENT) {
      first.write(text);
      first.dropName();
    }
    if (!first) this.query = text.trim();
    (first ?? { focus: () => this.name.focus() }).focus();
    this.suggest(first ?? null);
  }

  /** The command as one line, with the first option that was typed. */
  get text() {
    const typed = this.chips.find((chip) => chip.option.required && !chip.file);
    return `/${this.leaf.name} ${typed ? typed.text : ""}`;
  }

  /** The options as an act takes them, files still as File; null where something is missing. */
  collect() {
    const options = {};
    for (const chip of this.chips) {
      const { option } = chip;
      if (chip.empty && !option.required) continue;
      const value = option.type === OPTION.ATTACHMENT ? chip.file : chip.value;
      if (chip.empty || value === undefined) {
        chip.complain(true);
        chip.focus();
        const problem = chip.empty ? t("{option} is required", { option: option.name }) : t("{option} is one of the values in the list", { option: option.name });
        this.popup.show(problem, this.popup.items);
        return null;
      }
      options[option.key] = value;
    }
    return options;
  }

  add(option) {
    const listeners = {
      input: (chip) => this.suggest(chip),
      focus: (chip) => this.suggest(chip),
      keydown: (chip, event) => this.key(chip, event),
    };
    const chip = new Chip(option, this.store.state, listeners);
    this.chips.push(chip);
    this.row.append(chip.root);
    return chip;
  }

  drop(chip) {
    this.chips = this.chips.filter((each) => each !== chip);
    chip.root.remove();
  }

  /** Show what could be typed here: values, or the options not yet in use. */
  suggest(chip) {
    const { option, values } = chip ?? {};
    if (values) {
      const typed = chip.picked ? "" : chip.text.trim().toLowerCase();
      const fitting = values.filter((value) => value.name.toLowerCase().includes(typed));
      this.popup.show(describe(option), fitting.map((value) => ({ name: value.name, pick: () => this.pick(chip, value) })));
    } else if (option?.autocomplete) {
      this.popup.show(describe(option), [], -1);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.autocomplete(chip), AUTOCOMPLETE_MS);
    } else {
      this.offerOptions(chip);
    }
  }

  /** The options not yet in use; letters typed behind a command that needs none choose among them. */
  offerOptions(chip) {
    const option = chip?.option;
    const unused = this.leaf.options.filter((each) => !this.chips.some((used) => used.option === each));
    const fitting = option ? unused : unused.filter((each) => each.name.includes(this.query.toLowerCase()));
    const items = fitting.map((each) => ({ name: each.name, description: each.description, pick: () => this.take(each) }));
    let title = option ? describe(option) : this.leaf.description;
    if (option?.type === OPTION.ATTACHMENT) title = `${title} · ${chip.file ? t("Enter sends, Backspace removes the file") : t("Enter chooses a file")}`;
    if (!option && this.query) title = fitting.length ? t("Options matching “{query}”", this) : t("There is no option “{query}”", this);
    this.popup.show(title, items, !option && this.query ? 0 : -1);
  }

  take(option) {
    this.query = "";
    this.add(option).focus();
  }

  async autocomplete(chip) {
    const typed = chip.text;
    const options = { [chip.option.key]: typed };
    for (const other of this.chips) {
      if (other !== chip && !other.empty && other.option.type !== OPTION.ATTACHMENT) options[other.option.key] = other.value;
    }
    const act = { type: "autocomplete", channel: this.store.channelId, command: this.leaf.command, options, focused: chip.option.key };
    const answer = await this.store.answered(act);
    if (chip.text !== typed || document.activeElement !== chip.place) return;
    if (answer.answer === "none") {
      this.popup.show(t("Loading options failed"), [], -1);
      return;
    }
    const items = answer.choices.map((choice) => ({ name: choice.name, pick: () => this.pick(chip, choice) }));
    this.popup.show(describe(chip.option), items, -1);
  }

  pick(chip, value) {
    chip.pick(value);
    const next = this.chips.find((each) => each.option.required && each.empty);
    if (next) {
      next.focus();
      return;
    }
    chip.focus();
    this.popup.hide();
  }

  key(chip, event) {
    if (event.isComposing || this.popup.key(event, { tabPicksFirst: Boolean(chip.values || chip.option.autocomplete) })) return;
    const at = this.chips.indexOf(chip);
    const isFile = chip.option.type === OPTION.ATTACHMENT;
    if (event.key === "Enter" && !(isFile && chip.empty)) {
      event.preventDefault();
      this.send();
    } else if (event.key === "Tab" && !event.shiftKey) {
      this.next(at, event);
    } else if (event.key === "Backspace" && isFile && !chip.empty) {
      event.preventDefault();
      chip.take(null);
    } else if (event.key === "Backspace" && chip.empty) {
      event.preventDefault();
      this.back(chip, at);
    } else if (event.key === "Escape") {
      this.leave("");
    } else if ((event.key === "ArrowLeft" || event.key === "ArrowRight") && !isFile) {
      this.step(at, event);
    }
  }

  next(at, event) {
    const following = this.chips[at + 1];
    const unused = this.leaf.options.find((option) => !this.chips.some((chip) => chip.option === option));
    if (!following && !unused) return; // On to the send button.
    event.preventDefault();
    (following ?? this.add(unused)).focus();
  }

  /** Backspace in an empty chip: the chip goes, and with the first one the command. */
  back(chip, at) {
    if (at === 0 || chip.option.required) {
      this.leave(`/${this.leaf.name}`);
      return;
    }
    this.drop(chip);
    this.chips[at - 1].focus();
  }

  /** Arrow keys leave a chip at its ends. */
  step(at, event) {
    const { anchorOffset, isCollapsed } = getSelection();
    const forward = event.key === "ArrowRight";
    const next = this.chips[at + (forward ? 1 : -1)];
    if (!next || !isCollapsed || anchorOffset !== (forward ? this.chips[at].text.length : 0)) return;
    event.preventDefault();
    next.focus();
  }

  nameKey(event) {
    if (this.popup.key(event, { tabPicksFirst: false })) return;
    if (event.key === "Enter") {
      event.preventDefault();
      this.send();
    } else if (event.key === "Tab" && !event.shiftKey) {
      this.next(-1, event);
    } else if (event.key === "Backspace" && this.query) {
      event.preventDefault();
      this.search(this.query.slice(0, -1));
    } else if (event.key === "Backspace" || event.key === "Escape") {
      event.preventDefault();
      this.leave(event.key === "Escape" ? "" : `/${this.leaf.name}`);
    } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && this.leaf.options.length) {
      event.preventDefault();
      this.search(this.query + event.key);
    }
  }

  search(query) {
    this.query = query.trimStart();
    this.suggest(null);
  }
}

const describe = (option) => `${option.name} — ${option.description}`;
