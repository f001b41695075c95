// The rows below a message: buttons and select menus; and Components V2: text, sections,
// galleries and containers.

import { el, icon } from "./dom.js";
import { openLightbox } from "./lightbox.js";
import { markdown } from "./markdown.js";
import { PictureBox } from "./picture.js";
import { renderSelect } from "./selects.js";
import { t } from "./words.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };
const SAFE_LINK = /^https?:\/\//i;

/**
 * What every component of a message needs: `press(customId, values)`, `waiting` (the custom_id
 * whose answer is awaited), `names` for markdown, and `things(type)`, the members or channels
 * that a menu of that type lists.
 */
export function renderComponents(components, use) {
  return components.map((component) => RENDER[component.type]?.(component, use));
}

function renderRow(row, use) {
  return el("div", { class: "row" }, ...renderComponents(row.components, use));
}

function renderButton(button, use) {
  const words = [button.emoji?.name && el("span", { class: "emoji" }, button.emoji.name), button.label && el("span", {}, button.label)];
  const style = `button ${STYLES[button.style] ?? "secondary"}`;
  if (button.url) {
    const href = SAFE_LINK.test(button.url) ? button.url : null;
    return el("a", { class: style, href, target: "_blank", rel: "noreferrer noopener" }, ...words, icon("open"));
  }
  const waits = use.waiting === button.custom_id;
  return el(
    "button",
    {
      type: "button",
      class: waits ? `${style} waiting` : style,
      disabled: button.disabled,
      "aria-label": button.label ? null : button.emoji?.name,
      "aria-busy": waits ? "true" : null,
      data: { customId: button.custom_id },
      on: { click: () => waits || use.press(button.custom_id) },
    },
    ...words,
    waits && el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")),
  );
}

function renderMenu(menu, use) {
  const choices = menu.options ?? use.things(menu.type);
  return renderSelect(menu, choices, (values) => use.press(menu.custom_id, values));
}

function renderSection(section, use) {
  const accessory = section.accessory ? renderComponents([section.accessory], use) : [];
  return el("div", { class: "section" }, el("div", {}, ...renderComponents(section.components, use)), ...accessory);
}

function renderGallery(gallery) {
  const pictures = gallery.items.map((item) => ({ ...item.media, description: item.description }));
  const boxes = pictures.map((picture, index) => {
    const box = new PictureBox(() => openLightbox(pictures, index));
    box.show({ width: 400, height: 400, ...picture }, pictures.length > 1 ? 268 : undefined);
    return box.root;
  });
  return el("div", { class: pictures.length > 1 ? "attachments several" : "attachments" }, ...boxes);
}

function renderThumbnail(thumbnail) {
  const picture = { width: 80, height: 80, ...thumbnail.media, description: thumbnail.description };
  const box = new PictureBox(() => openLightbox([picture], 0));
  box.show(picture, 85);
  return box.root;
}

function renderContainer(container, use) {
  const card = el("div", { class: "container" }, ...renderComponents(container.components, use));
  if (typeof container.accent_color === "number") {
    card.style.borderLeftColor = `#${container.accent_color.toString(16).padStart(6, "0")}`;
  }
  return card;
}

const RENDER = {
  1: renderRow,
  2: renderButton,
  3: renderMenu,
  5: renderMenu,
  7: renderMenu,
  8: renderMenu,
  9: renderSection,
  10: (text, use) => el("div", { class: "text" }, ...markdown(text.content, use.names)),
  11: renderThumbnail,
  12: renderGallery,
  13: (file) => el("a", { class: "file", href: file.file.url, download: true }, icon("file"), file.name ?? t("File")),
  14: (line) => el("hr", { class: line.divider === false ? "gap" : null }),
  17: renderContainer,
};
