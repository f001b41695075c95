"""The CDN: attachments, and avatars drawn on request."""

from __future__ import annotations

import io
from functools import lru_cache
from math import cos, radians, sin

from aiohttp import web
from PIL import Image, ImageDraw, ImageFont

from playground.app.standin import StandIn

PICTURE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")
"""Shown in place; everything else is offered for download, because it could be a page."""

DOWNLOAD_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, max-age=31536000, immutable",
}
AVATAR_SIDE_PX = 128
AVATAR_COLOURS = (
    ("#f6a04d", "#e0564a"),
    ("#5cc8a7", "#2b7fb8"),
    ("#b58cf0", "#6b4fd0"),
    ("#f28fb1", "#c0467f"),
    ("#8bc34a", "#3f8f4f"),
    ("#6f7bf7", "#3d45b8"),
)


def add_cdn_routes(app: web.Application, standin: StandIn) -> None:
    """Serve `/cdn/…`."""

    async def attachment(request: web.Request) -> web.Response:
        file_id = request.match_info["file_id"]
        file = standin.world.file(int(file_id)) if file_id.isdigit() else None
        if file is None or file.filename != request.match_info["filename"]:
            raise web.HTTPNotFound
        inline = "inline" if file.content_type in PICTURE_TYPES else "attachment"
        headers = {
            **DOWNLOAD_HEADERS,
            "Content-Disposition": f'{inline}; filename="{file.filename}"',
        }
        return web.Response(body=file.content, content_type=file.content_type, headers=headers)

    async def avatar(request: web.Request) -> web.Response:
        user_id = request.match_info["user_id"]
        member = standin.world.members.get(int(user_id) if user_id.isdigit() else 0)
        if member is None:
            raise web.HTTPNotFound
        position = list(standin.world.members).index(member.user.id)
        letter = "" if member.user.bot else member.user.display_name[0].upper()
        return _png_response(_draw_avatar(letter, position % len(AVATAR_COLOURS)))

    async def default_avatar(request: web.Request) -> web.Response:
        number = request.match_info["number"]
        return _png_response(
            _draw_avatar("?", int(number) % len(AVATAR_COLOURS) if number.isdigit() else 0)
        )

    # The rest of the path is a hash that changes with the picture, and nothing else.
    app.router.add_get("/cdn/attachments/{channel_id}/{file_id}/{filename}", attachment)
    app.router.add_get("/cdn/avatars/{user_id}/{hash}", avatar)
    app.router.add_get("/cdn/embed/avatars/{number}.png", default_avatar)


def _png_response(content: bytes) -> web.Response:
    return web.Response(body=content, content_type="image/png", headers=DOWNLOAD_HEADERS)


@lru_cache
def _draw_avatar(letter: str, colour: int) -> bytes:
    """A letter on a gradient; without a letter, the bot's aperture."""
    size = AVATAR_SIDE_PX * 4  # Drawn large and scaled down, for smooth edges.
    if letter:
        top, bottom = AVATAR_COLOURS[colour]
        picture = _gradient(top, bottom, size)
        font = ImageFont.load_default(size * 0.52)
        draw = ImageDraw.Draw(picture)
        draw.text((size / 2, size / 2), letter, "white", font, anchor="mm")
    else:
        picture = _gradient("#2a2140", "#120d1f", size)
        _draw_aperture(ImageDraw.Draw(picture), size)
    buffer = io.BytesIO()
    small = picture.resize((AVATAR_SIDE_PX, AVATAR_SIDE_PX), Image.Resampling.LANCZOS)
    small.save(buffer, "PNG")
    return buffer.getvalue()


def _gradient(top: str, bottom: str, size: int) -> Image.Image:
    mask = Image.linear_gradient("L").resize((size, size))
    return Image.composite(
        Image.new("RGB", (size, size), bottom), Image.new("RGB", (size, size), top), mask
    )


def _draw_aperture(draw: ImageDraw.ImageDraw, size: int) -> None:
    """A darkroom's safelight: a red glow seen through a shutter of six blades."""
    centre = size / 2
    for step in range(24):
        radius = size * (0.36 - 0.012 * step)
        glow = (150 + 4 * step, 26 + 3 * step, 40 + 2 * step)
        draw.ellipse((centre - radius, centre - radius, centre + radius, centre + radius), glow)
    for blade in range(6):
        outer = _on_circle(centre, size * 0.37, blade * 60)
        inner = _on_circle(centre, size * 0.17, blade * 60 + 52)
        draw.line((outer, inner), "#1c1530", width=int(size * 0.028))


def _on_circle(centre: float, radius: float, degrees: float) -> tuple[float, float]:
    angle = radians(degrees)
    return centre + radius * cos(angle), centre + radius * sin(angle)
