// One message. Its parts are built again only when what they show has changed, so that focus,
// pictures and selections survive an edit.

import { Attachments } from "./attachments.js";
import { renderComponents } from "./components.js";
import { el, icon, iconButton } from "./dom.js";
import { renderEmbed } from "./embeds.js";
import { isOnlyEmoji, markdown } from "./markdown.js";
import { clock, full, stamp } from "./time.js";
import { t, withNodes } from "./words.js";

const EPHEMERAL = 1 << 6;
const LOADING = 1 << 7;
const COMPONENTS_V2 = 1 << 15;
const SLASH = 20;
const CONTEXT_MENU = 23;
const REPLY = 19;

export const isEphemeral = (message) => Boolean(message.flags & EPHEMERAL);

export class MessageView {
  /** `actions` is what a person can do with a message; see messages.js. */
  constructor(actions) {
    this.actions = actions;
    this.parts = new Map();
    this.attachments = new Attachments();
    this.slots = Object.fromEntries(
      ["context", "avatar", "header", "content", "embeds", "components", "failure", "reactions", "note"].map((name) => [
        name,
        el("div", { class: `slot ${name}` }),
      ]),
    );
    const { context, avatar, header, content, embeds, components, failure, reactions, note } = this.slots;
    const body = el("div", { class: "body" }, header, content, embeds, this.attachments.root, components, failure, reactions, note);
    this.tools = el("div", { class: "tools" });
    // A new message is announced; the edits of its progress would be noise.
    this.root = el("li", { class: "message", tabindex: "-1", "aria-live": "off" }, context, avatar, body, this.tools);
    this.tools.append(
      ...["✉️", "❌", "⭐"].map((emoji) => this.reactTool(emoji)),
      iconButton("more", t("More"), (event) => actions.openMenu(this.message, event.currentTarget)),
    );
    this.root.addEventListener("contextmenu", (event) => this.openMenu(event));
    this.listenForLongPress();
  }

  /** Show `message`; `grouped` leaves out avatar and name, `pressed` is the component in use. */
  update(message, store, { grouped }) {
    this.message = message;
    const names = store.names;
    const pressed = store.pressed.get(message.id);
    const mentioned = message.mention_everyone || message.mentions.some((user) => user.id === store.me.id);
    this.root.dataset.messageId = message.id;
    this.root.classList.toggle("grouped", grouped);
    this.root.classList.toggle("ephemeral", isEphemeral(message));
    this.root.classList.toggle("mentioned", mentioned);
    this.part("context", [message.interaction, message.referenced_message, message.type], () => this.context(message, names));
    this.part("avatar", [message.author, grouped], () => this.avatar(message, grouped));
    this.part("header", [message.author, grouped], () => (grouped ? [] : this.header(message)));
    this.part("content", [message.content, message.flags & LOADING, message.edited_timestamp], () => this.content(message, names));
    this.part("embeds", message.embeds, () => message.embeds.map((embed) => renderEmbed(embed, names)));
    // Components show their files themselves.
    this.attachments.update(message.flags & COMPONENTS_V2 ? [] : message.attachments);
    this.part("components", [message.components, pressed?.customId], () => renderComponents(message.components, this.use(message, store, pressed)));
    this.part("failure", pressed?.failure, () => [pressed?.failure && failure(pressed.failure)]);
    this.part("reactions", message.reactions, () => this.reactions(message));
    this.part("note", message.flags & EPHEMERAL, () => [isEphemeral(message) && privateNote(() => this.actions.delete(this.message))]);
  }

  /** Build a slot's children if what they show has changed; keep the focus where it was. */
  part(name, shown, build) {
    const signature = JSON.stringify(shown) ?? "";
    if (this.parts.get(name) === signature) return;
    this.parts.set(name, signature);
    const slot = this.slots[name];
    const focused = slot.contains(document.activeElement) ? document.activeElement.dataset.customId : null;
    slot.replaceChildren(...build().filter(Boolean));
    slot.hidden = slot.childNodes.length === 0;
    if (focused) slot.querySelector(`[data-custom-id="${CSS.escape(focused)}"]`)?.focus();
  }

  use(message, store, pressed) {
    return {
      names: store.names,
      waiting: pressed?.customId ?? null,
      press: (customId, values) => this.actions.press(this.message, customId, values),
      things: (type) => (type === 8 ? store.state.channels.filter((each) => each.kind === "text") : store.state.people).map(({ id, name }) => ({ value: id, label: name })),
    };
  }

  context(message, names) {
    const replied = message.referenced_message;
    if (message.interaction && (message.type === SLASH || message.type === CONTEXT_MENU)) {
      const { user, name } = message.interaction;
      return [commandLine(user, message.type === SLASH ? `/${name}` : name)];
    }
    if (message.type !== REPLY) return [];
    if (!replied) return [el("div", { class: "context-line" }, el("em", {}, t("Original message was deleted")))];
    const words = replied.content ? markdown(firstLine(replied.content), names, { blocks: false }) : [el("em", {}, t("Click to see attachment"))];
    const go = () => this.actions.reveal(replied.id);
    return [
      el(
        "button",
        { type: "button", class: "context-line", on: { click: go } },
        el("img", { src: avatarOf(replied.author), alt: "", width: 16, height: 16 }),
        el("b", {}, nameOf(replied.author)),
        el("span", { class: "context-words" }, ...words),
      ),
    ];
  }

