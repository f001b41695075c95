"""Download a model from the Hugging Face hub, into the hub client's own cache.

Downloads only the files that we need, and only safetensors: a pickle could run any code.
"""

import re
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

from diffusion.loading.foreign_models import CONVERT, check_index
from diffusion.nn.model_files import CheckpointError, first_line

NETWORKS = ("unet", "vae", "text_encoder", "text_encoder_2", "preview_vae")
DOWNLOADED_FILES = (
    "model_index.json",
    "darkroom.json",
    "darkroom_vocabulary.json",
    "scheduler/*.json",
    "tokenizer/*",
    "tokenizer_2/*",
    *(f"{network}/*.{kind}" for network in NETWORKS for kind in ("json", "safetensors")),
)
IGNORED_WEIGHTS = "*/*.*.safetensors"
"""Duplicates of the weights, such as `.fp16.` and `.non_ema.`."""


def is_hub_name(name: str) -> bool:
    """Whether `name` has the form of a hub name: `owner/model`."""
    return re.fullmatch(r"[\w][\w.-]*/[\w][\w.-]*", name) is not None


class HubAway(CheckpointError):
    """The hub is unreachable or has a temporary error: try again later."""


def fetch(name: str) -> Path:
    """The local folder of the model; downloads it if needed. Raises CheckpointError.

    Raises its subclass HubAway if trying again later might help.
    """
    try:
        named = Path(snapshot_download(name, allow_patterns=["model_index.json", "config.json"]))
        # What is no model of ours may be large: it is not downloaded.
        check_index(named, certain=True)
        folder = Path(
            snapshot_download(
                name, allow_patterns=list(DOWNLOADED_FILES), ignore_patterns=[IGNORED_WEIGHTS]
            )
        )
        if lacking := _without_weights(folder):
            # Some models have nothing but the copy in half precision.
            halves = [f"{network}/*.fp16*.safetensors" for network in lacking]
            snapshot_download(name, allow_patterns=halves)
    except CheckpointError:
        raise
    except Exception as error:
        kind = CheckpointError if _is_final(error) else HubAway
        raise kind(
            f"There is no folder {name}, and no model of that name came from the hub: "
            f"{first_line(error)}"
        ) from error
    if lacking := _without_weights(folder):
        raise CheckpointError(
            f"The model {name} has no safetensors files for {lacking[0]}. Other files can contain "
            f"code and are not read. {CONVERT}"
        )
    return folder


def _without_weights(folder: Path) -> list[str]:
    """The networks in the folder that have a config, but no safetensors file."""
    return [
        network
        for network in NETWORKS
        if (folder / network / "config.json").is_file()
        and not any((folder / network).glob("*.safetensors"))
    ]


def _is_final(error: BaseException) -> bool:
    """Whether trying again is useless: the hub or the client's settings refuse this model."""
    if isinstance(error, HfHubHTTPError) and error.response is not None:
        status: int = error.response.status_code
        return 400 <= status < 500 and status not in (408, 429)
    if isinstance(error, HFValidationError | OfflineModeIsEnabled):
        return True
    return error.__cause__ is not None and _is_final(error.__cause__)
