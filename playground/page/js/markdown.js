// Discord's subset of Markdown, from text straight to DOM nodes.

import { el } from "./dom.js";
import { full, styled } from "./time.js";
import { t } from "./words.js";

const SAFE_LINK = /^https?:\/\//i;
/** The address of a message, as Discord writes it: the groups are the ids of its channel and itself. */
export const MESSAGE_LINK = /^https:\/\/discord\.com\/channels\/(?:\d+|@me)\/(\d+)\/(\d+)$/;
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D|\p{Emoji_Modifier}|\p{Extended_Pictographic})*\s*){1,27}$/u;

/** Inline rules in order of precedence: a pattern at the present place, and what it becomes. */
const INLINE = [
  [/^\\([^0-9A-Za-z\s])/, (match) => match[1]],
  [/^(`+)([\s\S]*?[^`])\1(?!`)/, (match) => el("code", {}, match[2].replace(/^ (.*) $/s, "$1"))],
  [/^<@!?(\d+)>/, (match, names) => mention(`@${names.user(match[1]) ?? t("unknown-user")}`)],
  [/^<@&(\d+)>/, () => mention(t("@role"))],
  [/^<#(\d+)>/, (match, names) => mention(`#${names.channel(match[1]) ?? t("unknown")}`)],
  [/^<\/([^:>]+):\d+>/, (match) => mention(`/${match[1]}`)],
  [/^<t:(-?\d{1,13})(?::([tTdDfFR]))?>/, (match) => timestamp(Number(match[1]), match[2] ?? "f")],
  [/^<a?:(\w+):\d+>/, (match) => `:${match[1]}:`],
  [/^@(everyone|here)\b/, (match) => mention(match[0])],
  [/^\[((?:[^[\]\\]|\\.)+)\]\(<?(https?:\/\/[^\s)>]+)>?\)/, (match, names) => link(match[2], inline(match[1], names))],
  [/^<(https?:\/\/[^\s>]+)>/, (match, names) => link(match[1], [address(match[1], names)])],
  [/^https?:\/\/[^\s<]+[^\s<.,:;"')\]*_~|]/, (match, names) => link(match[0], [address(match[0], names)])],
  [/^\*\*\*([\s\S]+?)\*\*\*(?!\*)/, (match, names) => el("strong", {}, el("em", {}, ...inline(match[1], names)))],
  [/^\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)/, (match, names) => el("strong", {}, ...inline(match[1], names))],
  [/^__((?:\\[\s\S]|[^\\])+?)__(?!_)/, (match, names) => el("u", {}, ...inline(match[1], names))],
  [/^~~([\s\S]+?)~~/, (match, names) => el("s", {}, ...inline(match[1], names))],
  [/^\|\|([\s\S]+?)\|\|/, (match, names) => spoiler(inline(match[1], names))],
  [/^\*(?=\S)((?:\*\*|\\[\s\S]|[^*\\])+?)\*(?!\*)/, (match, names) => el("em", {}, ...inline(match[1], names))],
  [/^_((?:__|\\[\s\S]|[^\\_])+?)_(?!\w)/, (match, names) => el("em", {}, ...inline(match[1], names))],
];
/** Where a rule may begin; everything before is plain text. */
const SPECIAL = /[\\`<@[*_~|]|https?:\/\//;

/**
 * The nodes of a text. `names` finds the names of users and channels by id. With `blocks` false
 * (embed titles, buttons) only inline marks count.
 */
export function markdown(text, names, { blocks = true } = {}) {
  return blocks ? readBlocks(text, names) : inline(text, names);
}

/** Whether a message is nothing but emoji, which are then shown large. */
export const isOnlyEmoji = (text) => ONLY_EMOJI.test(text);

function readBlocks(text, names) {
  const nodes = [];
  let rest = text;
  while (rest) {
    const fence = /^```(?:([\w+-]+)\n)?\n?([\s\S]*?)\n?```\n?/.exec(rest);
    if (fence) {
      nodes.push(el("pre", {}, el("code", { data: fence[1] ? { language: fence[1] } : {} }, fence[2])));
      rest = rest.slice(fence[0].length);
      continue;
    }
    const next = rest.indexOf("```", 1);
    const piece = next > 0 && /^```[\s\S]*?```/.test(rest.slice(next)) ? rest.slice(0, next) : rest;
    nodes.push(...readLines(piece.replace(/\n$/, ""), names));
    rest = rest.slice(piece.length);
  }
  return nodes;
}

/** Headings, subtext, quotes and lists are lines; the others run together. */
function readLines(text, names) {
  const nodes = [];
  let plain = [];
  const flush = () => {
    if (plain.length) nodes.push(el("div", { class: "line" }, ...inline(plain.join("\n"), names)));
    plain = [];
  };
  for (const line of text.split("\n")) {
    const heading = /^(#{1,3}) +(.+)$/.exec(line);
    const small = /^-# +(.+)$/.exec(line);
    const quote = /^> (.*)$/.exec(line);
    const item = /^( *)[-*] +(.+)$/.exec(line);
    if (!heading && !small && !quote && !item) {
      plain.push(line);
      continue;
    }
    flush();
    if (heading) nodes.push(el(`h${heading[1].length + 2}`, {}, ...inline(heading[2], names)));
    else if (small) nodes.push(el("small", {}, ...inline(small[1], names)));
    else if (quote) nodes.push(el("blockquote", {}, ...inline(quote[1], names)));
    else nodes.push(el("div", { class: item[1].length ? "item nested" : "item" }, ...inline(item[2], names)));
  }
  flush();
  return nodes;
}

function inline(text, names) {
  const nodes = [];
  let plain = "";
  let rest = text;
  while (rest) {
    const found = match(rest, names);
    const length = found ? found.length : Math.max(1, plainLength(rest));
    if (found) {
      if (plain) nodes.push(plain);
      plain = "";
      nodes.push(found.node);
    } else {
      plain += rest.slice(0, length);
    }
    rest = rest.slice(length);
  }
  if (plain) nodes.push(plain);
  return nodes;
}

function plainLength(text) {
  const at = text.search(SPECIAL);
  return at < 0 ? text.length : at;
}

function match(text, names) {
  for (const [pattern, build] of INLINE) {
    const found = pattern.exec(text);
    if (found) return { node: build(found, names), length: found[0].length };
  }
  return null;
}

function mention(text) {
  return el("span", { class: "mention" }, text);
}

/** What a bare link shows: its address, or the place of the message that it leads to. */
function address(url, names) {
  const channel = names.channel(MESSAGE_LINK.exec(url)?.[1]);
  return channel ? t("{place} › message", { place: `${url.includes("/@me/") ? "@" : "#"}${channel}` }) : url;
}

function link(url, children) {
  if (!SAFE_LINK.test(url)) return el("span", {}, ...children);
  return el("a", { href: url, target: "_blank", rel: "noreferrer noopener" }, ...children);
}

function timestamp(seconds, style) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return t("Invalid date");
  return el("time", { class: "timestamp", datetime: date.toISOString(), title: full(date) }, styled(date, style));
}

function spoiler(children) {
  const hidden = el("button", { type: "button", class: "spoiler", "aria-label": t("Spoiler") }, ...children);
  hidden.addEventListener("click", () => hidden.classList.add("shown"));
  return hidden;
}
