// The language of this member's client, as Discord's clients have one, and names in it.

import { MEMBER } from "./member.js";

const LOCALES = [
  ...["en-US", "en-GB", "bg", "cs", "da", "de", "el", "es-ES", "es-419", "fi", "fr", "hi", "hr", "hu", "id", "it", "ja"],
  ...["ko", "lt", "nl", "no", "pl", "pt-BR", "ro", "ru", "sv-SE", "th", "tr", "uk", "vi", "zh-CN", "zh-TW"],
];
/** Those in which the page itself has words. */
const SPOKEN = ["en-US", "de"];
const KEY = `playground-locale-${MEMBER}`;

export const language = (locale) => locale.split("-")[0];

/** The browser's language, as Discord writes it. */
const BROWSER =
  LOCALES.find((each) => each === navigator.language) ?? LOCALES.find((each) => language(each) === language(navigator.language)) ?? LOCALES[0];

/** What this member chose, or else the browser's: commands are shown in it, and the bot is told. */
export const LOCALE = LOCALES.find((each) => each === localStorage.getItem(KEY)) ?? BROWSER;

/** The same for dates, with the browser's country where its language is the one in use. */
export const DATE_LOCALE = language(LOCALE) === language(navigator.language) ? navigator.language : LOCALE;

/** The languages to choose among: the page's own, and those in use where they are others. */
export const CHOICES = [...SPOKEN, BROWSER, LOCALE].filter((locale, index, all) => all.findIndex((each) => language(each) === language(locale)) === index);

/** Use another language from the next visit on. */
export const rememberLocale = (locale) => localStorage.setItem(KEY, locale);

/** What a language calls itself. */
export function nameOfLanguage(locale) {
  const name = new Intl.DisplayNames(locale, { type: "language" }).of(language(locale));
  return name[0].toLocaleUpperCase(locale) + name.slice(1);
}

/** The name of a command, option or choice in this language; its own where it has none. */
export const localName = (named) => named.name_localizations?.[LOCALE] ?? named.name;

export const localDescription = (described) => described.description_localizations?.[LOCALE] ?? described.description;
