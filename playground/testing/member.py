"""A member controlled from Python: types commands, presses buttons, waits for messages.

    async with Member(url, "Ada") as ada:
        message = await ada.slash("darkroom", "imagine", prompt="a red fox")
        grid = await ada.wait_for(lambda m: m.id == message.id and m.button("U1"))
        answer = await ada.press(grid, "U1")

It uses the same HTTP and websocket endpoints as the page, and knows nothing of the bot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from playground.state.messages import Json
from playground.testing.connection import MemberConnection, Refused, Upload
from playground.testing.views import Answer, Attachment, Message, Modal, Option

__all__ = ["Member", "NoAnswer", "Refused", "Upload"]


class NoAnswer(Exception):
    """The application did not respond."""


class Member:
    """One member of the playground's server, connected to the stand-in at `url`.

    Channels are named as in the page (`"darkroom"`, `"gallery"`, `"no-entry"`, and on the server
    without the bot `"elsewhere"` and `"no-apps"`; `"dm"` is the member's conversation with the
    bot, `"@Ben"` the one with Ben) or by id. `timeout` (seconds) bounds every wait and is
    there to end a hung test, not to measure anything. `locale` is the language of their client.
    """

    def __init__(self, url: str, name: str, *, timeout: float = 60, locale: str = "en-US") -> None:
        self.url = url
        self.name = name
        self.timeout = timeout
        self.locale = locale
        self._connection = MemberConnection(url, name, timeout)

    async def __aenter__(self) -> Self:
        await self._connection.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()

    # ------------------------------------------------------------------ actions

    async def slash(self, channel: str, command: str, /, **options: Any) -> Message:
        """Type a slash command and return the bot's first answer as a message.

        Subcommands are separated by a space (`"settings show"`); a choice is given by its name
        or its value, a file as `Upload`, a member or channel by its name. Raises NoAnswer after
        three seconds of silence, and Refused where Discord would not send it.
        """
        return (await self.use(channel, command, **options)).message

    async def use(self, channel: str, command: str, /, **options: Any) -> Answer:
        """As `slash`, for commands that may also answer with a modal."""
        act: Json = {"type": "command", "channel": channel, "command": command}
        return await self._act({**act, "options": await self._connection.upload(options)})

    async def autocomplete(
        self, channel: str, command: str, option: str, text: str, **others: Any
    ) -> list[Option]:
        """The bot's suggestions for `option` while `text` is typed; `others` are filled in."""
        act = {
            "type": "autocomplete",
            "channel": channel,
            "command": command,
            "options": {**others, option: text},
            "focused": option,
        }
        reply = await self._connection.post("interactions", {**act, "locale": self.locale})
        return [Option(choice["name"], choice["value"]) for choice in reply["choices"]]

    async def press(self, message: Message, button: str) -> Answer:
        """Press the button with this label, custom_id or emoji."""
        custom_id = message.button(button).custom_id
        return await self._act({"type": "component", **_place(message), "custom_id": custom_id})

    async def choose(self, message: Message, *values: str, select: str | None = None) -> Answer:
        """Choose values (or labels) in the select menu `select` (a custom_id; default: the
        only one)."""
        custom_id = select or message.selects[0].custom_id
        act = {"type": "component", **_place(message), "custom_id": custom_id}
        return await self._act({**act, "values": list(values)})

    async def submit(
        self, modal: Modal, values: Mapping[str, str | Sequence[str]] | None = None
    ) -> Answer:
        """Submit a modal. `values` by custom_id or label; the rest stays as filled in."""
        act = {"type": "modal", "interaction": modal.interaction_id, "values": dict(values or {})}
        return await self._act(act)

    async def forge(
        self,
        message: Message,
        custom_id: str,
        *,
        values: Sequence[str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send what only a modified client sends: a button that the message does not have, a
        menu (`values`) that it does not have, or a modal (`fields`) that was never opened."""
        act: Json = {"type": "forge", **_place(message), "custom_id": custom_id}
        if values is not None:
            act = {**act, "values": list(values)}
        if fields is not None:
            act = {**act, "fields": dict(fields)}
        return await self._act(act)

    async def menu(self, message: Message, command: str) -> Answer:
        """Use a command of the message's context menu."""
        return await self._act({"type": "message_menu", **_place(message), "command": command})

    async def menu_on_member(self, channel: str, member: str, command: str) -> Answer:
        """Use a command of another member's context menu."""
        act = {"type": "user_menu", "channel": channel, "target": member, "command": command}
        return await self._act(act)

    async def react(self, message: Message, emoji: str) -> None:
        """Add a reaction."""
        await self._connection.request("PUT", f"{_path(message)}/reactions/{emoji}")

    async def unreact(self, message: Message, emoji: str) -> None:
        """Take back an own reaction."""
        await self._connection.request("DELETE", f"{_path(message)}/reactions/{emoji}")

    async def say(self, channel: str, content: str) -> Message:
        """Write an ordinary message."""
        reply = await self._connection.post(f"channels/{channel}/messages", {"content": content})
        return Message.from_json(reply)

    async def delete(self, message: Message) -> None:
        """Delete a message: an own one, any with Manage Messages, or dismiss an ephemeral."""
        await self._connection.request("DELETE", _path(message))

    async def give_role(self, name: str, permissions: int = 0) -> str:
        """Be given a role of the bot's server by its owner; returns its id.

        A role that is not there yet is made, with these permission bits.
        """
        path = f"roles/{name}?permissions={int(permissions)}"
        return str((await self._connection.request("PUT", path))["id"])

    async def take_role(self, name: str) -> None:
        """Lose a role of the bot's server."""
        await self._connection.request("DELETE", f"roles/{name}")

    async def install_app(self) -> None:
        """Install the application to the member's own account, for use on any server."""
        await self._connection.request("PUT", "app")

    async def uninstall_app(self) -> None:
        """Remove it from the member's account."""
        await self._connection.request("DELETE", "app")

    async def restrict_age(self, channel: str, restricted: bool = True) -> None:
        """Let only adults see a channel, or everybody; whoever owns the server may."""
        method = "PUT" if restricted else "DELETE"
        await self._connection.request(method, f"channels/{channel}/age-restriction")

    # ------------------------------------------------------------------ reading

    async def messages(self, channel: str) -> list[Message]:
        """The channel as this member sees it now, oldest first, own ephemerals included."""
        reply = await self._connection.request("GET", f"channels/{channel}/messages")
        return [Message.from_json(message) for message in reply]

    def latest(self, message: Message) -> Message:
        """The newest version of this message that has arrived."""
        return self._connection.versions[message.id][-1]

    def versions(self, message: Message) -> list[Message]:
        """Every version of this message that has arrived, oldest first."""
        return list(self._connection.versions[message.id])

    async def download(self, attachment: Attachment) -> bytes:
        """The bytes of a file."""
        return await self._connection.download(attachment.url)

    async def command_names(self, channel: str) -> set[str]:
        """Full names of the slash and context menu commands this member may use there."""
        commands = await self._connection.request("GET", f"channels/{channel}/commands")
        return {command["name"] for command in commands}

    # ------------------------------------------------------------------ waiting

    async def wait_for(
        self, seen: Callable[[Message], bool], *, within: float | None = None
    ) -> Message:
        """The first message, already there or still to come or change, for which `seen` holds.

        Looks at the newest version of every message this member can see, in all channels.
        A LookupError inside `seen` counts as no.
        """

        def found() -> Message | None:
            for versions in self._connection.versions.values():
                if versions[-1].id not in self._connection.deleted and _holds(seen, versions[-1]):
                    return versions[-1]
            return None

        return await self._connection.until(found, within, "no message came for which this holds")

    async def wait_until_deleted(self, message: Message) -> None:
        """Until this message is gone."""
        await self._connection.until(
            lambda: message.id in self._connection.deleted or None, None, "still there"
        )

    async def wait_for_bot(self, *, online: bool = True) -> None:
        """Until the bot is connected (or, with `online=False`, no longer)."""
        words = "the bot did not come online" if online else "the bot stayed online"
        await self._connection.until(
            lambda: self._connection.state["bot"]["online"] == online or None, None, words
        )

    async def wait_for_command(self, name: str, channel: str = "darkroom") -> None:
        """Until the bot is online and this member may use `/name` in `channel`."""
        await self.wait_for_bot()
        version = -1

        def changed() -> bool | None:
            return self._connection.state["commands_version"] != version or None

        while True:
            version = self._connection.state["commands_version"]
            if name in await self.command_names(channel):
                return
            await self._connection.until(changed, None, f"the bot registered no command {name!r}")

    async def _act(self, act: Json) -> Answer:
        reply = await self._connection.post("interactions", {**act, "locale": self.locale})
        if reply["answer"] == "none":
            raise NoAnswer(reply["text"])
        identity = reply["interaction_id"]
        shown = reply.get("message")
        opened = reply.get("modal")
        return Answer(
            interaction_id=identity,
            kind=reply["answer"],
            shown=Message.from_json(shown) if shown else None,
            opened=Modal.from_json(identity, opened) if opened else None,
        )


def _holds(seen: Callable[[Message], bool], message: Message) -> bool:
    try:
        return bool(seen(message))
    except LookupError:
        return False


def _place(message: Message) -> dict[str, str]:
    return {"channel": message.channel_id, "message": message.id}


def _path(message: Message) -> str:
    return f"channels/{message.channel_id}/messages/{message.id}"
