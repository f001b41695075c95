"""Benchmarks: the engine against diffusers' own pipeline."""

from diffusion.environment import set_defaults

set_defaults()  # before a benchmark imports torch
