"""A person in front of the page: a real browser types, watches, presses and looks."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.support.processes import RunningProcess, environment

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
SCREENSHOTS = Path(__file__).parent.parent / "data" / "screenshots"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (BROWSER and DRIVER),
        reason="no Chromium with ChromeDriver: install the packages chromium and chromium-driver",
    ),
]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER or ""
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,1000",
        f"--user-data-dir={tmp_path / 'profile'}",
    ):
        options.add_argument(flag)
    with webdriver.Chrome(options=options, service=Service(DRIVER)) as browser:
        yield browser


def appears(browser: webdriver.Chrome, xpath: str) -> WebElement:
    """The element, once it is there and to be seen."""

    def look(_: object) -> WebElement | None:
        found = [e for e in browser.find_elements(By.XPATH, xpath) if e.is_displayed()]
        return found[-1] if found else None

    return WebDriverWait(browser, 90).until(look)


async def test_someone_draws_a_fox_and_takes_the_first_picture(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    """With the embedded model, as a newcomer has it."""
    async with RunningProcess(
        "-m", "bot", environment=environment(tmp_path / "data", model=None)
    ) as darkroom:
        ready = await darkroom.printed(r"Darkroom is ready. Open (http://127.0.0.1:\d+) ")
        browser.get(ready[1])
        appears(browser, "//*[contains(., 'bot online')]")

        type_into(browser, "/imagine a red fox")
        type_into(browser, Keys.ENTER)
        first = appears(browser, "//button[normalize-space()='U1']")
        appears(browser, "//img[contains(@src, 'a_red_fox')]")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        assert browser.save_screenshot(str(SCREENSHOTS / "page.png"))
        first.click()
        appears(browser, "//li[contains(., 'Image #1 by')]//img[contains(@src, 'a_red_fox')]")
        assert browser.save_screenshot(str(SCREENSHOTS / "picture.png"))
        errors = [e for e in browser.get_log("browser") if e["level"] == "SEVERE"]
        assert errors == []
        darkroom.send(signal.SIGTERM)
        assert await darkroom.wait() == 0


def type_into(browser: webdriver.Chrome, text: str) -> None:
    """Type as a person does: key by key, wherever the page has put the cursor."""
    for key in text:
        browser.switch_to.active_element.send_keys(key)
