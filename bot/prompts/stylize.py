"""Maps `--stylize` to a guidance scale and to the weight of the model's aesthetic. Pure.

Strong guidance trades variety and realism for typical, vivid pictures (Ho & Salimans 2022; Saharia
et al. 2022). A server or a member chooses between two temperaments: faithful, with low guidance and
no aesthetic, or stylised.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.prompts.parameters import DEFAULT_VALUES, FAITHFUL, MAX_STYLIZE, STYLISED


@dataclass(frozen=True, slots=True)
class StylizeCurve:
    """How a temperament maps `--stylize`, linear between three points.

    `guidance` is the guidance scale at 0, at the default and at the maximum, as shares of the
    model's own scale. `pull` is the weight of the prompt with the model's aesthetic at the maximum,
    where the plain prompt has 1. It is 0 up to the default, so that a plain prompt costs no extra
    forward pass.
    """

    guidance: tuple[float, float, float]
    pull: float

    def guidance_at(self, stylize: int) -> float:
        """The guidance scale as a share of the model's own."""
        lowest, plain, highest = self.guidance
        default: int = DEFAULT_VALUES["stylize"]
        if stylize <= default:
            return lowest + (plain - lowest) * stylize / default
        return plain + (highest - plain) * _beyond_default(stylize)

    def pull_at(self, stylize: int) -> float:
        """The weight of the prompt with the aesthetic, relative to the plain prompt's 1."""
        return self.pull * _beyond_default(stylize)


TEMPERAMENTS: Mapping[str, StylizeCurve] = {
    FAITHFUL: StylizeCurve(guidance=(0.4, 0.7, 1.0), pull=0.0),
    STYLISED: StylizeCurve(guidance=(0.5, 1.0, 2.0), pull=2.0),
}


def _beyond_default(stylize: int) -> float:
    """The position between the default (0) and the maximum (1); 0 below the default."""
    default: int = DEFAULT_VALUES["stylize"]
    return max(0, stylize - default) / (MAX_STYLIZE - default)
