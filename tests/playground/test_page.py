"""The page in a real browser, driven by the keyboard wherever a person could."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import discord
import pytest
from discord import app_commands
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from playground import Playground
from playground.testing.member import Member
from tests.support.playground.small_bot import SmallBot, connected, picture_file

pytestmark = pytest.mark.browser
PATIENCE = 60
Found = TypeVar("Found")
HOSTILE = "<script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">"


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        pytest.skip("Chromium and its driver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,900",
        f"--user-data-dir={tmp_path_factory.mktemp('profile')}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    running = webdriver.Chrome(options, Service(chromedriver))
    yield running
    running.quit()


class Page:
    """The page of one member; every wait is for something to be there, never for time."""

    def __init__(self, driver: webdriver.Chrome, url: str) -> None:
        self.driver = driver
        self.url = url

    async def open(self, member: str) -> None:
        await asyncio.to_thread(self.driver.get, f"{self.url}/?as={member}")
        await self.until(lambda: self.find("#composer"))

    def find(self, css: str) -> list[WebElement]:
        return self.driver.find_elements("css selector", css)

    async def one(self, css: str) -> WebElement:
        """The first element that fits, once it is there."""
        return (await self.until(lambda: self.find(css)))[0]

    async def until(self, found: Callable[[], Found]) -> Found:
        def wait() -> Found:
            ignored = [StaleElementReferenceException]
            waiting = WebDriverWait(self.driver, PATIENCE, 0.05, ignored_exceptions=ignored)
            return waiting.until(lambda _: found())

        return await asyncio.to_thread(wait)

    async def keys(self, *keys: str) -> None:
        """Type where the focus is."""
        await asyncio.to_thread(lambda: self.driver.switch_to.active_element.send_keys(*keys))

    async def text(self, css: str, words: str) -> WebElement:
        """The element whose text holds these words, once there is one."""

        def fitting() -> WebElement | None:
            return next((each for each in self.find(css) if words in each.text), None)

        element = await self.until(fitting)
        assert element is not None
        return element

    async def script(self, source: str, *arguments: Any) -> Any:
        return await asyncio.to_thread(self.driver.execute_script, source, *arguments)

    async def later(self, source: str, *arguments: Any) -> Any:
        """A script that ends by calling its last argument."""
        return await asyncio.to_thread(self.driver.execute_async_script, source, *arguments)

    async def value(self, css: str, name: str) -> list[Any]:
        """A property of each element that fits."""
        source = "return [...document.querySelectorAll(arguments[0])].map((e) => e[arguments[1]])"
        return list(await self.script(source, css, name))

    @contextmanager
    def speaking(self, accepted: str) -> Iterator[None]:
        """Use another language as the browser's."""
        agent = self.driver.execute_script("return navigator.userAgent")
        spoken = self.driver.execute_script("return navigator.language")

        def speak(language: str) -> None:
            override = {"userAgent": agent, "acceptLanguage": language}
            self.driver.execute_cdp_cmd("Emulation.setUserAgentOverride", override)

        speak(accepted)
        try:
            yield
        finally:
            speak(spoken)

    def complaints(self) -> list[str]:
        """What the browser's console holds against the page."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


@pytest.fixture
async def page(driver: webdriver.Chrome, playground: Playground) -> AsyncIterator[Page]:
    opened = Page(driver, playground.url)
    opened.complaints()  # Those of the page before.
    yield opened
    await opened.script("localStorage.clear(); sessionStorage.clear()")
    await asyncio.to_thread(driver.get, "about:blank")


def make_bot() -> SmallBot:
    bot = SmallBot()

    class Buttons(discord.ui.View):
        @discord.ui.button(label="U1", custom_id="u1")
        async def upscale(
            self, interaction: discord.Interaction, _: discord.ui.Button[Buttons]
        ) -> None:
            await interaction.response.send_message("only you", ephemeral=True)

        @discord.ui.button(label="Remix", custom_id="remix")
        async def remix(
            self, interaction: discord.Interaction, _: discord.ui.Button[Buttons]
        ) -> None:
            await interaction.response.send_modal(Remix())

    class Remix(discord.ui.Modal, title="Remix Prompt"):
        prompt = discord.ui.TextInput[discord.ui.Modal](label="Prompt", default="a fox")

        async def on_submit(self, interaction: discord.Interaction) -> None:
            await interaction.response.edit_message(content=f"now {self.prompt.value}")

    @bot.tree.command(description="Draw what you describe")
    async def imagine(interaction: discord.Interaction, prompt: str, steps: int = 20) -> None:
        await interaction.response.send_message(f"{prompt} (0%)", file=picture_file("grey"))
        done = f"{prompt} after {steps}"
        files = [picture_file("red", "a red square")]
        await interaction.edit_original_response(content=done, attachments=files, view=Buttons())

    @bot.tree.command(description="Says nothing")
    async def silent(interaction: discord.Interaction) -> None:
        pass

    return bot


async def test_a_picture_by_the_keyboard_alone(page: Page, playground: Playground) -> None:
    async with connected(make_bot(), playground.url), Member(playground.url, "Ada") as ada:
        await ada.wait_for_command("imagine")
        await page.open("Ada")
        await page.text(".bot-state", "online")
        (await page.one("#composer")).send_keys("/ima")
        await page.text(".popup-option", "/imagine")
        await page.keys(Keys.TAB)
        await page.one("[data-option=prompt]")
        await page.keys("a red fox", Keys.TAB, "7", Keys.ENTER)
        await page.text(".message .content", "a red fox after 7")
        await page.one('.message img[alt="a red square"]')
        await page.until(lambda: len(page.find(".picture img")) == 1)  # The preview is gone.

        remix = await page.one("[data-custom-id=remix]")
        await page.script("arguments[0].focus()", remix)
        await page.keys(Keys.ENTER)
        await page.text("dialog h2", "Remix Prompt")
        await page.keys(" and a wolf", Keys.ENTER)
        await page.text(".message .content", "now a fox and a wolf")
        await page.until(lambda: not page.find("dialog"))

        upscale = await page.one("[data-custom-id=u1]")
        await page.script("arguments[0].focus()", upscale)
        await page.keys(Keys.ENTER)
        note = await page.text(".message.ephemeral .note", "Only you can see this")
        note.find_element("css selector", "button").send_keys(Keys.ENTER)
        await page.until(lambda: not page.find(".message.ephemeral"))
        assert page.complaints() == []


async def test_typing_a_command_in_one_go(page: Page, playground: Playground) -> None:
    async with connected(make_bot(), playground.url), Member(playground.url, "Ada") as ada:
        await ada.wait_for_command("imagine")
        await page.open("Ada")
        (await page.text("button.try", "/imagine a red fox")).click()
        await page.keys(Keys.ENTER)
        await page.text(".message .content", "a red fox after 20")
        (await page.one("#composer")).send_keys("/imagine a blue fox", Keys.ENTER)
        await page.text(".message .content", "a blue fox after 20")


async def test_the_name_of_an_option_may_be_typed_before_its_value(
    page: Page, playground: Playground
) -> None:
    async with connected(make_bot(), playground.url), Member(playground.url, "Ada") as ada:
        await ada.wait_for_command("imagine")
        await page.open("Ada")
        (await page.one("#composer")).send_keys("/imagine prompt: a fox: red", Keys.ENTER)
        await page.text(".message .content", "a fox: red after 20")
        assert "prompt" not in (await page.one(".message .content")).text
        pasted = "document.execCommand('insertText', false, '/imagine prompt: an owl')"
        await page.script(pasted)
        await page.keys(" in snow", Keys.ENTER)
        shown = await page.text(".message .content", "an owl in snow after 20")
        assert "prompt" not in shown.text


async def test_a_reply_shows_the_first_words_of_what_it_answers(
    page: Page, playground: Playground
) -> None:
    bot = SmallBot()

    @bot.tree.command(description="Answers itself")
    async def twice(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("```\na red fox\n```")
        await interaction.followup.send("as you say")

    async with connected(bot, playground.url), Member(playground.url, "Ada") as ada:
        await ada.wait_for_command("twice")
        await page.open("Ada")
        await ada.slash("darkroom", "twice")
        await page.text(".context-words", "a red fox")


async def test_the_first_visit_is_shown_what_to_do_once(page: Page, playground: Playground) -> None:
    async with connected(make_bot(), playground.url), Member(playground.url, "Ada") as ada:
        await ada.wait_for_command("imagine")
        await page.open("Ada")
        await page.text(".coach", "type / here to see all commands")
        described = (await page.one("#composer")).get_attribute("aria-describedby")
        assert [each.get_attribute("id") for each in page.find(".coach")] == [described]
        (await page.text(".example", "a parrot")).click()
        await page.one("[data-option=prompt]")
        await page.until(lambda: not page.find(".coach:not([hidden])"))
        await page.keys(" in a tree", Keys.ENTER)
        await page.text(".message .content", "a parrot in a tree after 20")
        # Another empty channel has the prompts, and no coach mark any more.
        gallery = await page.text("[data-channel]", "gallery")
        gallery.click()
        await page.text(".try", "/imagine a red fox")
        assert len(page.find(".example")) == 3
        assert not page.find(".coach:not([hidden])")
        await page.open("Ada")
        await page.text(".message .content", "a parrot")
        assert not page.find(".coach:not([hidden])")


async def test_trying_it_takes_one_press_and_leaves_the_focus_to_type(
    page: Page, playground: Playground
) -> None:
    async with connected(make_bot(), playground.url), Member(playground.url, "Ada") as ada:
        await ada.wait_for_command("imagine")
        await page.open("Ada")
        await page.text(".bot-state", "online")
        await page.one(".coach:not([hidden])")
        await page.script("document.querySelector('.try').focus()")
        await page.keys(" ")
        await page.text(".message .content", "a red fox after 20")
        assert await page.script("return document.activeElement.id") == "composer"
        assert len(await ada.messages("darkroom")) == 1


async def test_what_is_typed_after_a_button_reaches_the_message_box(
    page: Page, playground: Playground
) -> None:
    async with connected(make_bot(), playground.url), Member(playground.url, "Ada") as ada:
        await ada.wait_for_command("imagine")
        await ada.slash("darkroom", "imagine", prompt="a fox")
        await page.open("Ada")
        (await page.one("[data-custom-id=u1]")).click()
        await page.text(".message.ephemeral .content", "only you")
        await page.keys("/ima")
        await page.text(".popup-option", "/imagine")
        assert await page.value("#composer", "value") == ["/ima"]
        # The space bar still presses what has the focus, and a dialog keeps what is typed in it.
        await page.script("document.querySelector('[data-custom-id=remix]').focus()")
        await page.keys(" ")
        await page.text("dialog h2", "Remix Prompt")
        await page.keys("!")
        assert await page.value("dialog input", "value") == ["a fox!"]
        await page.keys(Keys.ESCAPE)
        await page.until(lambda: not page.find("dialog"))
        await page.keys("g")
        assert await page.value("#composer", "value") == ["/imag"]


async def test_a_file_is_chosen_and_taken_away_with_the_keyboard(
    page: Page, playground: Playground, tmp_path: Path
) -> None:
    bot = SmallBot()

    @bot.tree.command(description="Suggest prompts")
    async def describe(
        interaction: discord.Interaction,
        image: discord.Attachment | None = None,
        link: str | None = None,
    ) -> None:
        await interaction.response.send_message(f"{image.filename if image else None} {link}")

    async with connected(bot, playground.url), Member(playground.url, "Ada") as ada:
        await ada.wait_for_command("describe")
        (tmp_path / "fox.png").write_bytes(b"a fox")
        await page.open("Ada")
        await page.script("window.opened = 0; HTMLInputElement.prototype.click = () => opened++")
        (await page.one("#composer")).send_keys("/describe", Keys.TAB)
        await page.text(".popup-option", "image")
        await page.keys(Keys.TAB)  # The first option, as between options.
        await page.one("[data-option=image]")
        await page.text(".popup-title", "Enter chooses a file")
        await page.keys(Keys.ENTER)
        await page.keys(" ")
        assert await page.script("return opened") == 2  # The browser's dialog, which ends in:
        (await page.one("input[type=file]")).send_keys(str(tmp_path / "fox.png"))
        await page.text(".chip-file", "fox.png")
        await page.text(".popup-title", "Backspace removes the file")
        await page.keys(Keys.BACKSPACE)
        await page.text(".chip-file", "Choose a file")
        (await page.one("input[type=file]")).send_keys(str(tmp_path / "fox.png"))
        await page.text(".chip-file", "fox.png")
        await page.keys(Keys.TAB, "here", Keys.ENTER)
        await page.text(".message .content", "fox.png here")


async def test_presence_is_the_same_in_every_list(page: Page, playground: Playground) -> None:
    async def presences(name: str) -> list[str]:
        """Of this member: in the list of members, of conversations, and in their profile."""
        lists = [await page.text(css, name) for css in (".person", "[data-channel]")]
        shown = [
            each.find_element("css selector", ".face i").get_attribute("title") for each in lists
        ]
        await page.script("arguments[0].click()", lists[0])
        profile = await page.one(".menu-heading")
        shown.append(profile.find_element("css selector", "small").text)
        await page.keys(Keys.ESCAPE)
        return [str(each) for each in shown]

    await page.open("Ada")
    assert await presences("Ben") == ["offline"] * 3
    async with Member(playground.url, "Ben"):
        await page.until(lambda: len(page.find(".person .face.online")) == 2)
        assert await presences("Ben") == ["online"] * 3
        assert await presences("Darkroom") == ["offline"] * 3
    await page.until(lambda: len(page.find(".person .face.online")) == 1)
    assert await presences("Ben") == ["offline"] * 3
    own = await page.value(".user .face i", "title")
    assert own == ["online"]


async def test_marks_are_read_as_discord_reads_them(page: Page, playground: Playground) -> None:
    written = {
        "_it_": "<em>it</em>",
        "(_it_) and _that_.": "(<em>it</em>) and <em>that</em>.",
        "snake_case_name": "snake_case_name",
        "_it_s": "_it_s",
        "é_it_": "é<em>it</em>",
        "**_it_**": "<strong><em>it</em></strong>",
        "_**it**_": "<em><strong>it</strong></em>",
        "*a **b** c*": "<em>a <strong>b</strong> c</em>",
        "_a __b__ c_": "<em>a <u>b</u> c</em>",
        r"_a\_b_": "<em>a_b</em>",
        r"**a\**b**": "<strong>a**b</strong>",
        r"__a\__b__": "<u>a__b</u>",
    }
    await page.open("Ada")
    shown = await page.later(
        """const [texts, done] = arguments;
        const read = (m) => texts.map((text) => {
          const line = document.createElement("div");
          line.append(...m.markdown(text, { user() {}, channel() {} }, { blocks: false }));
          return line.innerHTML;
        });
        import("/page/js/markdown.js").then((m) => done(read(m)))""",
        list(written),
    )
    assert dict(zip(written, shown, strict=True)) == written


@pytest.mark.parametrize("width", [320, 360, 390])
async def test_five_buttons_stand_in_one_row_on_a_phone(
    page: Page, playground: Playground, width: int
) -> None:
    bot = SmallBot()

    @bot.tree.command(description="A grid's buttons")
    async def grid(interaction: discord.Interaction) -> None:
        view = discord.ui.View()
        for row, letter in enumerate("UV"):
            for number in range(1, 5):
                view.add_item(discord.ui.Button(label=f"{letter}{number}", row=row))
        view.add_item(discord.ui.Button(emoji="🔄", row=0))
        await interaction.response.send_message("four", view=view)

    async with connected(bot, playground.url), Member(playground.url, "Ada") as ada:
        await ada.wait_for_command("grid")
        await ada.slash("darkroom", "grid")
        phone = {"width": width, "height": 700, "deviceScaleFactor": 1, "mobile": True}
        page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
        try:
            await page.open("Ada")
            await page.text(".message .button", "V4")
            assert len(set(await page.value(".row:first-child .button", "offsetTop"))) == 1
            assert len(await page.value(".row:first-child .button", "offsetTop")) == 5
            assert await page.script("return document.documentElement.scrollWidth") == width
        finally:
            page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


async def test_a_long_choice_does_not_push_a_panel_out_of_a_phone(
    page: Page, playground: Playground
) -> None:
    bot = SmallBot()

    @bot.tree.command(description="Shows a panel")
    async def panel(interaction: discord.Interaction) -> None:
        long = discord.SelectOption(label="a choice with a long name " * 3, default=True)
        chosen = discord.ui.Select[discord.ui.LayoutView](options=[long])
        layout = discord.ui.LayoutView()
        layout.add_item(discord.ui.Container(discord.ui.ActionRow(chosen)))
        await interaction.response.send_message(view=layout)

    async with connected(bot, playground.url), Member(playground.url, "Ada") as ada:
        await ada.wait_for_command("panel")
        await ada.slash("darkroom", "panel")
        phone = {"width": 390, "height": 700, "deviceScaleFactor": 1, "mobile": True}
        page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
        try:
            await page.open("Ada")
            await page.one(".container .select-button")
            ends = "return document.querySelector(arguments[0]).getBoundingClientRect().right"
            for part in (".container", ".container .select-button"):
                assert await page.script(ends, part) <= 390
        finally:
            page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


async def test_letters_choose_among_options_that_may_all_be_left_out(
    page: Page, playground: Playground
) -> None:
    bot = SmallBot()

    @bot.tree.command(description="Says what it was given")
    async def tune(
        interaction: discord.Interaction, width: int = 1, height: int = 2, colour: str = "red"
    ) -> None:
        await interaction.response.send_message(f"{width} {height} {colour}")

    async with connected(bot, playground.url), Member(playground.url, "Ada") as ada:
        await ada.wait_for_command("tune")
        await page.open("Ada")
        (await page.one("#composer")).send_keys("/tune col")
        await page.text(".popup-title", "col")
        await page.until(lambda: len(page.find(".popup-option")) == 1)
        await page.keys(Keys.ENTER)
        await page.one("[data-option=colour]")
        await page.keys("green", Keys.ENTER)
        await page.text(".message .content", "1 2 green")
        (await page.one("#composer")).send_keys("/tune x")
        await page.text(".popup-title", "There is no option “x”")
        # What is wrong is said once, by the list.
        await page.keys(Keys.ESCAPE, "/nonsense", Keys.ENTER)
        await page.text(".popup-title", "There is no command “/nonsense” for you here")
        assert page.find(".notice") == []


async def test_commands_have_the_names_of_the_browsers_language(
    page: Page, playground: Playground
) -> None:
    bot = SmallBot()

    class German(app_commands.Translator):
        async def translate(self, string: Any, locale: discord.Locale, _: Any) -> str | None:
            return f"{string.message}-auf-deutsch" if locale is discord.Locale.german else None

    @bot.tree.command(description="Says the language")
    async def language(interaction: discord.Interaction, word: str) -> None:
        await interaction.response.send_message(f"{interaction.locale.value} {word}")

    await bot.tree.set_translator(German())
    async with connected(bot, playground.url), Member(playground.url, "Ada") as ada:
        await ada.wait_for_command("language")
        with page.speaking("de"):
            await page.open("Ada")
            (await page.one("#composer")).send_keys("/lang")
            await page.text(".popup-option", "/language-auf-deutsch")
            await page.keys(Keys.TAB)
            await page.text(".chip-name", "word-auf-deutsch")
            await page.keys("Hallo", Keys.ENTER)
            await page.text(".message .content", "de Hallo")


async def test_the_page_speaks_german_and_the_bot_follows_the_switch(
    page: Page, playground: Playground
) -> None:
    bot = make_bot()

    @bot.tree.command(description="Says the language")
    async def language(interaction: discord.Interaction) -> None:
        await interaction.response.send_message(interaction.locale.value, ephemeral=True)

    async with connected(bot, playground.url), Member(playground.url, "Ada") as ada:
        await ada.wait_for_command("language")
        with page.speaking("de-AT"):
            await page.open("Ada")
            await page.text(".bot-state", "Bot online")
            assert await page.script("return document.documentElement.lang") == "de"
            await page.text(".welcome", "Willkommen in #darkroom!")
            await page.text(".sidebar", "Direktnachrichten")
            placeholder = (await page.one("#composer")).get_attribute("placeholder")
            assert placeholder == "Nachricht an #darkroom"
            await page.keys("/silent", Keys.ENTER, Keys.ENTER)
            await page.text(".message .failed", "Die Anwendung reagiert nicht")
            await page.text(".message .note", "Nachricht ausblenden")
            await page.keys("/language", Keys.ENTER, Keys.ENTER)
            await page.text(".message .content", "de")

            await page.keys("a half-typed line")
            await page.script("document.getElementById('language').focus()")
            await page.keys(Keys.ENTER)
            await page.text("[role=menuitemradio][aria-checked=true]", "Deutsch")
            await page.text("[role=menuitemradio]", "English")
            await page.keys(Keys.HOME, Keys.ENTER)
            await page.text(".sidebar", "Direct messages")
            assert await page.script("return document.documentElement.lang") == "en-US"
            composer = await page.one("#composer")
            await page.until(lambda: composer.get_attribute("value") == "a half-typed line")
            composer.clear()
            composer.send_keys("/language", Keys.ENTER, Keys.ENTER)
            await page.text(".message .content", "en-US")
            await page.open("Ben")  # Everyone has a language of their own.
            await page.text(".sidebar", "Direktnachrichten")


async def test_silence_is_told_in_red(page: Page, playground: Playground) -> None:
    async with connected(make_bot(), playground.url), Member(playground.url, "Ada") as ada:
        await ada.wait_for_command("silent")
        await page.open("Ada")
        (await page.one("#composer")).send_keys("/silent", Keys.ENTER, Keys.ENTER)
        await page.text(".message .failed", "The application did not respond")
    await page.text(".bot-state", "offline")
    await page.text(".banner", "offline")


async def test_everything_anybody_wrote_is_text(page: Page, playground: Playground) -> None:
    bot = SmallBot()

    @bot.tree.command(description=HOSTILE[:100])
    async def attack(interaction: discord.Interaction) -> None:
        embed = discord.Embed(title=HOSTILE, description=HOSTILE, url="https://example.org/")
        embed.add_field(name=HOSTILE, value=HOSTILE)
        embed.set_footer(text=HOSTILE)
        view = discord.ui.View()
        view.add_item(discord.ui.Button(label=HOSTILE[:80]))
        content = f"{HOSTILE} ||{HOSTILE}|| [{HOSTILE}](https://example.org) `{HOSTILE}`"
        await interaction.response.send_message(content, embed=embed, view=view)

    async with connected(bot, playground.url), Member(playground.url, "Ada") as ada:
        await ada.wait_for_command("attack")
        await page.open("Ben")
        await page.script("window.name = 'same page'")
        await ada.say("darkroom", f"{HOSTILE} [x](javascript:alert) <javascript:alert>")
        await ada.slash("darkroom", "attack")
        await page.text(".embed", HOSTILE)
        title = await page.script("return document.title")
        assert "broken" not in title
        assert page.find("#messages script, #messages [onerror], #messages [src=x]") == []
        links = await page.script(
            "return [...document.querySelectorAll('#messages a')].map((a) => a.protocol)"
        )
        assert set(links) == {"https:"}


async def test_a_link_to_a_message_leads_there(page: Page, playground: Playground) -> None:
    async with Member(playground.url, "Ada") as ada:
        there = await ada.say("gallery", "here it hangs")
        link = f"https://discord.com/channels/1/{there.channel_id}/{there.id}"
        await page.open("Ada")
        await ada.say("darkroom", f"look: {link}")
        (await page.text(".message a", "#gallery › message")).click()
        await page.text(".topbar h1", "gallery")
        await page.one(f"[data-message-id='{there.id}'].revealed")
        await ada.say("gallery", "https://discord.com/channels/1/2/3")
        await page.text(".message a", "https://discord.com/channels/1/2/3")


async def test_a_narrow_window_hides_the_channels(page: Page, playground: Playground) -> None:
    await page.open("Ada")
    await asyncio.to_thread(page.driver.set_window_size, 500, 800)
    try:
        burger = await page.one(".burger")
        await page.until(burger.is_displayed)
        gallery = await page.one("[data-channel]:nth-of-type(2)")
        await page.until(lambda: not gallery.is_displayed())
        burger.click()
        await page.until(gallery.is_displayed)
        await page.script("arguments[0].click()", gallery)
        await page.text(".topbar h1", "gallery")
        wide = await page.script("return document.documentElement.scrollWidth > innerWidth")
        assert wide is False
    finally:
        await asyncio.to_thread(page.driver.set_window_size, 1280, 900)


async def test_the_page_may_load_nothing_from_elsewhere(page: Page, playground: Playground) -> None:
    await page.open("Ada")
    loaded = await page.script(
        "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    )
    assert loaded
    assert all(str(name).startswith(playground.url) for name in loaded)
    for script in (Path(__file__).parents[2] / "playground" / "page" / "js").glob("*.js"):
        assert "innerHTML" not in script.read_text(encoding="utf-8")
    assert page.complaints() == []


async def test_a_file_that_components_show_is_shown_once(
    page: Page, playground: Playground
) -> None:
    bot = SmallBot()

    @bot.tree.command(description="Shows a thumbnail")
    async def show(interaction: discord.Interaction) -> None:
        thumbnail = discord.ui.Thumbnail("attachment://red.png", description="a red square")
        layout = discord.ui.LayoutView()
        layout.add_item(discord.ui.Container(discord.ui.Section("beside it", accessory=thumbnail)))
        await interaction.response.send_message(view=layout, file=picture_file("red"))

    async with connected(bot, playground.url), Member(playground.url, "Ada") as ada:
        await ada.wait_for_command("show")
        await page.open("Ben")
        await ada.slash("darkroom", "show")
        await page.one(".section img")
        assert len(page.find("#messages .body img:not(.avatar)")) == 1
        width = "return document.querySelector('.section img').getBoundingClientRect().width"
        before = await page.script(width)
        # However many words there are beside it.
        words = "document.querySelector('.section > div').textContent = 'word '.repeat(200)"
        await page.script(words)
        assert await page.script(width) == before
