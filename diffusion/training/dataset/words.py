"""Texts to train the text encoder on: the names of emoji, and all nouns of WordNet.

Also words that no picture shows, so that they mean something when a person types them.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from diffusion.training.dataset.captions import GROUNDS, HUES, article, plural
from diffusion.training.dataset.prepare import Emoji
from diffusion.training.dataset.sources import PICTURE_SETS
from diffusion.training.dataset.wordnet import find_kindred, read_dictionary

# Style words that no icon set has, so that they mean something too.
OTHER_STYLES = (
    *("sticker", "clip art", "cartoon", "pixel art", "line art", "watercolor", "icon", "drawing"),
    *("photo", "painting", "sketch", "logo", "emoji", "minimalist", "vintage", "glossy", "shiny"),
)
COLOUR_WORDS = (
    *HUES,
    "brown",
    "black",
    "white",
    "grey",
    "golden",
    "silver",
    "crimson",
    "turquoise",
)
COUNTS = ("two", "three", "four", "five", "many")
SIZE_WORDS = ("small", "big", "tiny", "large", "little", "huge")
MOODS = ("cute", "happy", "sad", "simple", "nice", "funny", "angry", "beautiful", "scary")
PLACES = (
    *("on the left", "on the right", "at the top", "at the bottom", "in the corner"),
    *("in the middle", "top left", "bottom right"),
)


def names_of(emoji: list[Emoji], packages: Path) -> dict[str, tuple[str, ...]]:
    """All names of each emoji: label, ours, shortcodes."""
    folder = packages / "emojibase-data" / "package" / "en" / "shortcodes"
    listings = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    names: dict[str, tuple[str, ...]] = {}
    for one in emoji:
        code = "-".join(f"{ord(letter):X}" for letter in one.character)
        found = [one.label, *one.names]
        for listing in listings:
            given = listing.get(code, listing.get(f"{code}-FE0F", []))
            found += [given] if isinstance(given, str) else given
        words = (name.replace("_", " ").replace("-", " ").lower() for name in found)
        names[one.character] = tuple(dict.fromkeys(word for word in words))
    return names


def dress(name: str, others: list[str], rng: random.Random) -> str:
    """A prompt with the name: with a number, colour, place, neighbour or style."""
    colour = f"{rng.choice(COLOUR_WORDS)} " if rng.random() < 0.35 else ""
    size = (
        f"{rng.choice(SIZE_WORDS if rng.random() < 0.6 else MOODS)} " if rng.random() < 0.15 else ""
    )
    if rng.random() < 0.12:
        subject = f"{rng.choice(COUNTS)} {size}{colour}{plural(name)}"
    else:
        subject = f"{size}{colour}{name}"
        if rng.random() < 0.6:
            subject = f"{article(subject)} {subject}"
    if rng.random() < 0.12:
        other = rng.choice(others)
        subject += f" {rng.choice(('and', 'beside', 'next to', 'with'))} {article(other)} {other}"
    if rng.random() < 0.08:
        subject += f" {rng.choice(PLACES)}"
    parts = []
    if rng.random() < 0.5:
        usual = rng.random() < 0.8
        parts.append(rng.choice(PICTURE_SETS).style if usual else rng.choice(OTHER_STYLES))
    if rng.random() < 0.35:
        ground = rng.choice(list(GROUNDS))
        parts.append(f"{rng.choice(('on a', 'on a', 'with a', ''))} {ground} background".strip())
    rng.shuffle(parts)
    if parts and rng.random() < 0.1:
        return ", ".join((*parts, subject))
    glue = ", " if rng.random() < 0.8 else " "
    return glue.join((subject, *parts))


def write_texts(packages: Path, emoji: list[Emoji], count: int, seed: int) -> dict[str, str]:
    """About `count` different texts, each with the text that it should mean the same as.

    That is itself, or for a synonym the text with the name: "a canine, noto style" means "a dog,
    noto style". First all names and common words alone; then prompts with synonyms, prompts about
    emoji, and WordNet's other words, prompts about them, and their glosses.
    """
    rng = random.Random(seed)
    names = list(names_of(emoji, packages).values())
    firsts = [some[0] for some in names]
    dictionary = read_dictionary(packages)
    synsets = list(dictionary.synsets.values())
    nouns = [(one.words, one.gloss, dictionary.is_common(one)) for one in synsets]
    plain = [name for some in names for name in some] + [tag for one in emoji for tag in one.tags]
    plain += [lemma for lemmas, _, common in nouns if common for lemma in lemmas]
    plain += [*COLOUR_WORDS, *OTHER_STYLES, *(source.style for source in PICTURE_SETS)]
    texts = {text: text for text in plain}
    for word, name in find_kindred(dictionary, {name for some in names for name in some}):
        texts.setdefault(f"a {word}", f"a {name}")
        for _ in range(2):
            chance = rng.random()
            other, known = (dress(w, firsts, random.Random(chance)) for w in (word, name))
            texts.setdefault(other, known)
    rest = max(0, count - len(texts))
    for one, some in rng.choices(list(zip(emoji, names, strict=True)), k=rest // 2):
        text = dress(rng.choice((some[0], rng.choice(some))), firsts, rng)
        if one.tags and rng.random() < 0.15:
            text = ", ".join((text, *rng.sample(one.tags, min(2, len(one.tags)))))
        texts.setdefault(text, text)
    weights = [7.0 if common else 1.0 for _, _, common in nouns]
    for lemmas, gloss, _ in rng.choices(nouns, weights, k=rest - rest // 2):
        text = rng.choice(lemmas)
        chance = rng.random()
        if chance < 0.5:
            text = dress(text, firsts, rng)
        elif chance < 0.7:
            text = f"{article(lemmas[0])} {lemmas[0]}: {gloss[:90]}"
        texts.setdefault(text, text)
    return texts
