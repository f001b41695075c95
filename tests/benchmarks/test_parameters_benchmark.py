"""What the figures of parameters measure, on pictures whose figures are known beforehand."""

import numpy as np
from PIL import Image, ImageFilter

from benchmarks.parameters import Drawing, Pictures, apart, away, detail, seam
from diffusion.protocol.requests import ImageRequest, Noise

REQUEST = ImageRequest(
    model="m",
    prompt="a fox",
    noises=(Noise(7),),
    width=64,
    height=64,
    steps=1,
    guidance_scale=1,
)


def drawing(*pictures: Pictures) -> Drawing:
    return Drawing(REQUEST, np.stack(pictures))


def noise(seed: int) -> Pictures:
    return np.random.default_rng(seed).integers(0, 256, (64, 64, 3)).astype(np.float64)


def blurred(picture: Pictures, radius: float) -> Pictures:
    image = Image.fromarray(picture.astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(image, np.float64)


def test_softer_pictures_have_less_of_the_fine_detail() -> None:
    sharp = noise(1)
    shares = [
        detail([drawing(blurred(sharp, radius))], [drawing(sharp)]) for radius in (4, 2, 1, 0)
    ]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert shares[0] < 0.05
    # Detail of another picture is none of this one's.
    assert abs(detail([drawing(noise(2))], [drawing(sharp)])) < 0.05


def test_a_seam_is_what_meets_worse_than_neighbours() -> None:
    across = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    wave = 128 + 100 * np.sin(across)
    tiling = np.broadcast_to(wave[:, None, None], (64, 64, 3))
    ramp = np.broadcast_to(np.linspace(0, 255, 64)[:, None, None], (64, 64, 3))
    assert abs(seam([drawing(tiling)])) < 1
    # One pair of borders is 255 apart, the other meets.
    assert 120 < seam([drawing(ramp)]) < 128


def test_distances_are_between_pictures() -> None:
    one, other = np.zeros((64, 64, 3)), np.full((64, 64, 3), 10.0)
    assert apart([drawing(one, one, one, one)]) == 0
    assert apart([drawing(one, other)]) == 10
    assert away([drawing(one), drawing(one)], [drawing(one), drawing(other)]) == 5
