"""Words for pictures, and the weight of words: asked of inference, for `/describe` and `/shorten`.

Knows pictures as bytes and prompts as typed; nothing of Discord's API.
"""

import asyncio
from dataclasses import dataclass

from bot.errors import CannotDescribe, InferenceAway, TooShort
from bot.images.fetch import PictureFetcher
from bot.images.grid import PictureFile, fit
from bot.images.png import encode_png, open_rgb
from bot.images.sanitize import Upload
from bot.models.registry import ModelRegistry
from bot.prompts.parser import normalise, split_words
from diffusion.protocol.client import InferenceClient, InferenceRefused, InferenceUnavailable

CROP_SHARES = (1.0, 0.8, 0.6, 0.45)
"""The share of a picture's sides that is looked at, one look after the other."""

KEPT_SHARES = (0.75, 0.5, 0.33, 0.2)
"""The shares of the words that shortened prompts keep."""


@dataclass(frozen=True, slots=True)
class PictureDescription:
    """A picture, small enough to attach, with the prompts that could have made it."""

    picture: PictureFile
    prompts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WordWeights:
    """The words of a prompt, each with its weight from 0 to 1, and shorter prompts."""

    words: tuple[tuple[str, float], ...]
    prompts: tuple[str, ...]


class DescribeService:
    """Refusals are `bot.errors.UserError`s."""

    def __init__(
        self, inference: InferenceClient, registry: ModelRegistry, fetcher: PictureFetcher
    ) -> None:
        self._inference = inference
        self._registry = registry
        self._fetcher = fetcher

    async def describe(
        self, source: str | Upload, member_id: int, look: int = 0, *, most_bytes: int
    ) -> PictureDescription:
        """Prompts for the picture behind a link or in a file; each further `look` is at less of it.

        The picture comes along in `most_bytes`. Raises InvalidLink, InvalidUpload, PicturesBusy,
        CannotDescribe, InferenceAway.
        """
        model = await self._seeing()
        (picture,) = await self._fetcher.fetch_all([source], member_id)
        seen = await asyncio.to_thread(_crop_centre, picture, CROP_SHARES[look % len(CROP_SHARES)])
        try:
            prompts = tuple(await self._inference.describe(seen, model))
        except InferenceRefused as error:
            raise CannotDescribe from error
        except InferenceUnavailable as error:
            raise InferenceAway from error
        return PictureDescription(await asyncio.to_thread(fit, picture, most_bytes), prompts)

    async def shorten(self, typed: str) -> WordWeights:
        """What each word counts, and the prompt with ever fewer words, parameters kept.

        Raises TooShort, CannotDescribe, InferenceAway, NoModel.
        """
        said, *flagged = split_words(normalise(typed).split())
        if len(said) < 2:
            raise TooShort
        # Every model reads, also those that do not see.
        model = (await self._registry.default()).id
        try:
            weights = tuple(await self._inference.weigh(" ".join(said), model))
        except InferenceRefused as error:
            raise CannotDescribe from error
        except InferenceUnavailable as error:
            raise InferenceAway from error
        parameters = [word for part in flagged for word in part]
        return WordWeights(weights, shorter(weights, " ".join(parameters)))

    async def _seeing(self) -> str:
        """The id of a model that sees, the default before all. Raises CannotDescribe, NoModel."""
        versions = await self._registry.versions()
        names = [versions.default, *versions.models]
        for model in (versions.models[name] for name in names):
            if model.describes:
                return model.id
        raise CannotDescribe


def shorter(weights: tuple[tuple[str, float], ...], parameters: str) -> tuple[str, ...]:
    """The prompt with its heaviest words alone, in their order; each shorter than the one before.

    Raises TooShort if there is nothing to leave out.
    """
    heaviest = sorted(range(len(weights)), key=lambda place: -weights[place][1])
    prompts = []
    before = len(weights)
    for share in KEPT_SHARES:
        keep = max(1, round(len(weights) * share))
        if keep < before:
            words = " ".join(weights[place][0] for place in sorted(heaviest[:keep]))
            prompts.append(f"{words.rstrip(',;')} {parameters}".rstrip())
            before = keep
    if not prompts:
        raise TooShort
    return tuple(prompts)


def _crop_centre(png: bytes, share: float) -> bytes:
    """The middle of a picture, this share of each side."""
    if share == 1:
        return png
    picture = open_rgb(png)
    left, top = (round(side * (1 - share) / 2) for side in picture.size)
    return encode_png(picture.crop((left, top, picture.width - left, picture.height - top)))
