"""Who may use the server: pages of other sites, foreign names, and all without a key."""

import argparse
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import torch

from diffusion.engine.engine import Engine
from diffusion.loading.load import Checkpoint
from diffusion.server.admission.origins import (
    OpenToAll,
    WrongOrigins,
    check_open,
    is_known_host,
    is_own_page,
    read_origins,
)
from diffusion.server.process import serve
from tests.support.engine.inference_server import Serving, serving

JSON_ROUTES = ("/v1/images/generations", "/v1/prompts/weights", "/v1/prompts/tokens")
FORM_ROUTES = ("/v1/images/edits", "/v1/images/upscales", "/v1/images/descriptions")
READ_ROUTES = ("/v1/models", "/health", "/metrics")
BODY = '{"prompt": "a fox", "num_inference_steps": 1}'


@pytest.fixture
async def server(tiny: Checkpoint) -> AsyncIterator[Serving]:
    async with serving(lambda: Engine(tiny)) as running:
        yield running


async def _status(method: str, url: str, **sent: Any) -> tuple[int, str | None]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, **sent) as response,
    ):
        if response.status == 200:
            await response.read()
            return 200, None
        return response.status, (await response.json())["error"]["code"]


@pytest.mark.parametrize("path", JSON_ROUTES)
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
async def test_json_has_to_say_that_it_is_json(
    server: Serving, path: str, kind: str | None
) -> None:
    """What a browser sends for any page without asking is of another type."""
    headers = {"Content-Type": kind} if kind else {}
    sent = {"data": BODY.encode(), "headers": headers}
    if not kind:
        sent["skip_auto_headers"] = ["Content-Type"]
    assert await _status("POST", server.url + path, **sent) == (415, "wrong_content_type")
    assert server.engine.steps == 0
    for right in ("application/json", "application/json; charset=utf-8", "application/x+json"):
        sent = {"data": BODY.encode(), "headers": {"Content-Type": right}}
        assert await _status("POST", server.url + path, **sent) == (200, None)


@pytest.mark.parametrize("path", [*JSON_ROUTES, *FORM_ROUTES, *READ_ROUTES])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_pages_of_other_sites_are_refused(server: Serving, path: str, origin: str) -> None:
    method = "GET" if path in READ_ROUTES else "POST"
    headers = {"Origin": origin, "Content-Type": "application/json"}
    answer = await _status(method, server.url + path, data=BODY, headers=headers)
    assert answer == (403, "foreign_page")
    assert server.engine.steps == 0


@pytest.mark.parametrize("path", [*JSON_ROUTES, *FORM_ROUTES, *READ_ROUTES])
async def test_a_name_that_somebody_pointed_here_is_refused(server: Serving, path: str) -> None:
    method = "GET" if path in READ_ROUTES else "POST"
    headers = {"Host": "evil.example:7860", "Content-Type": "application/json"}
    answer = await _status(method, server.url + path, data=BODY, headers=headers)
    assert answer == (403, "foreign_host")
    assert server.engine.steps == 0


async def test_who_has_the_key_may_call_the_server_by_any_name(tiny: Checkpoint) -> None:
    async with serving(lambda: Engine(tiny), api_key="sesame") as server:
        for key, answers in (
            ("sesame", dict.fromkeys(READ_ROUTES, (200, None))),
            (
                "other",
                {
                    "/v1/models": (401, "invalid_api_key"),
                    "/metrics": (401, "invalid_api_key"),
                    "/health": (403, "foreign_host"),
                },
            ),
        ):
            headers = {"Host": "inference:7860", "Authorization": f"Bearer {key}"}
            for path, answer in answers.items():
                assert await _status("GET", server.url + path, headers=headers) == answer


async def test_our_own_page_is_no_foreign_one(server: Serving) -> None:
    headers = {"Origin": server.url}
    assert await _status("GET", server.url + "/v1/models", headers=headers) == (200, None)


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ("127.0.0.1:7860", True),
        ("localhost", True),
        ("[::1]:7860", True),
        ("192.0.2.7", True),
        ("Drawing.example:7860", True),
        (None, True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1@evil.example", False),
        ("[::1", False),
        ("", False),
    ],
)
def test_hosts_that_name_this_server(header: str | None, known: bool) -> None:
    assert is_known_host(header, "drawing.EXAMPLE") == known


def test_pages_that_are_this_servers() -> None:
    assert is_own_page(None, "a:1")
    assert is_own_page("http://a:1", "a:1")
    assert is_own_page("https://a:1", "a:1")
    for origin in ("null", "", "http://a", "http://a:1.evil.example", "file://a:1"):
        assert not is_own_page(origin, "a:1")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.7"])
def test_beyond_this_machine_a_key_or_a_word_is_needed(host: str) -> None:
    with pytest.raises(OpenToAll, match=r"INFERENCE_API_KEY.*--no-key"):
        check_open(host, None, False)
    with pytest.raises(OpenToAll):
        check_open(host, "", False)
    check_open(host, "sesame", False)
    check_open(host, None, True)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_on_this_machine_no_key_is_needed(host: str) -> None:
    check_open(host, None, False)


