"""A U-Net that OpenVINO runs on the processor. Needs the package `openvino`.

The same request gives the same bytes by construction. A pass always has one row. Rows run side by
side in streams, and all streams have the same number of threads. So nothing that a kernel could
choose by depends on the other rows, or on how many there are.
"""

import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diffusion.nn.openvino_model import ADDED_INPUTS, make_circular

STREAMS = 2
"""How many rows run at a time: one picture with guidance has two."""

FIXED_MAX_BYTES = 1 << 28
"""Up to this many bytes of weights, each shape is compiled by itself. It is a third faster for
small networks, and every such model has its own copy of the weights."""

MAX_COMPILED_SHAPES = 12
"""How many shapes stay compiled. The one that was used least recently goes first."""

log = logging.getLogger(__name__)


class ShapeNotCompiled(RuntimeError):
    """OpenVINO cannot compile the network for this shape."""


class OpenvinoUnet:
    """A converted U-Net; called like the module that it was converted from.

    `model` is the converted one. It computes in `dtype`, has `weight_bytes` bytes of weights, and
    all streams together have `threads` threads. `compilations` counts the compiled shapes.
    """

    def __init__(self, model: Any, dtype: torch.dtype, weight_bytes: int, threads: int) -> None:
        import openvino

        self.compilations = 0
        self._model = model
        self._core = openvino.Core()
        self._fixed = weight_bytes <= FIXED_MAX_BYTES
        streams = min(STREAMS, threads)
        self._options = {
            "INFERENCE_PRECISION_HINT": "bf16" if dtype == torch.bfloat16 else "f32",
            "NUM_STREAMS": streams,
            # The same number for each stream, and no slower cores for one of them.
            "INFERENCE_NUM_THREADS": streams * (threads // streams),
            "SCHEDULING_CORE_TYPE": "PCORE_ONLY",
            # Other processes may be bound to the same cores.
            "ENABLE_CPU_PINNING": False,
        }
        # Twice as many as streams, so that none waits for Python.
        self._places = 2 * streams
        self._compiled: OrderedDict[Any, list[Any]] = OrderedDict()

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
            # A copy into the request's own memory, which is aligned the same for every row.
            for index, values in enumerate(inputs):
                tensor = requests[place].get_input_tensor(index)
                if not self._fixed:
                    tensor.shape = (1, *values.shape[1:])
                tensor.data[:] = values[row]
            requests[place].start_async()
            running[place] = row
        for place, row in running.items():
            _collect(requests[place], made, row)
        return (torch.from_numpy(made),)

    def _requests(self, shapes: tuple[tuple[int, ...], ...], tile: bool) -> list[Any]:
        """The infer requests of the model that is compiled for rows of these shapes."""
        key = (shapes if self._fixed else (), tile)
        if key not in self._compiled:
            self._compiled[key] = self._compile(shapes, tile)
            if len(self._compiled) > MAX_COMPILED_SHAPES:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(key)
        return self._compiled[key]

    def _compile(self, shapes: tuple[tuple[int, ...], ...], tile: bool) -> list[Any]:
        self.compilations += 1
        try:
            model = self._model.clone()
            if tile:
                make_circular(model)
            if self._fixed:
                model.reshape({index: [1, *shape] for index, shape in enumerate(shapes)})
            compiled = self._core.compile_model(model, "CPU", self._options)
            return [compiled.create_infer_request() for _ in range(self._places)]
        except RuntimeError as error:
            raise ShapeNotCompiled(str(error)) from error


def _collect(request: Any, made: Any, row: int) -> None:
    """Wait for a request, and copy its prediction to the row."""
    request.wait()
    made[row] = request.get_output_tensor(0).data[0]
