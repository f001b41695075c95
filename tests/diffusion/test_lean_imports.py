"""Inference imports nothing that it never uses. What is asked for after all is there."""

import subprocess
import sys

import pytest

START = """
import sys
from diffusion.lean_imports import few_networks, without_compiler
with without_compiler(), few_networks():
    import torch
    from diffusion.server import process
with process.loaded_engine(process.EMBEDDED, torch.device("cpu")) as engine:
    assert engine.checkpoint.info.id
"""

LEFT_OUT = (
    "torch._dynamo.symbolic_convert",
    "diffusers.models.autoencoders.autoencoder_kl_wan",
    "diffusers.models.transformers.transformer_flux",
    "diffusers.models.unets.unet_3d_condition",
    "diffusers.hooks.first_block_cache",
)


def _run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", START + code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_inference_imports_no_compiler_and_no_network_that_it_does_not_use() -> None:
    found = _run(f"print(*[name for name in {LEFT_OUT!r} if name in sys.modules])")

    assert found == ""


@pytest.mark.slow  # Three processes that import all; only another torch or diffusers changes it.
@pytest.mark.parametrize(
    ("code", "printed"),
    [
        pytest.param(
            "from diffusers.models.transformers import FluxTransformer2DModel as found;"
            "print(found.__name__)",
            "FluxTransformer2DModel",
            id="a network",
        ),
        pytest.param(
            "import torch; more = torch.compile(lambda x: x + 1, backend='eager');"
            "print(int(more(torch.ones(1))))",
            "2",
            id="the compiler",
        ),
        pytest.param(
            "import diffusers.hooks; print(hasattr(diffusers.hooks, 'nonsense'))",
            "False",
            id="what there is not",
        ),
    ],
)
def test_what_was_left_out_is_there_when_it_is_asked_for(code: str, printed: str) -> None:
    assert _run(code) == printed
