"""Batch-invariant U-Net layers: each row has the same bytes at every batch size.

    convolutions, linear layers, norms    examined at each batch size (`batch_invariance`)
    attention                             on a CPU one row at a time, on a GPU examined
    activations                           on a CPU padded to whole SIMD vectors
    timestep embedding                    on a CPU one timestep at a time
    everything else                       +, -, ·, / and copies, which IEEE 754 rounds exactly

On a CPU, attention chooses its code path by the number of rows, heads and threads. Elements that do
not fill a SIMD vector go through scalar code, whose exponential rounds differently. A GPU uses one
code path for all elements.
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
"""Elements per iteration of an elementwise CPU kernel at most: two registers of bfloat16."""

SHARED_FROM = 1 << 15
"""From this number of elements on, such a kernel splits them equally between threads."""


class _Invariant(nn.Module):
    """Base of the examined layers, which share one `RowSizes`."""

    sizes: RowSizes


class _Conv2d(nn.Conv2d, _Invariant):
    def forward(self, x: Tensor) -> Tensor:
        # The padding mode changes while `circular_padding` is active.
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
        return self.sizes.run(kind, super().forward, partial(_norm_probe, super().forward, x), x)


class _LayerNorm(nn.LayerNorm, _Invariant):
    def forward(self, x: Tensor) -> Tensor:
        kind = ("layer norm", self.eps, self.weight is None, self.bias is None)
        return self.sizes.run(kind, super().forward, partial(_norm_probe, super().forward, x), x)


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
    """diffusers' `AttnProcessor2_0`, without masks and extra norms."""

    def __init__(self, sizes: RowSizes) -> None:
        self._sizes = sizes

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        **_: Any,
    ) -> Tensor:
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query, key, value = (
            made.unflatten(-1, (attn.heads, -1)).transpose(1, 2)
            for made in (attn.to_q(hidden_states), attn.to_k(context), attn.to_v(context))
        )
        if query.device.type == "cpu":
            mixed = in_portions(1, _attended, query, key, value)
        else:
            probe = partial(_attention_probe, query.shape[1:], key.shape[1:])
            mixed = self._sizes.run("attention", _attended, probe, query, key, value)
        made: Tensor = attn.to_out[1](attn.to_out[0](mixed)) / attn.rescale_output_factor
        return made


def make_invariant(unet: nn.Module, max_rows: int) -> RowSizes | None:
    """Make the U-Net's layers batch-invariant, in place, for batches up to `max_rows`.

    Returns None, and changes nothing, if it has an unknown layer.
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
"""Modules that only combine others, by copies, sums and products."""


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
    """Apply an elementwise function, padded so that every thread gets whole SIMD vectors."""
    missing = _missing(x.numel(), torch.get_num_threads())
    if not missing:
        return function(x.contiguous())  # type: ignore[no-any-return]
    filled = functional.pad(x.reshape(-1), (0, missing))
    return function(filled)[: x.numel()].reshape(x.shape)  # type: ignore[no-any-return]


def _missing(elements: int, threads: int) -> int:
    """How many elements of padding make every thread's part a whole number of vectors."""
    total = elements
    while True:
        sharing = min(threads, -(-total // SHARED_FROM))
        if total % (VECTORS * sharing) == 0:
            return total - elements
        total += -total % (VECTORS * sharing)


def _attended(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention of [rows, heads, places, width], as [rows, places, heads · width]."""
    mixed = functional.scaled_dot_product_attention(query, key, value)
    return mixed.transpose(1, 2).flatten(2)


def _attention_probe(
    queries: torch.Size, context: torch.Size, chance: torch.Generator
) -> tuple[Any, Any]:
    """Test inputs for attention whose scores or weighted sums cancel, chosen at random."""
    query, key = wide(chance, torch.Size((1, *queries))), wide(chance, torch.Size((1, *context)))
    value = wide(chance, torch.Size((1, *context)))
    half = queries[-1] // 2
    query[..., half : 2 * half] = query[..., :half]
    key[..., half : 2 * half] = -key[..., :half]
    if torch.rand((), generator=chance) < 0.5:
        # So large that the rounding errors of scores are as large as normal scores.
        query, key = query * 2**9, key * 2**9
    else:
        half = context[-2] // 2
        value[..., half : 2 * half, :] = -value[..., :half, :]
    return (query, key, value), _attended


def _norm_probe(call: Any, x: Tensor, chance: torch.Generator) -> tuple[Any, Any]:
    """Test inputs for norms: half are 0, where the output shows only mean and deviation."""
    row = wide(chance, torch.Size((1, *x.shape[1:])))
    return (row * (torch.rand(row.shape, generator=chance) < 0.5),), call


def _like(values: Tensor, weights: Tensor) -> Tensor:
    return torch.empty_like(weights).copy_(values)


def _bias(chance: torch.Generator, bias: Tensor | None) -> Tensor | None:
    return None if bias is None else _like(torch.randn(bias.shape, generator=chance) * BIAS, bias)
