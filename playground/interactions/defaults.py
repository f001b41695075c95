"""What Discord adds to embeds and components: ids, default values, addresses of files. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from playground.state.messages import Json, StoredFile
from playground.validation.components import ComponentKind

ATTACHMENT = "attachment://"
Links = Mapping[str, Json]
"""By file name: the address, size and type that replace `attachment://name`."""

_SELECT_DEFAULTS = {"min_values": 1, "max_values": 1}
COMPONENT_DEFAULTS: Mapping[int, Json] = {
    ComponentKind.STRING_SELECT: _SELECT_DEFAULTS,
    ComponentKind.USER_SELECT: _SELECT_DEFAULTS,
    ComponentKind.ROLE_SELECT: _SELECT_DEFAULTS,
    ComponentKind.MENTIONABLE_SELECT: _SELECT_DEFAULTS,
    ComponentKind.CHANNEL_SELECT: _SELECT_DEFAULTS,
    ComponentKind.THUMBNAIL: {"description": None, "spoiler": False},
    ComponentKind.FILE: {"name": None, "size": None, "spoiler": False},
    ComponentKind.SEPARATOR: {"spacing": 1, "divider": True},
    ComponentKind.CONTAINER: {"accent_color": None, "spoiler": False},
}


def fill_embeds(embeds: Sequence[Json], links: Links) -> tuple[Json, ...]:
    return tuple(_fill_embed(_resolve(_without_nulls(embed), links)) for embed in embeds)


def fill_components(components: Sequence[Json], links: Links) -> tuple[Json, ...]:
    """The components with ids, counted from 1 through the whole tree, and defaults."""
    counter = 0

    def fill(given: Json) -> dict[str, Any]:
        nonlocal counter
        counter += 1
        shown = {
            **COMPONENT_DEFAULTS.get(given["type"], {}),
            **given,
            "id": given.get("id") or counter,
        }
        for single in ("media", "file"):
            if single in given:
                shown[single] = _fill_media(given[single])
        if "items" in given:
            shown["items"] = [_fill_item(item) for item in given["items"]]
        if "components" in given:
            shown["components"] = [fill(each) for each in given["components"]]
        for single in ("accessory", "component"):
            if single in given:
                shown[single] = fill(given[single])
        return shown

    return tuple(fill(_resolve(_without_nulls(each), links)) for each in components)


def link_to(url: str, file: StoredFile) -> Json:
    """What replaces `attachment://name` for this file."""
    link: dict[str, Any] = {"url": url, "proxy_url": url, "content_type": file.content_type}
    return link if file.width is None else {**link, "width": file.width, "height": file.height}


def _fill_embed(embed: dict[str, Any]) -> dict[str, Any]:
    fields = [{"inline": False, **field} for field in embed.get("fields", ())]
    return {**embed, "type": "rich", **({"fields": fields} if fields else {})}


def _fill_item(item: Json) -> dict[str, Any]:
    shown = {"description": None, "spoiler": False, **item}
    return {**shown, "media": _fill_media(item["media"])}


def _fill_media(media: Json) -> dict[str, Any]:
    return {"id": "0", "proxy_url": media["url"], **media}


def _without_nulls(node: Any) -> Any:
    """The same without null fields: Discord leaves them out."""
    if isinstance(node, Mapping):
        return {name: _without_nulls(value) for name, value in node.items() if value is not None}
    return [_without_nulls(each) for each in node] if isinstance(node, list) else node


def _resolve(node: Any, links: Links) -> Any:
    """Replace `attachment://name` by the file's own address, size and type."""
    if isinstance(node, list):
        return [_resolve(each, links) for each in node]
    if not isinstance(node, Mapping):
        return node
    resolved = {name: _resolve(value, links) for name, value in node.items()}
    url = resolved.get("url")
    if isinstance(url, str) and url.startswith(ATTACHMENT):
        resolved |= links.get(url.removeprefix(ATTACHMENT), {})
    return resolved
