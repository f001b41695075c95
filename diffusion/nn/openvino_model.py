"""Converts networks for OpenVINO. Needs the package `openvino`.

OpenVINO's own front end is used, not `openvino.convert_model`, which reports its use to the
library's makers.
"""

import hashlib
import json
import warnings
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from diffusion.nn.devices import device_name

ADDED_INPUTS = ("text_embeds", "time_ids")
"""SDXL's added conditions, in the order of the converted model's inputs."""

EXAMPLE_CELLS = 9
"""The side of the latents that are traced. It is odd, because only for sizes that cannot be halved
the U-Net passes on how large its upsampled maps must be. So the result fits all sizes."""


class _Positional(nn.Module):
    """The U-Net with SDXL's added conditions as positional inputs, as tracing needs them."""

    def __init__(self, unet: nn.Module, added: Sequence[str]) -> None:
        super().__init__()
        self.unet, self.added = unet, added

    def forward(self, sample: Tensor, timestep: Tensor, states: Tensor, *added: Tensor) -> Tensor:
        options = {"added_cond_kwargs": dict(zip(self.added, added, strict=True))} if added else {}
        output: Tensor = self.unet(sample, timestep, states, return_dict=False, **options)[0]
        return output


class _Decoder(nn.Module):
    """All of an autoencoder that decodes, as `vae.decode` calls it for a picture that is whole."""

    def __init__(self, vae: Any) -> None:
        super().__init__()
        self.first, self.decoder = vae.post_quant_conv, vae.decoder

    def forward(self, latents: Tensor) -> Tensor:
        colours: Tensor = self.decoder(latents if self.first is None else self.first(latents))
        return colours


def convert(unet: Any) -> Any:
    """The U-Net as an OpenVINO model for one row of any size, with float32 inputs and output.

    Inputs are sample [1, 4, h, w], timestep [1], states [1, tokens, width], and for SDXL
    text_embeds [1, width] and time_ids [1, 6]. Weights keep the U-Net's dtype.
    """
    inputs = example(unet, EXAMPLE_CELLS, EXAMPLE_CELLS)
    model = _converted(_Positional(unet, ADDED_INPUTS[: len(inputs) - 3]), inputs)
    shapes = {index: [1, *[-1] * (one.ndim - 1)] for index, one in enumerate(inputs)}
    shapes[0][1], shapes[2][2] = inputs[0].shape[1], inputs[2].shape[2]
    model.reshape(shapes)
    return model


def convert_decoder(vae: Any) -> Any:
    """The autoencoder's decoder as an OpenVINO model for one picture of any size.

    The input is latents [1, 4, h, w], and the output colours [1, 3, h·factor, w·factor].
    """
    latents = example_latents(vae, EXAMPLE_CELLS, EXAMPLE_CELLS)
    model = _converted(_Decoder(vae), (latents,))
    model.reshape({0: [1, latents.shape[1], -1, -1]})
    return model


def _converted(network: nn.Module, inputs: tuple[Tensor, ...]) -> Any:
    """The network as it is traced with these inputs; its inputs and its output are float32."""
    import openvino
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder
    from openvino.preprocess import PrePostProcessor

    with warnings.catch_warnings(), torch.inference_mode():
        # About sizes that become constants: those that do are the same for all inputs.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(  # type: ignore[no-untyped-call]
            network, inputs, check_trace=False, strict=False
        )
        front_end = FrontEndManager().load_by_framework("pytorch")
        # Named, because the front end does not keep it alive.
        decoder = TorchScriptPythonDecoder(traced)
        model = front_end.convert(front_end.load(decoder))
    steps = PrePostProcessor(model)
    for index in range(len(inputs)):
        steps.input(index).tensor().set_element_type(openvino.Type.f32)
    steps.output(0).tensor().set_element_type(openvino.Type.f32)
    return steps.build()


def example(unet: Any, height: int, width: int, tokens: int = 77) -> tuple[Tensor, ...]:
    """Inputs of one row, with the same random numbers every time, for latents of this size."""
    config, weights = unet.config, next(unet.parameters())
    chance = torch.Generator().manual_seed(0)
    latents = torch.randn(1, config.in_channels, height, width, generator=chance)
    states = torch.randn(1, tokens, config.cross_attention_dim, generator=chance)
    inputs = [latents.to(weights.dtype), torch.tensor([500.0]), states.to(weights.dtype)]
    if config.addition_embed_type == "text_time":
        pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
        sizes = torch.tensor([[8.0 * height, 8.0 * width, 0, 0, 8.0 * height, 8.0 * width]])
        embeds = torch.randn(1, pooled, generator=chance)
        inputs += [embeds.to(weights.dtype), sizes.to(weights.dtype)]
    return tuple(inputs)


def example_latents(vae: Any, height: int, width: int) -> Tensor:
    """Latents [1, 4, h, w] for an autoencoder, with the same random numbers every time."""
    chance = torch.Generator().manual_seed(0)
    latents = torch.randn(1, vae.config.latent_channels, height, width, generator=chance)
    return latents.to(next(vae.parameters()).dtype)


def digest(network: Any, dtype: torch.dtype) -> str:
    """A name for all that the converted model and its speed depend on, except the machine's load.

    Weights, config, versions, processor and threads. `dtype` is what it computes in, which may not
    be the dtype of its weights.
    """
    facts = {
        "config": {name: str(value) for name, value in network.config.items() if name[0] != "_"},
        "versions": [metadata.version(name) for name in ("openvino", "torch", "diffusers")],
        "processor": [device_name(torch.device("cpu")), torch.backends.cpu.get_cpu_capability()],
        "threads": torch.get_num_threads(),
        "dtype": str(dtype),
    }
    made = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name, weight in sorted(network.state_dict().items()):
        made.update(f"{name} {weight.dtype} {tuple(weight.shape)}".encode())
        made.update(weight.contiguous().reshape(-1).view(torch.uint8).numpy())
    return made.hexdigest()[:32]


def save(model: Any, path: Path) -> None:
    """Write the model to `path`, an .xml file, and its weights beside it, so that `read` returns
    the same."""
    import openvino

    openvino.serialize(model, path)


def read(path: Path) -> Any:
    """The model that `save` wrote. Raises RuntimeError if it cannot be read."""
    import openvino

    return openvino.Core().read_model(path)


def make_circular(model: Any) -> None:
    """Make all convolutions of the model wrap around the edges, as `circular_padding` does."""
    from openvino import opset13 as ops

    for layer in model.get_ordered_ops():
        if layer.get_type_name() != "Convolution":
            continue
        settings = layer.get_attributes()
        before, after = settings["pads_begin"], settings["pads_end"]
        padded = layer.input_value(0)
        for axis, (first, last) in enumerate(zip(before, after, strict=True), start=2):
            if first or last:
                padded = _wrapped(ops, padded, axis, first, last)
        layer.input(0).replace_source_output(padded)
        layer.set_attribute("pads_begin", [0] * len(before))
        layer.set_attribute("pads_end", [0] * len(after))
    model.validate_nodes_and_infer_types()


def _wrapped(ops: Any, values: Any, axis: int, first: int, last: int) -> Any:
    """The values with `first` of the far end before them and `last` of the near end after them."""
    end = 2**31 - 1
    parts = [values]
    if first:
        parts.insert(0, ops.slice(values, [-first], [end], [1], [axis]).output(0))
    if last:
        parts.append(ops.slice(values, [0], [last], [1], [axis]).output(0))
    return ops.concat(parts, axis).output(0)
