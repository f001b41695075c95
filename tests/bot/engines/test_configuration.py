"""INFERENCE_URL and `darkroom.toml`: what they may say, and what is said of mistakes."""

import io
import os
from contextlib import redirect_stderr
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.__main__ import main
from bot.config import Settings
from bot.engines.configuration import InvalidConfiguration, read_configuration
from bot.engines.connections import open_engines
from diffusion.protocol.models import ModelInfo
from tests.support.processes import ELSEWHERE, environment

SECRET = "correct-horse"


def settings(file: Path | None = None, **changes: object) -> Settings:
    return Settings(_env_file=None).model_copy(update={"config": file, **changes})


@pytest.mark.parametrize("between", [",", ", ", " ", "\n", " , "])
def test_one_setting_takes_several_addresses(between: str) -> None:
    typed = between.join(
        ("http://10.0.0.2:7860", "openai+https://api.example.com/v1", "comfyui+http://ada:p,w@c/")
    )
    engines = read_configuration(settings(inference_url=typed)).engines
    assert [(one.name, one.kind, one.url, one.jobs_at_once) for one in engines] == [
        ("10.0.0.2:7860", None, "http://10.0.0.2:7860", 4),
        ("api.example.com", "openai", "https://api.example.com/v1", 4),
        ("c", "comfyui", "http://ada:p,w@c/", 4),
    ]


def test_without_any_there_are_none() -> None:
    assert read_configuration(settings()).engines == ()


def test_the_file_says_more_of_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPU_KEY", SECRET)
    file = tmp_path / "engines.toml"
    file.write_text(
        '[engines.gpu]\nurl = "http://10.0.0.2:7860/"\njobs_at_once = 2\nkey_env = "GPU_KEY"\n'
        '[engines.cloud]\nurl = "https://api.example.com"\nkind = "openai"\nkey = "sk"\n'
        '[engines.open]\nurl = "http://10.0.0.3"\n'
    )
    known = settings(
        file,
        inference_url="http://10.0.0.2:7860 http://10.0.0.4",
        inference_api_key=SecretStr("usual"),
    )
    engines = read_configuration(known).engines
    assert [(one.name, one.kind, one.key, one.jobs_at_once) for one in engines] == [
        ("gpu", None, SECRET, 2),
        ("cloud", "openai", "sk", 4),
        # The usual key goes to no address that is not in INFERENCE_URL.
        ("open", None, None, 4),
        ("10.0.0.4", None, "usual", 4),
    ]


def test_what_is_configured_counts_more_than_what_the_engine_says(tmp_path: Path) -> None:
    file = tmp_path / "engines.toml"
    file.write_text(
        '[models."black-forest/flux"]\nnames = ["Flux", "2"]\ntitle = "FLUX"\nnative_size = 768\n'
        'sizes = ["1024x1024", "1024x1536"]\nsteps = 4\nguidance_scale = 3.5\n'
        'sampler = "euler"\nparameters = ["seed", "image"]\nstyles = {line = "{prompt}, a line"}\n'
        "roles = [1200000000000000000]\n"
    )
    configuration = read_configuration(settings(file))
    assert configuration.named_versions == {
        "flux": "black-forest/flux",
        "2": "black-forest/flux",
    }
    told = ModelInfo("black-forest/flux", aesthetic="fine", masks=True)
    assert configuration.apply(told) == ModelInfo(
        "black-forest/flux",
        native_size=768,
        steps=4,
        guidance_scale=3.5,
        sampler="euler",
        styles={"line": "{prompt}, a line"},
        aesthetic="fine",
        title="FLUX",
        guidance="none",
        negative_prompts=False,
        fixed_steps=True,
        samplers=False,
        edits=True,
        masks=False,
        sizes=("1024x1024", "1024x1536"),
    )
    assert configuration.apply(ModelInfo("another")) == ModelInfo("another")


