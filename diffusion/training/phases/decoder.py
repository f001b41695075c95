"""Phase `unet`, second part: train the decoder on what its own U-Net generates.

A U-Net's latents are never quite those of the encoder: flat areas come out mottled, edges frayed.
So real pictures are redrawn from the middle of their noise, and the decoder learns to restore them.
The latents stay the same.

Where two edges are possible, their mean has the smallest error, and is blurred. So an adversary
also judges patches (Isola et al. 2017), as for the autoencoders of latent diffusion, and classifies
the style. It also judges pictures generated from pure noise: guidance makes their colours purer
than those of any real picture.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional
from tqdm import tqdm

from diffusion.nn.devices import autocast
from diffusion.training.dataset.composing import compose_all
from diffusion.training.dataset.prepare import PIXELS, read_rows
from diffusion.training.loop.logbook import draw_sheet, load_checkpoint, to_image
from diffusion.training.loop.run import Budget, Learner, Run, fill
from diffusion.training.loop.sampling import GUIDANCE, SAMPLING_STEPS, build_pipeline, from_pictures
from diffusion.training.loop.workers import Place, launch
from diffusion.training.phases.autoencoder import averaged, build_autoencoder, picture_loss
from diffusion.training.phases.latents import (
    caption_pictures,
    encode,
    plan_pictures,
    read_states,
)

DECODER_LEARNING_RATE = 4e-4
ADVERSARY_WEIGHT = 0.4  # gradient of the adversary, relative to that of the error
STYLE_WEIGHT = 1.0  # of the style, relative to the patches
# Shares of the steps that are redrawn, used in turn. Beyond the middle the result is another
# picture than the target; at 0 the latents are the encoder's own, which edits of pictures need.
FULL_STRENGTH = 1.0
STRENGTHS = (0.0, 0.1, 0.2, FULL_STRENGTH, 0.0, 0.3, 0.4, FULL_STRENGTH)
WHOLE_SHARE = 0.25  # share of pictures from pure noise in a batch
MEASURED_DRAFTS = 32  # the first drafts, which are never trained on


@torch.inference_mode()
def write_drafts(workdir: Path, count: int, seed: int, device: torch.device) -> None:
    """Redraw real pictures: `drafts.npy` (N, 4, 16, 16) fp16, of which the first K belong to the
    pictures in `drafts-pictures.npy` (K, 128, 128, 3) uint8; the others are generated from captions
    alone. `drafts-styles.npy` (N,) int64."""
    rows = read_rows(workdir / "pictures.json")
    rng = random.Random(seed)
    # One picture in ten is not square, and is left out.
    plans, hues = plan_pictures(workdir, rows, count, rng, calm=True)
    plans = [one for one in plans if one.shape == (PIXELS, PIXELS)]
    captions = caption_pictures(workdir, rows, plans, rng)
    names = list(dict.fromkeys(row.style for row in rows))
    styles = np.array([names.index(rows[one.row].style) for one in plans])
    states = read_states(workdir, ["", *captions], device)
    unet = UNet2DConditionModel.from_pretrained(workdir / "unet", low_cpu_mem_usage=False)
    unet = unet.to(device, memory_format=torch.channels_last)
    pipeline = from_pictures(build_pipeline(workdir, unet))
    vae = pipeline.vae.to(memory_format=torch.channels_last)
    pictures, drafts, whole = [], [], []
    strengths = itertools.cycle(STRENGTHS)
    bar = tqdm(total=len(plans), desc="drafts", unit="picture")
    for frames in compose_all(workdir / "pictures.npy", plans, hues):
        pictures.append(frames)
        for latents in encode(vae, frames).split(16):
            chosen = states[1 + bar.n : 1 + bar.n + len(latents)].to(device).float()
            strength = next(strengths)
            g = torch.Generator(device).manual_seed(rng.randrange(2**62))
            drawn = _draw_anew(pipeline, latents, strength, chosen, states[:1], g)
            drafts.append(drawn.half().cpu())
            whole += [strength == FULL_STRENGTH] * len(latents)
            bar.update(len(latents))
    bar.close()
    # Until here they are grouped by strength.
    order = sorted(rng.sample(range(len(plans)), len(plans)), key=whole.__getitem__)
    kept = order[: whole.count(False)]
    np.save(workdir / "drafts-pictures.npy", np.concatenate(pictures)[kept])
    np.save(workdir / "drafts.npy", torch.cat(drafts).numpy()[order])
    np.save(workdir / "drafts-styles.npy", styles[order])


def _draw_anew(
    pipeline: Any,
    latents: Tensor,
    strength: float,
    states: Tensor,
    nothing: Tensor,
    g: torch.Generator,
) -> Tensor:
    if strength == 0:
        return latents
    drawn: Tensor = pipeline(
        image=latents,
        strength=strength,
        num_inference_steps=SAMPLING_STEPS,
        guidance_scale=GUIDANCE,
        prompt_embeds=states,
        negative_prompt_embeds=nothing.to(states).expand_as(states),
        generator=g,
        output_type="latent",
    ).images
    return drawn


def train_decoder(
    workdir: Path,
    budget: Budget,
    batch: int,
    seed: int,
    workers: int,
    device: torch.device,
    tiny: bool,
) -> None:
    """Run the part until its budget is spent; continues an earlier run."""
    launch(_train, workers, workdir, budget, batch, seed, device, tiny)
    state = load_checkpoint(workdir / "decoder.pt")
    assert state is not None
    averaged(state["average"], tiny).save_pretrained(workdir / "vae")


@dataclass(frozen=True, slots=True)
class Judgement:
    """How real each patch looks, (N, patches), above or below 0; the style logits (N, styles); and
    the features they are computed from."""

    patches: Tensor
    styles: Tensor
    features: list[Tensor]


class Adversary(nn.Module):
    """Discriminates generated pictures (N, 3, h, w) from real ones by patches, and classifies
    styles.

    Styles are learnt from real pictures only (Odena et al. 2017): a mottled flat drawing would pass
    for a shaded one.
    """

    def __init__(self, styles: int) -> None:
        super().__init__()
        widths = (3, 32, 64, 96)
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, after, 4, stride=2, padding=1),
                nn.GroupNorm(8, after) if before > 3 else nn.Identity(),
                nn.LeakyReLU(0.2),
                nn.Conv2d(after, after, 3, padding=1),
                nn.LeakyReLU(0.2),
            )
            for before, after in itertools.pairwise(widths)
        )
        self.patches = nn.ModuleList(nn.Conv2d(width, 1, 3, padding=1) for width in widths[2:])
        self.styles = nn.Linear(widths[-1], styles)

    def forward(self, pictures: Tensor) -> Judgement:
        features = []
        x = pictures
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        heads = zip(self.patches, features[1:], strict=True)
        patches = torch.cat([head(some).flatten(1) for head, some in heads], 1)
        return Judgement(patches, self.styles(x.mean((2, 3))), features)


def decoder_loss(
    drawn: Tensor, real: Tensor, styles: Tensor, adversary: Adversary, last: Tensor
) -> Tensor:
    """The combined loss of decoder and adversary, for pictures `drawn` (N, 3, h, w) in [-1, 1] of
    `styles` (N,). The first K belong to the pictures `real` (K, 3, h, w).

    Decoder: the error, and the distance to the real picture by the frozen adversary: features (Wang
    et al. 2018), patches, style. The weight keeps the gradient of the second at
    `ADVERSARY_WEIGHT` times the first at the weights `last` of the decoder's last layer (Esser et
    al. 2021, equation 7).
    Adversary: the hinge loss on patches, and the styles of real pictures; its gradients do not
    reach the decoder.
    """
    kept = len(real)
    error = picture_loss(drawn[:kept], real)
    told = adversary(real)
    settled = {name: weight.detach() for name, weight in adversary.named_parameters()}
    seen = functional_call(adversary, settled, (drawn,))
    far = sum(
        functional.l1_loss(one[:kept], other.detach())
        for one, other in zip(seen.features, told.features, strict=True)
    )
    unlike = (
        far - seen.patches.mean() + STYLE_WEIGHT * functional.cross_entropy(seen.styles, styles)
    )
    (towards,) = torch.autograd.grad(error, last, retain_graph=True)
    (against,) = torch.autograd.grad(unlike, last, retain_graph=True)
    weight = ADVERSARY_WEIGHT * towards.norm() / (against.norm() + 1e-4)
    taken_in = adversary(drawn.detach()).patches
    hinge = functional.relu(1 - told.patches).mean() + functional.relu(1 + taken_in).mean()
    named = functional.cross_entropy(told.styles, styles[:kept])
    total: Tensor = error + weight * unlike + hinge + named
    return total


def _train(
    place: Place,
    workdir: Path,
    budget: Budget,
    batch: int,
    seed: int,
    device: torch.device,
    tiny: bool,
) -> None:
    drafts = torch.from_numpy(np.load(workdir / "drafts.npy"))
    pictures = torch.from_numpy(np.load(workdir / "drafts-pictures.npy", mmap_mode="c"))
    torch.manual_seed(seed)
    vae = build_autoencoder(tiny)
    fill(vae, workdir / "vae")
    vae = vae.to(device, memory_format=torch.channels_last)
    vae.encoder.requires_grad_(False)
    vae.quant_conv.requires_grad_(False)
    styles = torch.from_numpy(np.load(workdir / "drafts-styles.npy"))
    adversary = Adversary(int(styles.max()) + 1).to(device)
    model = nn.ModuleDict({"vae": vae, "adversary": adversary})
    taught = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(taught, lr=DECODER_LEARNING_RATE, betas=(0.5, 0.99), fused=True)
    learner = Learner(model, vae, 0.998, optimizer)

    def show(rows: Tensor) -> Tensor:
        real = pictures[rows].to(device).permute(0, 3, 1, 2).float() / 127.5 - 1
        return real.contiguous(memory_format=torch.channels_last)

    kept = len(pictures)
    whole = round(WHOLE_SHARE * batch) if len(drafts) > kept else 0
    measured = torch.arange(MEASURED_DRAFTS)

    with Run(workdir, "decoder", "picture", learner, budget, "held_out", place) as run:
        while not run.is_over:
            run.cool(DECODER_LEARNING_RATE, warm_steps=100)
            g = torch.Generator().manual_seed(run.chance(seed))
            rows = torch.randint(MEASURED_DRAFTS, kept, (batch - whole,), generator=g)
            real = show(rows)
            if whole:
                rows = torch.cat([rows, torch.randint(kept, len(drafts), (whole,), generator=g)])
            with autocast(device):
                drawn = vae.decode(drafts[rows].to(device).float()).sample.float()
                loss = decoder_loss(
                    drawn, real, styles[rows].to(device), adversary, vae.decoder.conv_out.weight
                )
            run.learn(loss, batch)
            if run.is_due(4 if tiny else 20):
                seen = averaged(run.average.weights, tiny).to(device)
                latents = drafts[measured].to(device).float()
                run.report(_look(seen, workdir, latents, show(measured)))


@torch.inference_mode()
def _look(vae: Any, workdir: Path, latents: Tensor, real: Tensor) -> float:
    """Decode the held-out drafts; write the sheet, return the loss."""
    drawn = vae.decode(latents).sample
    pairs = [to_image(one.cpu()) for pair in zip(real, drawn, strict=True) for one in pair]
    draw_sheet(pairs, columns=8).save(workdir / "decoder-sheet.png")
    return picture_loss(drawn, real).item()
