"""The object store with the pictures: whether they can be written, listed, read and deleted."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from bot.doctor.check import Check, Installation, NotApplicable
from bot.doctor.findings import Finding, Level
from bot.i18n.texts import Text
from bot.picture_store import WrongPicturePlace, open_pictures
from storage.pictures import PictureNotRemoved, PictureNotSaved, PicturesUnavailable
from storage.pictures.bucket import Patience
from storage.pictures.files import PictureFiles

PATIENCE = Patience(connect_s=3, request_s=4, retry_s=1, retries=1)
"""All steps together must end before the check is given up."""

PROBE = b"Darkroom's doctor wrote this, and deletes it at once."


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """Where pictures are. `failed` is what could not be done there: `written`, `listed`, `read` or
    `deleted`; None if all could. `answer` is what came instead."""

    place: str
    failed: str | None = None
    answer: str = ""


class PicturesCheck(Check[PictureFacts]):
    """What `DiskCheck` is for a folder, for an object store: a small object goes there and back."""

    name = "pictures"
    for_servers = True

    async def gather(self, installation: Installation) -> PictureFacts:
        settings = installation.settings
        place = settings.picture_place
        if place.bucket is None:
            raise NotApplicable
        try:
            files = open_pictures(settings, patience=PATIENCE).files
        except WrongPicturePlace as error:
            return PictureFacts(place.bucket, "written", str(error))
        failed, reason = await _try_out(files)
        return PictureFacts(place.bucket, failed, reason)

    def judge(self, facts: PictureFacts) -> Iterable[Finding]:
        if facts.failed is None:
            yield Finding(self.name, Level.OK, Text("doctor-pictures.there"), None, facts.place)
            return
        yield Finding(
            self.name,
            Level.PROBLEM,
            Text(f"doctor-pictures.not-{facts.failed}"),
            Text("doctor-pictures.remedy"),
            f"{facts.place}: {facts.answer}",
        )


async def _try_out(files: PictureFiles) -> tuple[str | None, str]:
    """What fails first, and why."""
    name = f"doctor-{uuid.uuid4().hex}"
    try:
        await files.put({name: PROBE})
    except (PictureNotSaved, PicturesUnavailable) as error:
        return "written", str(error)
    failed, reason = await _try_reading(files, name)
    try:
        await files.delete([name])
    except PictureNotRemoved as error:
        return failed or "deleted", reason or str(error)
    return failed, reason


async def _try_reading(files: PictureFiles, name: str) -> tuple[str | None, str]:
    step = "read"
    try:
        if await files.get(name) != PROBE:
            return step, "what was written is not what is read"
        step = "listed"
        # One page of it: there may be many pictures.
        await anext(aiter(files.all()), None)
    except PicturesUnavailable as error:
        return step, str(error)
    return None, ""
