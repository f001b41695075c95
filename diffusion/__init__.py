"""The inference side of Darkroom: from a request to pictures. Knows no Discord and no database."""

import os

# The threads of a matrix product wait for each other by spinning, unless told otherwise before
# torch is imported. Where other processes want the cores too, that takes them from the very thread
# waited for: a step on two busy cores took 1.6 s so, and 0.08 s with threads that sleep.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Where two streams compute at a time, cuBLAS may choose other kernels from one call to the next,
# and other kernels round otherwise, unless its workspace is of a fixed size (cuBLAS's manual,
# “Results reproducibility”). The autoencoder has a stream of its own beside the U-Net's.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
