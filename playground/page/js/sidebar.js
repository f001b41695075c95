// The sidebar: server, channels, and the member that is played with their language. On a phone it
// slides in.

import { el, icon, iconButton } from "./dom.js";
import { face } from "./face.js";
import { CHOICES, LOCALE, language, nameOfLanguage } from "./locale.js";
import { openMenu } from "./menu.js";
import { toggleTheme } from "./theme.js";
import { t } from "./words.js";

export class Sidebar {
  /** `choose(channelId)`, `become(name)`, `install(installed)` and `speak(locale)` belong to the page. */
  constructor(store, root, { choose, become, install, speak }) {
    this.store = store;
    this.root = root;
    this.choose = choose;
    this.become = become;
    this.install = install;
    this.speak = speak;
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
          el("h3", {}, place === server ? t("Text channels") : place),
          ...channels.filter((channel) => channel.server === place).map((channel) => this.channelLink(channel)),
        ]),
        el("h3", {}, t("Direct messages")),
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
      other ? face(other) : icon("hash"),
      el("span", { class: "channel-name" }, channel.name),
      unread?.pings > 0 && el("span", { class: "pings", "aria-label": t("{count} mentions", { count: unread.pings }) }, String(unread.pings)),
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
        { type: "button", class: "user", id: "switcher", "aria-haspopup": "menu", title: t("Switch member"), on: { click: open } },
        face(me),
        el("span", { class: "user-words" }, el("b", {}, me.name), el("small", {}, me.id === ownerId ? t("Owner") : t("Member"))),
      ),
      iconButton("globe", t("Language: {name}", { name: nameOfLanguage(LOCALE) }), (event) => openMenu(event.currentTarget, this.languages()), {
        class: "icon-button",
        id: "language",
        "aria-haspopup": "menu",
      }),
      iconButton("sun", t("Switch between light and dark"), toggleTheme, { class: "icon-button theme-toggle", id: "theme" }),
    );
  }

  languages() {
    const act = (locale) => () => this.speak(locale);
    return [{ heading: t("Language") }, ...CHOICES.map((locale) => ({ label: nameOfLanguage(locale), checked: language(locale) === language(LOCALE), act: act(locale) }))];
  }

  people() {
    const { people, owner_id: ownerId, bot, app_installed: installed } = this.store.state;
    const persons = people.filter((person) => !person.bot);
    return [
      { heading: t("Play as") },
      ...persons.map((person) => ({
        label: person.name,
        note: person.id === ownerId ? t("Owner") : t("Member"),
        person,
        act: () => this.become(person.name),
      })),
      { heading: t("Your account") },
      { label: installed ? t("Remove {name}", bot) : t("Add {name}", bot), note: t("so you can use it on any server"), act: () => this.install(!installed) },
    ];
  }
}
