"""What the machine computes on, and in which numbers. Knows no model's meaning, only its network.

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
"""How many shapes and sizes of passes are compiled before the compiler gives up on more."""


class SettingError(Exception):
    """A setting cannot be used; the message is one sentence for a person."""


def best_device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """What it is called by its maker."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    cpu = Path("/proc/cpuinfo")
    for line in cpu.read_text().splitlines() if cpu.exists() else []:
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor() or platform.machine()


def number_type(device: torch.device) -> torch.dtype:
    """What DARKROOM_DTYPE says; by default bfloat16 where the hardware multiplies it.

    There it is faster than float32, on a CPU with AVX512-BF16 too. Raises SettingError.
    """
    said = os.environ.get("DARKROOM_DTYPE") or "auto"
    if said in DTYPES:
        return DTYPES[said]
    if said != "auto":
        raise SettingError(f"DARKROOM_DTYPE must be auto, {' or '.join(DTYPES)}, not “{said}”.")
    able = torch.cpu.get_capabilities()
    fast = device.type == "cuda" or able.get("avx512_bf16") or able.get("amx_bf16")
    return torch.bfloat16 if fast else torch.float32


def autocast(device: torch.device) -> torch.autocast:
    """Computes in `number_type` what may lose precision, and leaves the rest as it is."""
    dtype = number_type(device)
    return torch.autocast(device.type, dtype, enabled=dtype == torch.bfloat16)


def handed(values: Tensor, x: Tensor) -> Tensor:
    """Values on the CPU in the type and place of `x`, without waiting for a GPU to be done.

    Safe though the memory is not pinned: CUDA has copied it away when the call returns.
    """
    return values.to(x.device, x.dtype, non_blocking=True)


def compile_wanted() -> bool:
    """What DARKROOM_COMPILE says. Raises SettingError."""
    said = os.environ.get("DARKROOM_COMPILE") or "0"
    if said not in ("0", "1"):
        raise SettingError(f"DARKROOM_COMPILE must be 0 or 1, not “{said}”.")
    return said == "1"


def prepare(unet: nn.Module, device: torch.device, compiled: bool) -> None:
    """Lay the U-Net out as the device likes it, and have it compiled where that is wanted.

    Each size of a pass is compiled when it is first used, and so is each choice of LoRAs; on a GPU
    into CUDA graphs, which has not been tried yet. The thread that calls this has to be the one
    that runs the U-Net: the compiler's limits are a thread's own.
    """
    if device.type == "cuda":
        unet.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        # Of cuDNN's convolutions some add up in the order in which threads happen to come.
        torch.backends.cudnn.deterministic = True
    if compiled:
        # Beyond the limit passes would run uncompiled, which may give other bytes.
        torch._dynamo.config.recompile_limit = MAX_COMPILED_SHAPES
        unet.compile(mode="reduce-overhead" if device.type == "cuda" else "default", dynamic=False)


def is_out_of_memory(error: Exception) -> bool:
    """Whether the device or the machine had no memory left; a CPU's allocator has no own error."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in said or "can't allocate memory" in said
    )


def is_device_lost(error: Exception) -> bool:
    """Whether the device has failed, and will in all that this process asks of it from now on."""
    return isinstance(error, torch.AcceleratorError) and not is_out_of_memory(error)
