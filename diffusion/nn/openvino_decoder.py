"""The decoder of an autoencoder (VAE), run by OpenVINO. Needs the package `openvino`."""

from typing import Any

import torch
from torch import Tensor

from diffusion.nn.devices import is_out_of_memory
from diffusion.nn.openvino_network import OpenvinoNetwork, ShapeNotCompiled


class OpenvinoDecoder(OpenvinoNetwork):
    """A converted decoder. It decodes one picture at a time, with all threads.

    It is compiled once for all sizes: its layers are large, and compiling each gained nothing.
    """

    def __init__(self, model: Any, dtype: torch.dtype, threads: int) -> None:
        super().__init__(model, dtype, threads, streams=1, places_per_stream=1, fixed=False)

    def __call__(self, latents: Tensor, tile: bool = False) -> Tensor:
        """The colours [1, 3, h·factor, w·factor] in float32 of unscaled latents [1, 4, h, w].

        With `tile`, convolutions wrap around the edges. Raises ShapeNotCompiled.
        """
        (row,) = latents.float().numpy()
        (request,) = self._requests((row.shape,), tile)
        try:
            self._fill(request, 0, row)
            request.infer()
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            raise ShapeNotCompiled(str(error)) from error
        # A copy, because the next picture overwrites the output.
        return torch.from_numpy(request.get_output_tensor(0).data.copy())
