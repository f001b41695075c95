"""Helpers that read the messages of jobs, and make the jobs that tests start from."""

import io
from collections.abc import Iterator
from typing import Any

from PIL import Image

from bot.messages.specs import EmbedSpec
from diffusion.protocol.requests import ImageRequest
from playground.testing.member import Member
from playground.testing.views import Message
from storage import jobs, members
from storage.database import Database
from storage.jobs import Job
from storage.members import Preferences


def labels(message: Message) -> list[str]:
    return [button.label or button.emoji or "" for button in message.buttons]


def job_id_of(message: Message) -> str:
    custom_id = message.buttons[0].custom_id
    assert custom_id is not None
    return custom_id.split(":")[1]


async def finished(member: Member, message: Message) -> Message:
    """The message that shows how a job ended: `message` itself, or the one in its place.

    The cancel button is gone, and on a machine that is slow, “thinking…” too. Where another message
    is in its place, this one is deleted, after that was stored.
    """

    def shows_end(shown: Message) -> bool:
        # Its label depends on the language.
        may_cancel = any((one.custom_id or "").endswith(":cancel") for one in shown.buttons)
        if shown.thinking or may_cancel:
            return False
        if shown.id == message.id:
            return True
        if shown.channel_id != message.channel_id:
            return False
        return _is_withheld_after(shown, message) or (job_id_of(shown) in _jobs_of(member, message))

    end = await member.wait_for(shows_end)
    if end.id != message.id:
        await member.wait_until_deleted(message)
    return end


def _is_withheld_after(shown: Message, message: Message) -> bool:
    """Whether it may be the end of a job whose picture is not shown: that has no button."""
    is_later = int(shown.id) > int(message.id)
    return is_later and not shown.buttons and bool(shown.embeds and shown.raw["mentions"])


def _jobs_of(member: Member, message: Message) -> set[str]:
    """The id of the job that a message shows or showed, as soon as it has a button."""
    return {job_id_of(one) for one in member.versions(message) if one.buttons}


def first_words(member: Member, message: Message) -> str:
    """What it said when it was posted, after “thinking…” on a machine that is slow. What an act
    returns may be changed already: a quick job can have begun before the member's answer is on its
    way."""
    return next(one.content for one in member.versions(message) if not one.thinking)


async def picture_of(member: Member, message: Message) -> Image.Image:
    return Image.open(io.BytesIO(await member.download(message.attachments[0])))


async def request_of(database: Database, message: Message) -> ImageRequest:
    job = await jobs.get(database, job_id_of(message))
    assert job is not None
    return ImageRequest.from_json(job.request)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference of two pictures of one size, from 0 to 255."""
    a, b = one.convert("RGB").tobytes(), other.convert("RGB").tobytes()
    assert len(a) == len(b)
    return sum(abs(x - y) for x, y in zip(a, b, strict=True)) / len(a)


LONG = "a fox --q 4"
"""A prompt whose job runs long enough to be caught at work."""


def card(message: Message) -> str:
    """The text of the message's only embed."""
    (embed,) = message.embeds
    fields = [f"{field['name']}: {field['value']}" for field in embed.get("fields", [])]
    return "\n".join([embed["title"], embed.get("description", ""), *fields])


def written(message: Message) -> str:
    """All texts of a message that is made of components alone."""
    return "\n".join(_texts(message.raw["components"]))


def _texts(components: list[dict[str, Any]]) -> Iterator[str]:
    for component in components:
        if "content" in component:
            yield component["content"]
        yield from _texts(component.get("components", []))


async def told(member: Member, answer: Message) -> str:
    """The card or the components that answer this member alone, at once or after “thinking…”."""
    shown = await member.wait_for(
        lambda m: (
            m.ephemeral and (m.embeds or written(m)) and m.interaction_id == answer.interaction_id
        )
    )
    return card(shown) if shown.embeds else written(shown)


def whoever(message: Message) -> int:
    """The member whose interaction a message answers, or whom it notifies of its end."""
    cause = message.raw.get("interaction_metadata")
    return int((cause["user"] if cause else message.raw["mentions"][0])["id"])


QUICK = "--q .25 --ar 1:1"


async def drawn(member: Member, prompt: str, channel: str = "darkroom") -> Message:
    waiting = await member.slash(channel, "imagine", prompt=f"{prompt} {QUICK}")
    return await finished(member, waiting)


CONFIRMED_PROMPT = "a {red, blue} fox --steps 2 --ar {1:1, 2:1} --n 1"


async def question(member: Member, prompt: str, place: str = "darkroom") -> Message:
    answer = await member.slash(place, "imagine", prompt=prompt)
    return await member.wait_for(
        lambda m: m.interaction_id == answer.interaction_id and bool(m.buttons)
    )


async def answered(member: Member, asked: Message, words: str) -> None:
    await member.wait_for(lambda m: m.id == asked.id and words in card(m) and not m.buttons)


async def chosen(database: Database, answer: Message) -> Preferences:
    return await members.get_preferences(database, whoever(answer))


def value_of(message: Message, select: str) -> str:
    """What a menu shows as chosen."""
    (menu,) = [menu for menu in message.selects if menu.custom_id == select]
    (value,) = [option.value for option in menu.options if option.default]
    return str(value)


def check(card: EmbedSpec) -> None:
    assert 1 <= len(card.title) <= 256
    assert len(card.text) <= 4096
    assert len(card.fields) <= 25
    for name, value in card.fields:
        assert 1 <= len(name) <= 256
        assert 1 <= len(value) <= 1024
    pieces = (card.title, card.text, *(piece for field in card.fields for piece in field))
    assert sum(map(len, pieces)) <= 6000


async def caught_at_work(member: Member, message: Message) -> Message:
    return await member.wait_for(lambda m: m.id == message.id and "%)" in m.content)


async def grids(member: Member) -> list[Message]:
    return [m for m in await member.messages("darkroom") if "U1" in labels(m)]


async def letter(member: Member, grid: Message) -> Message:
    """The direct message with the result of a grid's job."""
    job_id = job_id_of(grid)
    return await member.wait_for(
        lambda m: m.channel_id != grid.channel_id and m.embeds and job_id in card(m)
    )


SUCCESS = 3
"""The style of a button that has been used."""

QUICK_PROMPT = "a fox --steps 2 --n 2"


async def job_of(database: Database, message: Message) -> Job:
    job = await jobs.get(database, job_id_of(message))
    assert job is not None
    return job


async def single(member: Member, prompt: str = QUICK_PROMPT, channel: str = "darkroom") -> Message:
    """A picture by itself, with all its buttons."""
    grid = await finished(member, await member.slash(channel, "imagine", prompt=prompt))
    answer = (await member.press(grid, "U1")).message
    return await member.wait_for(lambda m: m.id == answer.id and m.button("❤️"))
