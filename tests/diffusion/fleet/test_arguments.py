"""The command line of `darkroom fleet`."""

import subprocess
import sys

import pytest

from diffusion.fleet.arguments import parsed
from diffusion.fleet.placement import Bounds
from tests.support.processes import ROOT


def test_models_come_from_the_setting_with_commas_between_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DARKROOM_MODEL", raising=False)
    assert parsed([]).models == ("",)
    monkeypatch.setenv("DARKROOM_MODEL", "models/a.safetensors, org/b,models/a.safetensors")
    assert parsed([]).models == ("models/a.safetensors", "org/b")
    assert parsed(["--model", "c", "--rare", "c,d"]).models == ("c",)
    assert parsed(["--model", "c", "--rare", "c,d"]).rare == ("c", "d")


def test_bounds_are_those_that_were_typed() -> None:
    assert parsed(["--local", "2"]).bounds == Bounds(2, 2)
    assert parsed(["--replicas", "0:4"]).bounds == Bounds(0, 4)
    assert parsed(["--replicas", "3", "--cores", "4"]).bounds == Bounds(3, 3, 4)


@pytest.mark.parametrize("name", ["--ingress-replicas", "--doors"])
def test_requests_are_taken_in_on_as_many_machines(name: str) -> None:
    """By either name: the second is what it was called at first."""
    assert parsed([name, "2"]).ingress_replicas == 2
    assert parsed([]).ingress_replicas == 1


def test_a_replica_that_is_not_needed_is_kept_for_five_minutes() -> None:
    assert parsed([]).idle_s == 300
    assert parsed(["--idle", "10"]).idle_s == 10


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["--local", "0"], "must be a whole number, 1 or more"),
        (["--local", "two"], "must be a whole number, 1 or more"),
        (["--idle", "0"], "must be a whole number, 1 or more"),
        (["--replicas", "4:1"], "must look like 1:4"),
        (["--replicas", "x"], "must look like 1:4"),
        (["--replicas", "1:x"], "must look like 1:4"),
        (["--replicas", "0"], "must look like 1:4"),
        (["--local", "2", "--address", "auto"], "goes with neither"),
        (["--local", "2", "--replicas", "1:2"], "goes with neither"),
    ],
)
def test_what_makes_no_sense_is_refused(
    typed: list[str], said: str, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(typed)
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert "error: " in error
    assert said in error


def test_without_ray_a_sentence_says_what_to_install() -> None:
    hidden = "import sys; sys.modules['ray'] = None; from diffusion.fleet.__main__ import main"
    code = f"{hidden}; sys.argv[1:] = []; main()"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 78
    # Not by the name alone: an index may have another package of that name.
    assert ".venv/bin/pip install -c constraints.txt -e '.[fleet]'" in ended.stderr
    assert "Traceback" not in ended.stderr
