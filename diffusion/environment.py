"""Environment variables that torch's libraries read, as Darkroom wants them.

Each program that computes sets them itself, before anything imports torch: the libraries read them
when they are loaded. Importing a part of `diffusion` sets nothing.
"""

import os

DEFAULTS = {
    # The threads of a matrix product wait for each other by spinning, unless told otherwise. Where
    # other processes want the cores too, that takes them from the very thread waited for: a step
    # on two busy cores took 1.6 s so, and 0.08 s with threads that sleep.
    "OMP_WAIT_POLICY": "PASSIVE",
    # Where two streams compute at a time, cuBLAS may choose other kernels from one call to the
    # next, and other kernels round otherwise, unless its workspace is of a fixed size (cuBLAS's
    # manual, “Results reproducibility”). The autoencoder has a stream beside the U-Net's.
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
}


def set_defaults() -> None:
    """Set the variables in this process's environment, except those that are set already."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
