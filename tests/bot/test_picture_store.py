"""Where pictures are opened: keys from the environment or `.env`, proxies, and no secret shown."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.config import Settings
from bot.picture_store import WrongPicturePlace, endpoint_of, open_pictures
from diffusion.telemetry import redaction
from storage.picture_place import PicturePlace
from storage.pictures import PictureBucket, PictureFolder
from tests.support.object_store import HASTY, faulty_connections, use
from tests.support.proxy import CountingProxy, proxying

S3 = "s3://pictures/x"
VARIABLES = (
    *("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"),
    *("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY", "GOOGLE_SERVICE_ACCOUNT_KEY"),
)


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is set by a test, or read from its `.env`, is gone after it."""
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(redaction, "_known", set())


def settings(pictures: str | None = S3, **others: object) -> Settings:
    return Settings(_env_file=None, DARKROOM_PICTURES=pictures, **others)


async def test_keys_in_the_env_file_are_used_and_shown_nowhere(tmp_path: Path) -> None:
    async with faulty_connections() as connections:
        connections.fault = lambda _: "404"
        (tmp_path / ".env").write_text(
            f"AWS_ENDPOINT_URL={connections.url}\nAWS_ACCESS_KEY_ID=env-key-id\n"
            "AWS_SECRET_ACCESS_KEY=secret-of-env\nAWS_REGION=\nDISCORD_URL=http://elsewhere\n"
        )
        assert await open_pictures(settings()).files.get("a.png") is None
        assert [one.path for one in connections.requests] == ["/pictures/x/a.png"]
    assert "DISCORD_URL" not in os.environ
    assert redaction.redacted("it has secret-of-env in it") == "it has [hidden] in it"


async def test_the_environment_counts_more_than_the_env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("AWS_ENDPOINT_URL=http://127.0.0.1:1\n")
    async with faulty_connections() as connections:
        connections.fault = lambda _: "404"
        use(monkeypatch, connections.url)
        assert await open_pictures(settings()).files.get("a.png") is None
        assert len(connections.requests) == 1


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose hands every variable on, those that are not set as empty ones."""
    open_pictures(settings())
    assert not set(VARIABLES) & set(os.environ)


@pytest.mark.parametrize("typed", ["s3:bucket", "s3:/bucket/prefix", "gs:bucket", "az:/container"])
def test_an_address_with_too_few_slashes_is_no_folder(typed: str) -> None:
    with pytest.raises(ValueError, match="an address like s3://bucket/prefix"):
        PicturePlace.read(typed)


def test_what_is_opened(tmp_path: Path) -> None:
    assert isinstance(open_pictures(settings(None)).files, PictureFolder)
    assert isinstance(open_pictures(settings(str(tmp_path))).files, PictureFolder)
    assert isinstance(open_pictures(settings()).files, PictureBucket)
    with pytest.raises(WrongPicturePlace, match=r"DARKROOM_PICTURES cannot be used: .*Account"):
        open_pictures(settings("az://container"))


@pytest.mark.parametrize(
    ("typed", "environment", "expected"),
    [
        (S3, {}, "https://s3.amazonaws.com"),
        (S3, {"AWS_ENDPOINT_URL": "http://minio:9000"}, "http://minio:9000"),
        (S3, {"AWS_ENDPOINT": "b", "AWS_ENDPOINT_URL_S3": "a"}, "a"),
        ("gs://b", {"AWS_ENDPOINT_URL": "a"}, "https://storage.googleapis.com"),
        ("az://c", {"AZURE_STORAGE_ENDPOINT": "https://own"}, "https://own"),
    ],
)
def test_the_server_that_is_asked(typed: str, environment: dict[str, str], expected: str) -> None:
    assert endpoint_of(PicturePlace.read(typed), environment) == expected


async def test_the_proxy_of_the_settings_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with faulty_connections() as connections:
        connections.fault = lambda _: "404"
        proxy = CountingProxy({"store.example": connections.port}, login="ada:proxy-secret")
        async with proxying(proxy):
            use(monkeypatch, "http://store.example:9000")
            through = settings(http_proxy=SecretStr(proxy.url))
            assert await open_pictures(through, patience=HASTY).files.get("a.png") is None
            assert proxy.forwarded["store.example:9000"] == 1
            # This machine itself is never asked through a proxy.
            use(monkeypatch, connections.url)
            assert await open_pictures(through, patience=HASTY).files.get("a.png") is None
            assert sum(proxy.forwarded.values()) == 1
