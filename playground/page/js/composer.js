// The message box: plain text, or a command once its name is complete.

import { Coach } from "./coach.js";
import { CommandForm } from "./command_form.js";
import { search, slashCommands, spelled } from "./commands.js";
import { el, iconButton } from "./dom.js";
import { Popup } from "./popup.js";
import { t } from "./words.js";

export class Composer {
  /** `answered` gets the bot's answer to a command (it may be a dialog), `refused` the reason why there is none. */
  constructor(store, dock, { answered, refused }) {
    this.store = store;
    this.answered = answered;
    this.refused = refused;
    this.form = null;
    this.last = null;
    this.popup = new Popup();
    this.text = el("textarea", { id: "composer", class: "composer-text", rows: "1", maxlength: "2000", autocomplete: "off", "aria-controls": "popup-list", "aria-describedby": "coach" });
    this.space = el("div", { class: "composer-space" }, this.text);
    this.sendButton = iconButton("send", t("Send"), () => this.send(), { class: "icon-button send" });
    this.banner = el("div", { class: "banner", role: "status", hidden: true });
    this.coach = new Coach(store);
    this.typing = el("div", { class: "typing", "aria-live": "polite" });
    this.box = el("div", { class: "composer" }, this.space, this.sendButton);
    dock.append(this.banner, this.coach.root, el("div", { class: "composer-frame" }, this.popup.root, this.box), this.typing);
    this.text.addEventListener("input", () => this.noticeText());
    this.text.addEventListener("keydown", (event) => this.key(event));
    this.text.addEventListener("blur", () => this.popup.hide());
    this.text.addEventListener("focus", () => this.noticeText());
    this.space.addEventListener("focusout", (event) => this.box.contains(event.relatedTarget) || this.popup.hide());
    this.space.addEventListener("click", (event) => event.target === this.space && this.focus());
  }

  get leaves() {
    return slashCommands(this.store.commands);
  }

  render() {
    const { store } = this;
    const { channel, state } = store;
    const place = channel.kind === "dm" ? `@${channel.name}` : `#${channel.name}`;
    this.text.placeholder = t("Message {place}", { place });
    this.text.setAttribute("aria-label", this.text.placeholder);
    this.banner.hidden = store.online && state.bot.online;
    this.banner.textContent = store.online
      ? t("{name} is offline. Commands and buttons work again once it is back.", state.bot)
      : t("Lost the connection to the playground. Reconnecting…");
    const typist = store.typing.get(store.channelId);
    this.typing.textContent = typist ? t("{name} is typing…", typist) : "";
    this.coach.render(this.draft !== "");
    if (this.channelId !== store.channelId) {
      this.channelId = store.channelId;
      this.leave("", { focus: false });
    }
  }

  /** What is being typed, a command with its first option. */
  get draft() {
    return this.form ? this.form.text : this.text.value;
  }

  /** Put `text` in the box as if it had been typed. */
  fill(text) {
    this.leave(text);
    this.noticeText();
  }

  /** Send a command as if it had been typed; it stays in the box where it is none yet. */
  run(text) {
    this.fill(text);
    return this.send();
  }

  focus() {
    if (this.form) this.form.begin("");
    else this.text.focus();
  }

  // A text that begins with a slash offers commands; a name spelt out in full becomes one.
  noticeText() {
    const typed = this.text.value;
    this.grow();
    this.coach.render(typed !== "");
    const whole = spelled(this.leaves, typed);
    if (whole) this.start(whole.leaf, whole.rest);
    else if (/^\/[^\n]*$/.test(typed)) this.offer(typed.slice(1));
    else this.popup.hide();
  }

  offer(query) {
    const found = search(this.leaves, query.trimEnd());
    const items = found.map((leaf) => ({ name: `/${leaf.name}`, description: leaf.description, pick: () => this.start(leaf, "") }));
    this.popup.show(found.length ? t("{name} commands", this.store.state.bot) : this.nothingFound(query), items);
  }

  nothingFound(query) {
    if (this.leaves.length) return t("There is no command “/{query}” for you here", { query });
    return t("There are no commands yet: no bot has registered any");
  }

  start(leaf, rest) {
    this.form = new CommandForm(leaf, this.store, this.popup, {
      leave: (text) => this.leave(text),
      send: () => this.send(),
    });
    this.space.replaceChildren(this.form.root);
    this.form.begin(rest);
  }

  leave(text, { focus = true } = {}) {
    this.form = null;
    this.popup.hide();
    this.text.value = text;
    if (!this.text.isConnected) this.space.replaceChildren(this.text);
    this.grow();
    if (!focus) return;
    this.text.focus();
    this.text.setSelectionRange(text.length, text.length);
  }

  key(event) {
    if (event.isComposing || this.popup.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === "ArrowUp" && !this.text.value && this.last) {
      event.preventDefault();
      this.fill(this.last);
    }
  }

  send() {
    return this.form ? this.sendCommand() : this.sendText();
  }

  async sendText() {
    const content = this.text.value.trim();
    if (!content) return;
    if (content.startsWith("/")) {
      this.noticeText(); // The list above says that there is no such command.
      return;
    }
    this.leave("");
    try {
      await this.store.seat.say(this.store.channelId, content);
    } catch (refusal) {
      this.fill(content);
      this.refused(refusal.message);
    }
  }

  async sendCommand() {
    const { leaf } = this.form;
    const options = this.form.collect();
    if (options === null) return;
    this.last = this.draft;
    this.coach.finish();
    this.leave("");
    try {
      for (const [name, value] of Object.entries(options)) {
        if (value instanceof File) options[name] = (await this.store.seat.upload(value)).id;
      }
    } catch (refusal) {
      this.refused(refusal.message);
      return;
    }
    this.answered(await this.store.use({ type: "command", command: leaf.command, options }, `/${leaf.name}`));
  }

  grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
  }
}
