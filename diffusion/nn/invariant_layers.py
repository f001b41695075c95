"""A U-Net whose rows have the same bytes in any company, by `diffusion.nn.batch_invariance`.

    convolutions, linear layers, norms    examined for each number of rows
    attention                             one row at a time on a CPU, examined on a GPU
    activations                           on a CPU in whole vectors, whatever the number of threads
    levels as waves                       on a CPU one level at a time
    all else                              +, -, ·, / and copies, which IEEE 754 rounds alike

On a CPU attention packs its matrices or not by the number of rows, heads and threads; and what a
thread has left over when its vectors are full goes through scalar code, whose exponential rounds
otherwise. A GPU has one code for all elements.
"""

from functools import partial
from typing import Any

import torch
from diffusers.models.activations import GEGLU
from diffusers.models.attention import BasicTransformerBlock, FeedForward
from diffusers.models.attention_processor import Attention, AttnProcessor2_0
from diffusers.models.downsampling import Downsample2D
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from diffusers.models.unets import unet_2d_blocks as blocks
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.models.upsampling import Upsample2D
from torch import Tensor, nn
from torch.nn import functional

from diffusion.nn.batch_invariance import BIAS, RowSizes, cancelling, in_portions, wide

VECTORS = 64
"""Elements of the largest step that an elementwise CPU kernel takes, two registers of bfloat16."""

SHARED_FROM = 1 << 15
"""Elements from which such a kernel gives each thread an equal part."""


class _Invariant(nn.Module):
    """What the layers below share: the numbers their rows may be handed over in."""

    sizes: RowSizes


class _Conv2d(nn.Conv2d, _Invariant):
    def forward(self, x: Tensor) -> Tensor:
        # Its padding mode changes while pictures are drawn whose borders meet.
        around = (self.stride, self.padding, self.dilation, self.padding_mode)
        kind = ("conv", self.weight.shape, self.bias is None, *around)
        return self.sizes.run(kind, super().forward, partial(self._probe, x.shape[1:]), x)

    def _probe(self, shape: torch.Size, chance: torch.Generator) -> tuple[Any, Any]:
        x, weights = cancelling(chance, shape, 1, self.weight.shape)
        return (x,), partial(self._with, _like(weights, self.weight), _bias(chance, self.bias))

    def _with(self, weights: Tensor, bias: Tensor | None, x: Tensor) -> Tensor:
        made: Tensor = self._conv_forward(x, weights, bias)
        return made


class _Linear(nn.Linear, _Invariant):
    def forward(self, x: Tensor) -> Tensor:
        kind = ("linear", self.weight.shape, self.bias is None)
        return self.sizes.run(kind, super().forward, partial(self._probe, x.shape[1:]), x)

    def _probe(self, shape: torch.Size, chance: torch.Generator) -> tuple[Any, Any]:
        x, weights = cancelling(chance, shape, len(shape), self.weight.shape)
        weights, bias = _like(weights, self.weight), _bias(chance, self.bias)
        return (x,), lambda x: functional.linear(x, weights, bias)


class _GroupNorm(nn.GroupNorm, _Invariant):
    def forward(self, x: Tensor) -> Tensor:
        kind = ("group norm", self.num_groups, self.eps, self.weight is None)
        return self.sizes.run(kind, super().forward, partial(_sparse, super().forward, x), x)


class _LayerNorm(nn.LayerNorm, _Invariant):
    def forward(self, x: Tensor) -> Tensor:
        kind = ("layer norm", self.eps, self.weight is None, self.bias is None)
        return self.sizes.run(kind, super().forward, partial(_sparse, super().forward, x), x)


class _SiLU(nn.SiLU):
    def forward(self, x: Tensor) -> Tensor:
        return in_whole_vectors(functional.silu, x)


class _GEGLU(GEGLU):
    def gelu(self, gate: Tensor) -> Tensor:
        return in_whole_vectors(functional.gelu, gate)


class _Timesteps(Timesteps):
    def forward(self, timesteps: Tensor) -> Tensor:
        levels = timesteps.tolist()
        waves = {
            level: super(_Timesteps, self).forward(timesteps.new_tensor([level]))
            for level in set(levels)
        }
        return torch.cat([waves[level] for level in levels])


class _Attention:
    """Attention as diffusers' `AttnProcessor2_0` has it, where nothing but texts is heard."""

    def __init__(self, sizes: RowSizes) -> None:
        self._sizes = sizes

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        **_: Any,
    ) -> Tensor:
        heard = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query, key, value = (
            made.unflatten(-1, (attn.heads, -1)).transpose(1, 2)
            for made in (attn.to_q(hidden_states), attn.to_k(heard), attn.to_v(heard))
        )
        if query.device.type == "cpu":
            mixed = in_portions(1, _attended, query, key, value)
        else:
            probe = partial(_listening, query.shape[1:], key.shape[1:])
            mixed = self._sizes.run("attention", _attended, probe, query, key, value)
        made: Tensor = attn.to_out[1](attn.to_out[0](mixed)) / attn.rescale_output_factor
        return made


