"""A model by its name on the Hugging Face hub: fetched once, then found in the hub's own cache.

Fetches what a folder needs and safetensors only: a pickle may run anything.
"""

import re
from pathlib import Path

from huggingface_hub import snapshot_download

from diffusion.parts import CheckpointError, first_line

NETWORKS = ("unet", "vae", "text_encoder", "text_encoder_2", "preview_vae")
WANTED = (
    "model_index.json",
    "darkroom.json",
    "scheduler/*.json",
    "tokenizer/*",
    "tokenizer_2/*",
    *(f"{network}/*.{kind}" for network in NETWORKS for kind in ("json", "safetensors")),
)
VARIANTS = "*/*.*.safetensors"
"""Weights that are there a second time: in half precision, without averaging."""


def is_hub_name(name: str) -> bool:
    """Whether it is written as the hub's names are: `owner/model`."""
    return re.fullmatch(r"[\w][\w.-]*/[\w][\w.-]*", name) is not None


def fetch(name: str) -> Path:
    """The folder of the model, downloaded if it is not here yet. Raises CheckpointError."""
    try:
        return Path(
            snapshot_download(name, allow_patterns=list(WANTED), ignore_patterns=[VARIANTS])
        )
    except Exception as error:
        raise CheckpointError(
            f"There is no folder {name}, and no model of that name came from the hub: "
            f"{first_line(error)}"
        ) from error
