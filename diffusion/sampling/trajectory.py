"""One picture between noise and done. Knows no other pictures and no network."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from diffusion.nn.devices import handed
from diffusion.protocol.requests import ImageRequest, Noise
from diffusion.sampling.guidance import blur, combine, guide, rescale
from diffusion.sampling.noise_schedules import TrainedLevels, visited
from diffusion.sampling.plan import Plan
from diffusion.sampling.samplers import SAMPLERS, STOCHASTIC, SamplerState, initial_state, times_of
from diffusion.text.encoder import Condition


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

    def draw(self, shape: tuple[int, ...] | None = None) -> Tensor:
        """The next standard normal noise, [4, h, w] unless another shape is wanted."""
        drawn = torch.randn(shape or self._shape, generator=self._first)
        for generator, strength in self._blends:
            other = torch.randn(shape or self._shape, generator=generator)
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


@dataclass(frozen=True, slots=True, eq=False)
class InitLatents:
    """Where a picture starts from one that is there: its latents [4, h, w], and the share of each
    cell that is drawn anew, [1, h, w] from 0 to 1; None where all are."""

    latents: Tensor
    mask: Tensor | None = None

    def on(self, device: torch.device) -> "InitLatents":
        """The same, on the device."""
        mask = None if self.mask is None else self.mask.to(device)
        return InitLatents(self.latents.to(device), mask)


@dataclass(slots=True)
class Trajectory:
    """Where a picture is: its latents `x` [4, h, w] at level `sigmas[step]`, time `times[step]`.

    `positive` are the conditions of the plan's texts, `noises` what is mixed into them at first;
    `negative` is that of the text it is led away from. `denoised` is the newest prediction, which
    is also the picture once all steps are made. `state` has one row.
    """

    x: Tensor
    request: ImageRequest
    plan: Plan
    sigmas: Tensor
    times: Tensor
    source: NoiseSource
    state: SamplerState
    positive: tuple[Condition, ...]
    noises: tuple[Condition, ...]
    negative: Condition | None
    init_latents: InitLatents | None
    denoised: Tensor
    step: int = 0

    @property
    def last(self) -> int:
        """The number of steps that are made."""
        return self.plan.steps

    @property
    def done(self) -> bool:
        return self.step == self.last

    def rows(self) -> list[Row]:
        """What has to be predicted for the next step: texts that pull, then the one that repels."""
        x, sigma, time = self.x, self.sigmas[self.step], self.times[self.step]
        scale = self.plan.scales[self.step]
        conditions = self._heard() if scale != 0 else ()
        if scale != 1 and self.negative:
            conditions = (*conditions, self.negative)
        return [Row(x, sigma, time, condition) for condition in conditions]

    def guide(self, predicted: Tensor) -> Tensor:
        """The one prediction [4, h, w] that follows from those of its `rows` [rows, 4, h, w]."""
        scale, weights = self.plan.scales[self.step], self.plan.weights
        if scale == 0:
            guided = predicted[0]
        elif scale == 1:
            guided = combine(predicted, weights)
        else:
            guided = guide(predicted[:-1], weights, predicted[-1], scale)
            if share := self.request.guidance_rescale:
                guided = rescale(guided, combine(predicted[:-1], weights), share)
        if self.init_latents and self.init_latents.mask is not None:
            # What is kept is known already. Every sampler goes on from x and this prediction, so
            # x stays the known latents with the noise of its level (Avrahami et al. 2023).
            guided = self.init_latents.latents + self.init_latents.mask * (
                guided - self.init_latents.latents
            )
        return guided

    def draw(self) -> Tensor:
        """The noise of this step [4, h, w]; zeros, and nothing drawn, where none is used."""
        if SAMPLERS[self.request.sampler] in STOCHASTIC:
            return handed(self.source.draw(), self.x)
        return torch.zeros_like(self.x)

    def _heard(self) -> tuple[Condition, ...]:
        """The texts that pull, with as much noise as this step mixes into them."""
        if not self.noises:
            return self.positive
        amount = self.request.condition_noise
        share = (self.plan.first + self.step) / self.request.steps
        pairs = zip(self.positive, self.noises, strict=True)
        return tuple(_blurred(text, noise, amount, share) for text, noise in pairs)


def begin(
    request: ImageRequest,
    plan: Plan,
    index: int,
    levels: TrainedLevels,
    conditions: tuple[Condition, ...],
    shape: tuple[int, int, int],
    init_latents: InitLatents | None = None,
) -> Trajectory:
    """Picture `index` of the request before its first step.

    conditions: of its plan's `all_texts`, in their order; shape: of the latents; known: of the
    request's start picture, if it has one.
    """
    sigmas = visited(levels, request.spacing, request.steps)[plan.first :]
    source = NoiseSource(request.noises[index], shape)
    device = conditions[0].states.device
    init_latents = init_latents and init_latents.on(device)
    x = _first_latents(
        request, source.draw().to(device, non_blocking=True), sigmas[0], init_latents
    )
    positive = conditions[: len(plan.texts)]
    return Trajectory(
        x=x,
        request=request,
        plan=plan,
        sigmas=sigmas,
        times=times_of(levels, sigmas[:-1], request.sampler),
        source=source,
        state=initial_state(x[None]),
        positive=positive,
        noises=tuple(_noise_for(one, source) for one in positive if request.condition_noise),
        negative=None if plan.negative is None else conditions[-1],
        init_latents=init_latents,
        denoised=x,
    )


def _first_latents(
    request: ImageRequest, noise: Tensor, sigma: Tensor, init_latents: InitLatents | None
) -> Tensor:
    """Noise alone has the variance 1 + σ² that noised latents of unit variance have; it is the
    variance-preserving form's 1. A start picture has the noise of its level on top; at strength 1
    nothing of it is left but what is kept."""
    alone = noise * math.sqrt(1 + sigma.item() ** 2)
    if init_latents is None or request.start is None:
        return alone
    noised = init_latents.latents + noise * sigma.item()
    if request.start.strength < 1:
        return noised
    return alone if init_latents.mask is None else noised + init_latents.mask * (alone - noised)


def _noise_for(condition: Condition, source: NoiseSource) -> Condition:
    """Noise of the condition's own shape, on the CPU and from there to where the condition is."""
    states = source.draw(tuple(condition.states.shape)).to(condition.states.device)
    if condition.pooled is None:
        return Condition(states)
    pooled = source.draw(tuple(condition.pooled.shape)).to(condition.pooled.device)
    return Condition(states, pooled)


