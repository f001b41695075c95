"""A tiny checkpoint for all tests of the room, and short ways to say a request."""

from pathlib import Path

import pytest
import torch

from diffusion.loading.load import Checkpoint, load
from tests.support.models.tiny_model import build_tiny_model


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """The tiny model gains nothing by a second core, and other tests want it."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> Checkpoint:
    return load(tiny_folder, torch.device("cpu"))