def test_for_whom_a_model_is_there(tmp_path: Path) -> None:
    file = tmp_path / "engines.toml"
    file.write_text(
        '[engines.a]\nurl = "http://127.0.0.1:9"\n[models.flux]\nroles = [1200000000000000000]\n'
    )
    flux = read_configuration(settings(file)).models["flux"]
    assert flux.is_restricted
    assert flux.audience.has(1, [1200000000000000000], None)
    assert not flux.audience.has(1, [], None)


MISTAKES = {
    "no TOML": ("[engines", "is no TOML"),
    "no address": ("[engines.a]\njobs_at_once = 1", "engines.a.url is missing"),
    "a wrong address": (f'[engines.a]\nurl = "ftp://{SECRET}@x"', "must look like"),
    "an unknown setting": (
        f'[engines.a]\nurl = "http://x"\npassword = "{SECRET}"',
        "There is no setting engines.a.password.",
    ),
    "an unknown section": ("[engine.a]", "There is no setting engine."),
    "an unknown kind": ('[engines.a]\nurl = "http://x"\nkind = "comfy"', "'comfyui'"),
    "two kinds": (
        '[engines.a]\nurl = "comfyui+http://x"\nkind = "openai"',
        "its address says comfyui",
    ),
    "two keys": (
        f'[engines.a]\nurl = "http://x"\nkey = "{SECRET}"\nkey_env = "KEY"',
        "set key or key_env",
    ),
    "a login and a key": (
        f'[engines.a]\nurl = "http://ada:{SECRET}@x"\nkey = "{SECRET}"',
        "same header",
    ),
    "a key that is nowhere": (
        '[engines.a]\nurl = "http://x"\nkey_env = "NOT_THERE"',
        "NOT_THERE is not set",
    ),
    "no places": ('[engines.a]\nurl = "http://x"\njobs_at_once = 0', "jobs_at_once"),
    "a name twice": (
        '[models.a]\nnames = ["x"]\n[models.b]\nnames = ["X"]',
        "are both named “x”",
    ),
    "a name that cannot be typed": ('[models.a]\nnames = ["two words"]', "“two words”"),
    "a size that is none": ('[models.a]\nsizes = ["large"]', "must look like 1024x1536"),
    "an unknown sampler": ('[models.a]\nsampler = "magic"', "dpmpp_2m"),
    "a style without a place": ('[models.a]\nstyles = {ink = "ink"}', "{prompt}"),
    "an unknown parameter": ('[models.a]\nparameters = ["no"]', "negative_prompt"),
    "a role that is none": ("[models.a]\nroles = [0]", "models.a.roles"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_that_says_where(
    mistake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, words = MISTAKES[mistake]
    file = tmp_path / "engines.toml"
    file.write_text(written)
    umask = os.umask(0o022)
    monkeypatch.chdir(ELSEWHERE)
    for name, value in environment(tmp_path, None).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DISCORD_TOKEN", "x")
    monkeypatch.setenv("DARKROOM_CONFIG", str(file))
    said = io.StringIO()
    try:
        for command in ("bot", None):
            with redirect_stderr(said), pytest.raises(SystemExit) as ended:
                main([command] if command else [])
            assert ended.value.code == os.EX_CONFIG
    finally:
        os.umask(umask)
    first, second = said.getvalue().splitlines()
    assert first == second
    assert words in first
    assert SECRET not in first


def test_a_file_that_is_not_there_is_a_mistake_only_if_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="there is no file"):
        read_configuration(settings(tmp_path / "nowhere.toml"))


@pytest.mark.parametrize("typed", ["foo+http://x", "x", "http://", "http://x:none"])
def test_an_address_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(InvalidConfiguration, match="INFERENCE_URL"):
        read_configuration(settings(inference_url=typed))


async def test_a_kind_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.engines.connections.CONSTRUCTORS", {})
    configuration = read_configuration(settings(inference_url="darkroom+http://10.0.0.2"))
    with pytest.raises(InvalidConfiguration, match="does not know"):
        async with open_engines(configuration):
            pass
