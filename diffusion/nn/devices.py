"""Devices and dtypes: which device the machine has, and how to prepare a network for it.

DARKROOM_DTYPE      auto, float32 or bfloat16
DARKROOM_COMPILE    1 compiles the U-Net
"""

import os
import platform
from pathlib import Path

import torch
from torch import Tensor, nn

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
MAX_COMPILED_SHAPES = 64
"""How many shapes and batch sizes are compiled before the compiler gives up."""


class SettingError(Exception):
    """A setting is invalid; the message is one sentence for the user."""


def best_device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """The product name of the device."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    cpu = Path("/proc/cpuinfo")
    for line in cpu.read_text().splitlines() if cpu.exists() else []:
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor() or platform.machine()


def number_type(device: torch.device) -> torch.dtype:
    """The dtype of DARKROOM_DTYPE; by default bfloat16 where the hardware supports it.

    It is faster than float32 on a GPU, and on a CPU with AVX512-BF16. Raises SettingError.
    """
    value = os.environ.get("DARKROOM_DTYPE") or "auto"
    if value in DTYPES:
        return DTYPES[value]
    if value != "auto":
        raise SettingError(f"DARKROOM_DTYPE must be auto, {' or '.join(DTYPES)}, not “{value}”.")
    able = torch.cpu.get_capabilities()
    fast = device.type == "cuda" or able.get("avx512_bf16") or able.get("amx_bf16")
    return torch.bfloat16 if fast else torch.float32


def autocast(device: torch.device) -> torch.autocast:
    """An autocast context for `number_type`."""
    dtype = number_type(device)
    return torch.autocast(device.type, dtype, enabled=dtype == torch.bfloat16)


def handed(values: Tensor, x: Tensor) -> Tensor:
    """CPU values in the dtype and on the device of `x`, without waiting for the GPU.

    Safe without pinned memory: CUDA has copied the values when the call returns.
    """
    return values.to(x.device, x.dtype, non_blocking=True)


def compile_wanted() -> bool:
    """Whether DARKROOM_COMPILE asks for it. Raises SettingError."""
    value = os.environ.get("DARKROOM_COMPILE") or "0"
    if value not in ("0", "1"):
        raise SettingError(f"DARKROOM_COMPILE must be 0 or 1, not “{value}”.")
    return value == "1"


def prepare(unet: nn.Module, device: torch.device, compiled: bool) -> None:
    """Set the U-Net's memory layout for the device, and compile it if `compiled`.

    Each batch size and each choice of LoRAs is compiled when it is first used; on a GPU into CUDA
    graphs, which is untested. Call it in the thread that runs the U-Net: the compiler's limits are
    per thread.
    """
    if device.type == "cuda":
        unet.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        # Some cuDNN convolutions add up in a random order.
        torch.backends.cudnn.deterministic = True
    if compiled:
        # Beyond the limit, passes would run uncompiled and might give other bytes.
        torch._dynamo.config.recompile_limit = MAX_COMPILED_SHAPES
        unet.compile(mode="reduce-overhead" if device.type == "cuda" else "default", dynamic=False)


def is_out_of_memory(error: Exception) -> bool:
    """Whether the error means that GPU or CPU memory ran out."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    message = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in message or "can't allocate memory" in message
    )


def is_device_lost(error: Exception) -> bool:
    """Whether the device failed and stays unusable for this process."""
    return isinstance(error, torch.AcceleratorError) and not is_out_of_memory(error)
