// Select menus: a button that opens a list box, as in Discord. Also used inside dialogs.

import { el, icon, roveFocus } from "./dom.js";
import { t } from "./words.js";

const EDGE = 90;

/**
 * A select menu of `component`. `choices` are its options (for menus of members or channels,
 * those), `onChosen` gets the values once the list closes with a valid choice.
 */
export function renderSelect(component, choices, onChosen) {
  const least = component.min_values ?? 1;
  const most = component.max_values ?? 1;
  const chosen = new Set(choices.filter((choice) => choice.default).map((choice) => choice.value));
  const words = el("span", { class: "select-words" });
  const button = el(
    "button",
    {
      type: "button",
      class: "select-button",
      disabled: component.disabled,
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "aria-label": component.placeholder ?? t("Make a selection"),
      data: { customId: component.custom_id },
    },
    words,
    icon("down"),
  );
  const list = el("div", { class: "select-list", role: "listbox", "aria-multiselectable": String(most > 1), hidden: true });
  const root = el("div", { class: "select" }, button, list);

  const describe = () => {
    const labels = choices.filter((choice) => chosen.has(choice.value)).map((choice) => choice.label);
    words.textContent = labels.join(", ") || component.placeholder || t("Make a selection");
    words.classList.toggle("placeholder", labels.length === 0);
  };
  const open = (shown) => {
    list.hidden = !shown;
    button.setAttribute("aria-expanded", String(shown));
    // Where the list would be cut off below, it opens upwards.
    list.classList.toggle("up", shown && list.getBoundingClientRect().bottom > innerHeight - EDGE);
    if (shown) (list.querySelector("[aria-selected=true]") ?? list.firstElementChild)?.focus();
  };
  const close = () => {
    if (list.hidden) return;
    open(false);
    if (chosen.size >= least && most > 1) onChosen([...chosen]);
  };
  const choose = (choice, option) => {
    if (most === 1) {
      chosen.clear();
      chosen.add(choice.value);
      open(false);
      button.focus();
      describe();
      onChosen([choice.value]);
      return;
    }
    if (!chosen.delete(choice.value) && chosen.size < most) chosen.add(choice.value);
    option.setAttribute("aria-selected", String(chosen.has(choice.value)));
    describe();
  };

  list.append(...choices.map((choice) => renderOption(choice, chosen, choose)));
  button.addEventListener("click", () => (list.hidden ? open(true) : close()));
  root.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
      button.focus();
    } else {
      roveFocus(event, [...list.children]);
    }
  });
  root.addEventListener("focusout", (event) => {
    if (!root.contains(event.relatedTarget)) close();
  });
  describe();
  return root;
}

function renderOption(choice, chosen, choose) {
  const option = el(
    "button",
    { type: "button", class: "select-option", role: "option", "aria-selected": String(chosen.has(choice.value)) },
    choice.emoji?.name && el("span", { class: "emoji" }, choice.emoji.name),
    el("span", { class: "select-label" }, choice.label, choice.description && el("small", {}, choice.description)),
    icon("check"),
  );
  option.addEventListener("click", () => choose(choice, option));
  return option;
}
