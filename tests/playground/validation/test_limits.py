"""Discord's limits, each at its bound and one past it, through REST."""

from __future__ import annotations

import asyncio
import copy
from dataclasses import replace
from typing import Any

import pytest

from playground import Limits
from playground.state import limits
from playground.state.limits import MIB
from playground.testing.member import Member
from tests.support.playground.limits import UNHURRIED
from tests.support.playground.raw_bot import RawBot, Reply, channel_of

FILE_LIMIT = 40_000
REQUEST_LIMIT = 100_000


@pytest.fixture(name="limits")
def _limits() -> Limits:
    """As Discord's, but for smaller files: the bounds are what is tested, not the megabytes."""
    return replace(UNHURRIED, attachment_size=FILE_LIMIT, request_size=REQUEST_LIMIT)


def button(**changes: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "U", "custom_id": "u", **changes}


def buttons(count: int) -> list[dict[str, Any]]:
    return [button(custom_id=str(number)) for number in range(count)]


def row(*components: Any) -> dict[str, Any]:
    return {"type": 1, "components": list(components)}


def rows(count: int) -> list[dict[str, Any]]:
    return [row(button(custom_id=str(number))) for number in range(count)]


def menu(options: int = 1, **changes: Any) -> dict[str, Any]:
    listed = [{"label": f"o{number}", "value": str(number)} for number in range(options)]
    return {"type": 3, "custom_id": "m", "options": listed, **changes}


def embed(**parts: Any) -> dict[str, Any]:
    return {"embeds": [parts]}


def fields(count: int, name: int = 1, value: int = 1) -> dict[str, Any]:
    return embed(fields=[{"name": "n" * name, "value": "v" * value}] * count)


def components(*listed: Any) -> dict[str, Any]:
    return {"components": list(listed), "content": "x"}


def long_embeds(characters: int) -> dict[str, Any]:
    half = characters // 2
    return {"embeds": [{"description": "d" * half}, {"description": "d" * (characters - half)}]}


V2 = 1 << 15


def gallery(pictures: int) -> dict[str, Any]:
    items = [{"media": {"url": "https://example.org/x.png"}}] * pictures
    return {"flags": V2, "components": [{"type": 12, "items": items}]}


# Name, a message at the bound, one past it, and the field that is then named as wrong.
MESSAGES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("content", {"content": "x" * 2000}, {"content": "x" * 2001}, "content"),
    ("embeds", {"embeds": [{"title": "t"}] * 10}, {"embeds": [{"title": "t"}] * 11}, "embeds"),
    ("title", embed(title="t" * 256), embed(title="t" * 257), "embeds.0.title"),
    (
        "description",
        embed(description="d" * 4096),
        embed(description="d" * 4097),
        "embeds.0.description",
    ),
    ("fields", fields(25), fields(26), "embeds.0.fields"),
    ("field name", fields(1, name=256), fields(1, name=257), "embeds.0.fields.0.name"),
    ("field name given", fields(1, name=1), fields(1, name=0), "embeds.0.fields.0.name"),
    ("field value", fields(1, value=1024), fields(1, value=1025), "embeds.0.fields.0.value"),
    (
        "footer",
        embed(footer={"text": "f" * 2048}),
        embed(footer={"text": "f" * 2049}),
        "embeds.0.footer.text",
    ),
    ("embed total", long_embeds(6000), long_embeds(6001), "embeds"),
    ("rows", components(*rows(5)), components(*rows(6)), "components"),
    (
        "buttons in a row",
        components(row(*buttons(5))),
        components(row(*buttons(6))),
        "components.0.components",
    ),
    (
        "custom_id",
        components(row(button(custom_id="c" * 100))),
        components(row(button(custom_id="c" * 101))),
        "components.0.components.0.custom_id",
    ),
    (
        "custom_id given",
        components(row(button(custom_id="c"))),
        components(row(button(custom_id=""))),
        "components.0.components.0.custom_id",
    ),
    (
        "unique custom_id",
        components(row(button()), row(button(custom_id="other"))),
        components(row(button()), row(button())),
        "components.1.components.0.custom_id",
    ),
    (
        "label",
        components(row(button(label="l" * 80))),
        components(row(button(label="l" * 81))),
        "components.0.components.0.label",
    ),
    (
        "custom_id or url",
        components(row(button(style=5, custom_id=None, url="https://example.org"))),
        components(row(button(custom_id=None))),
        "components.0.components.0.custom_id",
    ),
    (
        "not custom_id and url",
        components(row(button())),
        components(row(button(url="https://example.org"))),
        "components.0.components.0.url",
    ),
    (
        "options",
        components(row(menu(25))),
        components(row(menu(26))),
        "components.0.components.0.options",
    ),
    (
        "unique option values",
        components(row(menu(2))),
        components(row({**menu(2), "options": [{"label": "a", "value": "v"}] * 2})),
        "components.0.components.0.options.1.value",
    ),
    (
        "values to choose",
        components(row(menu(2, max_values=2))),
        components(row(menu(2, max_values=3))),
        "components.0.components.0.max_values",
    ),
    (
        "placeholder",
        components(row(menu(placeholder="p" * 150))),
        components(row(menu(placeholder="p" * 151))),
        "components.0.components.0.placeholder",
    ),
    (
        "a menu fills its row",
        components(row(menu())),
        components(row(menu(), button())),
        "components.0.components",
    ),
    (
        "text of the second generation",
        {"flags": V2, "components": [{"type": 10, "content": "x"}]},
        {"flags": V2, "components": [{"type": 10, "content": "x"}], "content": "x"},
        "content",
    ),
    (
        "components of the second generation",
        {"flags": V2, "components": [{"type": 10, "content": "x"}] * 40},
        {"flags": V2, "components": [{"type": 10, "content": "x"}] * 41},
        "components",
    ),
    ("gallery", gallery(10), gallery(11), "components.0.items"),
]


