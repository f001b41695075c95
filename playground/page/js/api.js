// The members' endpoints: requests, and the websocket that tells what happens.

import { LOCALE } from "./locale.js";
import { t, translated } from "./words.js";

const RETRY_MS = 1000;

/** One member's seat at the playground. */
export class Seat {
  constructor(name) {
    this.name = name;
    this.closed = false;
  }

  /** Call `listener` with every event, reconnecting for as long as the page lives. */
  watch(listener) {
    const url = new URL(this.path("events"), location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.socket = new WebSocket(url);
    this.socket.addEventListener("message", (event) => listener(JSON.parse(event.data)));
    this.socket.addEventListener("close", () => {
      if (this.closed) return;
      listener({ event: "lost" });
      setTimeout(() => this.closed || this.watch(listener), RETRY_MS);
    });
  }

  close() {
    this.closed = true;
    this.socket?.close();
  }

  commands(channel) {
    return this.request("GET", `channels/${channel}/commands`);
  }

  /** Do something that the bot answers; see docs/playground.md for the acts. */
  act(act) {
    return this.request("POST", "interactions", { ...act, locale: LOCALE });
  }

  say(channel, content) {
    return this.request("POST", `channels/${channel}/messages`, { content });
  }

  delete(message) {
    return this.request("DELETE", `channels/${message.channel_id}/messages/${message.id}`);
  }

  /** Add the application to the member's own account, or take it away. */
  install(installed) {
    return this.request(installed ? "PUT" : "DELETE", "app");
  }

  react(message, emoji, on) {
    const path = `channels/${message.channel_id}/messages/${message.id}/reactions/${encodeURIComponent(emoji)}`;
    return this.request(on ? "PUT" : "DELETE", path);
  }

  async upload(file) {
    const form = new FormData();
    form.append("file", file);
    return this.answer(fetch(this.path("uploads"), { method: "POST", body: form }));
  }

  async request(method, path, body) {
    const json = body && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
    return this.answer(fetch(this.path(path), { method, ...json }));
  }

  /** The JSON of an answer; an Error with words for a person where it is a refusal, or never comes. */
  async answer(coming) {
    const response = await coming.catch(() => null);
    if (!response) throw new Error(t("The playground does not answer"));
    const answer = await response.json();
    if (!response.ok) throw new Error(translated(answer.message));
    return answer.text ? { ...answer, text: translated(answer.text) } : answer;
  }

  path(rest) {
    return `/member/${encodeURIComponent(this.name)}/${rest}`;
  }
}
