// The page's own words, in the member's language. The English text is the key of its translation.

import { GERMAN, GERMAN_REFUSALS } from "./german.js";
import { LOCALE, language } from "./locale.js";

const HOLE = /\{(\w+)\}/g;
const IS_GERMAN = language(LOCALE) === "de";
const TABLE = IS_GERMAN ? GERMAN : {};
const REFUSALS = Object.entries(IS_GERMAN ? GERMAN_REFUSALS : {}).map(readPattern);

/** `english` in the member's language; `{name}` in it becomes `values.name`. */
export function t(english, values = {}) {
  return fill(TABLE[english] ?? english, values);
}

/** As `t`, for values that are nodes: a list of strings and nodes. */
export function withNodes(english, values) {
  return (TABLE[english] ?? english).split(HOLE).map((part, index) => (index % 2 ? values[part] : part));
}

/** A refusal of the stand-in, which speaks English, in the member's language. */
export function translated(sentence) {
  for (const { pattern, german } of REFUSALS) {
    const found = pattern.exec(sentence);
    if (found) return fill(german, found.groups ?? {});
  }
  return sentence;
}

function fill(words, values) {
  return words.replace(HOLE, (_, name) => values[name]);
}

/** What matches an English sentence with its holes filled in. */
function readPattern([english, german]) {
  const source = english.replace(/[.*+?^$()|[\]\\/]/g, "\\$&").replace(HOLE, "(?<$1>[\\s\\S]*)");
  return { german, pattern: new RegExp(`^${source}$`) };
}
