"""The same request gives the same bytes in any company, with other instructions and threads.

A few pictures of the tiny model here; hundreds of the embedded one with `make company`.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

INSTALLED = pytest.mark.skipif(
    find_spec("openvino") is None, reason="the extra darkroom[openvino] is not installed"
)


def _drawn(instructions: str, *arguments: str) -> dict[str, Any]:
    """What the program says; instructions as oneDNN calls them, or "" for the processor's best."""
    environment = dict(os.environ)
    if instructions:
        environment["ONEDNN_MAX_CPU_ISA"] = instructions
    ran = subprocess.run(
        [sys.executable, "-m", "tests.support.engine.company", *arguments],
        cwd=Path(__file__).parents[3],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    said: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return said


def _alike(said: dict[str, Any], pictures: int) -> None:
    assert said["pictures"] >= pictures
    assert said["different"] == 0, said
    # Company there was: passes of few rows and of many. Measured times decide how many share.
    sizes = sorted(map(int, said["sizes"]))
    assert len(sizes) >= 3, said
    assert sizes[-1] >= 3 * sizes[0], said


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("instructions", "dtype", "threads", "family"),
    [
        ("", "float32", "3", "sd1"),
        pytest.param("AVX2", "bfloat16", "2", "sdxl", marks=pytest.mark.slow),
    ],
)
def test_pictures_have_the_same_bytes_in_company(
    instructions: str, dtype: str, threads: str, family: str
) -> None:
    said = _drawn(
        instructions,
        *("--dtype", dtype, "--threads", threads, "--family", family, "--pictures", "60"),
    )
    _alike(said, 60)


@INSTALLED
@pytest.mark.timeout(600)
def test_pictures_by_openvino_have_the_same_bytes_in_company() -> None:
    _alike(_drawn("", "--backend", "openvino", "--threads", "2", "--pictures", "60"), 60)


@INSTALLED
@pytest.mark.company
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("threads", ["1", "2", "3"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_hundreds_of_pictures_by_openvino_have_the_same_bytes_in_company(
    dtype: str, threads: str
) -> None:
    words = ("--model", "mini", "--dtype", dtype, "--threads", threads, "--pictures", "500")
    _alike(_drawn("", "--backend", "openvino", *words), 500)


@pytest.mark.company
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("threads", ["1", "2", "3"])
@pytest.mark.parametrize("instructions", ["", "AVX512_CORE_BF16", "AVX512_CORE", "AVX2"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_hundreds_of_pictures_have_the_same_bytes_in_company(
    dtype: str, instructions: str, threads: str
) -> None:
    said = _drawn(
        instructions,
        *("--model", "mini", "--dtype", dtype, "--threads", threads, "--pictures", "500"),
    )
    _alike(said, 500)
