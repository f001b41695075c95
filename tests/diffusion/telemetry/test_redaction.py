"""No secret gets into a text that is written, in whatever it stands."""

import re

import pytest

from diffusion.telemetry import redaction
from diffusion.telemetry.redaction import HIDDEN, hide, hide_password, hide_those_in, redacted
from tests.support.bot.regex_steps import count_steps

# Made up, in the shape that Discord's tokens have.
BOT_TOKEN = "MTA1NDc2OTg3NjU0MzIxMDk4Nw" + ".GxYzAb." + "q" * 38
INTERACTION = "aW50ZXJhY3Rpb246MTIzNDU2Nzg5" + "x" * 40


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_known", set())


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"Bot {BOT_TOKEN} was refused", BOT_TOKEN),
        ("postgresql+asyncpg://darkroom:pa55@w0rd@db:5432/x", "pa55@w0rd"),
        ("Cannot connect to https://user:hunter2@host/", "hunter2"),
        ("POST https://discord.com/api/v10/interactions/12/tokentoken/callback", "tokentoken"),
        ("/api/v10/webhooks/12/tok-en_1/messages/@original", "tok-en_1"),
        (f"sent {INTERACTION} there", INTERACTION),
        ("{'Authorization': 'Bearer battery-staple'}", "battery-staple"),
        ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ('{"token": "correct-horse", "n": 1}', "correct-horse"),
        ("https://api.example/?api_key=abcd1234&n=1", "abcd1234"),
        ("OPENAI key sk-abcdefghijklmnopqrstuv", "sk-abcdefghijklmnopqrstuv"),
        ("hf_abcdefghijklmnopqrst", "hf_abcdefghijklmnopqrst"),
        ("https://cdn.example/a.png?ex=1&is=2&hm=0123abcd&", "0123abcd"),
    ],
)
def test_what_has_the_shape_of_a_secret_is_hidden(text: str, secret: str) -> None:
    assert secret not in redacted(text)
    assert HIDDEN in redacted(text)


def test_ordinary_texts_stay_as_they_are() -> None:
    for text in (
        "Job 4f0c is not copied at once: it has no picture",
        "connected as Darkroom#0000",
        "inference ready at http://127.0.0.1:7860 (model darkroom-mini)",
        "a red fox --ar 3:2 --no token, keys",
        "The prompt has 77 tokens: at most 75 are read",
        "To add the bot to a server, open https://discord.com/oauth2/authorize?client_id=1&scope=b",
    ):
        assert redacted(text) == text


def test_known_values_are_hidden_wherever_they_stand() -> None:
    hide(["correct horse", None, ""])
    hide_password("postgresql://me:p%40ssword@db/x")
    hide_those_in(
        {"INFERENCE_API_KEY": "battery-staple", "DATABASE_URL": "postgresql://a:longer1@b"}
    )
    for secret in ("correct horse", "correct%20horse", "p@ssword", "battery-staple", "longer1"):
        assert redacted(f"({secret})") == f"({HIDDEN})"


def test_short_values_and_the_playgrounds_token_hide_no_words() -> None:
    hide(["fox", "playground"])
    assert redacted("playground ready: a red fox") == "playground ready: a red fox"


@pytest.mark.parametrize("shape", [shape for shape, _ in redaction._SHAPES])
def test_a_long_text_takes_no_more_than_its_length(shape: re.Pattern[str]) -> None:
    for one in ("a", "://", "token", "a.", "-", "Bearer ", "authorization:", "/webhooks/1"):
        few, many = (count_steps(shape, "sub", one * n) for n in (50, 200))
        assert many < 6 * few, one
