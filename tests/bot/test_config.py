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
