"""A model by its name on the Hugging Face hub: fetched once, then found in the hub's own cache.

Fetches what a folder needs and safetensors only: a pickle may run anything.
"""

import re
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

from diffusion.nn.model_files import CheckpointError, first_line

NETWORKS = ("unet", "vae", "text_encoder", "text_encoder_2", "preview_vae")
DOWNLOADED_FILES = (
    "model_index.json",
    "darkroom.json",
    "scheduler/*.json",
    "tokenizer/*",
    "tokenizer_2/*",
    *(f"{network}/*.{kind}" for network in NETWORKS for kind in ("json", "safetensors")),
)
IGNORED_WEIGHTS = "*/*.*.safetensors"
"""Weights that are there a second time: in half precision, without averaging."""


def is_hub_name(name: str) -> bool:
    """Whether it is written as the hub's names are: `owner/model`."""
    return re.fullmatch(r"[\w][\w.-]*/[\w][\w.-]*", name) is not None


class HubAway(CheckpointError):
    """The hub did not answer, or not well: the same name may be found later."""


def fetch(name: str) -> Path:
    """The folder of the model, downloaded if it is not here yet. Raises CheckpointError.

    It is a HubAway where the hub did not say itself that it has no such model for us.
    """
    try:
        return Path(
            snapshot_download(
                name, allow_patterns=list(DOWNLOADED_FILES), ignore_patterns=[IGNORED_WEIGHTS]
            )
        )
    except Exception as error:
        kind = CheckpointError if _is_final(error) else HubAway
        raise kind(
            f"There is no folder {name}, and no model of that name came from the hub: "
            f"{first_line(error)}"
        ) from error


def _is_final(error: BaseException) -> bool:
    """Whether asking again would change nothing: the hub, or a setting of its client, says no."""
    if isinstance(error, HfHubHTTPError) and error.response is not None:
        status: int = error.response.status_code
        return 400 <= status < 500 and status not in (408, 429)
    if isinstance(error, HFValidationError | OfflineModeIsEnabled):
        return True
    return error.__cause__ is not None and _is_final(error.__cause__)
