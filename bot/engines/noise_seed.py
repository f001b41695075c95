"""The one seed that stands for a whole noise, for servers that know no blends. Pure."""

import hashlib

from diffusion.protocol.requests import Noise


def noise_seed(noise: Noise) -> int:
    """A seed of 32 bits that depends on all of the noise: its seed, and each blend.

    The same noise has the same seed on every machine. A noise without blends keeps its own.
    """
    if not noise.blends:
        return noise.seed
    blends = ";".join(f"{blend.seed}*{blend.strength!r}" for blend in noise.blends)
    digest = hashlib.sha256(f"{noise.seed}:{blends}".encode()).digest()
    return int.from_bytes(digest[:4], "big")
