// A picture in full size; the arrow keys go to the next and the previous one.

import { el, icon, iconButton } from "./dom.js";
import { t } from "./words.js";

/** Show `pictures[index]`; Esc or a click beside it closes. */
export function openLightbox(pictures, index) {
  let at = index;
  const image = el("img", { alt: "" });
  const caption = el("p", { class: "lightbox-caption" });
  const original = el("a", { class: "lightbox-link", target: "_blank", rel: "noreferrer noopener" }, icon("open"), t("Open original"));
  const step = (by) => {
    at = (at + by + pictures.length) % pictures.length;
    show();
  };
  const several = pictures.length > 1;
  const dialog = el(
    "dialog",
    { class: "lightbox", "aria-label": t("Picture") },
    iconButton("close", t("Close"), () => dialog.close(), { class: "icon-button lightbox-close" }),
    several && iconButton("left", t("Previous picture"), () => step(-1), { class: "icon-button lightbox-left" }),
    el("figure", {}, image, el("figcaption", {}, caption, original)),
    several && iconButton("right", t("Next picture"), () => step(1), { class: "icon-button lightbox-right" }),
  );
  const show = () => {
    const picture = pictures[at];
    image.src = picture.url;
    image.alt = picture.description ?? "";
    image.width = picture.width;
    image.height = picture.height;
    original.href = picture.url;
    caption.textContent = picture.description || picture.filename || "";
  };
  dialog.addEventListener("keydown", (event) => {
    if (several && event.key === "ArrowLeft") step(-1);
    if (several && event.key === "ArrowRight") step(1);
  });
  dialog.addEventListener("click", (event) => {
    if (!event.target.closest("img, button, a")) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  show();
  document.body.append(dialog);
  dialog.showModal();
}
