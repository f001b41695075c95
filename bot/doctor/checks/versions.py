"""Versions of Python and of the packages that matter, and what this machine can draw with."""

import asyncio
import platform
import shutil
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from bot.doctor.check import Check, Installation
from bot.doctor.findings import Finding, Level
from bot.engines.configuration import InvalidConfiguration, read_configuration
from bot.i18n.texts import Text

PACKAGES = ("darkroom", "discord.py", "SQLAlchemy", "torch", "diffusers", "openvino")
QUERY = ("nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader")
GPU_TIMEOUT_S = 10.0
"""Seconds that NVIDIA's driver has to list its GPUs."""


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """`packages` are the versions of those that are installed. `gpus` are NVIDIA's, in the words of
    its driver. `draws` is whether Darkroom's own engine runs on this machine."""

    python: str
    system: str
    packages: dict[str, str]
    gpus: tuple[str, ...]
    draws: bool


class VersionsCheck(Check[VersionFacts]):
    """Which versions there are, and whether torch and the hardware fit together."""

    name = "versions"

    async def gather(self, installation: Installation) -> VersionFacts:
        try:
            draws = not read_configuration(installation.settings).engines
        except InvalidConfiguration:
            draws = False  # the check of the engines says why
        return VersionFacts(
            platform.python_version(),
            sys.platform,
            {name: found for name in PACKAGES if (found := _version(name))},
            await _gpus(),
            draws,
        )

    def judge(self, facts: VersionFacts) -> Iterable[Finding]:
        named = ", ".join(f"{name} {number}" for name, number in facts.packages.items())
        text = Text("doctor-versions.python", {"python": facts.python})
        yield Finding(self.name, Level.OK, text, None, named)
        if not facts.draws:
            return
        # Builds of torch for processors alone say so in their version.
        if facts.gpus and facts.packages.get("torch", "").endswith("+cpu"):
            key, gpus = "doctor-versions.cpu-torch", "; ".join(facts.gpus)
            yield Finding(self.name, Level.WARNING, Text(key), Text(f"{key}-remedy"), gpus)
        elif facts.gpus:
            text = Text("doctor-versions.gpu")
            yield Finding(self.name, Level.OK, text, None, "; ".join(facts.gpus))
        elif "openvino" in facts.packages or facts.system == "darwin":
            yield Finding(self.name, Level.OK, Text("doctor-versions.processor"))
        else:
            text, remedy = Text("doctor-versions.slow"), Text("doctor-versions.slow-remedy")
            yield Finding(self.name, Level.WARNING, text, remedy)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


async def _gpus() -> tuple[str, ...]:
    """A line for each GPU; none without NVIDIA's driver."""
    if shutil.which(QUERY[0]) is None:
        return ()
    process = await asyncio.create_subprocess_exec(
        *QUERY, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(GPU_TIMEOUT_S):
            said, _ = await process.communicate()
    except TimeoutError:
        return ()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    return tuple(filter(None, said.decode(errors="replace").splitlines()))
