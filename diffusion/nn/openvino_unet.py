"""A U-Net that OpenVINO runs on the processor. Needs the package `openvino`.

Rows run side by side in streams, each in a pass of its own (`diffusion.nn.openvino_network`).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diffusion.nn.openvino_model import ADDED_INPUTS
from diffusion.nn.openvino_network import OpenvinoNetwork

STREAMS = 2
"""How many rows run at a time: one picture with guidance has two."""

PLACES_PER_STREAM = 2
"""One row computes and the next one waits, so that no stream waits for Python."""

FIXED_MAX_BYTES = 1 << 28
"""Up to this many bytes of weights, each shape is compiled by itself. It is a third faster for
small networks, and every such model has its own copy of the weights."""


class OpenvinoUnet(OpenvinoNetwork):
    """A converted U-Net with `weight_bytes` bytes of weights; called like the module that it was
    converted from."""

    def __init__(self, model: Any, dtype: torch.dtype, weight_bytes: int, threads: int) -> None:
        fixed = weight_bytes <= FIXED_MAX_BYTES
        super().__init__(model, dtype, threads, STREAMS, PLACES_PER_STREAM, fixed)

    def __call__(
        self,
        sample: Tensor,
        timestep: Tensor,
        encoder_hidden_states: Tensor,
        return_dict: bool = False,
        added_cond_kwargs: Mapping[str, Tensor] | None = None,
        tile: bool = False,
    ) -> tuple[Tensor]:
        """The prediction [rows, 4, h, w] in float32, as a tuple of one.

        With `tile`, convolutions wrap around the edges. Raises ShapeNotCompiled.
        """
        assert not return_dict
        added = added_cond_kwargs or {}
        more = [added[name] for name in ADDED_INPUTS if name in added]
        inputs = [one.float().numpy() for one in (sample, timestep, encoder_hidden_states, *more)]
        requests = self._requests(tuple(one.shape[1:] for one in inputs), tile)
        made = np.empty(inputs[0].shape, np.float32)
        running: dict[int, int] = {}
        for row in range(len(made)):
            place = row % len(requests)
            if place in running:
                _collect(requests[place], made, running[place])
            for index, values in enumerate(inputs):
                self._fill(requests[place], index, values[row])
            requests[place].start_async()
            running[place] = row
        for place, row in running.items():
            _collect(requests[place], made, row)
        return (torch.from_numpy(made),)


def _collect(request: Any, made: Any, row: int) -> None:
    """Wait for a request, and copy its prediction to the row."""
    request.wait()
    made[row] = request.get_output_tensor(0).data[0]
