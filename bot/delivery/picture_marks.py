"""What the file of a job's picture says about itself: the mark that AI made it, and the recipe.

Stored files stay as they were made. What leaves the bot is signed on its way out, because a
signature is different each time.
"""

from bot.images.grid import PictureFile
from bot.images.provenance import Origin, Parent, PictureMarker
from bot.policy.recipes import carries_recipe
from storage import jobs, pictures
from storage.database import Database
from storage.jobs import Job
from storage.members import get_preferences
from storage.models import JobKind
from storage.pictures import PictureMissing, PictureStore
from storage.servers import get_settings


class PictureMarks:
    """Marks the files of jobs."""

    def __init__(
        self, database: Database, picture_store: PictureStore, marker: PictureMarker
    ) -> None:
        self._database = database
        self._picture_store = picture_store
        self._marker = marker

    async def has_recipe(self, job: Job) -> bool:
        """Whether the files of a job carry its prompt and settings. Raises StorageUnavailable."""
        server = None
        if job.server_id is not None:
            server = await get_settings(self._database, job.server_id)
        wants = False
        if job.stealth:
            wants = (await get_preferences(self._database, job.member_id)).stealth_recipe
        return carries_recipe(server, is_stealth=job.stealth, wants_in_stealth=wants)

    async def origin(self, job: Job) -> Origin:
        """How the pictures of a job come to be. Raises StorageUnavailable."""
        return Origin(job.id, _model(job), await self._parent(job), job.kind is not JobKind.UPSCALE)

    async def mark(self, file: PictureFile, origin: Origin) -> PictureFile:
        """The file, signed; see `PictureMarker.mark`."""
        return await self._marker.mark(file, origin)

    async def _parent(self, job: Job, *, with_file: bool = True) -> Parent | None:
        """The picture that a job was made from: one of another job, or one from a member.

        With its file, if that is there. Of the picture behind that only the name is said.
        """
        if job.parent_id is not None and job.parent_index is not None:
            picture = await pictures.at(self._database, job.parent_id, job.parent_index)
            parent = await jobs.get(self._database, job.parent_id)
            if picture and parent:
                if not with_file:
                    return Parent(picture.id, picture.sha256)
                try:
                    png = await self._picture_store.read(picture)
                except PictureMissing:
                    png = None
                before = await self._parent(parent, with_file=False)
                is_edit = parent.kind is not JobKind.UPSCALE
                origin = Origin(picture.id, _model(parent), before, is_edit)
                return Parent(picture.id, picture.sha256, png, origin)
        start = job.request.get("start")
        return Parent("start picture", start["image"]) if start else None


def _model(job: Job) -> str:
    """The model's name; empty while no model was known."""
    return str(job.request.get("model", ""))
