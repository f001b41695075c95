// The sidebar: server, channels, and the member that is played. On a phone it slides in.

import { el, icon, iconButton } from "./dom.js";
import { openMenu } from "./menu.js";
import { toggleTheme } from "./theme.js";

export class Sidebar {
  /** `choose(channelId)`, `become(name)` and `install(installed)` belong to the page. */
  constructor(store, root, { choose, become, install }) {
    this.store = store;
    this.root = root;
    this.choose = choose;
    this.become = become;
    this.install = install;
    this.shown = "";
  }

  render() {
    const { store } = this;
    const signature = JSON.stringify([store.state, store.channelId, [...store.unread]]);
    if (signature === this.shown) return;
    this.shown = signature;
    const focused = document.activeElement?.dataset?.channel;
    const { channels, server } = store.state;
    this.root.replaceChildren(
      el("header", { class: "server" }, el("h2", {}, server)),
      el(
        "div",
        { class: "channels" },
        ...[...new Set(channels.map((channel) => channel.server))].filter(Boolean).flatMap((place) => [
          el("h3", {}, place === server ? "Text channels" : place),
          ...channels.filter((channel) => channel.server === place).map((channel) => this.channelLink(channel)),
        ]),
        el("h3", {}, "Direct messages"),
        ...channels.filter((channel) => channel.kind === "dm").map((channel) => this.channelLink(channel)),
      ),
      this.userPanel(),
    );
    if (focused) this.root.querySelector(`[data-channel="${focused}"]`)?.focus();
  }

  channelLink(channel) {
    const { store } = this;
    const current = channel.id === store.channelId;
    const unread = store.unread.get(channel.id);
    const other = channel.kind === "dm" && store.other(channel);
    return el(
      "button",
      {
        type: "button",
        class: `channel${current ? " current" : ""}${unread ? " unread" : ""}`,
        "aria-current": current ? "page" : null,
        data: { channel: channel.id },
        on: { click: () => this.choose(channel.id) },
      },
      other ? face(other.avatar, other.online) : icon("hash"),
      el("span", { class: "channel-name" }, channel.name),
      unread?.pings > 0 && el("span", { class: "pings", "aria-label": `${unread.pings} mentions` }, String(unread.pings)),
    );
  }

  userPanel() {
    const { me, owner_id: ownerId } = this.store.state;
    const open = (event) => openMenu(event.currentTarget, this.people());
    return el(
      "footer",
      { class: "user-panel" },
      el(
        "button",
        { type: "button", class: "user", id: "switcher", "aria-haspopup": "menu", title: "Switch member", on: { click: open } },
        face(me.avatar, true),
        el("span", { class: "user-words" }, el("b", {}, me.name), el("small", {}, me.id === ownerId ? "Owner" : "Member")),
      ),
      iconButton("sun", "Switch between light and dark", toggleTheme, { class: "icon-button theme-toggle", id: "theme" }),
    );
  }

  people() {
    const { people, owner_id: ownerId, bot, app_installed: installed } = this.store.state;
    const persons = people.filter((person) => !person.bot);
    return [
      { heading: "Play as" },
      ...persons.map((person) => ({
        label: person.name,
        note: person.id === ownerId ? "Owner" : "Member",
        picture: person.avatar,
        act: () => this.become(person.name),
      })),
      { heading: "Your account" },
      { label: installed ? `Remove ${bot.name}` : `Add ${bot.name}`, note: "so you can use it on any server", act: () => this.install(!installed) },
    ];
  }
}

/** A round picture with a dot that says online or not. */
export function face(url, online, size = 32) {
  return el("span", { class: online ? "face online" : "face" }, el("img", { src: url, alt: "", width: size, height: size }), el("i", { title: online ? "online" : "offline" }));
}
