"""Classifier-free guidance on denoised predictions. Knows neither networks nor prompts."""

from torch import Tensor


def guide(conditional: Tensor, unconditional: Tensor, scale: Tensor) -> Tensor:
    """Move each prediction from the unconditional one through the conditional one by its scale.

    Ho & Salimans 2022, “Classifier-free diffusion guidance”, with scale w as w = 1 + s of eq. 6:
    1 is the conditional prediction alone, 0 the unconditional. The denoised prediction is affine
    in ε and in v, so guiding any of them is the same. Predictions: [rows, 4, h, w]; scale: [rows].
    """
    return unconditional + scale.to(conditional).reshape(-1, 1, 1, 1) * (
        conditional - unconditional
    )
