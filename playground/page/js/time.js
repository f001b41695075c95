// Times as Discord writes them, in the member's language.

import { DATE_LOCALE } from "./locale.js";
import { t } from "./words.js";

const CLOCK = new Intl.DateTimeFormat(DATE_LOCALE, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(DATE_LOCALE, { dateStyle: "short" });
const LONG_DAY = new Intl.DateTimeFormat(DATE_LOCALE, { dateStyle: "long" });
const FULL = new Intl.DateTimeFormat(DATE_LOCALE, { dateStyle: "full", timeStyle: "short" });
const RELATIVE = new Intl.RelativeTimeFormat(DATE_LOCALE, { numeric: "auto" });

const STYLES = {
  t: CLOCK,
  T: new Intl.DateTimeFormat(DATE_LOCALE, { timeStyle: "medium" }),
  d: DAY,
  D: LONG_DAY,
  f: new Intl.DateTimeFormat(DATE_LOCALE, { dateStyle: "long", timeStyle: "short" }),
  F: FULL,
};
const UNITS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

export const clock = (date) => CLOCK.format(date);
export const longDay = (date) => LONG_DAY.format(date);
export const full = (date) => FULL.format(date);
export const sameDay = (one, other) => one.toDateString() === other.toDateString();

/** "Today at 15:05", "Yesterday at 15:05", or the date. */
export function stamp(date) {
  const days = Math.round((startOfDay(new Date()) - startOfDay(date)) / 86400000);
  if (days === 0) return t("Today at {time}", { time: clock(date) });
  if (days === 1) return t("Yesterday at {time}", { time: clock(date) });
  return `${DAY.format(date)} ${clock(date)}`;
}

/** The text of a `<t:…:style>` mark. */
export function styled(date, style) {
  if (style !== "R") return (STYLES[style] ?? STYLES.f).format(date);
  const seconds = (date - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
  return RELATIVE.format(Math.round(seconds / size), unit);
}

function startOfDay(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}
