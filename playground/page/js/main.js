// Builds the page and wires its parts to what one member sees and does.

import { Seat } from "./api.js";
import { messageCommands, userCommands } from "./commands.js";
import { Composer } from "./composer.js";
import { el, icon, iconButton } from "./dom.js";
import { LOCALE, localName, rememberLocale } from "./locale.js";
import { MESSAGE_LINK } from "./markdown.js";
import { MEMBER, rememberMember } from "./member.js";
import { openMenu } from "./menu.js";
import { isEphemeral, nameOf } from "./message.js";
import { MessageList } from "./messages.js";
import { openModal } from "./modal.js";
import { People } from "./people.js";
import { Sidebar } from "./sidebar.js";
import { Store } from "./store.js";
import { restoreTheme } from "./theme.js";
import { t } from "./words.js";

const DRAFT_KEY = "playground-draft";
const NOTICE_MS = 5000;

restoreTheme();
nameParts();
const asked = new URLSearchParams(location.search);
const seat = new Seat(MEMBER);
const store = new Store(seat, asked.get("channel") ?? "darkroom");
const app = document.getElementById("app");
const topbar = document.getElementById("topbar");

const actions = {
  press: async (message, customId, values) => takeAnswer(await store.press(message, customId, values)),
  react: (message, emoji, on) => attempt(seat.react(message, emoji, on)),
  delete: (message) => attempt(seat.delete(message)),
  run: (text) => composer.run(text),
  fill: (text) => composer.fill(text),
  openMenu: (message, anchor) => openMenu(anchor, messageMenu(message)),
  openPersonMenu: (person, anchor) => openMenu(anchor, personMenu(person)),
};
const list = new MessageList(store, document.getElementById("scroller"), document.getElementById("messages"), actions);
const composer = new Composer(store, document.getElementById("dock"), { answered: takeAnswer, refused: notify });
const sidebar = new Sidebar(store, document.getElementById("sidebar"), { choose, become, install: (installed) => attempt(seat.install(installed)), speak });
const people = new People(store, document.getElementById("people"), actions.openPersonMenu);

store.addEventListener("changed", scheduleRender);
store.addEventListener("arrived", ({ detail }) => {
  if (isMine(detail)) list.follow();
  if (document.hidden && detail.author.id !== store.me.id) document.title = `• ${title()}`;
});
document.addEventListener("visibilitychange", () => store.state && (document.title = title()));
document.addEventListener("keydown", typeAnywhere);
app.addEventListener("click", (event) => event.target === app && showSidebar(false));
app.addEventListener("click", followMessageLink);
seat.watch((event) => store.take(event));
store.addEventListener("commands", restoreDraft, { once: true });

let scheduled = false;

/** Render once for all the changes of a moment. */
function scheduleRender() {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    if (!store.state) return;
    sidebar.render();
    people.render();
    list.render();
    composer.render();
    renderTopbar();
  });
}

function renderTopbar() {
  const { channel, state } = store;
  const signature = JSON.stringify([channel, state.bot.online]);
  if (topbar.dataset.shown === signature) return;
  topbar.dataset.shown = signature;
  document.title = title();
  topbar.replaceChildren(
    iconButton("menu", t("Channels"), () => showSidebar(!app.classList.contains("sidebar-open")), { class: "icon-button burger" }),
    channel.kind === "dm" ? el("span", { class: "at", "aria-hidden": "true" }, "@") : icon("hash"),
    el("h1", {}, channel.name),
    channel.topic && el("p", { class: "topic" }, t(channel.topic)),
    el("span", { class: state.bot.online ? "bot-state online" : "bot-state", role: "status" }, state.bot.online ? t("bot online") : t("bot offline")),
  );
}

function title() {
  return `${store.channel.kind === "dm" ? "@" : "#"}${store.channel.name} · Darkroom Playground`;
}

/** Whether a message is one's own, or the bot's answer to one's own act. */
function isMine(message) {
  return store.me.id === (message.interaction_metadata?.user.id ?? message.author.id);
}

/** After a bot's answer: open its dialog, if that is what it was. */
function takeAnswer(answer) {
  if (answer.answer !== "modal") return;
  openModal(answer.modal, store, async (values) => {
    const sent = await store.answered({ type: "modal", interaction: answer.interaction_id, values });
    if (sent.answer === "none") return sent.text;
    takeAnswer(sent);
    return null;
  });
}

