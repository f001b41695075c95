"""The CLIP interrogator: prompts for a picture, and the weight of each word in a prompt.

CLIP (Radford et al. 2021) embeds pictures and texts in one space, where a picture is near the words
that describe it. The phrases to choose from are in a file beside the image encoder.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn import functional
from transformers import CLIPVisionModelWithProjection

from diffusion.decoding.decode import on_white
from diffusion.nn.config_limits import check_network
from diffusion.nn.model_files import CheckpointError, first_line, read_json
from diffusion.vision.function_words import function_words

IMAGE_ENCODER_FOLDER = "image_encoder"
PHRASES_FILE = "phrases.json"
PROMPT_COUNT = 4
PHRASE_KINDS = ("things", "colours", "styles", "grounds")
TEXTS_AT_ONCE = 64

MIN_CHANGE = 1e-3
"""A smaller distance of two embeddings, which goes from 0 to 2, is rounding."""

MAX_FUNCTION_WEIGHT = 0.2
"""The weight of a function word at most."""

MAX_PHRASES = 1 << 13
"""The most phrases of one kind; all are embedded when the first picture is described."""


@dataclass(frozen=True, slots=True)
class PhraseBank:
    """Phrases by kind, such as "fox", "red", "noto style" and "on a blue background"."""

    things: tuple[str, ...]
    colours: tuple[str, ...]
    styles: tuple[str, ...]
    grounds: tuple[str, ...]


class ImageEncoder:
    """CLIP's image encoder: pictures of any size in, unit vectors [width] out."""

    def __init__(
        self, tower: Any, mean: list[float], std: list[float], phrases: PhraseBank
    ) -> None:
        self.tower = tower
        self.phrases = phrases
        self.side = int(tower.config.image_size)
        self._mean = torch.tensor(mean).view(3, 1, 1)
        self._std = torch.tensor(std).view(3, 1, 1)

    def prepare(self, picture: Image.Image) -> Tensor:
        """The normalised centre square [3, side, side], with transparency flattened on white."""
        opaque = on_white(picture.convert("RGBA"))
        square = ImageOps.fit(opaque, (self.side, self.side), Image.Resampling.BICUBIC)
        pixels = torch.from_numpy(np.array(square)).permute(2, 0, 1).float() / 255
        return (pixels - self._mean) / self._std

    @torch.inference_mode()
    def look(self, pictures: list[Image.Image]) -> Tensor:
        """The embeddings [pictures, width], of length 1."""
        weights = next(self.tower.parameters())
        pixels = torch.stack([self.prepare(picture) for picture in pictures])
        seen = self.tower(pixels.to(weights.device, weights.dtype)).image_embeds
        return functional.normalize(seen.float(), dim=-1).cpu()


class Interrogator:
    """Embeds texts with a model's text encoder, and pictures with its image encoder if any."""

    def __init__(self, tokenizer: Any, text_tower: Any, eye: ImageEncoder | None = None) -> None:
        self._tokenizer = tokenizer
        self._text_tower = text_tower
        self._eye = eye
        self._length = min(tokenizer.model_max_length, text_tower.config.max_position_embeddings)

    @property
    def sees(self) -> bool:
        """Whether there is an image encoder, which `see` and `describe` need."""
        return self._eye is not None

    def see(self, pictures: list[Image.Image]) -> Tensor:
        """The embeddings [pictures, width], of length 1, in the same space as those of `read`."""
        assert self._eye is not None, "ask `sees` first"
        return self._eye.look(pictures)

    def describe(self, picture: Image.Image) -> tuple[str, ...]:
        """Four prompts that describe the picture, the best first.

        Phrases are chosen one kind after another by the similarity of the whole prompt: thing,
        style, background, colour. The first two prompts share the best thing and differ in style;
        the others use the next best things.
        """
        eye = self._eye
        assert eye is not None, "ask `sees` first"
        seen = eye.look([picture])[0]
        things = self._nearest(seen, list(eye.phrases.things), self._thing_vectors)[
            : PROMPT_COUNT - 1
        ]
        prompts = []
        for place, thing in enumerate(things):
            candidates = [_say("", thing, style) for style in eye.phrases.styles]
            styles = self._nearest(seen, list(eye.phrases.styles), self.read(candidates))
            for style in styles[: 2 if place == 0 else 1]:
                prompts.append(self._complete(seen, eye.phrases, thing, style))
        return tuple(prompts)

    def weigh(self, prompt: str) -> tuple[tuple[str, float], ...]:
        """The words in order, each with its weight: how far the prompt's embedding moves
        without it.

        Weights go from 0 to 1, which is the heaviest word. Function words are lighter than all
        others that are read: a small text encoder changes its mind most without an “and”, which
        shows nothing. Words that the text encoder truncates have weight 0.
        """
        words = prompt.split()
        if not words:
            return ()
        # A word has at least one token, so words beyond the length are always truncated.
        read_words = words[: self._length + 1]
        without = [
            " ".join(read_words[:at] + read_words[at + 1 :])
            for at in range(min(len(words), self._length))
        ]
        vectors = self.read([prompt, *without])
        moved = (vectors[1:] - vectors[0]).norm(dim=-1).tolist()
        weights = _weights(moved, function_words(words[: len(moved)]))
        weights += [0.0] * (len(words) - len(weights))
        if max(weights) == 0:
            return tuple((word, 1.0 if len(words) == 1 else 0.0) for word in words)
        return tuple((word, round(weight, 3)) for word, weight in zip(words, weights, strict=True))

    @torch.inference_mode()
    def read(self, texts: list[str]) -> Tensor:
        """The embeddings [texts, width], of length 1.

        Padding does not change them: the end token's state depends on earlier tokens only.
        """
        vectors = []
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            tokens = self._tokenizer(
                texts[start : start + TEXTS_AT_ONCE],
                padding=True,
                max_length=self._length,
                truncation=True,
                return_tensors="pt",
            )
            pooled = self._text_tower(tokens.input_ids.to(self._text_tower.device)).pooler_output
            vectors.append(functional.normalize(pooled.float(), dim=-1).cpu())
        return torch.cat(vectors)

    @cached_property
    def _thing_vectors(self) -> Tensor:
        assert self._eye is not None
        return self.read([_say("", thing) for thing in self._eye.phrases.things])

    def _nearest(self, seen: Tensor, phrases: list[str], vectors: Tensor) -> list[str]:
        """The phrases sorted by similarity; vectors: [phrases, width]; seen: [width]."""
        return [phrases[index] for index in (vectors @ seen).argsort(descending=True).tolist()]

    def _complete(self, seen: Tensor, phrases: PhraseBank, thing: str, style: str) -> str:
        """The prompt with the best background and then the best colour, if they help."""
        prompts = [
            _say("", thing, style, *ground) for ground in ((), *((one,) for one in phrases.grounds))
        ]
        best = self._nearest(seen, prompts, self.read(prompts))[0]
        if not set(thing.split()) & set(phrases.colours):
            rest = best.removeprefix(_say("", thing))
            prompts = [best, *(_say(colour, thing) + rest for colour in phrases.colours)]
            best = self._nearest(seen, prompts, self.read(prompts))[0]
        return best


