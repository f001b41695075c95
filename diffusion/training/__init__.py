"""Training the embedded model: one script per phase, from package data to weights.

Knows nothing of the bot, of storage or of the inference engine: what it leaves behind is a folder
in the layout of Stable Diffusion 1.x that any loader of that layout reads.
"""

from diffusion.environment import set_defaults

# Every program of the training comes through here before it imports torch, and nothing else does.
set_defaults()
