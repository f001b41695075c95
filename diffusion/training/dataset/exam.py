"""The questions of the evaluation: prompts, and the captions that a judge chooses from.

They ask for what was never trained: whole captions, styles of ideas, colours of ideas, and words
that no caption has.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from diffusion.training.dataset.captions import HUES, NUMBERS, article, is_kept_back, plural
from diffusion.training.dataset.prepare import DatasetRow

CHOICES = 100  # captions to choose from

# Synonyms and a name of their idea. No caption may have the synonym: `ask_synonyms` checks it.
SYNONYMS: dict[str, str] = {
    "aircraft": "airplane",
    "android": "robot",
    "aubergine": "eggplant",
    "automobile": "car",
    "bike": "bicycle",
    "blaze": "fire",
    "bloom": "flower",
    "boulder": "rock",
    "bunny": "rabbit",
    "burger": "hamburger",
    "canine": "dog",
    "cobra": "snake",
    "cop": "police officer",
    "cottage": "house",
    "couch": "sofa",
    "donut": "doughnut",
    "dwelling": "house",
    "feline": "cat",
    "gem": "gem stone",
    "goblet": "wine glass",
    "grizzly": "bear",
    "hog": "pig",
    "honeybee": "bee",
    "hound": "dog",
    "infant": "baby",
    "jet": "airplane",
    "kitten": "cat",
    "lorry": "truck",
    "maize": "corn",
    "motorbike": "motorcycle",
    "phantom": "ghost",
    "pooch": "dog",
    "pup": "dog",
    "raven": "bird",
    "residence": "house",
    "sedan": "car",
    "serpent": "snake",
    "ship": "boat",
    "sneaker": "shoe",
    "sorcerer": "mage",
    "spectacles": "glasses",
    "steed": "horse",
    "swine": "pig",
    "tabby": "cat",
    "taxicab": "taxi",
    "tiara": "crown",
    "timepiece": "watch",
    "toadstool": "mushroom",
    "trousers": "jeans",
    "wristwatch": "watch",
    "yacht": "sailboat",
}


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt, the caption that its picture should match best, and all captions to choose from."""

    prompt: str
    answer: str
    choices: tuple[str, ...]


def with_article(name: str) -> str:
    """ "an owl"."""
    return f"{article(name)} {name}"


def among(answer: str, others: Iterable[str], rng: random.Random) -> tuple[str, ...]:
    """The answer and up to `CHOICES` - 1 others."""
    rest = [other for other in dict.fromkeys(others) if other != answer]
    return (answer, *rng.sample(rest, min(len(rest), CHOICES - 1)))


def ask_things(names: list[str], rng: random.Random) -> list[Question]:
    """Each thing alone; the choices are the other things."""
    captions = [with_article(name) for name in names]
    return [Question(caption, caption, among(caption, captions, rng)) for caption in captions]


def ask_captions(captions: Iterable[str], count: int, rng: random.Random) -> list[Question]:
    """Captions that are kept back from all training; the choices are the others of them."""
    fresh = [caption for caption in dict.fromkeys(captions) if is_kept_back(caption)]
    asked = rng.sample(fresh, min(count, len(fresh)))
    return [Question(one, one, among(one, fresh, rng)) for one in asked]


def in_style(name: str, style: str) -> str:
    return f"{with_article(name)}, {style}"


def ask_styles(
    names: dict[str, str], pairs: Iterable[tuple[str, str]], rng: random.Random
) -> list[Question]:
    """Ideas in styles, given as (emoji, style); the choices are all ideas in the same style."""
    asked = []
    for emoji, style in pairs:
        captions = [in_style(name, style) for name in names.values()]
        answer = in_style(names[emoji], style)
        asked.append(Question(answer, answer, among(answer, captions, rng)))
    return asked


def ask_colours(names: list[str], seen: set[str], count: int, rng: random.Random) -> list[Question]:
    """Colours of things that were never `seen` together; the choices are other colours and
    things."""
    bare = [name for name in names if not set(name.split()) & set(HUES)]
    fresh = [
        (colour, name)
        for name in bare
        for colour in HUES
        if not any(f"{colour} {name}" in one for one in seen)
    ]
    asked = []
    for colour, name in rng.sample(fresh, min(count, len(fresh))):
        answer = f"a {colour} {name}"
        same = [f"{with_article(other)} {name}" for other in HUES if other != colour]
        others = [f"a {rng.choice(list(HUES))} {other}" for other in bare if other != name]
        asked.append(Question(answer, answer, (*among(answer, others, rng)[: CHOICES - 6], *same)))
    return asked


def ask_synonyms(
    rows: list[DatasetRow], names: list[str], seen: set[str], rng: random.Random
) -> list[Question]:
    """The words of SYNONYMS whose things are drawn, unless `seen` has the word."""
    first = {name: row.names[0] for row in rows if row.idea for name in row.names}
    # A first name always belongs to its own idea.
    first |= {row.names[0]: row.names[0] for row in rows if row.idea}
    words = [(word, first[known]) for word, known in SYNONYMS.items() if known in first]
    return ask_words(words, names, seen, rng)


def ask_words(
    words: Iterable[tuple[str, str]], names: list[str], seen: set[str], rng: random.Random
) -> list[Question]:
    """Words that occur nowhere in `seen`; the answer is the name of the idea that they mean."""
    captions = [with_article(name) for name in names]
    said = " ".join(f" {one} " for one in seen)
    asked = []
    for word, name in words:
        if f" {word} " not in said and name in names:
            answer = with_article(name)
            asked.append(Question(with_article(word), answer, among(answer, captions, rng)))
    return asked


def ask_numbers(names: list[str], count: int, rng: random.Random) -> list[Question]:
    """One to four of a thing; the choices are the four numbers."""
    asked = []
    for index, name in enumerate(rng.sample(names, min(count, len(names)))):
        choices = tuple(
            f"{number} {name if number == 'one' else plural(name)}" for number in NUMBERS
        )
        answer = choices[index % len(NUMBERS)]
        asked.append(Question(answer, answer, choices))
    return asked
