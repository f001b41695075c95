"""The filter for explicit pictures: whether it answers. While it does not, no picture is shown."""

import asyncio
import contextlib
import io
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image

from bot.doctor.check import Check, Installation
from bot.doctor.findings import Finding, Level
from bot.i18n.texts import Text
from bot.images.classifiers.choice import chosen_classifier
from bot.images.classifiers.classifier import ClassifierAway, PictureClassifier

FILTER_TIMEOUT_S = 15.0
"""Seconds that the filter has for one small picture; it may have to start first."""

SIDE_PX = 64


@dataclass(frozen=True, slots=True)
class FilterFacts:
    """`name` is None where pictures are not checked, `error` None where the filter answers."""

    name: str | None
    error: str | None = None


class PictureFilterCheck(Check[FilterFacts]):
    """Whether the filter checks a picture: a small grey one."""

    name = "filter"
    for_servers = True

    async def gather(self, installation: Installation) -> FilterFacts:
        if installation.classifier is not None:
            return await _ask(installation.classifier)
        settings = installation.settings
        own = chosen_classifier(settings.picture_filter, settings.picture_filter_key)
        if own is None:
            return FilterFacts(None)
        try:
            return await _ask(own)
        finally:
            await own.close()

    def judge(self, facts: FilterFacts) -> Iterable[Finding]:
        if facts.name is None:
            yield Finding(self.name, Level.OK, Text("doctor-filter.off"))
        elif facts.error is None:
            yield Finding(self.name, Level.OK, Text("doctor-filter.there", {"name": facts.name}))
        else:
            text, remedy = Text("doctor-filter.away"), Text("doctor-filter.away-remedy")
            yield Finding(self.name, Level.PROBLEM, text, remedy, f"{facts.name}: {facts.error}")


async def _ask(classifier: PictureClassifier) -> FilterFacts:
    asking = asyncio.ensure_future(classifier.score(_grey()))
    # Cancelling it would end a process that members' pictures wait for.
    await asyncio.wait({asking}, timeout=FILTER_TIMEOUT_S)
    if not asking.done():
        asking.add_done_callback(_forget)
        return FilterFacts(classifier.name, f"no answer within {FILTER_TIMEOUT_S:.0f} s")
    try:
        asking.result()
    except ClassifierAway as error:
        return FilterFacts(classifier.name, str(error))
    return FilterFacts(classifier.name)


def _forget(asking: asyncio.Future[float]) -> None:
    """What comes too late is of no use, nor is its error."""
    with contextlib.suppress(Exception, asyncio.CancelledError):
        asking.result()


def _grey() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (SIDE_PX, SIDE_PX), "grey").save(buffer, "PNG")
    return buffer.getvalue()
