"""Hashes that name a model and a LoRA in pictures, as AUTOMATIC1111's web UI computes them."""

import hashlib
import struct
from collections.abc import Iterable
from pathlib import Path

from diffusion.nn.model_files import CheckpointError

MODEL_HASH_CHARS = 10
LORA_HASH_CHARS = 12


def model_hash(place: Path) -> str:
    """The beginning of the SHA-256 of a model's file; of a folder, that of its U-Net's weights.

    Sites that share models list it as “AutoV2”. Raises CheckpointError.
    """
    paths = [place]
    if place.is_dir():
        paths = sorted((place / "unet").glob("*.safetensors"))
        plain = [path for path in paths if not path.stem.endswith(".fp16")]
        paths = plain or paths
    return _sha256(paths)[:MODEL_HASH_CHARS]


def lora_hash(path: Path) -> str:
    """The beginning of the SHA-256 of a LoRA's weights, without the header of the file.

    So it stays the same when somebody edits the metadata (“AutoV3”). Raises CheckpointError.
    """
    return _sha256([path], after_header=True)[:LORA_HASH_CHARS]


def _sha256(paths: Iterable[Path], *, after_header: bool = False) -> str:
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                if after_header:
                    (header_bytes,) = struct.unpack("<Q", file.read(8))
                    file.seek(8 + header_bytes)
                hashlib.file_digest(file, lambda: digest)
        except (OSError, struct.error) as error:
            raise CheckpointError(f"{path} cannot be read: {error}") from error
    return digest.hexdigest()
