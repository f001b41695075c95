// A member's picture and presence, the same in every list.

import { el } from "./dom.js";
import { t } from "./words.js";

/** The round picture of a member or the bot, with a dot that says whether they are online. */
export function face({ avatar, online }, size = 32) {
  const presence = online ? t("online") : t("offline");
  return el(
    "span",
    { class: online ? "face online" : "face" },
    el("img", { src: avatar, alt: "", width: size, height: size }),
    el("i", { title: presence }, el("span", { class: "visually-hidden" }, presence)),
  );
}
