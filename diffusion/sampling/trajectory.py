"""The trajectory of one picture: from its initial noise through all steps to the final latents."""

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
    """The noise of one picture: one generator per seed, always on the CPU.

    Initial noise and the noise of ancestral steps are blended the same way, so that a variation of
    strength 0 is the picture itself.
    """

    def __init__(self, noise: Noise, shape: tuple[int, int, int]) -> None:
        self._shape = shape
        self._first = torch.Generator().manual_seed(noise.seed)
        self._blends = [
            (torch.Generator().manual_seed(blend.seed), blend.strength) for blend in noise.blends
        ]

    def draw(self, shape: tuple[int, ...] | None = None) -> Tensor:
        """The next standard normal noise, [4, h, w] unless `shape` says otherwise."""
        drawn = torch.randn(shape or self._shape, generator=self._first)
        for generator, strength in self._blends:
            other = torch.randn(shape or self._shape, generator=generator)
            drawn = drawn * math.sqrt(1 - strength**2) + other * strength
        return drawn


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a forward pass: one prediction to make.

    x: [4, h, w] at noise level `sigma`; `time` is its timestep. Both float64 scalars on the CPU.
    """

    x: Tensor
    sigma: Tensor
    time: Tensor
    condition: Condition


@dataclass(frozen=True, slots=True, eq=False)
class InitLatents:
    """An encoded init image: `latents` [4, h, w], and `mask` [1, h, w] from 0 (keep) to 1 (redraw);
    None redraws everything."""

    latents: Tensor
    mask: Tensor | None = None

    def on(self, device: torch.device) -> "InitLatents":
        """A copy on the device."""
        mask = None if self.mask is None else self.mask.to(device)
        return InitLatents(self.latents.to(device), mask)


@dataclass(slots=True)
class Trajectory:
    """One picture: its latents `x` [4, h, w] at level `sigmas[step]`, timestep `times[step]`.

    `positive` are the conditions of the plan's texts and `noises` the noise mixed into them early
    on; `negative` is the condition of the negative text, if a step needs it. `denoised` [4, h, w]
    is the latest prediction, and the final latents after the last step. `state` has one row.
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
        """How many steps run."""
        return self.plan.steps

    @property
    def done(self) -> bool:
        return self.step == self.last

    def rows(self) -> list[Row]:
        """The rows of the next step: positive texts, then the negative one."""
        x, sigma, time = self.x, self.sigmas[self.step], self.times[self.step]
        scale = self.plan.scales[self.step]
        conditions = self._noised_conditions()
        if self.plan.told:
            conditions = tuple(replace(one, guidance=scale) for one in conditions)
        elif scale != 1 and self.negative:
            conditions = (*conditions, self.negative)
        return [Row(x, sigma, time, condition) for condition in conditions]

    def guide(self, predicted: Tensor) -> Tensor:
        """Combine the predictions [rows, 4, h, w] of `rows` into the guided one [4, h, w]."""
        scale, weights = self.plan.scales[self.step], self.plan.weights
        if scale == 1 or self.plan.told:
            guided = combine(predicted, weights)
        else:
            guided = guide(predicted[:-1], weights, predicted[-1], scale)
            if share := self.request.guidance_rescale:
                guided = rescale(guided, combine(predicted[:-1], weights), share)
        if self.init_latents and self.init_latents.mask is not None:
            # Outside the mask the prediction is the init image. Samplers continue from x and this
            # prediction, so x stays the init latents plus noise there (Avrahami et al. 2023).
            guided = self.init_latents.latents + self.init_latents.mask * (
                guided - self.init_latents.latents
            )
        return guided

    def draw(self) -> Tensor:
        """The noise of this step [4, h, w]; zeros, without drawing, if the sampler uses none."""
        if SAMPLERS[self.request.sampler] in STOCHASTIC:
            return handed(self.source.draw(), self.x)
        return torch.zeros_like(self.x)

    def _noised_conditions(self) -> tuple[Condition, ...]:
        """The positive conditions with the noise that this step mixes into them."""
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

    conditions: of the plan's `all_texts`, in order; shape: of the latents, (4, h, w); init_latents:
    of the init image, if the request has one.
    """
    sigmas = visited(levels, request.spacing, request.steps, request.sampler)[plan.first :]
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
    """The latents [4, h, w] before the first step.

    Pure noise gets the variance 1 + σ² that noised latents of unit variance have. An init image
    gets the noise of its level; at strength 1 only the part outside the mask remains of it.
    """
    alone = noise * math.sqrt(1 + sigma.item() ** 2)
    if init_latents is None or request.start is None:
        return alone
    noised = init_latents.latents + noise * sigma.item()
    if request.start.strength < 1:
        return noised
    return alone if init_latents.mask is None else noised + init_latents.mask * (alone - noised)


def _noise_for(condition: Condition, source: NoiseSource) -> Condition:
    """Noise in the shape of the condition, drawn on the CPU and moved to its device."""
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
    """Advance each picture one step by its guided prediction [pictures, 4, h, w].

    Pictures with the same sampler share one call, each at its own noise level.
    """
    for name in sorted({one.request.sampler for one in trajectories}):
        rows = [i for i, one in enumerate(trajectories) if one.request.sampler == name]
        moving = [trajectories[i] for i in rows]
        # denoised[rows] would copy the indices to the GPU and wait for it.
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
            if one.step + 1 == len(one.sigmas) and (final := one.sigmas[-1].item()):
                # The model ends at a little noise, in the variance-preserving form.
                one.denoised = one.x / math.sqrt(1 + final**2)
