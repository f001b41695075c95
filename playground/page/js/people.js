// The member list, in wide windows only.

import { el } from "./dom.js";
import { face } from "./sidebar.js";

export class People {
  constructor(store, root, openPersonMenu) {
    this.store = store;
    this.root = root;
    this.openPersonMenu = openPersonMenu;
    this.shown = "";
  }

  render() {
    const { people, bot, me } = this.store.state;
    const signature = JSON.stringify([people, bot, me]);
    if (signature === this.shown) return;
    this.shown = signature;
    const persons = people.filter((person) => !person.bot);
    this.root.replaceChildren(
      el("h3", {}, `Apps — ${bot.online ? "online" : "offline"}`),
      this.person(bot, bot.online),
      el("h3", {}, `Members — ${persons.length}`),
      ...persons.map((person) => this.person(person, person.id === me.id)),
    );
  }

  person(person, online) {
    return el(
      "button",
      { type: "button", class: online ? "person" : "person away", on: { click: (event) => this.openPersonMenu(person, event.currentTarget) } },
      face(person.avatar, online),
      el("span", { class: "person-name" }, person.name),
      person.bot && el("span", { class: "badge" }, "APP"),
      person.id === this.store.me.id && el("small", {}, "you play"),
    );
  }
}
