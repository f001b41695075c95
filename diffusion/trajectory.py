"""One picture between noise and done. Knows nothing of other pictures, prompts or the network."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.conditioning import Condition
from diffusion.guidance import guide
from diffusion.protocol import ImageRequest, Noise
from diffusion.samplers import SAMPLERS, STOCHASTIC, Memory, no_memory, times_heard
from diffusion.schedules import TrainedLevels, visited


class NoiseSource:
    """The noise of one picture, from a generator of its own for each seed, always on the CPU.

    Every draw is blended alike, the first and those of ancestral steps, so that a variation of
    strength 0 is the picture itself.
    """

    def __init__(self, noise: Noise, shape: tuple[int, int, int]) -> None:
        self._shape = shape
        self._first = torch.Generator().manual_seed(noise.seed)
        self._blends = [
            (torch.Generator().manual_seed(blend.seed), blend.strength) for blend in noise.blends
        ]

    def draw(self) -> Tensor:
        """The next standard normal noise [4, h, w]."""
        drawn = torch.randn(self._shape, generator=self._first)
        for generator, strength in self._blends:
            other = torch.randn(self._shape, generator=generator)
            drawn = drawn * math.sqrt(1 - strength**2) + other * strength
        return drawn


@dataclass(frozen=True, slots=True)
class Row:
    """One prediction that is wanted of the network, which takes one place of a forward pass.

    x: [4, h, w] at level `sigma`, which the network knows by its `time`; both float64 on the CPU.
    """

    x: Tensor
    sigma: Tensor
    time: Tensor
    condition: Condition


@dataclass(slots=True)
class Trajectory:
    """Where a picture is: its latents `x` [4, h, w] at level `sigmas[step]`, time `times[step]`.

    `conditions` are those of `texts`, in their order. `last` is the number of steps that are run;
    `denoised` is the newest prediction, which is also the picture once all are run. `memory` has
    one row.
    """

    x: Tensor
    sigmas: Tensor
    times: Tensor
    last: int
    guidance_scale: float
    sampler: str
    source: NoiseSource
    memory: Memory
    conditions: tuple[Condition, ...]
    denoised: Tensor
    step: int = 0

    @property
    def guided(self) -> bool:
        """Whether the negative prompt takes part: at a scale of 1 it cancels out."""
        return self.guidance_scale != 1

    @property
    def done(self) -> bool:
        return self.step == self.last

    def rows(self) -> list[Row]:
        """What has to be predicted for the next step."""
        x, sigma, time = self.x, self.sigmas[self.step], self.times[self.step]
        return [Row(x, sigma, time, condition) for condition in self.conditions]

    def guide(self, predicted: Tensor) -> Tensor:
        """The one prediction [4, h, w] that follows from those of its `rows` [rows, 4, h, w]."""
        if not self.guided:
            return predicted[0]
        return guide(predicted[:1], predicted[1:], torch.tensor([self.guidance_scale]))[0]

    def draw(self) -> Tensor:
        """The noise of this step [4, h, w]; zeros, and nothing drawn, where none is used."""
        if SAMPLERS[self.sampler] in STOCHASTIC:
            return self.source.draw().to(self.x)
        return torch.zeros_like(self.x)


def texts(request: ImageRequest) -> tuple[str, ...]:
    """The texts whose conditions the request needs: the prompt, and what to lead away from."""
    unguided = request.guidance_scale == 1
    return (request.prompt,) if unguided else (request.prompt, request.negative_prompt)


def begin(
    request: ImageRequest,
    index: int,
    levels: TrainedLevels,
    conditions: tuple[Condition, ...],
    shape: tuple[int, int, int],
) -> Trajectory:
    """Picture `index` of the request before its first step.

    conditions: of its `texts`, in their order; shape: of the latents. The first latents have the
    variance 1 + σ² that noised latents of unit variance have; it is the variance-preserving
    form's 1.
    """
    sigmas = visited(levels, request.spacing, request.steps)
    source = NoiseSource(request.noises[index], shape)
    x = source.draw().to(conditions[0].states.device) * math.sqrt(1 + sigmas[0].item() ** 2)
    return Trajectory(
        x=x,
        sigmas=sigmas,
        times=times_heard(levels, sigmas[:-1], request.sampler),
        last=steps_run(request),
        guidance_scale=request.guidance_scale,
        sampler=request.sampler,
        source=source,
        memory=no_memory(x[None]),
        conditions=conditions,
        denoised=x,
    )


def rows_needed(request: ImageRequest) -> int:
    """How many rows the request takes at each of its steps."""
    return len(request.noises) * len(texts(request))


def steps_run(request: ImageRequest) -> int:
    """How many of the request's steps are run; what is left out leaves the picture softer."""
    return max(1, round(request.stop * request.steps))


def preview_steps(steps: int, count: int) -> frozenset[int]:
    """The steps, before the last, after which `count` previews are shown, evenly spaced."""
    count = min(count, steps - 1)
    return frozenset(round(steps * part / (count + 1)) for part in range(1, count + 1))


def advance(trajectories: list[Trajectory], denoised: Tensor) -> None:
    """Move each picture one step on by its guided prediction [pictures, 4, h, w].

    Pictures of the same sampler move in one call of it, each at its own level.
    """
    for name in sorted({trajectory.sampler for trajectory in trajectories}):
        rows = [i for i, trajectory in enumerate(trajectories) if trajectory.sampler == name]
        moving = [trajectories[i] for i in rows]
        predicted = denoised[rows]
        moved, memory = SAMPLERS[name](
            torch.stack([one.x for one in moving]),
            predicted,
            torch.stack([one.sigmas[one.step] for one in moving]),
            torch.stack([one.sigmas[one.step + 1] for one in moving]),
            Memory(
                torch.cat([one.memory.denoised for one in moving]),
                torch.cat([one.memory.sigma for one in moving]),
            ),
            torch.stack([one.draw() for one in moving]),
        )
        for row, one in enumerate(moving):
            one.x, one.denoised = moved[row], predicted[row]
            one.memory = Memory(memory.denoised[row : row + 1], memory.sigma[row : row + 1])
            one.step += 1
