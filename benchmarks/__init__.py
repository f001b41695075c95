"""How fast the engine is, beside what one would use otherwise."""

from diffusion.environment import set_defaults

set_defaults()  # before a benchmark imports torch
