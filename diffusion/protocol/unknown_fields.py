"""The fields of a JSON object that nobody reads.

What a kind reads is taken from its dataclass, so that no list of names can be forgotten.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, get_args, get_type_hints

from pydantic.fields import FieldInfo

from diffusion.protocol.validation import JsonObject

Shape = Mapping[str, Any]
"""The names of fields, and the kind of JsonObject that is in each, or None."""


def _shape_of(kind: Any) -> Shape:
    hints = get_type_hints(kind, include_extras=True)
    own = {name: hint for name, hint in hints.items() if name in kind.__dataclass_fields__}
    return {_json_name(name, hint): _object_in(hint) for name, hint in own.items()}


shape_of: Callable[[Any], Shape] = cache(_shape_of)
"""The fields that `read` reads of a kind of JsonObject, by their names in JSON."""


def unknown_fields(shape: Shape, said: Mapping[str, Any]) -> Iterator[str]:
    """The names of the fields that are not in the shape, such as `colour` and `loras.wieght`."""
    for name, value in said.items():
        if name not in shape:
            yield name
        elif kind := shape[name]:
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, Mapping):
                    inner = unknown_fields(shape_of(kind), part)
                    yield from (f"{name}.{each}" for each in inner)


def _json_name(name: str, hint: Any) -> str:
    for more in getattr(hint, "__metadata__", ()):
        if isinstance(more, FieldInfo) and isinstance(more.validation_alias, str):
            return more.validation_alias
    return name


def _object_in(hint: Any) -> type[JsonObject] | None:
    """The kind of object that a field has, or has a list of."""
    if isinstance(hint, type) and issubclass(hint, JsonObject):
        return hint
    return next(filter(None, map(_object_in, get_args(hint))), None)
