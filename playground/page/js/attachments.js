// The files of a message: pictures in boxes that are kept over edits, other files as cards.

import { el, icon } from "./dom.js";
import { openLightbox } from "./lightbox.js";
import { PictureBox } from "./picture.js";

const UNITS = ["bytes", "KB", "MB"];
const SHOWN = /^image\/(png|jpeg|webp|gif)$/;

export class Attachments {
  constructor() {
    this.root = el("div", { class: "attachments" });
    this.boxes = [];
  }

  /** Show these attachments; boxes are reused in order, so that an edit swaps their pictures. */
  update(attachments) {
    const pictures = attachments.filter(isPicture);
    const others = attachments.filter((attachment) => !isPicture(attachment));
    while (this.boxes.length < pictures.length) this.boxes.push(new PictureBox((box) => this.open(box)));
    this.boxes.length = pictures.length;
    const most = pictures.length > 1 ? 268 : undefined;
    pictures.forEach((picture, index) => this.boxes[index].show(picture, most));
    this.pictures = pictures;
    this.root.hidden = attachments.length === 0;
    this.root.classList.toggle("several", pictures.length > 1);
    const wanted = [...this.boxes.map((box) => box.root), ...others.map(fileCard)];
    const there = [...this.root.children];
    if (wanted.length !== there.length || wanted.some((node, index) => node !== there[index])) {
      this.root.replaceChildren(...wanted);
    }
  }

  open(box) {
    openLightbox(this.pictures, this.boxes.indexOf(box));
  }
}

function isPicture(attachment) {
  return SHOWN.test(attachment.content_type) && attachment.width > 0;
}

function fileCard(attachment) {
  return el(
    "a",
    { class: "file", href: attachment.url, download: attachment.filename },
    icon("file"),
    el("span", { class: "file-name" }, attachment.filename),
    el("span", { class: "file-size" }, size(attachment.size)),
  );
}

function size(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit ? value.toFixed(2) : value} ${UNITS[unit]}`;
}
