"""A network that OpenVINO runs on the processor, compiled for the shapes that are asked for.

Needs the package `openvino`. The same request gives the same bytes by construction: a call of the
compiled network always has one row, and all streams have the same number of threads. So nothing
that a kernel could choose by depends on other rows, or on how many there are.
"""

from collections import OrderedDict
from typing import Any

import torch

from diffusion.nn.openvino_model import make_circular

MAX_COMPILED_SHAPES = 12
"""How many shapes stay compiled. The one that was used least recently goes first."""


class ShapeNotCompiled(RuntimeError):
    """OpenVINO cannot compile or run the network for this shape."""


class OpenvinoNetwork:
    """A converted network and its compiled shapes.

    `model` is the converted one. It computes in `dtype`, and all `streams` together have `threads`
    threads. With `fixed` each shape is compiled by itself, with its own copy of the weights;
    otherwise there is one for all shapes. Of each, as many rows may be under way as it has places.
    `compilations` counts the compiled shapes.
    """

    def __init__(
        self,
        model: Any,
        dtype: torch.dtype,
        threads: int,
        streams: int,
        places_per_stream: int,
        fixed: bool,
    ) -> None:
        import openvino

        self.compilations = 0
        self._model = model
        self._core = openvino.Core()
        self._fixed = fixed
        streams = min(streams, threads)
        self._options = {
            "INFERENCE_PRECISION_HINT": "bf16" if dtype == torch.bfloat16 else "f32",
            "NUM_STREAMS": streams,
            # The same number for each stream, and no slower cores for one of them.
            "INFERENCE_NUM_THREADS": streams * (threads // streams),
            "SCHEDULING_CORE_TYPE": "PCORE_ONLY",
            # Other processes may be bound to the same cores.
            "ENABLE_CPU_PINNING": False,
        }
        self._places = places_per_stream * streams
        self._compiled: OrderedDict[Any, list[Any]] = OrderedDict()

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

    def _fill(self, request: Any, index: int, values: Any) -> None:
        """Copy one row's values into the request's own memory, which is aligned the same for
        every row."""
        tensor = request.get_input_tensor(index)
        if not self._fixed:
            tensor.shape = (1, *values.shape)
        tensor.data[:] = values
