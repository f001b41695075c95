"""Phase `clip`, third part: a synonym gets the same states as the name of the thing.

A U-Net only knows the states of names in its captions. Those of "a canine" may point where those of
"a dog" do and still be unfamiliar to it. So the text encoder is trained further: a prompt with a
synonym gets, token by token, the states of the same prompt with the name. Prompts with names keep
their states, so that U-Nets trained on them still fit.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import copy
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPTokenizer

from diffusion.nn.devices import autocast
from diffusion.training.dataset.exam import with_article
from diffusion.training.dataset.held_out import HeldOut, read_held_out, write_held_out
from diffusion.training.dataset.ideas import IDEAS, is_blocked
from diffusion.training.dataset.prepare import read_emoji
from diffusion.training.dataset.wordnet import find_drawable, find_kindred, read_dictionary
from diffusion.training.dataset.words import dress
from diffusion.training.loop.run import Budget, Learner, Run, fill
from diffusion.training.phases.clip import (
    LENGTH,
    build_text_encoder,
    teach,
    teacher_words,
    token_ids,
)

KINSHIP_LEARNING_RATE = 5e-4
MIN_COSINE = 0.52  # mean cosine in MiniLM's space from which a noun belongs to the nearest name
KIN_LIKENESS = 0.2  # bonus on the cosine of WordNet's synonyms
MEASURED_SHARE = 0.05  # share of the synonyms that are held out
IDEA_NAME_WEIGHT = 4.0  # sampling weight of words for ideas with names by hand
FAMILIAR_NAMES = frozenset(names[0] for names in IDEAS.values())
RECOLOURED_SHARE = 0.3  # share of the prompts whose colour words are replaced
# Other colour words, and the ones that captions use.
HUES_OF = {
    "crimson": "red",
    "scarlet": "red",
    "ruby": "red",
    "amber": "orange",
    "emerald": "green",
    "lime": "green",
    "turquoise": "blue",
    "navy": "blue",
    "azure": "blue",
    "violet": "purple",
    "lilac": "purple",
    "magenta": "pink",
    "rosy": "pink",
}
WORDS_OF = {hue: [word for word, of in HUES_OF.items() if of == hue] for hue in HUES_OF.values()}


Ideas = list[tuple[str, ...]]
"""The names of each idea, its first name first."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """Prompts as ids (N, 32), the prompts whose states they should get, the matching positions (N,
    32), and the number of text tokens of each."""

    ids: Tensor
    known: Tensor
    places: Tensor
    lengths: Tensor


def find_kin(
    packages: Path, ideas: Ideas, tiny: bool, device: torch.device
) -> list[tuple[str, str]]:
    """Synonyms of what the model can draw, each with the first name of its idea, shuffled.

    A drawable noun belongs to the name that MiniLM puts nearest to it and its gloss. WordNet's
    synonyms get a bonus and always belong to their name; in a tiny run there are no others. Blocked
    words are left out.
    """
    dictionary = read_dictionary(packages)
    firsts = {name: names[0] for names in reversed(ideas) for name in names}
    kindred = find_kindred(dictionary, set(firsts))
    nouns = dict.fromkeys(word for word, _ in kindred)
    glosses = find_drawable(dictionary, nouns, teacher_words())
    if not tiny:
        nouns |= dict.fromkeys(word for word in glosses if word not in firsts)
    words = {word: glosses.get(word, word) for word in nouns if not is_blocked((word,))}
    names = list(firsts)
    nearness = _nearness(words, names, packages.parent / "kinship-teacher.npy", device)
    place = {word: index for index, word in enumerate(words)}
    wanted = torch.full((len(words),), MIN_COSINE)
    for word, name in kindred:
        if word in place:
            nearness[place[word], names.index(name)] += KIN_LIKENESS
            wanted[place[word]] = 0
    best, nearest = nearness.max(1)
    kin = [
        (word, firsts[names[index]])
        for word, index, near in zip(words, nearest.tolist(), best >= wanted, strict=True)
        if near
    ]
    random.Random(5).shuffle(kin)
    return kin


def _nearness(words: dict[str, str], names: list[str], path: Path, device: torch.device) -> Tensor:
    """Mean cosines [words, names] in MiniLM's space, of the word alone and of the word with its
    gloss."""
    texts = [with_article(word) for word in words]
    texts += [f"{word}, {gloss[:80]}" for word, gloss in words.items()]
    bare, glossed = teach(texts, path, device).chunk(2)
    with_articles, plain = (
        teach(some, device=device) for some in ([with_article(name) for name in names], names)
    )
    return (bare @ with_articles.T + glossed @ plain.T) / 2


def align(ids: list[int], known: list[int], end: int) -> list[int]:
    """For each position of one prompt, the position in the other with the same meaning.

    The common start is matched first, then the common end; padding is matched with padding.
    """
    size, other = ids.index(end) + 1, known.index(end) + 1
    alike = 0
    while alike < min(size, other) - 1 and ids[alike] == known[alike]:
        alike += 1
    return [
        *range(alike),
        *(max(alike, place + other - size) for place in range(alike, size)),
        *(max(place, other - 1) for place in range(size, len(ids))),
    ]


def write_lesson(
    tokenizer: CLIPTokenizer,
    ideas: Ideas,
    kin: list[tuple[str, str]],
    count: int,
    rng: random.Random,
) -> Lesson:
    """A batch: half prompts with synonyms, half with names that keep their states.

    Words for ideas with names by hand are more frequent, like those ideas in pictures.
    """
    names = [name for some in ideas for name in some]
    chances = [IDEA_NAME_WEIGHT if name in FAMILIAR_NAMES else 1.0 for _, name in kin]
    words = iter(rng.choices(kin, chances, k=count))
    firsts = [some[0] for some in ideas]
    texts, known = [], []
    for index in range(count):
        word, name = next(words) if index % 2 else (rng.choice(names),) * 2
        chance = rng.random()
        text, wanted = (dress(one, firsts, random.Random(chance)) for one in (word, name))
        texts.append(_recolour(text, rng) if rng.random() < RECOLOURED_SHARE else text)
        known.append(" ".join(HUES_OF.get(part, part) for part in wanted.split(" ")))
    ids, others = token_ids(tokenizer, texts), token_ids(tokenizer, known)
    end = tokenizer.eos_token_id
    places = [align(a, b, end) for a, b in zip(ids.tolist(), others.tolist(), strict=True)]
    return Lesson(ids, others, torch.tensor(places), (ids != end).sum(1) + 1)


def kinship_loss(states: Tensor, wanted: Tensor, lengths: Tensor) -> Tensor:
    """The squared error of the states (N, 32, d), relative to their variance.

    Text and padding have equal weight, because attention looks at both.
    """
    error = (states - wanted).square().mean(-1) / wanted.var()
    inside = torch.arange(LENGTH, device=states.device) < lengths[:, None]
    return error[inside].mean() + error[~inside].mean()


def train_kinship(
    workdir: Path,
    folder: Path,
    budget: Budget,
    batch: int,
    seed: int,
    device: torch.device,
    tiny: bool,
) -> None:
    """Run the part until its budget is spent, starting from the text encoder of the model folder
    `folder`; continues an earlier run. Raises UnfitStart."""
    tokenizer: Any = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    packages = workdir / "packages"
    ideas = [one.names for one in read_emoji(packages) if one.names]
    kin = find_kin(packages, ideas, tiny, device)
    count = max(1, round(MEASURED_SHARE * len(kin)))
    (workdir / "kin.json").write_text(json.dumps(kin[count:]))
    write_held_out(workdir, HeldOut(read_held_out(workdir).pairs, tuple(kin[:count])))
    torch.manual_seed(seed)
    encoder = build_text_encoder(tokenizer, tiny)
    fill(encoder, folder / "text_encoder")
    encoder = encoder.to(device)
    earlier = copy.deepcopy(encoder).eval().requires_grad_(False)
    exam = Exam(tokenizer, earlier, ideas, kin[:count])
    optimizer = torch.optim.AdamW(
        encoder.parameters(), lr=KINSHIP_LEARNING_RATE, weight_decay=0.02, fused=True
    )
    learner = Learner(encoder, encoder, 0.998, optimizer)
    with Run(workdir, "kinship", "text", learner, budget, "held_out_found") as run:
        while not run.is_over:
            run.cool(KINSHIP_LEARNING_RATE, warm_steps=50)
            rng = random.Random(run.chance(seed))
            lesson = write_lesson(tokenizer, ideas, kin[count:], batch, rng)
            run.learn(_loss_on(encoder, earlier, lesson, device), batch)
            if run.is_due(4 if tiny else 30):
                seen = copy.deepcopy(encoder)
                seen.load_state_dict(run.average.weights)
                run.report(exam.mark(seen))
    encoder.load_state_dict(run.average.weights)
    encoder.cpu().save_pretrained(workdir / "text_encoder")


def _loss_on(encoder: Any, earlier: Any, lesson: Lesson, device: torch.device) -> Tensor:
    with autocast(device):
        states = encoder(lesson.ids.to(device)).last_hidden_state.float()
        with torch.no_grad():
            known = earlier(lesson.known.to(device)).last_hidden_state.float()
    places = lesson.places.to(device)[..., None].expand_as(known)
    return kinship_loss(states, known.gather(1, places), lesson.lengths.to(device))


class Exam:
    """How often an untrained word is read most like the right name."""

    def __init__(
        self, tokenizer: CLIPTokenizer, earlier: Any, ideas: Ideas, kin: list[tuple[str, str]]
    ) -> None:
        names = [some[0] for some in ideas]
        self._words = token_ids(tokenizer, [with_article(word) for word, _ in kin])
        self._answers = torch.tensor([names.index(name) for _, name in kin])
        self._names = self._read(earlier, token_ids(tokenizer, [with_article(n) for n in names]))

    def mark(self, encoder: Any) -> float:
        """The share of words whose padding state is nearest to that of their name."""
        nearest = torch.cdist(self._read(encoder, self._words), self._names).argmin(1).cpu()
        return (nearest == self._answers).float().mean().item()

    @staticmethod
    @torch.inference_mode()
    def _read(encoder: Any, ids: Tensor) -> Tensor:
        """[N, d]: what stands at the last place, which is padding."""
        return torch.cat(
            [encoder(part.to(encoder.device)).last_hidden_state[:, -1] for part in ids.split(128)]
        )


def _recolour(text: str, rng: random.Random) -> str:
    """The same text with other colour words."""
    parts = text.split(" ")
    return " ".join(rng.choice(WORDS_OF[part]) if part in WORDS_OF else part for part in parts)
