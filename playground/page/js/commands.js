// Slash commands as the composer needs them: subcommands flattened, searched by what was typed.

const CHAT = 1;
const USER = 2;
const MESSAGE = 3;
const SUBCOMMAND = 1;
const GROUP = 2;

export const OPTION = { STRING: 3, INTEGER: 4, BOOLEAN: 5, USER: 6, CHANNEL: 7, MENTIONABLE: 9, NUMBER: 10, ATTACHMENT: 11 };

/** Every slash command a member can type, with subcommands spelt out: `settings show`. */
export function slashCommands(commands) {
  return commands.filter((command) => command.type === CHAT).flatMap((command) => leaves(command, command.name));
}

export const messageCommands = (commands) => commands.filter((command) => command.type === MESSAGE);
export const userCommands = (commands) => commands.filter((command) => command.type === USER);

function leaves(node, name) {
  const options = node.options ?? [];
  const nested = options.filter((option) => option.type === SUBCOMMAND || option.type === GROUP);
  if (nested.length) return nested.flatMap((option) => leaves(option, `${name} ${option.name}`));
  return [{ name, description: node.description, options }];
}

/** Commands whose name holds `query`, those that begin with it first. */
export function search(leavesThere, query) {
  const words = query.toLowerCase();
  const found = leavesThere.filter((leaf) => leaf.name.includes(words));
  return found.sort((one, other) => other.name.startsWith(words) - one.name.startsWith(words) || one.name.localeCompare(other.name));
}

/** The command that `text` has spelt out in full, and the rest; null while it is unfinished. */
export function spelled(leavesThere, text) {
  const leaf = leavesThere.find((each) => text.startsWith(`/${each.name} `));
  return leaf ? { leaf, rest: text.slice(leaf.name.length + 2) } : null;
}

/** The fixed values of an option, or null where anything may be typed. */
export function fixedValues(option, state) {
  if (option.choices?.length) return option.choices.map(({ name, value }) => ({ name, value }));
  switch (option.type) {
    case OPTION.BOOLEAN:
      return [{ name: "True", value: true }, { name: "False", value: false }];
    case OPTION.USER:
    case OPTION.MENTIONABLE:
      return state.people.map(({ id, name }) => ({ name, value: id }));
    case OPTION.CHANNEL:
      return state.channels.filter((channel) => channel.kind === "text").map(({ id, name }) => ({ name: `#${name}`, value: id }));
    default:
      return null;
  }
}