function messageMenu(message) {
  const apps = messageCommands(store.commands).map((command) => ({
    label: localName(command),
    act: async () => takeAnswer(await store.use({ type: "message_menu", message: message.id, command: command.name }, localName(command))),
  }));
  const own = message.author.id === store.me.id || store.me.id === store.state.owner_id;
  return [
    ...(isEphemeral(message) ? [] : ["✉️", "❌", "⭐"].map((emoji) => ({ label: t("React with {emoji}", { emoji }), act: () => actions.react(message, emoji, true) }))),
    ...(apps.length ? [{ heading: t("Apps") }, ...apps] : []),
    { heading: t("Message") },
    ...(message.content ? [{ label: t("Copy text"), act: () => attempt(navigator.clipboard.writeText(message.content)) }] : []),
    ...(isEphemeral(message) ? [{ label: t("Dismiss message"), act: () => actions.delete(message) }] : []),
    ...(own && !isEphemeral(message) ? [{ label: t("Delete message"), danger: true, act: () => actions.delete(message) }] : []),
  ];
}

function personMenu(person) {
  const name = person.name ?? nameOf(person);
  const apps = userCommands(store.commands).map((command) => ({
    label: localName(command),
    act: async () => takeAnswer(await store.use({ type: "user_menu", target: person.id, command: command.name }, localName(command))),
  }));
  const known = store.state.people.find((each) => each.id === person.id);
  const play = known && !known.bot && known.id !== store.me.id ? [{ label: t("Play as {name}", { name }), act: () => become(known.name) }] : [];
  const presence = known && { person: known, note: known.online ? t("online") : t("offline") };
  return [{ heading: name, ...presence }, ...apps, ...play, { label: t("Copy user ID"), act: () => attempt(navigator.clipboard.writeText(person.id)) }];
}

function choose(channelId) {
  store.choose(channelId);
  showSidebar(false);
  composer.focus();
}

/** A link to a message that this page has leads there, and not to Discord. */
function followMessageLink(event) {
  const [, channel, id] = MESSAGE_LINK.exec(event.target.closest("a")?.href ?? "") ?? [];
  if (store.messages.get(id)?.channel_id !== channel || !id) return;
  event.preventDefault();
  store.choose(channel);
  list.render();
  list.reveal(id);
}

/** Play another member: the page begins anew in their seat. */
function become(name) {
  rememberMember(name);
  const url = new URL(location.href);
  url.searchParams.set("as", name);
  url.searchParams.set("channel", store.channel.kind === "dm" ? "darkroom" : store.channel.name);
  location.assign(url);
}

/** Use another language: the page begins anew in it, and the bot is told with the next act. */
function speak(locale) {
  if (locale === LOCALE) return;
  rememberLocale(locale);
  sessionStorage.setItem(DRAFT_KEY, composer.draft);
  location.reload();
}

/** What was being typed when the language changed. */
function restoreDraft() {
  const draft = sessionStorage.getItem(DRAFT_KEY);
  sessionStorage.removeItem(DRAFT_KEY);
  if (draft && !composer.draft) composer.fill(draft);
}

/** What stands in the page from its beginning, in the member's language. */
function nameParts() {
  document.documentElement.lang = LOCALE;
  document.querySelector(".skip").textContent = t("Skip to the message box");
  for (const [id, words] of Object.entries({ sidebar: t("Channels"), scroller: t("Messages"), people: t("Members") })) {
    document.getElementById(id).setAttribute("aria-label", words);
  }
}

function showSidebar(shown) {
  app.classList.toggle("sidebar-open", shown);
}

/** What is typed or pasted goes to the message box, unless the focus is where keys mean something else. */
function typeAnywhere(event) {
  if (event.defaultPrevented) return;
  if (event.key === "Escape") showSidebar(false);
  const focused = document.activeElement;
  if (focused?.closest("input, textarea, [contenteditable], .composer, dialog, [role=menu], [role=listbox]")) return;
  const command = event.ctrlKey || event.metaKey;
  const pastes = command && event.key.toLowerCase() === "v";
  // The space bar presses buttons; AltGr is Ctrl and Alt, and writes letters.
  const types = event.key.length === 1 && (event.key !== " " || !focused?.closest("button, a")) && (!command && !event.altKey || event.getModifierState("AltGraph"));
  if (pastes || types) composer.focus();
}

async function attempt(promise) {
  try {
    await promise;
  } catch (refusal) {
    notify(refusal.message);
  }
}

/** Words at the bottom for a while. */
function notify(words) {
  document.querySelector(".notice")?.remove();
  const notice = el("div", { class: "notice", role: "alert" }, icon("warning"), words);
  document.body.append(notice);
  setTimeout(() => notice.remove(), NOTICE_MS);
}
