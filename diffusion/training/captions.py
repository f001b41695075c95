"""Words for a composed picture, and words in general for the text encoder to learn from.

Pure, except that WordNet is read from its files. Knows colours by name; draws nothing.
"""

from __future__ import annotations

import random
from pathlib import Path

# Hues in degrees that a subject can be turned to.
HUES: dict[str, float] = {
    "red": 0,
    "orange": 28,
    "yellow": 50,
    "green": 120,
    "blue": 215,
    "purple": 275,
    "pink": 330,
}

# Plain grounds that a picture can stand on; white is the one nobody has to ask for.
GROUNDS: dict[str, tuple[int, int, int]] = {
    "white": (255, 255, 255),
    "yellow": (255, 221, 87),
    "orange": (255, 167, 77),
    "red": (232, 77, 77),
    "pink": (255, 183, 213),
    "purple": (170, 130, 220),
    "blue": (86, 140, 232),
    "light blue": (178, 222, 255),
    "green": (116, 196, 118),
    "grey": (190, 194, 200),
    "black": (24, 24, 28),
}

# Colours that a name may bring along ("red fox") and that give way when the subject is recoloured.
OWN_COLOURS = frozenset((*HUES, "brown", "golden"))

MAX_TAGS = 3


def write_caption(
    names: tuple[str, ...],
    tags: tuple[str, ...],
    style: str | None,
    colour: str | None,
    ground: str | None,
    rng: random.Random,
) -> str:
    """What a person might have typed to get this picture."""
    name = names[0] if rng.random() < 0.5 else rng.choice(names)
    if colour is not None:
        # "a blue red fox" is no fox: the name's own colour gives way to the new one.
        name = f"{colour} {' '.join(w for w in name.split() if w not in OWN_COLOURS)}"
    if rng.random() < 0.08:
        name = f"{rng.choice(('cute', 'little', 'simple', 'nice'))} {name}"
    subject = rng.choice((f"{article(name)} {name}", f"{article(name)} {name}", name))
    parts = []
    if tags and rng.random() < 0.1:
        parts += rng.sample(tags, min(len(tags), rng.randint(1, MAX_TAGS)))
    if style is not None:
        parts.append(style)
    if ground is not None:
        parts.append(f"{'' if rng.random() < 0.1 else 'on '}{article(ground)} {ground} background")
    rng.shuffle(parts)
    return ", ".join((subject, *parts))


def article(noun: str) -> str:
    """`a` or `an`, by the letter."""
    return "an" if noun[0] in "aeiou" and not noun.startswith("uni") and noun != "ufo" else "a"


# Files of WordNet with things one can draw: animal, artifact, body, food, object, person,
# phenomenon, plant.
_DRAWABLE = {"05", "06", "08", "13", "17", "18", "19", "20"}


def read_wordnet(folder: Path, count: int, rng: random.Random) -> list[str]:
    """`count` texts from nouns for drawable things: the words alone, in captions, with glosses.

    Words that WordNet has counted in its corpus come first; the rest is a random share, so that
    words no caption has still mean something.
    """
    common: set[str] = set()
    for line in (folder / "index.noun").read_text().splitlines():
        if not line.startswith(" "):
            fields = line.split()
            # lemma pos n_synsets n_pointers pointers... n_senses n_tagged offsets...
            if int(fields[5 + int(fields[3])]) > 0:
                common.add(fields[0])
    frequent: list[str] = []
    rare: list[str] = []
    for line in (folder / "data.noun").read_text().splitlines():
        if line.startswith(" "):
            continue
        head, gloss = line.split(" | ", 1)
        fields = head.split()
        if fields[1] not in _DRAWABLE:
            continue
        words = fields[4 : 4 + 2 * int(fields[3], 16) : 2]
        lemmas = [word.replace("_", " ").lower() for word in words]
        texts = [*lemmas, f"{article(lemmas[0])} {lemmas[0]}: {gloss.split(';')[0]}"]
        is_common = not common.isdisjoint(word.lower() for word in words)
        (frequent if is_common else rare).extend(texts)
    rng.shuffle(frequent)
    rng.shuffle(rare)
    return (frequent[: count * 2 // 3] + rare)[:count]
