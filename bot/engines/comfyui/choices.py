"""What a ComfyUI server has: its nodes, and the files that can be chosen in them. Pure.

`/object_info` lists an input's choices in one of two shapes, `[["a", "b"], {…}]` or
`["COMBO", {"options": ["a", "b"], …}]`. A server on Windows writes backslashes into the names of
files in folders; they are sent back as they came.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

MAX_NAME_CHARS = 80


@dataclass(frozen=True, slots=True)
class Nodes:
    """The nodes that a server has, by their class: as `/object_info` describes them."""

    by_class: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __contains__(self, class_type: str) -> bool:
        return class_type in self.by_class

    def choices(self, class_type: str, name: str) -> tuple[str, ...] | None:
        """The texts that may be chosen for an input; None where it is not a choice."""
        groups = self.by_class.get(class_type, {}).get("input")
        for group in ("required", "optional"):
            inputs = groups.get(group) if isinstance(groups, Mapping) else None
            if isinstance(inputs, Mapping) and name in inputs:
                return _choices(inputs[name])
        return None


def _choices(spec: object) -> tuple[str, ...] | None:
    if not isinstance(spec, list) or not spec:
        return None
    options = spec[0]
    if options == "COMBO" and len(spec) > 1 and isinstance(spec[1], Mapping):
        options = spec[1].get("options")
    if not isinstance(options, list):
        return None
    return tuple(option for option in options if isinstance(option, str))


def same_choice(wanted: str, choices: Iterable[str]) -> str | None:
    """The choice that is the same file, whichever slashes it is written with."""
    return next((one for one in choices if _slashed(one) == _slashed(wanted)), None)


def first_match(patterns: Iterable[str], choices: Iterable[str]) -> str | None:
    """The first choice for the first pattern that has one."""
    found = list(choices)
    return next((one for pattern in patterns for one in found if matches(pattern, one)), None)


def matches(pattern: str, file: str) -> bool:
    """Whether a file's name, with or without its folder, is one of a pattern."""
    path, wanted = _slashed(file).lower(), _slashed(pattern).lower()
    return fnmatchcase(path, wanted) or fnmatchcase(path.rpartition("/")[2], wanted)


def typeable_names(files: Iterable[str]) -> dict[str, str]:
    """Files by names that members can type: without folder and ending, if this is unique."""
    named: dict[str, str] = {}
    for file in files:
        path = _slashed(file)
        stem = re.sub(r"\.(safetensors|ckpt|pt|pth|bin|gguf|sft)$", "", path, flags=re.IGNORECASE)
        for name in (stem.rpartition("/")[2], stem):
            typeable = re.sub(r"[^\w.-]+", "_", name)[:MAX_NAME_CHARS]
            if typeable and typeable not in named:
                named[typeable] = file
                break
    return named


def _slashed(path: str) -> str:
    return path.replace("\\", "/")
