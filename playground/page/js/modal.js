// A dialog that the bot opened: text inputs and menus, in rows or under labels.

import { el, iconButton } from "./dom.js";
import { markdown } from "./markdown.js";
import { renderSelect } from "./selects.js";
import { t } from "./words.js";

const ROW = 1;
const TEXT_INPUT = 4;
const TEXT = 10;
const LABEL = 18;
const PARAGRAPH = 2;
const LONGEST = 4000;

/** Show the dialog; `submit(values)` sends it off and returns words where that fails. */
export function openModal(modal, store, submit) {
  const values = new Map();
  const problem = el("p", { class: "modal-problem", role: "alert" });
  const send = el("button", { type: "submit", class: "button primary" }, t("Submit"));
  const form = el(
    "form",
    { method: "dialog" },
    el(
      "header",
      { class: "modal-header" },
      el("img", { src: store.state.bot.avatar, alt: "", width: 24, height: 24 }),
      el("h2", {}, modal.title),
      iconButton("close", t("Close"), () => dialog.close()),
    ),
    el("div", { class: "modal-fields" }, ...modal.components.flatMap((row) => renderRow(row, values, store)), problem),
    el(
      "footer",
      { class: "modal-footer" },
      el("button", { type: "button", class: "button plain", on: { click: () => dialog.close() } }, t("Cancel")),
      send,
    ),
  );
  const dialog = el("dialog", { class: "modal", "aria-label": modal.title }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    const words = await submit(Object.fromEntries([...values].map(([id, read]) => [id, read()])));
    send.disabled = false;
    problem.textContent = words ?? "";
    if (!words) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("input, textarea, .select-button")?.focus();
}

function renderRow(row, values, store) {
  if (row.type === TEXT) return [el("div", { class: "text" }, ...markdown(row.content, store.names))];
  if (row.type === LABEL) return [renderField(row.component, row.label, row.description, values, store)];
  if (row.type === ROW) return row.components.map((component) => renderField(component, component.label, "", values, store));
  return [];
}

function renderField(component, label, description, values, store) {
  const required = component.required ?? true;
  const control = component.type === TEXT_INPUT ? renderInput(component, required, values) : renderMenu(component, values, store);
  return el(
    component.type === TEXT_INPUT ? "label" : "div",
    { class: "field" },
    el("span", { class: "field-label" }, label, required && el("span", { class: "required", "aria-hidden": "true" }, " *")),
    description && el("span", { class: "field-description" }, description),
    control,
  );
}

function renderInput(component, required, values) {
  const long = component.style === PARAGRAPH;
  const input = el(long ? "textarea" : "input", {
    required,
    rows: long ? "4" : null,
    type: long ? null : "text",
    autocomplete: "off",
    minlength: component.min_length,
    maxlength: component.max_length ?? LONGEST,
    placeholder: component.placeholder,
  });
  input.value = component.value ?? "";
  const count = el("span", { class: "field-count", "aria-hidden": "true" });
  const describe = () => {
    count.textContent = component.max_length ? `${input.value.length} / ${component.max_length}` : "";
  };
  input.addEventListener("input", describe);
  input.addEventListener("keydown", (event) => {
    if (long && event.key === "Enter" && (event.ctrlKey || event.metaKey)) input.form.requestSubmit();
  });
  describe();
  values.set(component.custom_id, () => input.value);
  return el("span", { class: "field-control" }, input, count);
}

function renderMenu(component, values, store) {
  const things = () => store.state.people.map(({ id, name }) => ({ value: id, label: name }));
  const choices = component.options ?? things();
  let chosen = choices.filter((choice) => choice.default).map((choice) => choice.value);
  values.set(component.custom_id, () => chosen);
  return renderSelect(component, choices, (picked) => {
    chosen = picked;
  });
}