  avatar(message, grouped) {
    const posted = new Date(message.timestamp);
    if (grouped) return [el("time", { datetime: message.timestamp, title: full(posted) }, clock(posted))];
    const open = (event) => this.actions.openPersonMenu(message.author, event.currentTarget);
    const picture = el("img", { src: avatarOf(message.author), alt: "", width: 40, height: 40 });
    return [el("button", { type: "button", class: "avatar-button", "aria-label": nameOf(message.author), on: { click: open } }, picture)];
  }

  header(message) {
    const posted = new Date(message.timestamp);
    return [
      el("span", { class: "author" }, nameOf(message.author)),
      message.author.bot && el("span", { class: "badge" }, "APP"),
      el("time", { class: "posted", datetime: message.timestamp, title: full(posted) }, stamp(posted)),
    ];
  }

  content(message, names) {
    if (message.flags & LOADING) {
      return [el("span", { class: "thinking" }, el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")), t("{name} is thinking…", { name: nameOf(message.author) }))];
    }
    if (!message.content) return [];
    const large = isOnlyEmoji(message.content) ? "text large" : "text";
    const edited = message.edited_timestamp && el("span", { class: "edited", title: full(new Date(message.edited_timestamp)) }, ` ${t("(edited)")}`);
    const words = el("div", { class: large }, ...markdown(message.content, names));
    if (edited) (words.lastElementChild?.matches(".line") ? words.lastElementChild : words).append(edited);
    return [words];
  }

  reactions(message) {
    return (message.reactions ?? []).map(({ emoji, count, me }) =>
      el(
        "button",
        {
          type: "button",
          class: me ? "reaction mine" : "reaction",
          "aria-pressed": String(me),
          "aria-label": `${emoji.name}, ${count}`,
          data: { customId: `reaction:${emoji.name}` },
          on: { click: () => this.actions.react(this.message, emoji.name, !me) },
        },
        el("span", { class: "emoji" }, emoji.name),
        el("span", {}, String(count)),
      ),
    );
  }

  reactTool(emoji) {
    const react = () => this.actions.react(this.message, emoji, true);
    // Not in the order of the Tab key: the menu behind the dots has the same.
    return el("button", { type: "button", class: "icon-button emoji", tabindex: "-1", title: t("React with {emoji}", { emoji }), "aria-label": t("React with {emoji}", { emoji }), on: { click: react } }, emoji);
  }

  openMenu(event) {
    if (event.target.closest("a, .mention") || String(getSelection())) return;
    event.preventDefault();
    this.actions.openMenu(this.message, { x: event.clientX, y: event.clientY });
  }

  /** Touch screens that send no `contextmenu` get the menu after half a second. */
  listenForLongPress() {
    let timer = null;
    const stop = () => clearTimeout(timer);
    this.root.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "touch" || event.target.closest("button, a")) return;
      timer = setTimeout(() => this.actions.openMenu(this.message, { x: event.clientX, y: event.clientY }), 500);
    });
    for (const name of ["pointerup", "pointermove", "pointercancel"]) this.root.addEventListener(name, stop);
  }
}

/** A command on its way: the row that stands where the bot's answer will. */
export function renderPending(entry, store, dismiss) {
  const { bot, me } = store.state;
  const words = entry.failure
    ? [failure(entry.failure)]
    : [el("span", { class: "thinking" }, el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")), t("Sending command…"))];
  return el(
    "li",
    { class: entry.failure ? "message ephemeral" : "message pending" },
    el("div", { class: "slot context" }, commandLine({ id: me.id, username: me.name, avatar: "me" }, entry.words)),
    el("div", { class: "slot avatar" }, el("img", { src: bot.avatar, alt: "", width: 40, height: 40 })),
    el(
      "div",
      { class: "body" },
      el("div", { class: "slot header" }, el("span", { class: "author" }, bot.name), el("span", { class: "badge" }, "APP"), el("time", { class: "posted" }, stamp(new Date()))),
      el("div", { class: "slot content" }, ...words),
      entry.failure && el("div", { class: "slot note" }, privateNote(dismiss)),
    ),
  );
}

function commandLine(user, command) {
  return el(
    "div",
    { class: "context-line" },
    el("img", { src: avatarOf(user), alt: "", width: 16, height: 16 }),
    ...withNodes("{user} used {command}", { user: el("b", {}, nameOf(user)), command: el("span", { class: "command-name" }, command) }),
  );
}

function failure(words) {
  return el("span", { class: "failed", role: "alert" }, icon("warning"), words);
}

function privateNote(dismiss) {
  return el("span", {}, icon("eye"), t("Only you can see this"), el("span", { "aria-hidden": "true" }, "·"), el("button", { type: "button", class: "link", on: { click: dismiss } }, t("Dismiss message")));
}

/** What a line has room for; the fence above a code block says nothing. */
const firstLine = (content) => content.replace(/^```\w*\n/, "").split("\n")[0];

export const nameOf = (user) => user.global_name ?? user.username;
const avatarOf = (user) => `/cdn/avatars/${user.id}/${user.avatar}.png`;
