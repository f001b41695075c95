"""Initialise the autoencoder as a thumbnail codec, which saves the first half of its training.

Three of the four latent channels hold the mean colour of their 8x8 block, and decoding blurs them
to full size. Training then only adds what a thumbnail lacks. From random weights this model spends
thousands of steps on brightness before it learns colour.

The path through GroupNorm and SiLU is linear because every colour is stored with its negative
(`silu(x) - silu(-x) = x`) and with two constants that keep the norm's deviation nearly constant.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

# Per colour: itself, its negative, and two constants, so that four channels form a norm group.
LANES = 12
CONSTANT = 2.0
GROUP_DEVIATION = 2.25**0.5  # deviation of a norm group for medium colours

AVERAGE = torch.tensor([[1.0, 1, 0], [1, 1, 0], [0, 0, 0]]) / 4
SMOOTH = torch.outer(torch.tensor([1.0, 2, 1]), torch.tensor([1.0, 2, 1])) / 16
CENTRE_TAP = torch.tensor([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]])


@torch.no_grad()
def start_as_thumbnail(model: Any) -> None:
    """Set the weights of a new `AutoencoderKL` in place; its norm groups need four channels."""
    encoder, decoder = model.encoder, model.decoder
    for module in model.modules():
        if module.__class__.__name__ == "ResnetBlock2D":
            nn.init.zeros_(module.conv2.weight)
            nn.init.zeros_(module.conv2.bias)
            if module.conv_shortcut is not None:
                _carry(module.conv_shortcut, torch.ones(1, 1))
    _enter(encoder.conv_in)
    for block in encoder.down_blocks:
        for sampler in block.downsamplers or ():
            _carry(sampler.conv, AVERAGE)
    _leave(encoder.conv_out, bias=-5.0)
    nn.init.zeros_(model.quant_conv.bias)
    model.quant_conv.weight.copy_(torch.eye(8).view(8, 8, 1, 1))
    nn.init.zeros_(model.post_quant_conv.bias)
    model.post_quant_conv.weight.copy_(torch.eye(4).view(4, 4, 1, 1))
    _enter(decoder.conv_in)
    for block in decoder.up_blocks:
        for sampler in block.upsamplers or ():
            _carry(sampler.conv, SMOOTH)
    _leave(decoder.conv_out, bias=0.0)


def _carry(conv: nn.Conv2d, kernel: Tensor) -> None:
    """Pass the colour channels through a convolution, each filtered by `kernel`."""
    weight = conv.weight
    weight[:LANES] = 0
    assert conv.bias is not None
    conv.bias[:LANES] = 0
    for lane in range(LANES):
        weight[lane, lane] = kernel
        if lane % 4 > 1:  # borders are padded with zeros, and a constant must not dip there
            weight[lane, lane] = 0
            conv.bias[lane] = CONSTANT if lane % 4 == 2 else -CONSTANT


def _enter(conv: nn.Conv2d) -> None:
    """Map three colours, or the first three latent channels, to the colour channels."""
    assert conv.bias is not None
    conv.weight[:LANES] = 0
    conv.bias[:LANES] = 0
    for colour in range(3):
        conv.weight[4 * colour, colour] = CENTRE_TAP
        conv.weight[4 * colour + 1, colour] = -CENTRE_TAP
        conv.bias[4 * colour + 2] = CONSTANT
        conv.bias[4 * colour + 3] = -CONSTANT


def _leave(conv: nn.Conv2d, bias: float) -> None:
    """Map the colour channels back to three; `bias` is for outputs beyond the fourth, the log
    variances: a latent that starts with unit noise would hide everything."""
    assert conv.bias is not None
    conv.weight[:3] = 0
    conv.bias[:] = 0
    if conv.out_channels > 4:
        conv.weight[4:] *= 0.1
        conv.bias[4:] = bias
    for colour in range(3):
        conv.weight[colour, 4 * colour] = CENTRE_TAP * GROUP_DEVIATION
        conv.weight[colour, 4 * colour + 1] = -CENTRE_TAP * GROUP_DEVIATION
