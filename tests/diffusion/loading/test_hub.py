"""Loading a model by its name on the hub: real code against a hub of our own on this machine."""

import json
import shutil
import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants

from diffusion.loading.hub import HubAway, is_hub_name
from diffusion.loading.load import CheckpointError, load

CPU = torch.device("cpu")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as fetching one model needs; `folder` is what `someone/tiny` holds."""

    folder: Path
    asked: list[str]

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        path = self.path.split("?")[0]
        if path.startswith("/api/models/someone/tiny"):
            files = [p for p in self.folder.rglob("*") if p.is_file()]
            names = [str(p.relative_to(self.folder)) for p in files]
            listed = [{"rfilename": name} for name in names]
            tree = [
                {
                    "type": "file",
                    "path": name,
                    "size": (self.folder / name).stat().st_size,
                    "oid": name,
                }
                for name in names
            ]
            said = (
                tree
                if "/tree/" in path
                else {"id": "someone/tiny", "sha": COMMIT, "siblings": listed}
            )
            self._send(json.dumps(said).encode(), body, {"Content-Type": "application/json"})
        elif path.startswith(f"/someone/tiny/resolve/{COMMIT}/"):
            name = path.split(f"{COMMIT}/")[1]
            content = (self.folder / name).read_bytes()
            self.asked.append(name)
            tag = {"ETag": f'"{sha256(content).hexdigest()}"', "X-Repo-Commit": COMMIT}
            self._send(content, body, tag)
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _send(self, content: bytes, body: bool, headers: dict[str, str]) -> None:
        self.send_response(200)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *_arguments: Any) -> None:
        pass


def _use_hub(address: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder / "cache"))
    monkeypatch.chdir(folder)


@pytest.fixture
def hub(tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    """A hub that has `someone/tiny`, with files beside it that nobody should fetch."""
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "remote"))
    for name in ("all.safetensors", "unet/pickled.bin", "unet/weights.fp16.safetensors"):
        (folder / name).write_bytes(b"not wanted")
    handler = type("OurHub", (Hub,), {"folder": folder, "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    _use_hub(f"http://127.0.0.1:{server.server_port}", tmp_path, monkeypatch)
    try:
        yield handler
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def test_a_model_is_fetched_by_its_name_without_what_it_does_not_need(hub: type[Hub]) -> None:
    model = load(Path("someone/tiny"), CPU)
    assert model.info.id == "tiny"
    assert "unet/diffusion_pytorch_model.safetensors" in hub.asked
    assert not [name for name in hub.asked if "all." in name or "pickled" in name or "fp16" in name]


def test_a_model_only_in_half_precision_is_fetched(hub: type[Hub]) -> None:
    for part in ("unet", "vae"):
        path = hub.folder / part / "diffusion_pytorch_model.safetensors"
        path.rename(path.with_suffix(".fp16.safetensors"))
    (hub.folder / "unet" / "weights.fp16.safetensors").unlink()
    assert load(Path("someone/tiny"), CPU).info.id == "tiny"
    assert "unet/diffusion_pytorch_model.fp16.safetensors" in hub.asked


def test_a_model_only_in_pickles_gets_the_right_advice(hub: type[Hub]) -> None:
    path = hub.folder / "unet" / "diffusion_pytorch_model.safetensors"
    path.rename(path.with_suffix(".bin"))
    (hub.folder / "unet" / "weights.fp16.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"no safetensors files for unet.*convert") as no:
        load(Path("someone/tiny"), CPU)
    assert not isinstance(no.value, HubAway)
    assert not [name for name in hub.asked if name.endswith(".bin")]


def test_what_is_no_model_of_ours_is_named_before_it_is_fetched(hub: type[Hub]) -> None:
    index = hub.folder / "model_index.json"
    index.write_text(json.dumps({"_class_name": "FluxPipeline"}))
    with pytest.raises(CheckpointError, match="FLUX: not supported yet"):
        load(Path("someone/tiny"), CPU)
    assert set(hub.asked) == {"model_index.json"}


def test_a_name_that_nobody_has_is_refused_in_one_sentence(hub: type[Hub]) -> None:
    with pytest.raises(
        CheckpointError, match="There is no folder someone/else, and no model"
    ) as no:
        load(Path("someone/else"), CPU)
    assert "\n" not in str(no.value)
    assert not isinstance(no.value, HubAway)  # the hub said so itself


def test_a_hub_that_cannot_be_reached_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use_hub("http://127.0.0.1:9", tmp_path, monkeypatch)
    with pytest.raises(HubAway, match="no model of that name came from the hub") as no:
        load(Path("someone/tiny"), CPU)
    assert "\n" not in str(no.value)


@pytest.mark.parametrize("name", ["a/b", "runwayml/stable-diffusion-v1-5", "some.one/x_1"])
def test_names_of_the_hub(name: str) -> None:
    assert is_hub_name(name)


@pytest.mark.parametrize("name", ["/a/b", "a", "a/b/c", "./a", "../a/b", "a/b/", "~/x", "a b/c"])
def test_other_names(name: str) -> None:
    assert not is_hub_name(name)
