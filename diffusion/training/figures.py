"""`python -m diffusion.training.figures`: the figures of docs/diffusion.md, from a model folder.

All pictures are generated again from the weights, and the swiss roll is trained again. Only the
loss curve is read from the log of the training.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import argparse
import csv
import math
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image
from torch import Tensor
from torch.nn import functional

from diffusion.training.evaluation.swiss_roll import (
    ROLL_BETAS,
    compare_schedules,
    destroy,
    restore,
    swiss_roll,
    train_on_roll,
)
from diffusion.training.loop.logbook import to_image
from diffusion.training.loop.sampling import GUIDANCE, SAMPLING_STEPS

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.ticker import ScalarFormatter

INK, PALE, WARM = "#22303c", "#c8d0d8", "#d1495b"
SHOWN_STEPS = (0, 2, 4, 6, 8, 11, 14, 17, 19)
SCALES = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0)
STYLE: dict[Any, Any] = {
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": PALE,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


@dataclass(frozen=True, slots=True)
class Watched:
    """A picture during sampling: after each step its latents, and the prediction of the result."""

    noised: list[Tensor]
    guessed: list[Tensor]
    picture: Image.Image


def load_pipeline(model: Path) -> Any:
    """The model as a diffusers pipeline."""
    pipeline = StableDiffusionPipeline.from_pretrained(model)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw_one(
    pipeline: Any, prompt: str, seed: int, guidance: float, rescale: float = 0.0
) -> Image.Image:
    """One picture at the model's native size."""
    drawn: Image.Image = pipeline(
        prompt,
        num_inference_steps=SAMPLING_STEPS,
        guidance_scale=guidance,
        guidance_rescale=rescale,
        generator=torch.Generator().manual_seed(seed),
    ).images[0]
    return drawn


def watch(pipeline: Any, prompt: str, seed: int, guidance: float) -> Watched:
    """Generate one picture and keep every step."""
    noised: list[Tensor] = []
    guessed: list[Tensor] = []

    def keep(_: Any, step: int, __: Any, state: dict[str, Tensor]) -> dict[str, Tensor]:
        noised.append(state["latents"].clone())
        # The solver keeps its last denoised prediction.
        guessed.append(pipeline.scheduler.model_outputs[-1].clone())
        return state

    picture = pipeline(
        prompt,
        num_inference_steps=SAMPLING_STEPS,
        guidance_scale=guidance,
        generator=torch.Generator().manual_seed(seed),
        callback_on_step_end=keep,
    ).images[0]
    return Watched(noised, guessed, picture)


@torch.inference_mode()
def decode(pipeline: Any, latents: Tensor) -> Image.Image:
    """Latents (1, 4, h, w) as a picture."""
    return to_image(pipeline.vae.decode(latents / pipeline.vae.config.scaling_factor).sample[0])


def lay_out(
    rows: list[list[Image.Image | npt.NDArray[np.uint8]]],
    names: list[str],
    columns: list[str],
    path: Path,
    width: float = 11.0,
) -> None:
    """Pictures in a grid, with a name for each row and each column."""
    across = len(rows[0])
    side = width / (across + 0.5)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            len(rows), across, figsize=(width, side * len(rows) + 0.35), squeeze=False
        )
        for row, name, places in zip(rows, names, axes, strict=True):
            for picture, place in zip(row, places, strict=True):
                place.imshow(picture, interpolation="lanczos")
                place.set_xticks([])
                place.set_yticks([])
                for spine in place.spines.values():
                    spine.set_visible(False)
            places[0].set_ylabel(fill(name, 14), fontsize=10)
        for column, place in zip(columns, axes[0], strict=True):
            place.set_title(column, fontsize=10, pad=4)
        figure.subplots_adjust(0.065, 0.01, 0.995, 0.93 - 0.06 / len(rows), 0.04, 0.04)
        _save(figure, path)


def show_noise(picture: Image.Image, path: Path) -> None:
    """The forward process on pixels under both schedules (Nichol and Dhariwal 2021, fig. 3)."""
    clean = torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1).float() / 127.5 - 1
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    times = [0, *(round(999 * share / 8) for share in range(1, 9))]
    rows: list[list[Image.Image | npt.NDArray[np.uint8]]] = []
    for betas in ROLL_BETAS.values():
        kept = torch.cumprod(1 - betas, 0)
        rows.append(
            [to_image(kept[t].sqrt() * clean + (1 - kept[t]).sqrt() * noise) for t in times]
        )
    lay_out(rows, list(ROLL_BETAS), [f"step {t}" for t in times], path)


def show_reverse(pipeline: Any, prompt: str, seed: int, guidance: float, path: Path) -> None:
    """The reverse process: the latents, and the prediction of the result."""
    seen = watch(pipeline, prompt, seed, guidance)
    held = [decode(pipeline, seen.noised[step]) for step in SHOWN_STEPS]
    guess = [decode(pipeline, seen.guessed[step]) for step in SHOWN_STEPS]
    lay_out(
        [list(held), list(guess)],
        ["held", "guessed"],
        [f"step {step + 1}" for step in SHOWN_STEPS],
        path,
    )


