"""Reads texts copied from other places: `/imagine prompt: …`, and the text in a picture's file.

AUTOMATIC1111 writes that text, many tools and our own engine do like it: the prompt, “Negative
prompt: …”, then “Steps: 20, Sampler: Euler a, …”. It becomes a prompt with parameters. Pure, and
linear in the length of the text.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import UntranslatedSettings
from bot.i18n.markdown import names
from bot.prompts.parameters import MAX_WEIRD, MAX_WEIRD_NOISE, RAW
from bot.prompts.values import sampler
from bot.prompts.words import quoted, split_words
from diffusion.protocol.requests import SAMPLER_NAMES, SPACING_NAMES

_COMMAND = re.compile(r"/?imagine prompt ?: ?|/imagine ", re.IGNORECASE)
_NEGATIVE = re.compile(r"(?<!\S)Negative prompt: ?")
_SETTINGS = re.compile(r"(?<!\S)Steps: ?[0-9]{1,6}, ")
_TOKEN = re.compile(r'"[^"]*"|[^,"]+|[,"]')
_LABEL = re.compile(r"[^\W\d_][\w /φ-]*")

_PART = re.compile(r" :(-?[0-9.]+)(?: AND |(?= <lora:)|$)")
"""The weight behind a part of a weighted prompt, as our own files have it."""

_TYPICAL = frozenset(("Sampler", "CFG scale", "Seed", "Size", "Model", "Model hash", "Version"))
"""Labels of which a text from a picture has at least two."""

_IRRELEVANT = frozenset(
    (
        "Version", "App", "Model hash", "VAE hash", "Lora hashes", "TI hashes", "Hashes",
        "Civitai resources", "Civitai metadata", "Created Date", "Template", "Negative Template",
        "Batch size", "Batch pos", "CFG Rescale φ", "User", "Parser", "Backend", "Pipeline",
        "Original prompt", "Postprocess upscale by",
    )
)  # fmt: skip
"""Labels that change nothing, or say what the model does by itself."""

_DEFAULTS = frozenset(
    (
        ("Clip skip", "1"), ("Schedule type", "Automatic"), ("RNG", "CPU"), ("ENSD", "0"),
        ("Tiling", "False"), *(("Schedule type", spacing) for spacing in SPACING_NAMES),
    )
)  # fmt: skip
"""Settings that change nothing with these values."""


@dataclass(frozen=True, slots=True)
class PastedPrompt:
    """A pasted text in our own syntax.

    `text` is the prompt with its `--no`, and with what was typed behind the pasted text.
    `parameters` are the settings from the text; what was typed wins over them.
    """

    text: str
    parameters: str = ""


def read_pasted(typed: str, has_model: Callable[[str], bool]) -> PastedPrompt:
    """Translate a pasted text; others stay as they are. `typed` is in one line.

    `has_model` says whether there is a model of a name. Raises UntranslatedSettings for settings
    that no parameter of ours can choose.
    """
    if command := _COMMAND.match(typed):
        typed = typed[command.end() :]
    said, *flagged = split_words(typed.split())
    text, settings = _settings_in(" ".join(said))
    text, is_negative, negative = _parted(text)
    if "Original prompt" in settings:
        text, settings = _weighted(text, settings)
    if not settings and not is_negative:
        return PastedPrompt(typed)
    parameters, left_out = _parameters(settings, has_model)
    if settings:
        # The text holds the words of the style already.
        parameters.append(f"--{RAW}")
    words = [_literal(text), *(word for part in flagged for word in part)]
    if negative:
        words += ["--no", _literal(negative)]
    pasted = PastedPrompt(" ".join(words), " ".join(parameters))
    if left_out:
        raise UntranslatedSettings(names(left_out), f"{pasted.text} {pasted.parameters}")
    return pasted


def _settings_in(text: str) -> tuple[str, dict[str, str]]:
    """The text before the settings, and the settings by their labels; none if there are none."""
    starts = [match.start() for match in _SETTINGS.finditer(text)]
    if not starts:
        return text, {}
    settings: dict[str, str] = {}
    for item in _items(text, starts[-1]):
        label, colon, value = item.strip().partition(":")
        if colon and _LABEL.fullmatch(label):
            settings[label] = value.strip()
    if len(_TYPICAL & settings.keys()) < 2:
        return text, {}
    return text[: starts[-1]].strip(), settings


def _items(text: str, start: int) -> list[str]:
    """What is between the commas from `start` on; a comma in quotes is no border."""
    items = [""]
    for token in _TOKEN.findall(text, start):
        if token == ",":
            items.append("")
        else:
            items[-1] += token
    return items


def _parted(text: str) -> tuple[str, bool, str]:
    """The prompt, whether there is a negative prompt, and that."""
    match = _NEGATIVE.search(text)
    if match is None:
        return text, False, ""
    return text[: match.start()].strip(), True, text[match.end() :].strip()


def _parameters(
    settings: dict[str, str], has_model: Callable[[str], bool]
) -> tuple[list[str], list[str]]:
    """The parameters that have the same effect, and the settings that none has."""
    parameters, left_out = [], []
    for label, value in _as_drawn(settings).items():
        if label in _IRRELEVANT or (label, value) in _DEFAULTS:
            continue
        made = _parameter(label, value, has_model)
        if made is None:
            left_out.append(f"{label}: {value}")
        elif made:
            parameters.append(made)
    return parameters, left_out


def _weighted(text: str, settings: dict[str, str]) -> tuple[str, dict[str, str]]:
    """A prompt that our own file writes out in weighted parts, as a multi-prompt.

    The weights of a multi-prompt are made to add up to 1, so the guidance takes up their sum.
    """
    total = sum(map(float, filter(_is_number, _PART.findall(text))))
    scale = settings.get("CFG scale", "")
    if total > 0 and _is_number(scale):
        settings = {**settings, "CFG scale": f"{float(scale) * total:.6f}"}
    return _PART.sub(r"::\1 ", text).strip(), settings


def _as_drawn(settings: dict[str, str]) -> dict[str, str]:
    """The settings with the size in which the picture was drawn, before it was enlarged."""
    size = re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", settings.get("Size", ""))
    factor = settings.get("Postprocess upscale by", "")
    if size is None or not re.fullmatch(r"[1-9][0-9]?", factor):
        return settings
    width, height = (int(side) // int(factor) for side in size.groups())
    return {**settings, "Size": f"{width}x{height}"}


def _parameter(label: str, value: str, has_model: Callable[[str], bool]) -> str | None:
    """Our parameter for a setting; empty if it needs none, None if there is none."""
    match label:
        case "Steps" | "Seed" | "Size":
            return f"--{label.lower()} {value}"
        case "CADS Noise Scale":
            return _weird(value)
        case "CFG scale":
            return f"--cfg {value}"
        case "Sampler":
            return _sampler(value)
        case "Model":
            return f"--v {quoted(value)}" if has_model(value) else None
        case "Tiling":
            return "--tile"
        case "Stop":
            return f"--stop {round(float(value) * 100)}" if _is_share(value) else None
        case "Variations":
            # The first one belongs to every picture of a grid.
            return "" if " " not in value else None
    return None


def _weird(value: str) -> str | None:
    noise = float(value) if _is_share(value) else math.inf
    return f"--weird {round(noise / MAX_WEIRD_NOISE * MAX_WEIRD)}" if noise <= 1 else None


def _sampler(value: str) -> str | None:
    try:
        return f"--sampler {sampler(SAMPLER_NAMES)(value)}"
    except ValueError:
        return None


def _is_number(value: str) -> bool:
    return re.fullmatch(r"-?[0-9]{1,6}(?:\.[0-9]{1,20})?", value) is not None


def _is_share(value: str) -> bool:
    return re.fullmatch(r"0?\.[0-9]{1,6}|1", value) is not None


def _literal(text: str) -> str:
    """The text with braces that are no choices."""
    return text.replace("{", "\\{").replace("}", "\\}")
