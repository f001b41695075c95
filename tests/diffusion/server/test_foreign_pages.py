"""A page of another site in a real browser: it draws where the operator allows it, else not."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from diffusion.engine.engine import Engine
from diffusion.loading.load import Checkpoint
from tests.support.engine.inference_server import serving, site

pytestmark = pytest.mark.browser

DRAW = """
const [url, done] = arguments;
const headers = {"Authorization": "Bearer sesame", "Content-Type": "application/json"};
const body = JSON.stringify(
    {prompt: "a fox", num_inference_steps: 1, response_format: "url", size: "72x64"});
fetch(url + "/v1/images/generations", {method: "POST", headers, body})
    .then((answer) => answer.json())
    .then((answer) => {
        const picture = new Image();
        picture.onload = () => done([picture.naturalWidth, picture.naturalHeight]);
        picture.onerror = () => done("the link brings no picture");
        picture.src = answer.data[0].url;
    })
    .catch((error) => done(error.name));
"""
"""What a page does: draw with the key, and show the picture by its link without it."""


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        pytest.skip("Chromium and its driver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={tmp_path / 'profile'}",
    ):
        options.add_argument(flag)
    with webdriver.Chrome(options=options, service=Service(chromedriver)) as running:
        running.set_script_timeout(60)
        yield running


async def _page(_: web.Request) -> web.Response:
    return web.Response(text="<!doctype html><title>A page</title>", content_type="text/html")


async def test_a_page_draws_where_it_is_allowed(
    browser: webdriver.Chrome, tiny: Checkpoint
) -> None:
    pages = web.Application()
    pages.router.add_get("/", _page)
    async with site(pages) as page:
        await asyncio.to_thread(browser.get, page)
        async with serving(lambda: Engine(tiny), api_key="sesame", origins={page}) as server:
            shown = await asyncio.to_thread(browser.execute_async_script, DRAW, server.url)
            assert shown == [72, 64]
        async with serving(lambda: Engine(tiny), api_key="sesame") as server:
            shown = await asyncio.to_thread(browser.execute_async_script, DRAW, server.url)
            assert shown == "TypeError"
            assert server.engine.steps == 0