def show_guidance(pipeline: Any, prompts: dict[str, int], path: Path) -> None:
    """The same prompt and seed at growing guidance scales; the last prompt also with rescaled
    contrast."""

    def across(prompt: str, seed: int, rescale: float) -> list[Image.Image | npt.NDArray[np.uint8]]:
        return [draw_one(pipeline, prompt, seed, scale, rescale) for scale in SCALES]

    rows = [across(prompt, seed, 0.0) for prompt, seed in prompts.items()]
    rows.append(across(*list(prompts.items())[-1], 1.0))
    names = [*prompts, "the same, contrast taken back"]
    lay_out(rows, names, [f"guidance {scale:g}" for scale in SCALES], path)


@dataclass(slots=True)
class Listener:
    """diffusers' attention, which also records the attention weights."""

    heard: list[Tensor] = field(default_factory=list)

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        **_: Any,
    ) -> Tensor:
        """Cross-attention of `hidden_states` (batch, places, width) to the text's states."""
        states = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query = attn.head_to_batch_dim(attn.to_q(hidden_states))
        key, value = (attn.head_to_batch_dim(to(states)) for to in (attn.to_k, attn.to_v))
        weights = attn.get_attention_scores(query, key, attention_mask)
        batch = len(hidden_states)
        if encoder_hidden_states is not None:
            # The second half of a guidance batch has the prompt.
            by_head = weights.view(batch, -1, *weights.shape[1:])[batch // 2 :]
            self.heard.append(by_head.mean((0, 1)))
        mixed: Tensor = attn.to_out[0](attn.batch_to_head_dim(weights @ value))
        return mixed


def attention_maps(
    pipeline: Any, prompt: str, seed: int, guidance: float
) -> tuple[Image.Image, dict[str, Tensor]]:
    """The picture, and for each word its attention map (16, 16).

    The mean over heads, layers and steps (Hertz et al. 2023), summed over the tokens of a word.
    """
    listener = Listener()
    usual = pipeline.unet.attn_processors
    pipeline.unet.set_attn_processor(
        {name: listener if "attn2" in name else one for name, one in usual.items()}
    )
    picture = draw_one(pipeline, prompt, seed, guidance)
    pipeline.unet.set_attn_processor(usual)
    total = torch.zeros(listener.heard[0].shape[1], 16, 16)
    for weights in listener.heard:
        side = math.isqrt(len(weights))
        raster = weights.T.view(1, -1, side, side)
        total += functional.interpolate(raster, (16, 16), mode="bilinear")[0]
    total /= len(listener.heard)
    maps: dict[str, Tensor] = {}
    token = 1  # token 0 is the start token
    for word in prompt.replace(",", " ,").split():
        count = len(pipeline.tokenizer(word, add_special_tokens=False).input_ids)
        maps[word] = total[token : token + count].sum(0)
        token += count
    return picture, maps


def show_attention(pipeline: Any, prompts: dict[str, int], guidance: float, path: Path) -> None:
    """Each picture, and beside it the attention maps of its content words."""
    rows: list[list[Image.Image | npt.NDArray[np.uint8]]] = []
    titles: list[list[str]] = []
    for prompt, seed in prompts.items():
        picture, maps = attention_maps(pipeline, prompt, seed, guidance)
        said = {word: one for word, one in maps.items() if word not in ("a", "an", "on", ",")}
        rows.append([picture, *(_lit(picture, one) for one in said.values())])
        titles.append(["", *said])
    across = max(map(len, rows))
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            len(rows), across, figsize=(1.7 * across, 1.95 * len(rows)), squeeze=False
        )
        for row, words, places in zip(rows, titles, axes, strict=True):
            for place in places:
                place.axis("off")
            for one, word, place in zip(row, words, places, strict=False):
                place.imshow(one, interpolation="lanczos")
                place.set_title(word, fontsize=12, pad=4)
        figure.subplots_adjust(0.005, 0.01, 0.995, 0.93, 0.05, 0.16)
        _save(figure, path)


def _lit(picture: Image.Image, one: Tensor) -> npt.NDArray[np.uint8]:
    """The picture in grey, with colour where the attention to the word is high."""
    light = (one - one.min()) / (one.max() - one.min()).clamp(min=1e-6)
    grown = Image.fromarray((light.numpy() * 255).astype(np.uint8)).resize(
        picture.size, Image.Resampling.BICUBIC
    )
    share = np.asarray(grown, dtype=np.float64)[..., None] / 255
    grey = np.asarray(picture.convert("L").convert("RGB"), dtype=np.float64) * 0.35 + 40
    mixed = grey * (1 - share) + np.asarray(picture, dtype=np.float64) * share
    return mixed.astype(np.uint8)