def named(reply: Reply) -> set[str]:
    """The paths of the fields that an answer complains about."""
    found: set[str] = set()

    def walk(node: Any, path: str) -> None:
        if "_errors" in node:
            found.add(path)
        for name, inner in node.items():
            if name != "_errors":
                walk(inner, f"{path}.{name}" if path else name)

    walk(reply.body["errors"], "")
    return found


@pytest.mark.parametrize(
    ("good", "bad", "field"), [case[1:] for case in MESSAGES], ids=[case[0] for case in MESSAGES]
)
async def test_messages(raw: RawBot, good: Any, bad: Any, field: str) -> None:
    path = f"/channels/{await channel_of(raw)}/messages"
    posted = await raw.rest("POST", path, good)
    assert posted.status == 200, posted.body
    refused = await raw.rest("POST", path, bad)
    assert (refused.status, refused.code) == (400, 50035)
    assert named(refused) == {field}
    # The same holds for an edit.
    plain = (await raw.rest("POST", path, {"content": "x"})).body["id"]
    refused = await raw.rest("PATCH", f"{path}/{plain}", bad)
    assert (refused.status, refused.code) == (400, 50035)
    assert (await raw.rest("GET", f"{path}/{plain}")).body["content"] == "x"


async def test_files(raw: RawBot) -> None:
    path = f"/channels/{await channel_of(raw)}/messages"
    small = b"x"
    assert (await raw.rest("POST", path, {}, [b"x" * FILE_LIMIT])).status == 200
    over = await raw.rest("POST", path, {}, [b"x" * (FILE_LIMIT + 1)])
    assert (over.status, over.code) == (413, 40005)
    request = await raw.rest("POST", path, {}, [b"x" * FILE_LIMIT] * 3)
    assert (request.status, request.code) == (413, 40005)
    ten = await raw.rest("POST", path, {}, [small] * 10)
    assert ten.status == 200
    eleven = await raw.rest("POST", path, {}, [small] * 11)
    assert named(eleven) == {"attachments"}
    # Those that are kept count too.
    message = f"{path}/{ten.body['id']}"
    assert named(await raw.rest("PATCH", message, {}, [small])) == {"attachments"}


