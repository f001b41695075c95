"""`python -m diffusion`: the inference process."""

import os
from contextlib import nullcontext

from diffusion.environment import set_defaults
from diffusion.lean_imports import few_networks, without_compiler


def main() -> None:
    """Serve until told to stop, and end the process with the exit code."""
    set_defaults()
    is_compiling = os.environ.get("DARKROOM_COMPILE") == "1"
    with nullcontext() if is_compiling else without_compiler(), few_networks():
        # Only now, since it imports torch and diffusers.
        from diffusion.server.process import run

    run()


if __name__ == "__main__":
    main()