def _weights(changes: Sequence[float], are_function_words: Sequence[bool]) -> list[float]:
    """Scale how far an embedding moves to weights: the heaviest word has 1, and function words have
    less than the lightest of the others. If there are no others, all are compared."""
    if all(are_function_words):
        are_function_words = [False] * len(changes)
    read = list(zip(changes, are_function_words, strict=True))
    content = [change for change, is_function_word in read if not is_function_word]
    heaviest = max(content)
    if heaviest < MIN_CHANGE:
        return [0.0] * len(changes)
    heaviest_function = max([MIN_CHANGE, *(change for change, is_one in read if is_one)])
    most = min(MAX_FUNCTION_WEIGHT, min(content) / heaviest / 2)
    return [
        change / heaviest_function * most if is_function_word else change / heaviest
        for change, is_function_word in read
    ]


def load_interrogator(
    folder: Path, tokenizer: Any, text_tower: Any, device: torch.device
) -> Interrogator:
    """The interrogator of the model in `folder`, whose text encoder is loaded already.

    Loads the folder's `image_encoder` if there is one. Raises CheckpointError if that is invalid.
    """
    # A copy: truncation and padding are a tokenizer's state, and other threads use the original.
    tokenizer = copy.deepcopy(tokenizer)
    place = folder / IMAGE_ENCODER_FOLDER
    if not place.is_dir():
        return Interrogator(tokenizer, text_tower)
    try:
        kind: Any = CLIPVisionModelWithProjection
        check_network(kind, place)
        tower, report = kind.from_pretrained(
            place,
            dtype=torch.float32,
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
        )
        preparing = read_json(place / "preprocessor_config.json")
        phrases = read_json(place / PHRASES_FILE)
        bank = PhraseBank(**{part: tuple(map(str, phrases[part])) for part in PHRASE_KINDS})
        mean, std = preparing["image_mean"], preparing["image_std"]
        eye = ImageEncoder(tower.to(device).eval(), mean, std, bank)
    except CheckpointError:
        raise
    except Exception as error:
        reason = f"The image encoder in {place} cannot be used: {first_line(error)}"
        raise CheckpointError(reason) from error
    if report.get("missing_keys") or report.get("mismatched_keys"):
        raise CheckpointError(f"The weights in {place} do not fit their config.")
    if tower.config.projection_dim != text_tower.config.hidden_size:
        raise CheckpointError(
            f"The image encoder in {place} ends in {tower.config.projection_dim} dimensions, the "
            f"text encoder beside it in {text_tower.config.hidden_size}."
        )
    if len(bank.things) < PROMPT_COUNT or len(bank.styles) < 2:
        raise CheckpointError(f"{place / PHRASES_FILE} has too few phrases to describe with.")
    if any(len(getattr(bank, part)) > MAX_PHRASES for part in PHRASE_KINDS):
        raise CheckpointError(
            f"{place / PHRASES_FILE} has more than {MAX_PHRASES:,} phrases of a kind."
        )
    return Interrogator(tokenizer, text_tower, eye)


def _say(colour: str, thing: str, *parts: str) -> str:
    """A prompt such as "a red fox, noto style, on a blue background"."""
    subject = f"{colour} {thing}".strip()
    article = "an" if subject[0] in "aeiou" else "a"
    return ", ".join((f"{article} {subject}", *parts))