def make_invariant(unet: nn.Module, max_rows: int) -> RowSizes | None:
    """Change the U-Net's layers so that no row's bytes depend on the others.

    None, and nothing changed, where it has a part that nobody knows to be so.
    """
    parts = list(unet.modules())
    if not all(_known(part) for part in parts):
        return None
    for part in parts:
        if isinstance(part, _Invariant):
            return part.sizes
    sizes = RowSizes(max_rows)
    on_cpu = next(unet.parameters()).device.type == "cpu"
    for part in parts:
        if isinstance(part, Attention):
            part.processor = _Attention(sizes)  # type: ignore[assignment]
        kind = type(part)
        if kind in EXAMINED:
            part.__class__ = EXAMINED[kind]
        elif on_cpu and kind in BY_ELEMENTS:
            part.__class__ = BY_ELEMENTS[kind]
        if isinstance(part, _Invariant):
            part.sizes = sizes
    return sizes


EXAMINED: dict[type, type] = {
    nn.Conv2d: _Conv2d,
    nn.Linear: _Linear,
    nn.GroupNorm: _GroupNorm,
    nn.LayerNorm: _LayerNorm,
}
BY_ELEMENTS: dict[type, type] = {nn.SiLU: _SiLU, GEGLU: _GEGLU, Timesteps: _Timesteps}

EXACT = (
    UNet2DConditionModel,
    blocks.DownBlock2D,
    blocks.UpBlock2D,
    blocks.CrossAttnDownBlock2D,
    blocks.CrossAttnUpBlock2D,
    blocks.UNetMidBlock2DCrossAttn,
    ResnetBlock2D,
    Downsample2D,
    Upsample2D,
    Transformer2DModel,
    BasicTransformerBlock,
    FeedForward,
    TimestepEmbedding,
    nn.ModuleList,
    nn.Dropout,
    nn.Identity,
)
"""Parts that only pass on, add, multiply and repeat what others have made."""


def _known(part: nn.Module) -> bool:
    if isinstance(part, Attention):
        extras = (part.spatial_norm, part.group_norm, part.norm_q, part.norm_k, part.norm_cross)
        usual = isinstance(part.processor, AttnProcessor2_0 | _Attention)
        return usual and not any(extras) and not part.residual_connection
    if isinstance(part, nn.Conv2d) and part.groups != 1:
        return False
    changed = (*EXAMINED.values(), *BY_ELEMENTS.values())
    return type(part) in (*EXACT, *EXAMINED, *BY_ELEMENTS, *changed)


def in_whole_vectors(function: Any, x: Tensor) -> Tensor:
    """An elementwise function, of which every thread has nothing but whole vectors to do."""
    missing = _missing(x.numel(), torch.get_num_threads())
    if not missing:
        return function(x.contiguous())  # type: ignore[no-any-return]
    filled = functional.pad(x.reshape(-1), (0, missing))
    return function(filled)[: x.numel()].reshape(x.shape)  # type: ignore[no-any-return]


def _missing(elements: int, threads: int) -> int:
    """How many elements more let the threads' equal parts be whole vectors."""
    total = elements
    while True:
        sharing = min(threads, -(-total // SHARED_FROM))
        if total % (VECTORS * sharing) == 0:
            return total - elements
        total += -total % (VECTORS * sharing)


def _attended(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """[rows, places, heads · width] of [rows, heads, places, width]."""
    mixed = functional.scaled_dot_product_attention(query, key, value)
    return mixed.transpose(1, 2).flatten(2)


def _listening(asking: torch.Size, heard: torch.Size, chance: torch.Generator) -> tuple[Any, Any]:
    """Attention whose scores, or whose mixtures, cancel: by lot, since both cannot at once."""
    query, key = wide(chance, torch.Size((1, *asking))), wide(chance, torch.Size((1, *heard)))
    value = wide(chance, torch.Size((1, *heard)))
    half = asking[-1] // 2
    query[..., half : 2 * half] = query[..., :half]
    key[..., half : 2 * half] = -key[..., :half]
    if torch.rand((), generator=chance) < 0.5:
        # So large that the rounding errors of scores are as large as scores usually are.
        query, key = query * 2**9, key * 2**9
    else:
        half = heard[-2] // 2
        value[..., half : 2 * half, :] = -value[..., :half, :]
    return (query, key, value), _attended


def _sparse(call: Any, x: Tensor, chance: torch.Generator) -> tuple[Any, Any]:
    """Every other number is 0, so that there a norm says nothing but its mean and deviation."""
    row = wide(chance, torch.Size((1, *x.shape[1:])))
    return (row * (torch.rand(row.shape, generator=chance) < 0.5),), call


def _like(values: Tensor, weights: Tensor) -> Tensor:
    return torch.empty_like(weights).copy_(values)


def _bias(chance: torch.Generator, bias: Tensor | None) -> Tensor | None:
    return None if bias is None else _like(torch.randn(bias.shape, generator=chance) * BIAS, bias)
