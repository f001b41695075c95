"""How fast the engine is, beside what one would use otherwise."""

import diffusion as diffusion  # first, since it says how torch's threads shall wait
