"""What `--stylize` means: how strong guidance is, and how much the model's aesthetic pulls. Pure.

Strong guidance gives up variety and nearness to real pictures for what is typical and vivid (Ho &
Salimans 2022; Saharia et al. 2022). The literature has systems of either temper: DALL·E keeps to
the words with little of it, Midjourney styles.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.prompts.parameters import DEFAULT_VALUES, MAX_STYLIZE

FAITHFUL = "faithful"
STYLISED = "stylised"


@dataclass(frozen=True, slots=True)
class Temperament:
    """How a temperament reads `--stylize`, in straight lines between three points.

    `guidance` is at 0, at the default and at the most, as shares of the model's own scale.
    `pull` is the weight that the prompt in the model's aesthetic has at the most, where the plain
    one has 1; at the default and below it there is none, so that a picture costs no more than its
    model was made for.
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
        """The weight of the prompt in the aesthetic, beside the plain one that weighs 1."""
        return self.pull * _beyond_default(stylize)


TEMPERAMENTS: Mapping[str, Temperament] = {
    FAITHFUL: Temperament(guidance=(0.4, 0.7, 1.0), pull=0.0),
    STYLISED: Temperament(guidance=(0.5, 1.0, 2.0), pull=2.0),
}


def _beyond_default(stylize: int) -> float:
    """How far from the default, 0, to the most, 1."""
    default: int = DEFAULT_VALUES["stylize"]
    return max(0, stylize - default) / (MAX_STYLIZE - default)