async def test_an_open_server_is_one_sentence_and_exit_78(
    tiny_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFERENCE_API_KEY", "")
    arguments = argparse.Namespace(
        host="0.0.0.0",
        port=0,
        model=tiny_folder,
        grace=0.0,
        no_key=False,
    )
    assert await serve(arguments, torch.device("cpu")) == os.EX_CONFIG
    errors = capsys.readouterr().err
    assert errors.startswith("On 0.0.0.0 anybody who reaches this machine could draw")
    assert errors.count("\n") == 1


# Pages of other sites that the operator allows.

PAGE = "https://pages.example"


async def _headers(method: str, url: str, **sent: Any) -> tuple[int, Mapping[str, str]]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, **sent) as response,
    ):
        await response.read()
        return response.status, response.headers


@pytest.fixture
async def open_server(tiny: Checkpoint) -> AsyncIterator[Serving]:
    async with serving(lambda: Engine(tiny), api_key="sesame", origins={PAGE}) as running:
        yield running


def _preflight(origin: str) -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-stainless-lang",
    }


async def test_an_allowed_page_may_ask_and_read_all_answers(open_server: Serving) -> None:
    url = open_server.url + JSON_ROUTES[0]
    status, headers = await _headers("OPTIONS", url, headers=_preflight(PAGE))
    assert status == 204, "browsers send no key with this"
    assert headers["Access-Control-Allow-Origin"] == PAGE
    assert "POST" in headers["Access-Control-Allow-Methods"]
    allowed = headers["Access-Control-Allow-Headers"].split(",")
    assert {"authorization", "content-type", "x-stainless-lang"} <= set(allowed)

    for key, stream, expected in (
        ("sesame", False, 200), ("sesame", True, 200), ("other", False, 401)
    ):  # fmt: skip
        sent = {"Origin": PAGE, "Authorization": f"Bearer {key}"}
        body = {"prompt": "a fox", "num_inference_steps": 1, "stream": stream}
        status, headers = await _headers("POST", url, headers=sent, json=body)
        assert status == expected
        assert headers["Access-Control-Allow-Origin"] == PAGE
        assert headers["Vary"] == "Origin"
        assert "Retry-After" in headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://pages.example", f"{PAGE}.evil.example", "null"]
)
async def test_all_other_pages_are_refused_as_before(open_server: Serving, origin: str) -> None:
    url = open_server.url + JSON_ROUTES[0]
    status, headers = await _headers("OPTIONS", url, headers=_preflight(origin))
    assert status in (401, 403)
    assert "Access-Control-Allow-Origin" not in headers
    sent = {"Origin": origin, "Authorization": "Bearer sesame"}
    status, headers = await _headers("POST", url, headers=sent, json={"prompt": "a fox"})
    assert status == 403
    assert "Access-Control-Allow-Origin" not in headers
    assert open_server.engine.steps == 0


async def test_an_allowed_page_does_not_make_a_foreign_host_known(tiny: Checkpoint) -> None:
    async with serving(lambda: Engine(tiny), origins={PAGE}) as server:
        headers = {"Origin": PAGE, "Host": "evil.example:7860"}
        answer = await _status("GET", server.url + "/v1/models", headers=headers)
        assert answer == (403, "foreign_host")


async def test_every_page_may_be_allowed(tiny: Checkpoint) -> None:
    async with serving(lambda: Engine(tiny), api_key="sesame", origins={"*"}) as server:
        for origin in (PAGE, "null"):
            url, sent = server.url + "/v1/models", {"Origin": origin}
            sent["Authorization"] = "Bearer sesame"
            status, headers = await _headers("GET", url, headers=sent)
            assert (status, headers["Access-Control-Allow-Origin"]) == (200, origin)


async def test_without_the_setting_nothing_is_said_to_pages(server: Serving) -> None:
    status, headers = await _headers(
        "OPTIONS", server.url + JSON_ROUTES[0], headers=_preflight(PAGE)
    )
    assert status == 403
    assert not [name for name in headers if name.startswith("Access-Control")]


def test_origins_are_read() -> None:
    assert read_origins("", None, False) == frozenset()
    setting = " https://A.example, http://localhost:3000,http://[::1]:8080 ,"
    assert read_origins(setting, None, False) == {
        "https://a.example",
        "http://localhost:3000",
        "http://[::1]:8080",
    }
    assert read_origins("*", "sesame", False) == read_origins("*", None, True) == {"*"}


@pytest.mark.parametrize(
    "setting", ["a.example", "https://a.example/", "https://a.example/b", "ftp://a", "null", "a b"]
)
def test_what_is_no_origin_is_one_sentence(setting: str) -> None:
    with pytest.raises(WrongOrigins, match=r"must look like https://a\.example"):
        read_origins(f"https://b.example,{setting}", "sesame", False)


def test_every_page_needs_a_key_or_a_word() -> None:
    with pytest.raises(WrongOrigins, match=r"INFERENCE_API_KEY.*--no-key"):
        read_origins("*", None, False)


async def test_a_wrong_origin_ends_the_process_with_exit_78(
    tiny_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKROOM_CORS_ORIGINS", "a.example")
    arguments = argparse.Namespace(
        host="127.0.0.1", port=0, model=tiny_folder, grace=0.0, no_key=False
    )
    assert await serve(arguments, torch.device("cpu")) == os.EX_CONFIG
    errors = capsys.readouterr().err
    assert errors.startswith("DARKROOM_CORS_ORIGINS: “a.example” must look like")
    assert errors.count("\n") == 1
