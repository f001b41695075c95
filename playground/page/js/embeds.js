// Embeds: colour bar, title, description, fields, image, footer.

import { el } from "./dom.js";
import { openLightbox } from "./lightbox.js";
import { markdown } from "./markdown.js";
import { PictureBox } from "./picture.js";
import { stamp } from "./time.js";

const SAFE_LINK = /^https?:\/\//i;

/** The element of one embed. */
export function renderEmbed(embed, names) {
  const card = el("article", { class: "embed" }, el("div", { class: "embed-body" }, ...body(embed, names)));
  if (embed.color !== undefined) card.style.borderLeftColor = `#${embed.color.toString(16).padStart(6, "0")}`;
  if (embed.thumbnail) card.append(picture(embed.thumbnail, 80, "embed-thumbnail"));
  return card;
}

function body(embed, names) {
  return [
    embed.author && el("div", { class: "embed-author" }, embed.author.name),
    embed.title && title(embed, names),
    embed.description && el("div", { class: "embed-text" }, ...markdown(embed.description, names)),
    embed.fields?.length > 0 && el("div", { class: "embed-fields" }, ...embed.fields.map((field) => renderField(field, names))),
    embed.image && picture(embed.image, 400, "embed-image"),
    (embed.footer || embed.timestamp) && el("div", { class: "embed-footer" }, footer(embed)),
  ];
}

function title(embed, names) {
  const words = markdown(embed.title, names, { blocks: false });
  const linked = embed.url && SAFE_LINK.test(embed.url);
  const props = { href: embed.url, target: "_blank", rel: "noreferrer noopener" };
  return el("div", { class: "embed-title" }, ...(linked ? [el("a", props, ...words)] : words));
}

function renderField(field, names) {
  return el(
    "div",
    { class: field.inline ? "embed-field inline" : "embed-field" },
    el("div", { class: "embed-name" }, ...markdown(field.name, names, { blocks: false })),
    el("div", { class: "embed-value" }, ...markdown(field.value, names)),
  );
}

function footer(embed) {
  const parts = [embed.footer?.text, embed.timestamp && stamp(new Date(embed.timestamp))];
  return parts.filter(Boolean).join(" • ");
}

function picture(image, most, name) {
  const box = new PictureBox(() => openLightbox([image], 0));
  box.root.classList.add(name);
  box.show({ width: most, height: most, ...image }, most);
  return box.root;
}