def show_swiss_roll(path: Path) -> None:
    """The roll destroyed from left to right, and restored from right to left by 5,506
    parameters."""
    denoiser, _ = train_on_roll(2500, seed=0)
    g = torch.Generator().manual_seed(1)
    shares = (0.0, 0.05, 0.15, 0.3, 1.0)
    roll = swiss_roll(1500, g)
    destroyed = [destroy(denoiser, roll, share, g) for share in shares]
    states = restore(denoiser, 1500, g)
    restored = [states[round((1 - share) * (len(states) - 1))] for share in shares]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(2, 5, figsize=(11, 4.6))
        for row, places, colour in ((destroyed, axes[0], INK), (restored, axes[1], WARM)):
            for points, place in zip(row, places, strict=True):
                place.scatter(*points.T.numpy(), s=2, color=colour, linewidths=0)
                place.set(xlim=(-3, 3), ylim=(-3, 3), aspect="equal", xticks=[], yticks=[])
                for spine in place.spines.values():
                    spine.set_visible(False)
        for place, share in zip(axes[0], shares, strict=True):
            place.set_title(f"{share:.0%} of the way to noise", fontsize=10)
        axes[0][0].set_ylabel("destroyed  →", fontsize=11)
        axes[1][0].set_ylabel("←  restored", fontsize=11)
        figure.subplots_adjust(0.03, 0.01, 0.995, 0.93, 0.02, 0.03)
        _save(figure, path)


def show_loss(csv_file: Path, path: Path) -> None:
    """The U-Net's loss by samples seen, from the log of the training."""
    with csv_file.open(newline="") as file:
        head, *rows = csv.reader(file)
    table = np.array([[float(value) for value in row] for row in rows])
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(8, 3.4))
        for index, colour in zip(range(1, len(head)), (PALE, WARM, INK), strict=False):
            name = head[index].replace("_", " ")
            axes.plot(table[:, 0] / 1000, table[:, index], color=colour, label=name, linewidth=1.8)
        axes.set(xlabel="thousands of samples seen", ylabel="weighted squared error", yscale="log")
        axes.yaxis.set_major_formatter(ScalarFormatter())
        axes.yaxis.set_minor_formatter(ScalarFormatter())
        axes.grid(alpha=0.25, which="both")
        axes.legend(frameon=False)
        figure.tight_layout()
        _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    """Save as a small file: JPEG for pictures, few colours for line drawings."""
    figure.savefig(path, dpi=110, facecolor="white", **_options(path))
    plt.close(figure)
    if path.suffix == ".png":
        Image.open(path).convert("RGB").quantize(64).save(path, optimize=True)


def _options(path: Path) -> dict[str, Any]:
    return {"pil_kwargs": {"quality": 86, "optimize": True}} if path.suffix == ".jpg" else {}


def draw_figures(model: Path, folder: Path, workdir: Path) -> None:
    """All figures of the docs into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    pipeline = load_pipeline(model)
    show_noise(draw_one(pipeline, "a red fox", 1, GUIDANCE), folder / "noise.jpg")
    show_reverse(pipeline, "a red fox", 1, GUIDANCE, folder / "reverse.jpg")
    show_guidance(
        pipeline,
        {"a panda, 3d style": 4, "a red heart": 33, "a blue star on a yellow background": 3},
        folder / "guidance.jpg",
    )
    show_attention(
        pipeline,
        {"a red apple on a blue background": 11, "a green car on a yellow background": 3},
        GUIDANCE,
        folder / "attention.jpg",
    )
    show_swiss_roll(folder / "swiss-roll.png")
    kept = folder / "unet-loss.csv"
    if (workdir / "unet-loss.csv").exists():
        kept.write_bytes((workdir / "unet-loss.csv").read_bytes())
    show_loss(kept, folder / "loss.png")


def main(arguments: list[str] | None = None) -> None:
    """Draw all figures and print the table of the roll; takes about a minute."""
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(prog="python -m diffusion.training.figures")
    parser.add_argument("--model", type=Path, default=root / "diffusion" / "mini")
    parser.add_argument("--folder", type=Path, default=root / "docs" / "pictures" / "diffusion")
    parser.add_argument("--workdir", type=Path, default=Path("data/training"))
    options = parser.parse_args(arguments)
    draw_figures(options.model, options.folder, options.workdir)
    counts = (5, 10, 20, 40)
    print("how far restored points are from the swiss roll, by steps")
    print(f"{'':8}" + "".join(f"{count:8}" for count in counts))
    for schedule in ROLL_BETAS:
        means = compare_schedules(schedule, 3, counts)
        print(f"{schedule:8}" + "".join(f"{mean:8.3f}" for mean in means))


if __name__ == "__main__":
    main()
