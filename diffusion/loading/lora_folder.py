"""Find the LoRA files of a model: those in a folder, and those that the model names itself.

A file in the folder that cannot be used is logged, skipped and told: the folder may hold LoRAs for
other models. A file that the model names must work. Weights are read when a picture needs them.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from torch import nn

from diffusion.loading.components import ModelComponents
from diffusion.loading.hashes import lora_hash
from diffusion.loading.lora import ADAPTER_STEM, UnusableLora, check_lora, read_lora
from diffusion.nn.lora_layers import LoraDeltas
from diffusion.nn.model_files import CheckpointError, first_line
from diffusion.protocol.models import MAX_MODEL_LORAS, MAX_SKIPPED_LORAS

GENERAL_STEMS = (ADAPTER_STEM, "pytorch_lora_weights")
"""File names by which peft and diffusers save every LoRA; the folder has the LoRA's own name."""

PICKLE_SUFFIXES = (".pt", ".pth", ".ckpt", ".bin")

MAX_NAME_CHARS = 200
MAX_REASON_CHARS = 300

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoraFile:
    """A LoRA to be read. `stamp` says which state of its file the hash is of."""

    name: str
    path: Path
    stamp: tuple[int, int]
    networks: Mapping[str, nn.Module]

    def read(self) -> LoraDeltas:
        """Raises UnusableLora; of a file that changed too: the same name would draw otherwise."""
        try:
            if _stamp(self.path) != self.stamp:
                raise UnusableLora("has changed since the engine started. Start the engine again.")
            return read_lora(self.path, self.networks)
        except UnusableLora as error:
            raise UnusableLora(error.reason, self.name) from error


@dataclass(slots=True)
class FoundLoras:
    """The LoRAs and their hashes by name, the layers that they add to, and for each skipped file in
    the folder the reason."""

    files: dict[str, LoraFile] = field(default_factory=dict)
    layers: set[nn.Module] = field(default_factory=set)
    hashes: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def check(self, name: str, path: Path, networks: Mapping[str, nn.Module]) -> None:
        """Add the LoRA in a file. Raises UnusableLora."""
        layers = check_lora(path, networks)
        file = LoraFile(name, path, _stamp(path), networks)
        self.hashes[name] = lora_hash(path)
        self.files[name] = file
        self.layers |= layers

    def skip(self, file: str, reason: str) -> None:
        """Note that a file in the folder cannot be used; `file` is its path there."""
        log.warning("The LoRA file %s is skipped: it %s", shown(file), reason)
        if len(self.skipped) < MAX_SKIPPED_LORAS:
            self.skipped[shown(file)] = f"It {reason}"[:MAX_REASON_CHARS]


def find_loras(
    parts: ModelComponents, folder: Path | None, networks: Mapping[str, nn.Module]
) -> FoundLoras:
    """Look for the LoRAs. Raises CheckpointError if the folder cannot be read, or a file that the
    model names does not work."""
    named = parts.settings.get("loras", {})
    if not isinstance(named, Mapping) or not all(isinstance(path, str) for path in named.values()):
        raise CheckpointError(f"{parts.sidecar} must have a file for each name in its loras.")
    found = FoundLoras()
    for name, path in named.items():
        file = parts.sidecar.parent / path
        try:
            found.check(str(name), file, networks)
            # It must work, to its last number.
            read_lora(file, networks)
        except UnusableLora as error:
            raise CheckpointError(f"The LoRA {file} {error.reason}") from error
    if folder:
        _read_folder(folder, networks, found)
    return found


def _read_folder(folder: Path, networks: Mapping[str, nn.Module], found: FoundLoras) -> None:
    named_by_model = frozenset(found.files)
    for path in _files(folder, found):
        inside = path.relative_to(folder)
        name = name_of(inside)
        if name in named_by_model:
            continue
        try:
            _check_file(path, name, found)
            found.check(name, path, networks)
        except UnusableLora as error:
            found.skip(inside.as_posix(), error.reason)
        except Exception as error:
            log.exception("A LoRA cannot be used because of a bug.")
            found.skip(inside.as_posix(), f"cannot be used: {first_line(error)}")


def _check_file(path: Path, name: str, found: FoundLoras) -> None:
    """Raise UnusableLora for a file that is not worth reading."""
    # A link to nothing is told when it is read. Opening a pipe would wait for ever.
    if path.exists() and not path.is_file():
        raise UnusableLora("is no ordinary file.")
    if path.suffix.lower() in PICKLE_SUFFIXES:
        raise UnusableLora("is not a .safetensors file; other formats can contain code.")
    if name != shown(name):
        raise UnusableLora("has a name that cannot be typed. Rename the file.")
    if name in found.files:
        raise UnusableLora("has the name of another one. Rename the file.")
    if len(found.files) >= MAX_MODEL_LORAS:
        raise UnusableLora(f"is one more than {MAX_MODEL_LORAS}, the most there can be.")


def _stamp(path: Path) -> tuple[int, int]:
    """Its size in bytes and when it was written, in nanoseconds. Raises UnusableLora."""
    try:
        said = path.stat()
    except OSError as error:
        raise UnusableLora(f"cannot be read: {error.strerror}.") from error
    return said.st_size, said.st_mtime_ns


def name_of(path: Path) -> str:
    """The name of a LoRA, by its path in the folder: without the suffix, `/` between folders."""
    if path.stem in GENERAL_STEMS and path.parent.parts:
        return path.parent.as_posix()
    return path.with_suffix("").as_posix()


def shown(name: str) -> str:
    """A name that can be shown: short, and without characters that cannot be printed."""
    return (name if name.isprintable() else ascii(name)[1:-1])[:MAX_NAME_CHARS]


def _files(folder: Path, found: FoundLoras) -> Iterator[Path]:
    """All files that may be LoRAs, in the order of their names. Links to folders are followed.

    Hidden files are left out: macOS writes one beside each file on foreign disks.
    """
    if not folder.is_dir():
        raise CheckpointError(f"There is no folder {folder} with LoRA files.")

    def unreadable(error: OSError) -> None:
        place = Path(error.filename)
        if place == folder:
            raise CheckpointError(f"The folder {folder} cannot be read: {error.strerror}.")
        found.skip(f"{place.relative_to(folder).as_posix()}/", f"cannot be read: {error.strerror}.")

    entered = set()
    for place, folders, files in os.walk(folder, onerror=unreadable, followlinks=True):
        real = os.path.realpath(place)
        # A link may lead back to where it is.
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            suffix = Path(name).suffix.lower()
            if not name.startswith(".") and suffix in (".safetensors", *PICKLE_SUFFIXES):
                yield Path(place, name)
