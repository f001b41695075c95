"""Prompts for pictures (`/describe`), and shorter prompts (`/shorten`), with inference's help.

Knows nothing of Discord's API.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from bot.engines.pool import EnginePool
from bot.errors import CannotDescribe, InferenceAway, TooShort
from bot.images.fetch import PictureFetcher
from bot.images.grid import PictureFile, fit
from bot.images.png import encode_png, open_rgb
from bot.images.sanitize import UploadedFile
from bot.models.registry import ModelRegistry
from bot.policy.picture_policy import ShowingPlace
from bot.prompts.parser import normalise
from bot.prompts.words import split_words
from bot.services.moderation.pictures import StartPictureCheck
from diffusion.protocol.client import InferenceRefused, InferenceUnavailable

CROP_SHARES = (1.0, 0.8, 0.6, 0.45)
"""The share of each side that is looked at: the whole picture first, then ever less."""

KEPT_SHARES = (0.75, 0.5, 0.33, 0.2)
"""The shares of the words that the shorter prompts keep."""


@dataclass(frozen=True, slots=True)
class PictureDescription:
    """A picture, small enough to attach, with prompts that could have made it."""

    picture: PictureFile
    prompts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WordWeights:
    """The words of a prompt, each with its weight from 0 to 1, and shorter prompts."""

    words: tuple[tuple[str, float], ...]
    prompts: tuple[str, ...]


class DescribeService:
    """Describes pictures and shortens prompts. Refusals are `bot.errors.UserError`s."""

    def __init__(
        self,
        engines: EnginePool,
        registry: ModelRegistry,
        fetcher: PictureFetcher,
        start_check: StartPictureCheck,
    ) -> None:
        self._engines = engines
        self._registry = registry
        self._fetcher = fetcher
        self._start_check = start_check

    async def describe(
        self,
        source: str | UploadedFile,
        member_id: int,
        look: int = 0,
        *,
        most_bytes: int,
        place: ShowingPlace,
    ) -> PictureDescription:
        """Find prompts for a picture, given as a link or a file.

        `look` counts how often it was asked for this picture: each time less of it is looked at.
        The returned picture has at most `most_bytes`, and is shown in `place`. Raises InvalidLink,
        InvalidUpload, PicturesBusy, ExplicitPicture, FilterAway, CannotDescribe, InferenceAway.
        """
        model = await self._describing_model()
        (picture,) = await self._fetcher.fetch_all([source], member_id)
        await self._start_check.check(place, member_id, [picture])
        seen = await asyncio.to_thread(_crop_centre, picture, CROP_SHARES[look % len(CROP_SHARES)])
        with _inference_errors():
            prompts = tuple(await self._engines.describe(seen, model, str(member_id)))
        return PictureDescription(await asyncio.to_thread(fit, picture, most_bytes), prompts)

    async def shorten(self, typed: str, member_id: int) -> WordWeights:
        """Weigh the words of a prompt, and leave out the lightest; parameters stay.

        Raises TooShort, CannotDescribe, InferenceAway, NoModel.
        """
        said, *flagged = split_words(normalise(typed).split())
        if len(said) < 2:
            raise TooShort
        # Every model has a text encoder, also those that cannot describe pictures.
        model = (await self._registry.default()).id
        prompt = " ".join(said)
        with _inference_errors():
            weights = tuple(await self._engines.weigh(prompt, model, str(member_id)))
        parameters = [word for part in flagged for word in part]
        return WordWeights(weights, shorter(weights, " ".join(parameters)))

    async def _describing_model(self) -> str:
        """The id of a model that can describe pictures, the default if it can.

        One whose engine is there comes first. Raises CannotDescribe, NoModel.
        """
        versions = await self._registry.versions()
        models = (versions.models[name] for name in (versions.default, *versions.models))
        able = [model.id for model in models if model.describes]
        if not able:
            raise CannotDescribe
        return min(able, key=self._engines.places.is_away)


@contextlib.contextmanager
def _inference_errors() -> Iterator[None]:
    """Turn the errors of inference into refusals: CannotDescribe, InferenceAway."""
    try:
        yield
    except InferenceRefused as error:
        raise CannotDescribe from error
    except InferenceUnavailable as error:
        raise InferenceAway from error


def shorter(weights: tuple[tuple[str, float], ...], parameters: str) -> tuple[str, ...]:
    """Prompts with only the heaviest words, in their order; each is shorter than the one before.

    Raises TooShort if no word can be left out.
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
