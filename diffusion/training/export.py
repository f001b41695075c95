"""Phase `export`: write the parts of a work folder as one model folder, fp16, without pickles.

The layout is that of Stable Diffusion 1.x, which all its loaders read. Beside it are
`darkroom.json`, the description for our own server, and `held_out.json`, which says what was never
trained, so that anyone can evaluate the model.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
import shutil
from pathlib import Path

from diffusers import UNet2DConditionModel
from transformers import CLIPVisionModelWithProjection

from diffusion.training.dataset.held_out import HELD_OUT_FILE, read_held_out
from diffusion.training.dataset.sources import PICTURE_SETS
from diffusion.training.loop.run import UnfitStart
from diffusion.training.loop.sampling import GUIDANCE, SAMPLING_STEPS, build_pipeline
from diffusion.training.vocabulary import VOCABULARY_FILE

IMAGE_ENCODER = "image_encoder"
UNET_DEPENDENCIES = ("text_encoder", "tokenizer", "vae")  # what a U-Net is trained on
DRAWING = (*UNET_DEPENDENCIES, "unet", "scheduler", IMAGE_ENCODER)  # what the evaluation needs
LIMIT_BYTES = 40_000_000

# What `--stylize` pulls towards: shaded and glossy.
AESTHETIC = "3d style"

EXAMPLES = (
    "a sunflower",
    "a parrot",
    "a lion on a yellow background",
    "a red fox",
    "a cupcake",
    "a watermelon",
    "a koala on a pink background",
    "a mushroom",
    "a rainbow",
    "an apple, 3d style",
    "a pineapple",
    "a strawberry on a blue background",
)


def export(workdir: Path, folder: Path) -> None:
    """Write the model folder and `darkroom.json`. Fails if it is larger than 40 MB."""
    pipeline = build_pipeline(
        workdir, UNet2DConditionModel.from_pretrained(workdir / "unet", low_cpu_mem_usage=False)
    )
    for part in (pipeline.vae, pipeline.unet, pipeline.text_encoder):
        part.half()
    pipeline.save_pretrained(folder, safe_serialization=True)
    shutil.copyfile(workdir / HELD_OUT_FILE, folder / HELD_OUT_FILE)
    if (workdir / VOCABULARY_FILE).exists():
        shutil.copyfile(workdir / VOCABULARY_FILE, folder / VOCABULARY_FILE)
    if (workdir / IMAGE_ENCODER).is_dir():
        _export_image_encoder(workdir / IMAGE_ENCODER, folder / IMAGE_ENCODER)
    _write_plain_vocabulary(folder / "tokenizer")
    for weights in folder.rglob("*.safetensors"):
        weights.chmod(0o644)
    for path in folder.rglob("config.json"):  # they contain the path of the work folder
        config = json.loads(path.read_text())
        config.pop("_name_or_path", None)
        # transformers reads the dtype from here, diffusers from its caller. Without this a plain
        # `from_pretrained` mixes float16 and float32, and fails.
        if "dtype" in config:
            config["dtype"] = "float32"
        path.write_text(json.dumps(config, indent=2) + "\n")
    (folder / "darkroom.json").write_text(json.dumps(_about(), indent=2) + "\n")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {size / 1e6:.1f} MB")
    assert size <= LIMIT_BYTES, f"the model has {size} bytes, more than {LIMIT_BYTES}"


def adopt(folder: Path, workdir: Path, parts: tuple[str, ...] = UNET_DEPENDENCIES) -> None:
    """Copy parts of a model folder into the work folder, where later phases look for them.

    Existing parts are kept: a U-Net belongs to its text encoder and its autoencoder.
    """
    for part in parts:
        if not (workdir / part).exists() and (folder / part).is_dir():
            shutil.copytree(folder / part, workdir / part)


def adopt_whole(folder: Path, workdir: Path) -> None:
    """Copy everything that the evaluation needs from a model folder. Raises UnfitStart if the
    work folder has parts of another model or other held-out pictures, which would make the
    scores wrong."""
    if read_held_out(workdir) != read_held_out(folder):
        raise UnfitStart(
            f"{workdir} does not hold out what was held out from {folder}: run phase data with "
            f"--start {folder} first, in a --workdir of its own."
        )
    for part in DRAWING:
        if (workdir / part).exists() and _files(workdir / part) != _files(folder / part):
            raise UnfitStart(
                f"{workdir} holds the {part} of another model than {folder}: leave out --start to "
                "measure that one, or choose another --workdir."
            )
    adopt(folder, workdir, DRAWING)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*")}


def _export_image_encoder(trained: Path, folder: Path) -> None:
    """Write the image tower, which pipelines ignore, and its phrases for describing pictures."""
    tower = CLIPVisionModelWithProjection.from_pretrained(trained).half()
    tower.save_pretrained(folder)
    for name in ("preprocessor_config.json", "phrases.json"):
        shutil.copyfile(trained / name, folder / name)


def _write_plain_vocabulary(tokenizer: Path) -> None:
    """Write the vocabulary in the two files that older loaders of CLIP tokenizers need."""
    model = json.loads((tokenizer / "tokenizer.json").read_text())["model"]
    pairs = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    (tokenizer / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False))
    (tokenizer / "merges.txt").write_text("\n".join(["#version: 0.2", *pairs]) + "\n")


def _about() -> dict[str, object]:
    styles = {
        source.style.removesuffix(" style"): f"{{prompt}}, {source.style}"
        for source in PICTURE_SETS
        if source.weight > 0
    }
    return {
        "name": "darkroom-mini",
        "native_size": 128,
        "steps": SAMPLING_STEPS,
        "guidance_scale": GUIDANCE,
        "sampler": "dpmpp_2m",
        "spacing": "trailing",
        "styles": styles,
        "single_subject": True,
        "aesthetic": AESTHETIC,
        "examples": list(EXAMPLES),
    }