async def test_alternative_text(raw: RawBot) -> None:
    path = f"/channels/{await channel_of(raw)}/messages"
    long = {"attachments": [{"id": 0, "description": "d" * 1025}]}
    assert named(await raw.rest("POST", path, long, [b"x"])) == {"attachments.0.description"}
    fine = {"attachments": [{"id": 0, "description": "d" * 1024, "filename": "a b.txt"}]}
    posted = await raw.rest("POST", path, fine, [b"x"])
    assert posted.body["attachments"][0]["description"] == "d" * 1024
    assert posted.body["attachments"][0]["filename"] == "a_b.txt"


async def test_an_edit_lists_the_files_it_keeps(raw: RawBot) -> None:
    path = f"/channels/{await channel_of(raw)}/messages"
    posted = (await raw.rest("POST", path, {}, [b"one", b"two"])).body
    first, second = (attachment["id"] for attachment in posted["attachments"])
    message = f"{path}/{posted['id']}"
    untouched = await raw.rest("PATCH", message, {"content": "x"})
    assert [each["id"] for each in untouched.body["attachments"]] == [first, second]
    kept = await raw.rest("PATCH", message, {"attachments": [{"id": second}, {"id": 0}]}, [b"3"])
    assert kept.body["attachments"][0]["id"] == second
    assert len(kept.body["attachments"]) == 2
    unknown = await raw.rest("PATCH", message, {"attachments": [{"id": first}]})
    assert unknown.code == 50035


async def test_empty_messages(raw: RawBot) -> None:
    path = f"/channels/{await channel_of(raw)}/messages"
    for body in ({}, {"content": ""}, {"content": " \n"}, {"embeds": []}):
        refused = await raw.rest("POST", path, body)
        assert (refused.status, refused.code) == (400, 50006)
    message = (await raw.rest("POST", path, {"content": "x"})).body["id"]
    emptied = await raw.rest("PATCH", f"{path}/{message}", {"content": ""})
    assert (emptied.status, emptied.code) == (400, 50006)


def command(**changes: Any) -> dict[str, Any]:
    return {"name": "draw", "description": "Draw", "type": 1, **changes}


def option(**changes: Any) -> dict[str, Any]:
    return {"type": 3, "name": "prompt", "description": "What to draw", **changes}


def options(count: int) -> list[dict[str, Any]]:
    return [option(name=f"o{number}") for number in range(count)]


def choices(count: int) -> dict[str, Any]:
    listed = [{"name": f"c{number}", "value": f"c{number}"} for number in range(count)]
    return command(options=[option(choices=listed)])


def large(characters: int) -> dict[str, Any]:
    """A command whose names, descriptions and values have so many characters."""
    full = [{"name": "n" * 100, "value": f"{number:0100}"} for number in range(25)]
    made = command(description="", options=[option(name="a", choices=full), option(name="b")])
    missing = characters - sum(len(text) for text in texts(made))
    count, rest = divmod(missing - 1, 200)
    more = full[:count] + ([{"name": "n" * 50, "value": "v" * 50}] if rest >= 100 else [])
    made["options"][1]["choices"] = more
    made["description"] = "d" * (rest % 100 + 1)
    return made


def texts(node: dict[str, Any]) -> list[str]:
    found = [node["name"], node.get("description", ""), str(node.get("value", ""))]
    for inner in (*node.get("options", ()), *node.get("choices", ())):
        found += texts(inner)
    return found


COMMANDS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("name", command(name="n" * 32), command(name="n" * 33), "0.name"),
    ("lowercase", command(name="größe-2_a"), command(name="Draw"), "0.name"),
    ("no spaces", command(name="draw"), command(name="draw it"), "0.name"),
    (
        "description",
        command(description="d" * 100),
        command(description="d" * 101),
        "0.description",
    ),
    ("description given", command(description="d"), command(description=""), "0.description"),
    ("options", command(options=options(25)), command(options=options(26)), "0.options"),
    ("choices", choices(25), choices(26), "0.options.0.choices"),
    (
        "option name",
        command(options=[option(name="n" * 32)]),
        command(options=[option(name="n" * 33)]),
        "0.options.0.name",
    ),
    (
        "required first",
        command(options=[option(required=True), option(name="b")]),
        command(options=[option(), option(name="b", required=True)]),
        "0.options.1",
    ),
    (
        "names of options differ",
        command(options=[option(), option(name="b")]),
        command(options=[option(), option()]),
        "0.options.1",
    ),
    ("total", large(8000), large(8001), "0"),
]


