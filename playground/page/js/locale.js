// The language of this browser, as Discord's clients tell theirs, and names in it.

const LOCALES = [
  ...["en-US", "en-GB", "bg", "cs", "da", "de", "el", "es-ES", "es-419", "fi", "fr", "hi", "hr", "hu", "id", "it", "ja"],
  ...["ko", "lt", "nl", "no", "pl", "pt-BR", "ro", "ru", "sv-SE", "th", "tr", "uk", "vi", "zh-CN", "zh-TW"],
];
const language = (locale) => locale.split("-")[0];

export const LOCALE =
  LOCALES.find((each) => each === navigator.language) ?? LOCALES.find((each) => language(each) === language(navigator.language)) ?? LOCALES[0];

/** The name of a command, option or choice in this language; its own where it has none. */
export const localName = (named) => named.name_localizations?.[LOCALE] ?? named.name;

export const localDescription = (described) => described.description_localizations?.[LOCALE] ?? described.description;
