// A picture in a box of its final size. A new version is decoded first and then fades in over
// the old one, so that previews never flicker and never move the text below.

import { el } from "./dom.js";
import { t } from "./words.js";

const MOST = 550;

export class PictureBox {
  /** `onOpen` is called when a person asks to see the picture large. */
  constructor(onOpen) {
    this.root = el("button", { type: "button", class: "picture", on: { click: () => onOpen(this) } });
    this.wanted = null;
  }

  /** Show the picture at `url`, of `width`×`height` pixels, at most 550 wide and high. */
  async show({ url, width, height, description }, most = MOST) {
    const scale = Math.min(1, most / width, most / height);
    this.root.style.width = `${Math.round(width * scale)}px`;
    this.root.style.aspectRatio = `${width} / ${height}`;
    this.root.setAttribute("aria-label", description ? t("Open picture: {description}", { description }) : t("Open picture"));
    this.description = description ?? "";
    if (this.wanted === url) return;
    this.wanted = url;
    const next = new Image();
    next.alt = this.description;
    next.src = url;
    try {
      await next.decode();
    } catch {
      return; // Replaced or deleted meanwhile: what is shown stays.
    }
    if (this.wanted === url) this.swap(next);
  }

  get url() {
    return this.wanted;
  }

  swap(next) {
    const before = [...this.root.children];
    next.classList.toggle("fading", before.length > 0);
    this.root.append(next);
    if (before.length === 0) return;
    const finish = () => {
      for (const image of before) image.remove();
      next.classList.remove("fading");
    };
    next.addEventListener("animationend", finish, { once: true });
    setTimeout(finish, 500); // Where motion is reduced there is no animation to end.
  }
}
