"""Settings on their way to our own inference process, which reads no `.env` itself."""

import pytest

from bot.config import Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DARKROOM_LORAS", "loras"),
        ("DARKROOM_DTYPE", "float32"),
        ("DARKROOM_COMPILE", "1"),
        ("DARKROOM_MODEL_ALIASES", "dall-e-*, gpt-image-*"),
        ("DARKROOM_CORS_ORIGINS", "https://a.example"),
        ("INFERENCE_API_KEY", "sesame"),
    ],
)
def test_inference_gets_what_it_reads(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert Settings(_env_file=None).for_inference[name] == value  # type: ignore[call-arg]


def test_strangers_bring_the_bot_nowhere_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not Settings(_env_file=None).user_installs  # type: ignore[call-arg]
    for typed, on in (("1", True), ("0", False)):
        monkeypatch.setenv("DARKROOM_USER_INSTALLS", typed)
        assert Settings(_env_file=None).user_installs is on  # type: ignore[call-arg]


def test_the_only_servers_are_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings(_env_file=None).only_servers is None  # type: ignore[call-arg]
    monkeypatch.setenv("DARKROOM_SERVERS", " 12,34  56 ")
    assert Settings(_env_file=None).only_servers == {12, 34, 56}  # type: ignore[call-arg]
    monkeypatch.setenv("DARKROOM_SERVERS", "12, my server")
    with pytest.raises(ValueError, match="ids of servers"):
        Settings(_env_file=None)  # type: ignore[call-arg]
