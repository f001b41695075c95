"""`python -m tests.screenshots`: the main messages as the playground shows them, in docs/pictures.

`members` or `admins` behind it makes only those. Runs everything with the embedded model, plays a
member, and photographs their page with Chromium.
"""

import asyncio
import io
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

from playground.testing.member import Member, Upload
from playground.testing.views import Message
from tests.support.processes import RunningProcess

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
SIZES = {"members": (1100, 980), "admins": (1100, 1400)}
"""Width and height of the window for each group of scenes."""
PATIENCE = 180.0
FOX = "a red fox --seed 7"


async def drawn(member: Member, message: Message) -> Message:
    """The message once its job has ended with a picture."""
    return await member.wait_for(
        lambda m: (
            m.id == message.id
            and bool(m.attachments)
            and not any((button.custom_id or "").endswith(":cancel") for button in m.buttons)
        )
    )


async def filled(member: Member, message: Message) -> Message:
    """The answer once it has taken the place of “thinking…”."""
    return await member.wait_for(lambda m: m.id == message.id and not m.thinking)


async def page(member: Member) -> None:
    """A grid."""
    await drawn(member, await member.slash("darkroom", "imagine", prompt=FOX))


async def picture(member: Member) -> None:
    """One picture by itself."""
    grid = await member.wait_for(lambda m: bool(m.button("U1")))
    await drawn(member, (await member.press(grid, "U1")).message)


async def settings(member: Member) -> None:
    await member.slash("darkroom", "prefer suffix", value="--ar 3:2")
    panel = await filled(member, await member.slash("darkroom", "settings"))
    await member.choose(panel, "250", select="me:stylize")


async def history(member: Member) -> None:
    await filled(member, await member.slash("darkroom", "seed"))
    await filled(member, await member.slash("darkroom", "history", search="fox"))


async def words(member: Member) -> None:
    grid = await member.wait_for(lambda m: bool(m.button("U1")))
    file = Upload("fox.png", await member.download(grid.attachments[0]))
    await filled(member, await member.slash("darkroom", "describe", image=file))
    await filled(member, await member.slash("darkroom", "shorten", prompt="a small red fox, noto"))


async def refusal(member: Member) -> None:
    await member.slash("darkroom", "imagine", prompt="a red fox --stylise 2000")
    await filled(member, await member.slash("darkroom", "queue"))


async def admins_setup(member: Member) -> None:
    """The first steps, with one of them done."""
    panel = await filled(member, await member.slash("darkroom", "server setup"))
    await member.press(
        panel, next(b.label for b in panel.buttons if "community" in (b.label or ""))
    )


async def admins_quotas(member: Member) -> None:
    await filled(
        member, await member.slash("darkroom", "server quota set", pictures=100, cooldown=15)
    )
    await filled(member, await member.slash("darkroom", "info"))


async def admins_words(member: Member) -> None:
    await filled(member, await member.slash("darkroom", "server words add", rule="*nude*"))
    prompt = "a n u d e cat"
    await filled(member, await member.slash("darkroom", "server words test", prompt=prompt))
    await filled(member, await member.slash("darkroom", "imagine", prompt=prompt))


async def admins_defaults(member: Member) -> None:
    answer = await member.slash("darkroom", "server defaults", channel="gallery", stylize=250)
    panel = await filled(member, answer)
    menu = next(one.custom_id for one in panel.selects if one.custom_id.endswith(":file_format"))
    await member.choose(panel, "=webp", select=menu)


async def admins_review(member: Member) -> None:
    """What moderators decide about."""
    rule = await member.slash("darkroom", "server words add", rule="wolf", action="review")
    await filled(member, rule)
    await filled(member, await member.slash("darkroom", "server review", channel="darkroom"))
    await member.slash("darkroom", "imagine", prompt="a wolf --seed 7")
    await member.wait_for(lambda m: bool(m.button("Approve behind a spoiler")))


async def admins_doctor(member: Member) -> None:
    answer = await member.slash("darkroom", "server doctor")
    await member.wait_for(lambda m: m.id == answer.id and bool(m.embeds))


Scenes = tuple[Callable[[Member], Awaitable[None]], ...]

SCENES: Mapping[str, Scenes] = {
    "members": (page, picture, settings, history, words, refusal),
    "admins": (
        admins_setup,
        admins_quotas,
        admins_words,
        admins_defaults,
        admins_doctor,
        admins_review,
    ),
}
"""In their order, for later ones use what earlier ones made; each becomes a file of its name."""


def opened(profile: str) -> webdriver.Chrome:
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        sys.exit("Install the packages chromium and chromium-driver.")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu"):
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={profile}")
    return webdriver.Chrome(options=options, service=Service(driver))


def photograph(browser: webdriver.Chrome, url: str, file: Path) -> None:
    """The page as the member sees it now, once all of its pictures are there."""
    browser.get(url)
    loaded = (
        "return document.querySelector('.message') !== null && "
        "[...document.images].every((image) => image.complete)"
    )
    WebDriverWait(browser, PATIENCE).until(lambda b: b.execute_script(loaded))
    png = browser.get_screenshot_as_png()
    # A page has few colours besides those of its pictures: the file becomes half as large.
    Image.open(io.BytesIO(png)).convert("RGB").quantize(256).save(file, optimize=True)


async def main(groups: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "DARKROOM_DATA": f"{folder}/data",
            "DARKROOM_MODEL": "",
            "PLAYGROUND_PORT": "0",
            "DISCORD_TOKEN": "",
            "INFERENCE_URL": "",
        }
        async with RunningProcess("-m", "bot", environment=environment) as darkroom:
            ready = await darkroom.printed(r"Darkroom is ready. Open (http://127.0.0.1:\d+) ")
            browser = await asyncio.to_thread(opened, f"{folder}/profile")
            async with Member(ready[1], "you", timeout=PATIENCE) as member:
                await member.wait_for_command("imagine")
                for group in groups:
                    await asyncio.to_thread(browser.set_window_size, *SIZES[group])
                    for scene in SCENES[group]:
                        await scene(member)
                        file = PICTURES / f"{scene.__name__}.png"
                        await asyncio.to_thread(photograph, browser, ready[1], file)
                        print(file)
            await asyncio.to_thread(browser.quit)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or tuple(SCENES)))
