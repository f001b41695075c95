// The list of messages of a channel: keeps one view per message, and the reader's place.

import { el, icon } from "./dom.js";
import { MessageView, nameOf, renderPending } from "./message.js";
import { longDay, sameDay } from "./time.js";
import { renderWelcome } from "./welcome.js";
import { t } from "./words.js";

const GROUP_MS = 7 * 60 * 1000;
const NEAR_END = 120;

export class MessageList {
  /** `actions`: press, react, delete, openMenu, openPersonMenu, run and fill (a command). */
  constructor(store, scroller, list, actions) {
    this.store = store;
    this.scroller = scroller;
    this.list = list;
    this.actions = { ...actions, reveal: (id) => this.reveal(id) };
    this.views = new Map();
    this.pinned = true;
    this.channelId = null;
    this.jump = el("button", { type: "button", class: "jump", hidden: true, on: { click: () => this.toEnd() } }, t("Jump to present"), icon("down"));
    scroller.after(this.jump);
    scroller.addEventListener("scroll", () => this.noticeScroll(), { passive: true });
    new ResizeObserver(() => this.pinned && this.toEnd()).observe(list);
    new ResizeObserver(() => this.pinned && this.toEnd()).observe(scroller);
  }

  render() {
    const { store } = this;
    if (this.channelId !== store.channelId) {
      this.channelId = store.channelId;
      this.pinned = true;
      this.views.clear();
    }
    const messages = store.shown;
    const rows = [this.welcome(messages.length === 0)];
    let before = null;
    for (const message of messages) {
      const posted = new Date(message.timestamp);
      if (!before || !sameDay(posted, new Date(before.timestamp))) rows.push(this.divider(posted));
      rows.push(this.row(message, before));
      before = message;
    }
    for (const id of this.views.keys()) if (!store.messages.has(id)) this.views.delete(id);
    const pending = store.pending.filter((entry) => entry.channelId === store.channelId);
    rows.push(...pending.map((entry) => renderPending(entry, store, () => store.dismiss(entry))));
    place(this.list, rows);
    if (this.pinned) this.toEnd();
  }

  row(message, before) {
    if (!this.views.has(message.id)) this.views.set(message.id, new MessageView(this.actions));
    const view = this.views.get(message.id);
    view.update(message, this.store, { grouped: isGrouped(message, before) });
    return view.root;
  }

  /** The row above all messages, built again only when it shows something else. */
  welcome(empty) {
    const signature = JSON.stringify([this.store.channel, empty]);
    if (this.welcomed !== signature) this.welcomeRow = renderWelcome(this.store, empty, this.actions);
    this.welcomed = signature;
    return this.welcomeRow;
  }

  divider(date) {
    const words = longDay(date);
    this.dividers ??= new Map();
    if (!this.dividers.has(words)) this.dividers.set(words, el("li", { class: "divider", role: "separator" }, el("span", {}, words)));
    return this.dividers.get(words);
  }

  reveal(id) {
    const row = this.views.get(id)?.root;
    if (!row) return;
    this.pinned = false;
    row.scrollIntoView({ block: "center", behavior: "smooth" });
    row.classList.add("revealed");
    row.focus({ preventScroll: true });
    setTimeout(() => {
      row.classList.remove("revealed");
      this.noticeScroll();
    }, 1600);
  }

  /** Show the end from now on: something of one's own is about to stand there. */
  follow() {
    this.pinned = true;
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.jump.hidden = true;
  }

  noticeScroll() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.pinned = scrollHeight - scrollTop - clientHeight < NEAR_END;
    this.jump.hidden = this.pinned;
  }
}

/** Make `rows` the children of `list`, moving as few as possible. */
function place(list, rows) {
  const wanted = new Set(rows);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  rows.forEach((row, index) => {
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  });
}

/** Whether a message follows one of the same author closely enough to share its header. */
function isGrouped(message, before) {
  if (!before || message.type !== 0 || message.interaction_metadata) return false;
  if (nameOf(before.author) !== nameOf(message.author)) return false;
  if ((before.flags ^ message.flags) & (1 << 6)) return false;
  return new Date(message.timestamp) - new Date(before.timestamp) < GROUP_MS;
}
