// The member list, in wide windows only.

import { el } from "./dom.js";
import { face } from "./face.js";
import { t } from "./words.js";

export class People {
  constructor(store, root, openPersonMenu) {
    this.store = store;
    this.root = root;
    this.openPersonMenu = openPersonMenu;
    this.shown = "";
  }

  render() {
    const { people, bot } = this.store.state;
    const signature = JSON.stringify([people, bot]);
    if (signature === this.shown) return;
    this.shown = signature;
    const persons = people.filter((person) => !person.bot);
    this.root.replaceChildren(
      el("h3", {}, bot.online ? t("Apps — online") : t("Apps — offline")),
      this.person(bot),
      el("h3", {}, t("Members — {count}", { count: persons.length })),
      ...persons.map((person) => this.person(person)),
    );
  }

  person(person) {
    return el(
      "button",
      { type: "button", class: person.online ? "person" : "person away", on: { click: (event) => this.openPersonMenu(person, event.currentTarget) } },
      face(person),
      el("span", { class: "person-name" }, person.name),
      person.bot && el("span", { class: "badge" }, "APP"),
      person.id === this.store.me.id && el("small", {}, t("you play")),
    );
  }
}
