"""Benchmarks: the engine against diffusers' own pipeline."""

import diffusion as diffusion  # first, since it says how torch's threads shall wait
