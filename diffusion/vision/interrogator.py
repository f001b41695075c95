"""Words for a picture, and each word's weight in a prompt, by CLIP (Radford et al. 2021).

Both towers end in one space, where a picture lies near the words for it. Knows phrases only from
the bank beside the image tower; draws nothing, and knows no requests.
"""

from __future__ import annotations

import copy
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

IMAGE_ENCODER_FOLDER = "image_encoder"
PHRASES_FILE = "phrases.json"
PROMPT_COUNT = 4
PHRASE_KINDS = ("things", "colours", "styles", "grounds")
TEXTS_AT_ONCE = 64

MAX_PHRASES = 1 << 13
"""Phrases of a kind in a bank: all of them are read when the first picture is described."""


@dataclass(frozen=True, slots=True)
class PhraseBank:
    """Phrases by part of speech: "fox", "red", "noto style", "on a blue background"."""

    things: tuple[str, ...]
    colours: tuple[str, ...]
    styles: tuple[str, ...]
    grounds: tuple[str, ...]


class ImageEncoder:
    """CLIP's image tower: pictures of any size in, unit vectors [width] out."""

    def __init__(
        self, tower: Any, mean: list[float], std: list[float], phrases: PhraseBank
    ) -> None:
        self.tower = tower
        self.phrases = phrases
        self.side = int(tower.config.image_size)
        self._mean = torch.tensor(mean).view(3, 1, 1)
        self._std = torch.tensor(std).view(3, 1, 1)

    def prepare(self, picture: Image.Image) -> Tensor:
        """(3, side, side): the middle square, on white where the picture is transparent."""
        opaque = on_white(picture.convert("RGBA"))
        square = ImageOps.fit(opaque, (self.side, self.side), Image.Resampling.BICUBIC)
        pixels = torch.from_numpy(np.array(square)).permute(2, 0, 1).float() / 255
        return (pixels - self._mean) / self._std

    @torch.inference_mode()
    def look(self, pictures: list[Image.Image]) -> Tensor:
        """[pictures, width], each of length one."""
        weights = next(self.tower.parameters())
        pixels = torch.stack([self.prepare(picture) for picture in pictures])
        seen = self.tower(pixels.to(weights.device, weights.dtype)).image_embeds
        return functional.normalize(seen.float(), dim=-1).cpu()


class Interrogator:
    """Reads with a model's text tower, and looks with its image tower if it has one."""

    def __init__(self, tokenizer: Any, text_tower: Any, eye: ImageEncoder | None = None) -> None:
        self._tokenizer = tokenizer
        self._text_tower = text_tower
        self._eye = eye
        self._length = min(tokenizer.model_max_length, text_tower.config.max_position_embeddings)

    @property
    def sees(self) -> bool:
        """Whether `describe` can be asked for."""
        return self._eye is not None

    def see(self, pictures: list[Image.Image]) -> Tensor:
        """[pictures, width], each of length one, in the space of what `read` returns."""
        assert self._eye is not None, "ask `sees` first"
        return self._eye.look(pictures)

    def describe(self, picture: Image.Image) -> tuple[str, ...]:
        """Four prompts that could have made the picture, the likeliest first.

        Each part is the phrase that lies nearest in a whole prompt: first the thing, then its
        style, ground and colour with that thing. The first two prompts are about the likeliest
        thing, in full and with the next best style; the others about the things after it.
        """
        eye = self._eye
        assert eye is not None, "ask `sees` first"
        seen = eye.look([picture])[0]
        things = self._nearest(seen, list(eye.phrases.things), self._thing_vectors)[
            : PROMPT_COUNT - 1
        ]
        prompts = []
        for place, thing in enumerate(things):
            said = [_say("", thing, style) for style in eye.phrases.styles]
            styles = self._nearest(seen, list(eye.phrases.styles), self.read(said))
            for style in styles[: 2 if place == 0 else 1]:
                prompts.append(self._complete(seen, eye.phrases, thing, style))
        return tuple(prompts)

    def weigh(self, prompt: str) -> tuple[tuple[str, float], ...]:
        """The words in order, each with how far the prompt's meaning moves without it.

        Weights are in 0..1, the heaviest word's being 1. Words beyond the text tower's length
        weigh 0, for it does not read them.
        """
        words = prompt.split()
        if not words:
            return ()
        # A word has at least one token, so those beyond the length are never read.
        heard = words[: self._length + 1]
        without = [
            " ".join(heard[:at] + heard[at + 1 :]) for at in range(min(len(words), self._length))
        ]
        vectors = self.read([prompt, *without])
        moved = (1 - vectors[1:] @ vectors[0]).clamp(min=0).tolist()
        moved += [0.0] * (len(words) - len(moved))
        heaviest = max(moved)
        if heaviest < 1e-6:
            return tuple((word, 1.0 if len(words) == 1 else 0.0) for word in words)
        return tuple(
            (word, round(weight / heaviest, 3)) for word, weight in zip(words, moved, strict=True)
        )

    @torch.inference_mode()
    def read(self, texts: list[str]) -> Tensor:
        """[texts, width], each of length one: the text tower's state at the end of the text.

        That state looks back alone, so how far the text is padded behind it makes no difference.
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
        """The phrases in the order in which their vectors [phrases, width] are near."""
        return [phrases[index] for index in (vectors @ seen).argsort(descending=True).tolist()]

    def _complete(self, seen: Tensor, phrases: PhraseBank, thing: str, style: str) -> str:
        """The prompt with the ground and then the colour that bring it nearest, if any do."""
        prompts = [
            _say("", thing, style, *ground) for ground in ((), *((one,) for one in phrases.grounds))
        ]
        best = self._nearest(seen, prompts, self.read(prompts))[0]
        if not set(thing.split()) & set(phrases.colours):
            rest = best.removeprefix(_say("", thing))
            prompts = [best, *(_say(colour, thing) + rest for colour in phrases.colours)]
            best = self._nearest(seen, prompts, self.read(prompts))[0]
        return best


def load_interrogator(
    folder: Path, tokenizer: Any, text_tower: Any, device: torch.device
) -> Interrogator:
    """The describer of the model in `folder`, whose text tower is loaded already.

    It sees where the folder has `image_encoder`. Raises CheckpointError where that is amiss.
    """
    # To cut and to pad is a tokenizer's state, and other threads read whole prompts by it.
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
        said = read_json(place / PHRASES_FILE)
        bank = PhraseBank(**{part: tuple(map(str, said[part])) for part in PHRASE_KINDS})
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
    """A prompt: "a red fox, noto style, on a blue background"."""
    subject = f"{colour} {thing}".strip()
    article = "an" if subject[0] in "aeiou" else "a"
    return ", ".join((f"{article} {subject}", *parts))