@pytest.mark.parametrize(
    ("good", "bad", "field"), [case[1:] for case in COMMANDS], ids=[case[0] for case in COMMANDS]
)
async def test_commands(raw: RawBot, good: Any, bad: Any, field: str) -> None:
    registered = await raw.register(good)
    assert registered.status == 200, registered.body
    refused = await raw.register(bad)
    assert (refused.status, refused.code) == (400, 50035)
    assert named(refused) == {field}
    application = (await raw.rest("GET", "/applications/@me")).body["id"]
    there = await raw.rest("GET", f"/applications/{application}/commands")
    assert [each["name"] for each in there.body] == [good["name"]]


@pytest.mark.parametrize(("kind", "most"), [(1, 100), (2, 15), (3, 15)])
async def test_how_many_commands(raw: RawBot, kind: int, most: int) -> None:
    plain = command(type=kind, description="d" if kind == 1 else "")
    many = [copy.deepcopy(plain) | {"name": f"c{number}"} for number in range(most + 1)]
    assert (await raw.register(*many[:most])).status == 200
    refused = await raw.register(*many)
    assert (refused.status, refused.code) == (400, 30032)


MODAL = {
    "title": "T",
    "custom_id": "m",
    "components": [row({"type": 4, "custom_id": "f", "style": 1, "label": "F"})],
}


def modal(**changes: Any) -> dict[str, Any]:
    return {**MODAL, **changes}


def inputs(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [
        row({"type": 4, "custom_id": f"f{number}", "style": 1, "label": "F", **changes})
        for number in range(count)
    ]


MODALS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("title", modal(title="t" * 45), modal(title="t" * 46), "data.title"),
    ("custom_id", modal(custom_id="c" * 100), modal(custom_id="c" * 101), "data.custom_id"),
    ("components", modal(components=inputs(5)), modal(components=inputs(6)), "data.components"),
    ("one at least", modal(components=inputs(1)), modal(components=[]), "data.components"),
    (
        "text",
        modal(components=inputs(1, value="v" * 4000)),
        modal(components=inputs(1, value="v" * 4001)),
        "data.components.0.components.0.value",
    ),
    (
        "label",
        modal(components=inputs(1, label="l" * 45)),
        modal(components=inputs(1, label="l" * 46)),
        "data.components.0.components.0.label",
    ),
]


@pytest.mark.parametrize(
    ("good", "bad", "field"), [case[1:] for case in MODALS], ids=[case[0] for case in MODALS]
)
async def test_modals(raw: RawBot, ada: Member, good: Any, bad: Any, field: str) -> None:
    await raw.identify()
    await raw.register(command())
    waiting = asyncio.create_task(ada.use("darkroom", "draw"))
    interaction = await raw.event("INTERACTION_CREATE")
    refused = await raw.respond(interaction, {"type": 9, "data": bad})
    assert (refused.status, refused.code) == (400, 50035)
    assert named(refused) == {field}
    assert (await raw.respond(interaction, {"type": 9, "data": good})).status == 204
    assert (await waiting).modal.title == good["title"]


async def test_suggestions(raw: RawBot, ada: Member) -> None:
    await raw.identify()
    await raw.register(command(options=[option(autocomplete=True)]))
    waiting = asyncio.create_task(ada.autocomplete("darkroom", "draw", "prompt", "x"))
    interaction = await raw.event("INTERACTION_CREATE")
    listed = [{"name": f"n{number}", "value": "v"} for number in range(26)]
    refused = await raw.respond(interaction, {"type": 8, "data": {"choices": listed}})
    assert named(refused) == {"data.choices"}
    answered = await raw.respond(interaction, {"type": 8, "data": {"choices": listed[:25]}})
    assert answered.status == 204
    assert len(await waiting) == 25


def test_the_sizes_are_discords() -> None:
    figures = Limits()
    assert (figures.attachment_size, figures.request_size) == (10 * MIB, 25 * MIB)
    assert (figures.interaction_deadline, figures.interaction_lifetime) == (3, 900)
    assert limits.MAX_COMMAND_TOTAL_CHARS == 8000
