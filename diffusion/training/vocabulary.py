"""Phase `vocabulary`: list the words that a trained model was taught, for `/v1/models`.

The U-Net was taught the names of its ideas, and what captions say about them. The text encoder was
taught other nouns as words for ideas. Of those only the ones count that it does put where it puts
the name: a word that it puts elsewhere is drawn as something else.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from diffusion.training.dataset.captions import GROUNDS, NUMBERS, OWN_COLOURS, SMALL_WORDS
from diffusion.training.dataset.exam import with_article
from diffusion.training.dataset.ideas import IDEAS, is_blocked
from diffusion.training.dataset.prepare import read_emoji
from diffusion.training.dataset.sources import PICTURE_SETS
from diffusion.training.dataset.wordnet import find_drawable, find_kindred, read_dictionary
from diffusion.training.dataset.words import (
    COLOUR_WORDS,
    MOODS,
    OTHER_STYLES,
    PLACES,
    SIZE_WORDS,
)
from diffusion.training.phases.kinship import HUES_OF

VOCABULARY_FILE = "darkroom_vocabulary.json"
MIN_LIKENESS = 0.97  # cosine of a word's state with that of a name, from which it is drawn as that
BATCH = 256  # texts that are read at once

ARTICLES = ("a", "an")
JOINTS = ("and", "next to", "beside", "near")
SURROUNDINGS = [
    *(f"{where} snow" for where in ("in", "in the", "on the")),
    *(f"{when} night" for when in ("at", "by")),
    *("at sunset", "at dusk"),
    *(
        f"{where} {article} {ground} background"
        for where in ("on", "in", "with", "against")
        for article in ("a", "the")
        for ground in ("snow", "snowy", "night", "night sky", "sunset")
    ),
]
"""What `diffusion.text.scenes` reads as the colour of the background."""

DIGITS = ("2", "3", "4")
"""How many things of a kind it reads, beside `NUMBERS`."""

GROUND_FORMS = ("{} background", "on {} background", "on a {} background", "with a {} background")


def write_vocabulary(folder: Path, packages: Path) -> None:
    """Write the list beside the text encoder in `folder`, a work folder or a model folder."""
    emoji = read_emoji(packages)
    names = {name for one in emoji for name in one.names}
    by_hand = {name for one in emoji if one.character in IDEAS for name in one.names}
    kinds = {
        "things": names | _kin(folder, packages, names, by_hand),
        "modifiers": {*_modifiers()} - names,
        "joints": {*JOINTS},
        "articles": {*ARTICLES},
    }
    listed = {kind: sorted(phrases) for kind, phrases in kinds.items()}
    # A line for each kind: there are thousands of things.
    lines = (f'"{kind}": {json.dumps(some, ensure_ascii=False)}' for kind, some in listed.items())
    (folder / VOCABULARY_FILE).write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(", ".join(f"{len(some)} {kind}" for kind, some in listed.items()))


def _modifiers() -> list[str]:
    """What captions, and the texts of the text encoder, say about a thing."""
    grounds = [form.format(ground) for ground in GROUNDS for form in GROUND_FORMS]
    drawn = [f"{kind} of" for kind in ("photo", "painting", "sketch", "drawing")]
    styles = [source.style for source in PICTURE_SETS if source.weight > 0]
    return [
        *(*COLOUR_WORDS, *HUES_OF, *OWN_COLOURS, *GROUNDS, *grounds),
        *(*NUMBERS, *SMALL_WORDS, *SIZE_WORDS, *MOODS, *PLACES),
        *(*styles, *OTHER_STYLES, *drawn, *SURROUNDINGS, *DIGITS),
    ]


def _kin(folder: Path, packages: Path, names: set[str], by_hand: set[str]) -> set[str]:
    """The single nouns that the text encoder puts where it puts one of the names by hand."""
    dictionary = read_dictionary(packages)
    kindred = [word for word, _ in find_kindred(dictionary, by_hand)]
    words = [
        word
        for word in dict.fromkeys([*kindred, *find_drawable(dictionary, kindred)])
        if word not in names and " " not in word and not is_blocked((word,))
    ]
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    encoder = CLIPTextModel.from_pretrained(folder / "text_encoder").float().eval()
    of_names = _states(sorted(by_hand), tokenizer, encoder)
    likeness = (_states(words, tokenizer, encoder) @ of_names.T).amax(1)
    return {
        word for word, like in zip(words, likeness.tolist(), strict=True) if like > MIN_LIKENESS
    }


@torch.inference_mode()
def _states(words: list[str], tokenizer: CLIPTokenizer, encoder: CLIPTextModel) -> Tensor:
    """What the text encoder makes of each word as a prompt: unit vectors (N, channels)."""
    found = []
    for start in range(0, len(words), BATCH):
        texts = [with_article(word) for word in words[start : start + BATCH]]
        length = encoder.config.max_position_embeddings
        ids = tokenizer(
            texts, padding="max_length", max_length=length, truncation=True, return_tensors="pt"
        ).input_ids
        found.append(torch.nn.functional.normalize(encoder(ids).pooler_output, dim=-1))
    return torch.cat(found)
