// Slash commands as the composer needs them: subcommands flattened, searched by what was typed.

import { localDescription, localName } from "./locale.js";
import { t } from "./words.js";

const CHAT = 1;
const USER = 2;
const MESSAGE = 3;
const SUBCOMMAND = 1;
const GROUP = 2;

export const OPTION = { STRING: 3, INTEGER: 4, BOOLEAN: 5, USER: 6, CHANNEL: 7, MENTIONABLE: 9, NUMBER: 10, ATTACHMENT: 11 };

/**
 * Every slash command a member can type, with subcommands spelt out: `settings show`. `name` is
 * what it is called in this language, `command` what the bot knows it by; options likewise.
 */
export function slashCommands(commands) {
  return commands.filter((command) => command.type === CHAT).flatMap((command) => leaves(command, localName(command), command.name));
}

export const messageCommands = (commands) => commands.filter((command) => command.type === MESSAGE);
export const userCommands = (commands) => commands.filter((command) => command.type === USER);

function leaves(node, name, command) {
  const options = node.options ?? [];
  const nested = options.filter((option) => option.type === SUBCOMMAND || option.type === GROUP);
  if (nested.length) return nested.flatMap((option) => leaves(option, `${name} ${localName(option)}`, `${command} ${option.name}`));
  return [{ name, command, description: localDescription(node), options: options.map(localOption) }];
}

function localOption(option) {
  const choices = option.choices?.map((choice) => ({ ...choice, name: localName(choice) }));
  return { ...option, name: localName(option), key: option.name, description: localDescription(option), choices };
}

/** Commands whose name, in either form, holds `query`; those that begin with it first. */
export function search(leavesThere, query) {
  const words = query.toLowerCase();
  const begins = (leaf) => leaf.name.startsWith(words) || leaf.command.startsWith(words);
  const found = leavesThere.filter((leaf) => leaf.name.includes(words) || leaf.command.includes(words));
  return found.sort((one, other) => begins(other) - begins(one) || one.name.localeCompare(other.name));
}

/** The command that `text` has spelt out in full, and the rest; null while it is unfinished. */
export function spelled(leavesThere, text) {
  for (const leaf of leavesThere) {
    const name = [leaf.name, leaf.command].find((each) => text.startsWith(`/${each} `));
    if (name) return { leaf, rest: text.slice(name.length + 2) };
  }
  return null;
}

/** The fixed values of an option, or null where anything may be typed. */
export function fixedValues(option, state) {
  if (option.choices?.length) return option.choices.map(({ name, value }) => ({ name, value }));
  switch (option.type) {
    case OPTION.BOOLEAN:
      return [{ name: t("True"), value: true }, { name: t("False"), value: false }];
    case OPTION.USER:
    case OPTION.MENTIONABLE:
      return state.people.map(({ id, name }) => ({ name, value: id }));
    case OPTION.CHANNEL:
      return state.channels.filter((channel) => channel.kind === "text").map(({ id, name }) => ({ name: `#${name}`, value: id }));
    default:
      return null;
  }
}
