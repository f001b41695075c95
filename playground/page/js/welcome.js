// The beginning of a channel; while it is empty, with something to try.

import { el, icon } from "./dom.js";
import { t } from "./words.js";

const COMMAND = "/imagine";
const FIRST = "a red fox";
/** The embedded model draws these well in every seed that was looked at; others do anyway. */
const EXAMPLES = ["a sunflower", "a parrot", "a lion on a yellow background"];

/** Whether a channel has something to try: it is empty, and the bot may post there. */
export const isToTry = (channel, empty) => empty && channel.bot_may_post;

/** The row above all messages. `run(text)` sends a command, `fill(text)` puts it in the message box. */
export function renderWelcome(store, empty, { run, fill }) {
  const { channel } = store;
  const dm = channel.kind === "dm";
  const start = dm ? t("This is the beginning of your direct message history with {name}.", channel) : t(channel.topic || "This is the start of this channel.");
  return el(
    "li",
    { class: empty ? "welcome" : "welcome small" },
    el("div", { class: "welcome-icon", "aria-hidden": "true" }, dm ? el("img", { src: store.other(channel).avatar, alt: "" }) : icon("hash")),
    el("h1", {}, dm ? channel.name : t("Welcome to #{channel}!", { channel: channel.name })),
    el("p", {}, start),
    isToTry(channel, empty) && renderTry(run, fill),
  );
}

function renderTry(run, fill) {
  const first = `${COMMAND} ${FIRST}`;
  return [
    el(
      "button",
      { type: "button", class: "try", "aria-label": t("Draw {command}", { command: first }), on: { click: () => run(first) } },
      el("kbd", {}, first),
      el("span", { class: "try-go" }, t("Try it")),
    ),
    el("p", { class: "examples-label", id: "examples-label" }, t("Or put one of these in the message box:")),
    el(
      "div",
      { class: "examples", role: "group", "aria-labelledby": "examples-label" },
      ...EXAMPLES.map((prompt) => el("button", { type: "button", class: "example", on: { click: () => fill(`${COMMAND} ${prompt}`) } }, prompt)),
    ),
  ];
}
