"""Which connections go through a proxy, and that they do: with a real one on this machine.

The proxy resolves names that nobody else knows, so what comes through has gone through it.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing

import pytest
from pydantic import SecretStr, ValidationError
from yarl import URL

from bot.config import Settings
from bot.engines.configuration import read_configuration
from bot.engines.connections import open_engines
from bot.errors import InvalidLink
from bot.images.fetch import PictureFetcher
from bot.proxies import Proxies, read_proxy
from diffusion.protocol.client import InferenceRefused, InferenceUnavailable
from diffusion.protocol.engine import Engine
from diffusion.protocol.events import Event, Finished
from diffusion.protocol.requests import ImageRequest, Noise
from playground import Playground
from playground.testing.member import Member
from storage.database import Database
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import finished, picture_of
from tests.support.engines.comfyui import StandInComfyUI
from tests.support.engines.dialects import speaking, stand_in_of
from tests.support.processes import RunningProcess
from tests.support.proxy import CountingProxy, behind_tls, proxying
from tests.support.tls import Authority, serving_pictures
from tests.support.tls import authority as authority

LOGIN = "ada:correct-horse"
PROXY, DISCORD = "http://proxy:3128", "http://discord-proxy:3128"
ALL = Proxies(https=PROXY, http="http://plain:3128", discord=DISCORD, exceptions="own.example,.lan")


@pytest.mark.parametrize(
    ("address", "proxy"),
    [
        ("https://a.example/x", PROXY),
        ("wss://a.example/x", PROXY),
        ("http://a.example/x", "http://plain:3128"),
        ("ws://a.example/x", "http://plain:3128"),
        ("https://own.example", None),
        ("https://api.own.example", None),
        ("https://disown.example", PROXY),
        ("https://nas.lan", None),
        *((f"https://{host}:9/x", None) for host in ("127.0.0.1", "localhost", "a.localhost")),
        *((f"http://{host}:9/x", None) for host in ("127.9.9.9", "[::1]", "0.0.0.0")),
        ("http://[::ffff:127.0.0.1]", None),
        *(
            (f"https://{host}/x", DISCORD)
            for host in ("discord.com", "gateway.discord.gg", "cdn.discordapp.com")
        ),
        ("https://discord.com.example", PROXY),
        ("https://notdiscord.com", PROXY),
    ],
)
def test_the_address_decides_the_proxy(address: str, proxy: str | None) -> None:
    assert ALL.of(address) == proxy


@pytest.mark.parametrize(
    ("exceptions", "is_direct"),
    [
        ("*", True),
        ("10.0.0.0/8", True),
        ("10.0.0.2", True),
        ("10.0.0.2:7860", True),
        ("10.0.0.2:7861", False),
        ("192.168.0.0/16, *.example", False),
        ("", False),
    ],
)
def test_exceptions_are_names_domains_and_networks(exceptions: str, is_direct: bool) -> None:
    proxies = Proxies(http=PROXY, exceptions=exceptions)
    assert (proxies.of("http://10.0.0.2:7860") is None) == is_direct


def test_discord_has_the_usual_proxy_unless_it_has_its_own() -> None:
    assert Proxies(https=PROXY).of_discord() == PROXY
    assert ALL.of_discord() == DISCORD
    assert Proxies(discord=DISCORD, exceptions="*").of_discord() == DISCORD
    assert Proxies(discord=DISCORD, discord_url="http://127.0.0.1:8080").of_discord() is None
    assert Proxies(discord=DISCORD, discord_url="http://stand-in.example").of_discord() == DISCORD


def test_an_address_of_a_proxy_may_leave_out_its_scheme() -> None:
    assert read_proxy("10.0.0.2:3128") == "http://10.0.0.2:3128"


@pytest.mark.parametrize("typed", [f"socks5://{LOGIN}@proxy:1080", f"http://{LOGIN}@", "http://"])
@pytest.mark.parametrize("name", ["https_proxy", "http_proxy", "discord_proxy"])
def test_a_proxy_of_another_kind_is_refused_without_its_login(typed: str, name: str) -> None:
    with pytest.raises(ValidationError) as error:
        Settings(_env_file=None, **{name: typed})  # type: ignore[arg-type]
    assert "must look like http://10.0.0.2:3128" in error.value.errors()[0]["msg"]
    assert "horse" not in error.value.errors()[0]["msg"]


def test_the_usual_names_in_the_environment_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "proxy:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://plain:3128")
    monkeypatch.setenv("NO_PROXY", "own.example")
    proxies = Settings(_env_file=None).proxies
    assert (proxies.https, proxies.http, proxies.exceptions) == (
        "http://proxy:3128",
        "http://plain:3128",
        "own.example",
    )
    monkeypatch.setenv("HTTPS_PROXY", "")
    monkeypatch.delenv("https_proxy")
    assert Settings(_env_file=None).proxies.https is None


# Engines.

REQUEST = ImageRequest(
    model="",
    prompt="a fox",
    noises=(Noise(1),),
    width=512,
    height=512,
    steps=3,
    guidance_scale=4.0,
    sampler="euler",
)
HOST = "engine.example"


def settings_with(proxy: CountingProxy, address: str, **more: object) -> Settings:
    known = Settings(_env_file=None, inference_url=address, inference_api_key=SecretStr("sk-test"))
    return known.model_copy(update={"http_proxy": SecretStr(proxy.url), **more})


async def drawn(engine: Engine) -> list[Event]:
    (model, *_) = await engine.models()
    request = ImageRequest.from_json({**REQUEST.to_json(), "model": model.id})
    async with aclosing(engine.generate(request, previews=0)) as events:
        return [event async for event in events]


@pytest.fixture
async def server(kind: str, inference_url: str) -> AsyncIterator[int]:
    """The port of a server of this kind."""
    async with AsyncExitStack() as opened:
        if kind == "comfyui":
            url = await opened.enter_async_context(StandInComfyUI().serving())
        elif kind == "darkroom":
            url = inference_url
        else:
            dialect = await opened.enter_async_context(speaking(stand_in_of("openai")))
            url = dialect.url
        port = URL(url).port
        assert port is not None
        yield port


@pytest.mark.parametrize("kind", ["darkroom", "openai", "comfyui"])
@pytest.mark.parametrize("login", ["", LOGIN])
async def test_every_kind_of_engine_draws_through_the_proxy(
    kind: str, server: int, login: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with proxying(CountingProxy({HOST: server}, login)) as proxy:
        known = settings_with(proxy, f"{kind}+http://{HOST}:9")
        async with open_engines(read_configuration(known)) as connected:
            if kind == "darkroom":
                assert await connected.engines[0].engine.models()
            else:
                *_, last = await drawn(connected.engines[0].engine)
                assert isinstance(last, Finished), last
        assert proxy.forwarded[f"{HOST}:9"] > 0
        assert not proxy.refused
    assert "horse" not in caplog.text


@pytest.mark.parametrize("kind", ["darkroom", "openai", "comfyui"])
async def test_an_engine_on_this_machine_is_asked_directly(kind: str, server: int) -> None:
    async with proxying(CountingProxy({})) as proxy:
        known = settings_with(proxy, f"{kind}+http://127.0.0.1:{server}")
        async with open_engines(read_configuration(known)) as connected:
            assert await connected.engines[0].engine.models()
        assert not proxy.forwarded + proxy.tunnels + proxy.refused


@pytest.mark.parametrize("kind", ["darkroom", "openai", "comfyui"])
async def test_a_proxy_that_refuses_or_is_gone_is_said_without_its_login(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    async with proxying(CountingProxy({}, LOGIN)) as proxy:
        for change, error in (
            ({"https_proxy": SecretStr(proxy.url)}, InferenceUnavailable),
            ({"https_proxy": SecretStr(proxy.url.replace("horse", "cow"))}, InferenceRefused),
            ({"https_proxy": SecretStr(f"http://{LOGIN}@127.0.0.1:9")}, InferenceUnavailable),
        ):
            known = settings_with(proxy, f"{kind}+https://{HOST}", **change)
            async with open_engines(read_configuration(known)) as connected:
                with pytest.raises(error) as raised:
                    await connected.engines[0].engine.models()
            assert "proxy" in str(raised.value)
            logging.getLogger("test").error("It failed.", exc_info=raised.value)
            said.append(str(raised.value))
    assert "correct" not in caplog.text + "".join(said)


# Links.

LINK = "https://pictures.example/fox.png"


@pytest.fixture
async def pictures(authority: Authority) -> AsyncIterator[int]:
    """The port of a server with TLS that has pictures."""
    async with serving_pictures(authority, "pictures.example") as port:
        yield port


def fetcher(proxy: CountingProxy, authority: Authority, **more: str) -> PictureFetcher:
    tls = ssl.create_default_context(cafile=authority.certificate)
    return PictureFetcher(tls=tls, proxies=Proxies(https=proxy.url, **more))


@pytest.mark.parametrize("login", ["", LOGIN])
async def test_a_link_is_fetched_through_a_tunnel(
    authority: Authority, pictures: int, login: str
) -> None:
    async with (
        proxying(CountingProxy({"pictures.example": pictures}, login)) as proxy,
        fetcher(proxy, authority) as fetching,
    ):
        assert await fetching.fetch(LINK)
        assert proxy.tunnels == {"pictures.example:443": 1}


INSIDE = [
    *("https://10.0.0.1/x", "https://127.0.0.1/x", "https://0x7f.1/x", "https://[::1]/x"),
    *("https://localhost/x", "https://box/x", "https://box./x", "https://nas.local/x"),
    *("https://metadata.google.internal/x", "https://router.lan/x", "https://x.home.arpa/x"),
]


@pytest.mark.parametrize("link", INSIDE)
async def test_what_is_inside_by_its_name_is_not_even_asked_for_through_a_proxy(
    authority: Authority, pictures: int, link: str
) -> None:
    async with (
        proxying(CountingProxy({"pictures.example": pictures})) as proxy,
        fetcher(proxy, authority) as fetching,
    ):
        with pytest.raises(InvalidLink, match="does not lead to a public address"):
            await fetching.fetch(link)
        assert not proxy.tunnels + proxy.forwarded + proxy.refused
        with pytest.raises(InvalidLink, match="does not lead to a public address"):
            await fetching.fetch(f"{LINK}?to={link}")
        assert proxy.tunnels == {"pictures.example:443": 1}
        assert not proxy.refused


async def test_a_proxy_that_lets_nobody_in_is_no_picture(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    async with proxying(CountingProxy({}, "other:login")) as proxy:
        proxies = Proxies(https=f"http://{LOGIN}@127.0.0.1:{proxy.port}")
        async with PictureFetcher(proxies=proxies) as fetching:
            with pytest.raises(InvalidLink, match="no picture was found") as error:
                await fetching.fetch(LINK)
    logging.getLogger("test").error("It failed.", exc_info=error.value)
    assert "horse" not in caplog.text


async def test_files_of_discord_go_through_its_own_proxy(
    authority: Authority, pictures: int
) -> None:
    async with (
        proxying(CountingProxy({})) as usual,
        proxying(CountingProxy({"cdn.discordapp.com": pictures})) as own,
        fetcher(usual, authority, discord=own.url) as fetching,
    ):
        with pytest.raises(InvalidLink):  # the certificate is of another name
            await fetching.fetch("https://cdn.discordapp.com/attachments/1/2/fox.png")
        assert own.tunnels == {"cdn.discordapp.com:443": 1}
        assert not usual.refused


# Discord.

STAND_IN = "discord.example"


@pytest.mark.parametrize("login", ["", LOGIN])
@pytest.mark.filterwarnings(
    # discord.py knows no other way to say a login.
    "ignore:BasicAuth is deprecated:DeprecationWarning",
    "ignore:The 'proxy_auth' parameter is deprecated:DeprecationWarning",
)
async def test_all_of_discord_goes_through_the_proxy(
    settings: Settings,
    playground: Playground,
    ada: Member,
    database: Database,
    login: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    port = URL(playground.url).port
    assert port is not None
    async with proxying(CountingProxy({STAND_IN: port}, login)) as proxy:
        known = settings.model_copy(
            update={
                "discord_url": f"http://{STAND_IN}:{port}",
                "discord_proxy": SecretStr(proxy.url),
                "http_proxy": SecretStr("http://127.0.0.1:9"),
            }
        )
        async with Deployment(known, database).open():
            await ada.wait_for_command("imagine")
            prompt = "a fox --size 64x64 --steps 2"
            grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=prompt))
            assert await picture_of(ada, grid)
        # The gateway and the REST API: each connection once.
        assert proxy.forwarded[f"{STAND_IN}:{port}"] >= 2
        assert not proxy.refused
    assert "horse" not in caplog.text


async def test_the_bot_draws_with_discord_and_engine_behind_tunnels(
    authority: Authority,
    settings: Settings,
    playground: Playground,
    ada: Member,
    database: Database,
) -> None:
    """The process as an operator starts it: https addresses, and the environment alone."""
    context = await authority.certify(STAND_IN, HOST)
    discord_port = URL(playground.url).port
    assert discord_port is not None
    async with AsyncExitStack() as opened:
        dialect = await opened.enter_async_context(speaking(stand_in_of("openai")))
        engine_port = URL(dialect.url).port
        assert engine_port is not None
        places = {
            STAND_IN: await opened.enter_async_context(behind_tls(context, discord_port)),
            HOST: await opened.enter_async_context(behind_tls(context, engine_port)),
        }
        proxy = await opened.enter_async_context(proxying(CountingProxy(places, LOGIN)))
        environment = {
            "DISCORD_TOKEN": "playground",
            "DISCORD_URL": f"https://{STAND_IN}",
            "INFERENCE_URL": f"openai+https://{HOST}",
            "INFERENCE_API_KEY": "sk-test",
            "DARKROOM_DATA": str(settings.data_folder),
            "HTTPS_PROXY": proxy.url,
            "SSL_CERT_FILE": str(authority.certificate),
        }
        process = RunningProcess("-m", "bot", "bot", environment=environment)
        async with asyncio.timeout(120), process:
            await ada.wait_for_command("imagine")
            grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --n 1"))
            assert await picture_of(ada, grid)
        assert proxy.tunnels[f"{STAND_IN}:443"] >= 2
        assert proxy.tunnels[f"{HOST}:443"] >= 1
        assert not proxy.forwarded + proxy.refused
        assert "horse" not in process.output
