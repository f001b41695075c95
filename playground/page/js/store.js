// The page's state: members, messages by channel, commands, pending actions.
// Tells listeners that something changed; knows no DOM.

const TYPING_MS = 9000;
const NONCE_LENGTH = 24;

export class Store extends EventTarget {
  constructor(seat, channelName) {
    super();
    this.seat = seat;
    this.wanted = channelName;
    this.state = null;
    this.channelId = null;
    this.online = false;
    this.messages = new Map();
    this.commands = [];
    this.pending = [];
    this.pressed = new Map();
    this.unread = new Map();
    this.typing = new Map();
  }

  get me() {
    return this.state.me;
  }

  get channel() {
    return this.state.channels.find((channel) => channel.id === this.channelId);
  }

  /** With whom one speaks in a conversation: a member, or the bot. */
  other(channel) {
    const { bot, people } = this.state;
    return channel.person === bot.id ? bot : people.find((person) => person.id === channel.person);
  }

  /** The messages of the present channel, oldest first. */
  get shown() {
    return [...this.messages.values()].filter((message) => message.channel_id === this.channelId);
  }

  /** How ids become names; for markdown. */
  get names() {
    return {
      user: (id) => this.state.people.find((person) => person.id === id)?.name,
      channel: (id) => this.state.channels.find((channel) => channel.id === id)?.name,
    };
  }

  take(event) {
    switch (event.event) {
      case "hello":
        this.messages = new Map(event.messages.map((message) => [message.id, message]));
        this.takeState(event.state);
        break;
      case "state":
        this.takeState(event.state);
        break;
      case "lost":
        this.online = false;
        break;
      case "message_create":
        this.takeNew(event.message);
        break;
      case "message_update":
        this.messages.set(event.message.id, event.message);
        break;
      case "message_delete":
        this.messages.delete(event.message_id);
        break;
      case "typing":
        this.takeTyping(event);
        break;
    }
    this.changed();
  }

  takeState(state) {
    const before = this.state;
    this.state = state;
    this.online = true;
    if (!this.channel) {
      const wanted = state.channels.find((channel) => channel.name === this.wanted);
      this.channelId = (wanted ?? state.channels[0]).id;
    }
    const changed = ["commands_version", "app_installed"].some((each) => before?.[each] !== state[each]);
    if (changed) this.loadCommands();
  }

  takeNew(message) {
    this.messages.set(message.id, message);
    this.typing.delete(message.channel_id);
    this.pending = this.pending.filter((entry) => !message.nonce || entry.nonce !== message.nonce);
    if (message.channel_id !== this.channelId && message.author.id !== this.me.id) {
      const unread = this.unread.get(message.channel_id) ?? { pings: 0 };
      const inDm = this.state.channels.find((channel) => channel.id === message.channel_id)?.kind === "dm";
      const pings = inDm || message.mention_everyone || message.mentions.some((user) => user.id === this.me.id);
      this.unread.set(message.channel_id, { pings: unread.pings + (pings ? 1 : 0) });
    }
    this.dispatchEvent(new CustomEvent("arrived", { detail: message }));
  }

  takeTyping({ channel_id: channelId, user_id: userId }) {
    if (userId === this.me.id) return;
    const until = Date.now() + TYPING_MS;
    this.typing.set(channelId, { name: this.names.user(userId), until });
    setTimeout(() => {
      if (this.typing.get(channelId)?.until === until) this.typing.delete(channelId);
      this.changed();
    }, TYPING_MS);
  }

  async loadCommands() {
    const channelId = this.channelId;
    const commands = await this.seat.commands(channelId);
    if (channelId !== this.channelId) return;
    this.commands = commands;
    this.changed();
    this.dispatchEvent(new Event("commands"));
  }

  choose(channelId) {
    this.channelId = channelId;
    this.unread.delete(channelId);
    this.commands = [];
    this.loadCommands();
    this.changed();
  }

  /** Use a command; a row shows until the bot's answer stands in its place. */
  async use(act, words) {
    const nonce = crypto.randomUUID().slice(0, NONCE_LENGTH);
    const entry = { nonce, words, channelId: this.channelId, failure: null };
    this.pending.push(entry);
    this.changed();
    const answer = await this.answered({ ...act, channel: this.channelId, nonce });
    if (answer.answer === "none") entry.failure = answer.text;
    else this.pending = this.pending.filter((each) => each !== entry);
    this.changed();
    return answer;
  }

  /** Use a component of a message; it shows that it waits, and a failure below the message. */
  async press(message, customId, values) {
    this.pressed.set(message.id, { customId, failure: null });
    this.changed();
    const act = { type: "component", channel: message.channel_id, message: message.id };
    const answer = await this.answered({ ...act, custom_id: customId, values });
    if (answer.answer === "none") this.pressed.set(message.id, { customId: null, failure: answer.text });
    else this.pressed.delete(message.id);
    this.changed();
    return answer;
  }

  async answered(act) {
    try {
      return await this.seat.act(act);
    } catch (refusal) {
      return { answer: "none", text: refusal.message };
    }
  }

  dismiss(entry) {
    this.pending = this.pending.filter((each) => each !== entry);
    this.changed();
  }

  changed() {
    this.dispatchEvent(new Event("changed"));
  }
}
