#!/usr/bin/env python3
"""Write the versions that the image installs, with the hashes of their files on PyPI.

`requirements-torch.lock` has torch and what it needs of CUDA, which can come from another index;
`requirements-fleet.lock` has what only `darkroom fleet` needs, which not every image has;
`requirements.lock` has all the rest. Needs `uv`. The versions are those of `constraints.txt`. What
that does not name, such as CUDA's libraries, keeps the version that the locks have, or gets PyPI's
newest if they have none.
"""

import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
REST, TORCH = ROOT / "requirements.lock", ROOT / "requirements-torch.lock"
FLEET = ROOT / "requirements-fleet.lock"
OF_TORCH = re.compile(r"(torch|triton|cuda-[\w-]+|nvidia-[\w-]+)==")
HEADER = "# Written by .ci/lock.py: every version with the hashes of its files on PyPI.\n"


def main() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = settings["project"]
    wanted = [
        *project["dependencies"],
        # The image is the same with a GPU and without, watched or not.
        *project["optional-dependencies"]["openvino"],
        *project["optional-dependencies"]["telemetry"],
        *settings["build-system"]["requires"],
    ]
    pinned = "".join(
        line + "\n"
        for lock in (REST, TORCH, FLEET)
        if lock.exists()
        for line in re.findall(r"^[\w.-]+==[^ \n]+", lock.read_text(), re.MULTILINE)
    )
    constraints = (ROOT / "constraints.txt").read_text()
    known = {_name(line) for line in constraints.splitlines()}
    rest = [line for line in pinned.splitlines() if _name(line) not in known]
    both = ROOT / ".constraints.tmp"
    both.write_text("\n".join([constraints, *rest, ""]))
    try:
        without = _compiled(wanted, both)
        whole = _compiled([*wanted, *project["optional-dependencies"]["fleet"]], both)
    finally:
        both.unlink()
    of_torch = [entry for entry in without if OF_TORCH.match(entry)]
    for lock, entries in (
        (REST, [entry for entry in without if entry not in of_torch]),
        (TORCH, of_torch),
        (FLEET, [entry for entry in whole if entry not in without]),
    ):
        lock.write_text(HEADER + "\n".join(entries) + "\n")


def _compiled(wanted: list[str], constraints: Path) -> list[str]:
    """The entries of a lock, one for each package."""
    compiled = subprocess.run(
        [
            *("uv", "pip", "compile", "-", "--constraints", str(constraints), "--no-header"),
            *("--generate-hashes", "--no-annotate", "--python-version", "3.11"),
            *("--python-platform", "x86_64-manylinux_2_28", "--quiet"),
        ],
        input="\n".join(wanted),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return re.findall(r"^\S.*(?:\n .*)*", compiled, re.MULTILINE)


def _name(line: str) -> str:
    """A package's name as PyPI compares them."""
    return re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower()


if __name__ == "__main__":
    main()
