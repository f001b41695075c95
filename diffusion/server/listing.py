"""`/v1/models` and `/v1/models/NAME`, of one model or of several. Imports no torch."""

from collections.abc import Collection, Mapping, Sequence

from aiohttp import web

from diffusion.protocol.openai_fields import is_alias
from diffusion.server.admission.refusals import refusal

Entry = Mapping[str, object]
"""A model as `/v1/models` lists it."""


def listed(entries: Sequence[Entry]) -> web.Response:
    """The list of all models."""
    response = web.json_response({"object": "list", "data": list(entries)})
    # A small model's words are some fifty kilobytes.
    response.enable_compression()
    return response


def one_of(entries: Sequence[Entry], name: str, aliases: Collection[str]) -> web.Response:
    """The model by its id or by an alias of the first; then `root` says whose alias it is."""
    for entry in entries:
        if name == entry["id"]:
            return web.json_response(entry)
    if is_alias(name, aliases):
        return web.json_response({**entries[0], "id": name, "root": entries[0]["id"]})
    known = ", ".join(sorted(str(entry["id"]) for entry in entries))
    reason = f"There is no model “{name[:80]}”. Known: {known}."
    return refusal(404, reason, param="model", code="model_not_found")