def _blurred(text: Condition, noise: Condition, amount: float, share: float) -> Condition:
    states, pooled = blur(text.states, noise.states, amount, share), text.pooled
    if pooled is not None and noise.pooled is not None:
        pooled = blur(pooled, noise.pooled, amount, share)
    return replace(text, states=states, pooled=pooled)


def advance(trajectories: list[Trajectory], denoised: Tensor) -> None:
    """Move each picture one step on by its guided prediction [pictures, 4, h, w].

    Pictures of the same sampler move in one call of it, each at its own level.
    """
    for name in sorted({one.request.sampler for one in trajectories}):
        rows = [i for i, one in enumerate(trajectories) if one.request.sampler == name]
        moving = [trajectories[i] for i in rows]
        # Not denoised[rows], which would hand the indices to a GPU and wait for it.
        predicted = torch.stack([denoised[row] for row in rows])
        moved, state = SAMPLERS[name](
            torch.stack([one.x for one in moving]),
            predicted,
            torch.stack([one.sigmas[one.step] for one in moving]),
            torch.stack([one.sigmas[one.step + 1] for one in moving]),
            SamplerState(
                torch.cat([one.state.denoised for one in moving]),
                torch.cat([one.state.sigma for one in moving]),
            ),
            torch.stack([one.draw() for one in moving]),
        )
        for row, one in enumerate(moving):
            one.x, one.denoised = moved[row], predicted[row]
            one.state = SamplerState(state.denoised[row : row + 1], state.sigma[row : row + 1])
            one.step += 1
