"""Phase `evaluate`: a sheet of samples, and a table of scores.

The judges are in `judges`, the questions in `dataset.exam`. Each score is printed with its number
of prompts and seeds, and with the judge's score for real pictures, which is the upper bound.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import itertools
import json
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from PIL import Image
from tqdm import tqdm
from transformers import CLIPVisionModelWithProjection

from diffusion.training.dataset.composition import (
    alone,
    any_caption_of,
    coloured_names,
    compose,
    plan,
    read_hues,
)
from diffusion.training.dataset.exam import (
    Question,
    among,
    ask_captions,
    ask_colours,
    ask_numbers,
    ask_styles,
    ask_synonyms,
    ask_things,
    ask_words,
    in_style,
    with_article,
)
from diffusion.training.dataset.held_out import HeldOut, read_held_out
from diffusion.training.dataset.prepare import PIXELS, DatasetRow, read_rows
from diffusion.training.evaluation.aspects import (
    ASPECTS,
    ask_scenes,
    draw_composed,
    framed,
    middle_square,
    whole_square,
)
from diffusion.training.evaluation.judges import (
    SEED,
    Critic,
    Evaluator,
    features,
    frechet,
    inception,
    nearest,
    to_pixels,
    train_critic,
    train_evaluator,
)
from diffusion.training.loop.logbook import draw_sheet
from diffusion.training.loop.sampling import build_pipeline, draw, draw_anew
from diffusion.training.phases.image_tower import Pairs, compose_pairs, read_with
from diffusion.training.phases.latents import encode

SHEET = (
    *("a red fox", "a cat", "a dog", "a panda", "a bear", "a lion", "a rabbit", "a pig"),
    *("a frog", "a penguin", "an owl", "a butterfly", "a fish", "a whale", "an octopus", "a crab"),
    *("an apple", "a banana", "a watermelon", "a strawberry", "a pizza", "a hamburger"),
    *("a doughnut", "a cup of coffee", "a rose", "a sunflower", "a tree", "a cactus"),
    *("a smiling face", "a ghost", "a robot", "a pumpkin", "a red heart", "a star", "a sun"),
    *("a house", "a car", "a rocket", "an airplane", "a gift"),
)


@dataclass(frozen=True, slots=True)
class Score:
    """One row of the table."""

    what: str
    prompts: int
    seeds: int
    result: str


@dataclass(frozen=True, slots=True)
class EvaluationSize:
    """How much is evaluated: prompts of each kind, seeds per prompt, real pictures to compare
    with."""

    prompts: int
    seeds: int
    real: int


CAPTIONS = 4_000  # how many are written to find kept-back ones among them

SHOWN_OF_ASPECT = 8  # pictures of each on the sheet

# Ranks, and their text in the table.
RANK_WORDS = {1: "first", 5: "among five", 10: "among ten"}

# Shares of the steps that are redrawn, and their text in the table.
REDRAWN_SHARES = {0.25: "the last quarter", 0.5: "the last half"}

FULL_EVALUATION = EvaluationSize(prompts=40, seeds=2, real=400)
TINY_EVALUATION = EvaluationSize(prompts=2, seeds=1, real=16)


class Examiner:
    """Draws the answers to questions and scores them; keeps all drawings for the overall scores."""

    def __init__(self, pipeline: Any, evaluator: Evaluator) -> None:
        self.pipeline = pipeline
        self._evaluator = evaluator
        self.drawn: list[Image.Image] = []

    def draw(self, prompts: list[str], seeds: int, what: str) -> list[Image.Image]:
        """One picture per prompt and seed; all prompts of the first seed come first."""
        pictures: list[Image.Image] = []
        for seed in tqdm(range(seeds), desc=what, unit="seed"):
            first = 10_000 * (seed + 1)
            pictures += draw(self.pipeline, prompts, list(range(first, first + len(prompts))))
        self.drawn += pictures
        return pictures

    def ask(self, what: str, questions: list[Question], seeds: int) -> Score:
        """How often the picture matches its caption best, or among the best five."""
        if not questions:
            return Score(what, 0, 0, "nothing to ask")
        pictures = self.draw([one.prompt for one in questions], seeds, what)
        return self.score(what, pictures, questions * seeds, seeds)

    def score(
        self, what: str, pictures: list[Image.Image], questions: list[Question], seeds: int
    ) -> Score:
        """The score of pictures that are drawn already."""
        places = np.array(self._evaluator.rank(pictures, questions))
        result = f"{np.mean(places < 1):.0%} first"
        if len(questions[0].choices) > 10:
            result += f", {np.mean(places < 5):.0%} among five"
        return Score(what, len(questions) // seeds, seeds, result)


def evaluate(workdir: Path, seed: int, tiny: bool, device: torch.device) -> list[Score]:
    """Run the phase: write `evaluate.json` and `sheet.jpg`, and print the table."""
    amounts = TINY_EVALUATION if tiny else FULL_EVALUATION
    unet = UNet2DConditionModel.from_pretrained(workdir / "unet", low_cpu_mem_usage=False)
    pipeline = build_pipeline(workdir, unet)
    seconds = draw_forty(pipeline, workdir / "sheet.jpg", seed, tiny)
    rows = read_rows(workdir / "pictures.json")
    held_out = read_held_out(workdir)
    examiner = Examiner(pipeline, train_evaluator(workdir, rows, held_out, tiny, device))
    indices = [index for index, row in enumerate(rows) if row.idea]
    real = compose_pairs(workdir / "pictures.npy", rows, indices, amounts.real, SEED + 1)
    scores = [
        *_ask_words(workdir, examiner, rows, real, held_out, amounts),
        *_ask_styles(workdir, examiner, rows, held_out, amounts),
        *_compare_with_real(workdir, examiner, rows, indices, held_out, amounts, tiny),
        *ask_tower(workdir, rows, held_out, amounts.real),
        Score("seconds per grid of four, 20 steps", 1, 4, f"{seconds:.1f}"),
    ]
    (workdir / "evaluate.json").write_text(json.dumps([asdict(s) for s in scores], indent=2))
    print("| what | prompts | seeds | result |\n|---|---|---|---|")
    for s in scores:
        print(f"| {s.what} | {s.prompts} | {s.seeds} | {s.result} |")
    return scores


def draw_forty(pipeline: Any, path: Path, seed: int, tiny: bool) -> float:
    """Write the sheet; returns the seconds that a grid of four takes."""
    sheet = list(SHEET[:2] if tiny else SHEET)
    pictures = draw(pipeline, sheet, list(range(seed + 1, seed + 1 + len(sheet))))
    draw_sheet(pictures, columns=8, captions=sheet).save(path, quality=90)
    begin = time.perf_counter()
    draw(pipeline, ["a red fox"] * 4, list(range(4)))
    return time.perf_counter() - begin


def _ask_words(
    workdir: Path,
    examiner: Examiner,
    rows: list[DatasetRow],
    real: Pairs,
    held_out: HeldOut,
    amounts: EvaluationSize,
) -> list[Score]:
    """Whether pictures show what the prompt says, for several kinds of prompts."""
    rng = random.Random(SEED)
    taught = [row for row in rows if row.idea]
    names = list(dict.fromkeys(row.names[0] for row in taught))
    hues = _hues_of_taught(workdir, rows)
    said = words_said(rows)
    some = rng.sample(names, min(len(names), 100))
    choices = [
        Question(c, c, (c, *rng.sample(real.captions, min(99, len(real.captions)))))
        for c in real.captions
    ]
    plain = ask_things(some, rng)[: amounts.prompts * 2]
    return [
        examiner.score("real pictures, by their captions among 100", _as_images(real), choices, 1),
        *_ask_aspects(workdir, examiner, plain, amounts.seeds),
        _ask_scenes(workdir, examiner, ask_scenes(names, random.Random(SEED))),
        examiner.ask(
            "whole captions never seen, among 100",
            ask_captions(_write_captions(rows, hues, rng), amounts.prompts, rng),
            amounts.seeds,
        ),
        examiner.ask(
            "colour and thing never seen together, among 100",
            ask_colours(names, coloured_names(rows, hues), amounts.prompts, rng),
            amounts.seeds,
        ),
        examiner.ask(
            "synonyms no caption has, among 100",
            ask_synonyms(taught, names, said, rng),
            amounts.seeds,
        ),
        examiner.ask(
            "words that the text encoder was not told of either, among 100",
            ask_words(held_out.words, names, said, rng)[: amounts.prompts],
            amounts.seeds,
        ),
        examiner.ask("one to four, among the four", ask_numbers(some, amounts.prompts, rng), 1),
    ]


def _ask_aspects(
    workdir: Path, examiner: Examiner, questions: list[Question], seeds: int
) -> list[Score]:
    """Whether things are recognised in other shapes as they are in a square; `aspects.jpg`."""
    what = "a thing alone"
    squares = examiner.draw([one.prompt for one in questions], seeds, what)
    scores = [examiner.score(f"{what}, among 100", squares, questions * seeds, seeds)]
    shown = []
    for aspect, size in ASPECTS.items():
        pictures = [framed(one, size) for one in squares]
        shown += pictures[:SHOWN_OF_ASPECT]
        for part, square in {"": middle_square, ", the whole picture": whole_square}.items():
            seen = [square(one) for one in pictures]
            name = f"{what} at {aspect}{part}, among 100"
            scores.append(examiner.score(name, seen, questions * seeds, seeds))
    prompts = [one.prompt for one in questions[:SHOWN_OF_ASPECT]] * len(ASPECTS)
    draw_sheet(shown, len(shown) // len(ASPECTS), prompts).save(workdir / "aspects.jpg", quality=90)
    return scores


def _ask_scenes(workdir: Path, examiner: Examiner, questions: list[Question]) -> Score:
    """Whether simple scenes are recognised; `scenes.jpg` shows them to people."""
    prompts = [one.prompt for one in questions]
    seeds = list(range(1, 1 + len(prompts)))
    pictures = draw_composed(examiner.pipeline, prompts, seeds)
    draw_sheet(pictures, len(prompts) // 2, prompts).save(workdir / "scenes.jpg", quality=90)
    return examiner.score("simple scenes, among 100", pictures, questions, 1)


def _ask_styles(
    workdir: Path,
    examiner: Examiner,
    rows: list[DatasetRow],
    held_out: HeldOut,
    amounts: EvaluationSize,
) -> list[Score]:
    """Whether the critic recognises the requested style, and the evaluator the thing."""
    styles = list(dict.fromkeys(row.style for row in rows if row.idea))
    names = {row.emoji: row.names[0] for row in rows if row.idea}
    critic, judged, sure = train_critic(workdir, rows, styles, held_out)
    rng = random.Random(SEED)
    taught = {(row.emoji, row.style) for row in rows if row.idea}
    known = [pair for pair in itertools.product(names, styles) if pair in taught]
    fresh = [pair for pair in sorted(held_out.pairs) if pair[1] in styles and pair[0] in names]
    scores = [Score("real pictures, by their style", judged, 1, f"{sure:.0%} right")]
    for what, pairs in (("taught together", known), ("never seen together", fresh)):
        what = f"things in styles {what}"
        asked = rng.sample(pairs, min(len(pairs), amounts.prompts))
        if not asked:
            scores.append(Score(what, 0, 0, "nothing to ask"))
            continue
        questions = ask_styles(names, asked, rng)
        pictures = examiner.draw([one.prompt for one in questions], 1, what)
        right = _share_right(critic, pictures, styles, asked)
        scores += [
            Score(f"{what}, by style", len(asked), 1, f"{right:.0%} right"),
            examiner.score(f"{what}, by caption among 100", pictures, questions, 1),
        ]
    for share, what in REDRAWN_SHARES.items():
        asked = rng.sample(known, min(len(known), 2 * amounts.prompts))
        pictures = _draw_anew(workdir, examiner.pipeline, rows, names, asked, share)
        right = _share_right(critic, pictures, styles, asked)
        what = f"real pictures of which only {what} of the steps is drawn, by style"
        scores.append(Score(what, len(asked), 1, f"{right:.0%} right"))
    return scores


def _share_right(
    critic: Critic, pictures: list[Image.Image], styles: list[str], asked: list[tuple[str, str]]
) -> float:
    """The share of pictures whose style the critic recognises."""
    wanted = torch.tensor([styles.index(style) for _, style in asked])
    return (critic.judge(to_pixels(pictures, PIXELS)) == wanted).float().mean().item()


def _draw_anew(
    workdir: Path,
    pipeline: Any,
    rows: list[DatasetRow],
    names: dict[str, str],
    asked: list[tuple[str, str]],
    share: float,
) -> list[Image.Image]:
    """Redraw only the last steps of real pictures, to see whether the style gets lost there."""
    places = {(row.emoji, row.style): index for index, row in enumerate(rows) if row.idea}
    drawings = np.load(workdir / "pictures.npy", mmap_mode="r")
    plain = [compose(drawings, alone(places[pair]), {places[pair]: None}) for pair in asked]
    prompts = [in_style(names[emoji], style) for emoji, style in asked]
    latents = encode(pipeline.vae, np.stack(plain))
    return draw_anew(pipeline, latents, prompts, share, list(range(len(prompts))))


def ask_tower(workdir: Path, rows: list[DatasetRow], held_out: HeldOut, count: int) -> list[Score]:
    """Whether the released image tower finds the captions of unseen pictures, and synonyms that no
    caption has."""
    tower = CLIPVisionModelWithProjection.from_pretrained(workdir / "image_encoder").eval()
    examinee = Evaluator(tower, lambda texts: read_with(workdir, texts))
    rng = random.Random(SEED)
    back = _held_back(rows, held_out) or list(range(len(rows)))
    pictures = compose_pairs(workdir / "pictures.npy", rows, back, count, SEED + 5)
    captions = [Question(one, one, among(one, pictures.captions, rng)) for one in pictures.captions]
    scores = []
    for what, (images, questions) in {
        "held out, by their captions": (_as_images(pictures), captions),
        "of things, by synonyms no caption has": pictures_by_synonym(workdir, rows, rng),
    }.items():
        result = "nothing to ask"
        if questions:
            places = np.array(examinee.rank(images, questions))
            result = ", ".join(
                f"{np.mean(places < r):.0%} {word}" for r, word in RANK_WORDS.items()
            )
        what = f"the image tower on real pictures {what}, among 100"
        scores.append(Score(what, len(questions), 1, result))
    return scores


def pictures_by_synonym(
    workdir: Path, rows: list[DatasetRow], rng: random.Random
) -> tuple[list[Image.Image], list[Question]]:
    """Real pictures of each thing that has a synonym, with that synonym as the answer among the
    names of other things."""
    drawings = np.load(workdir / "pictures.npy", mmap_mode="r")
    taught = [row for row in rows if row.idea]
    names = list(dict.fromkeys(row.names[0] for row in taught))
    images, questions = [], []
    for one in ask_synonyms(taught, names, words_said(rows), rng):
        others = (choice for choice in one.choices if choice != one.answer)
        question = Question(one.prompt, one.prompt, (one.prompt, *others))
        for index, row in enumerate(rows):
            if row.idea and with_article(row.names[0]) == one.answer:
                images.append(Image.fromarray(compose(drawings, alone(index), {index: None})))
                questions.append(question)
    return images, questions


def words_said(rows: list[DatasetRow]) -> set[str]:
    """All names and tags that captions use."""
    return {word for row in rows if row.weight > 0 for word in (*row.names, *row.tags)}


def _hues_of_taught(workdir: Path, rows: list[DatasetRow]) -> dict[int, float | None]:
    """The main hues of all drawings that a U-Net may have been trained on."""
    chosen = [index for index, row in enumerate(rows) if row.weight > 0]
    return read_hues(np.load(workdir / "pictures.npy", mmap_mode="r"), chosen)


def _write_captions(
    rows: list[DatasetRow], hues: dict[int, float | None], rng: random.Random
) -> list[str]:
    """Captions of compositions that the U-Net is trained on, kept back or not."""
    taught = [index for index, row in enumerate(rows) if row.idea]
    hues = {index: hues[index] for index in taught}
    plans = [plan(index, rows, hues, rng) for index in rng.choices(taught, k=CAPTIONS)]
    return [any_caption_of(one, rows, rng) for one in plans]


def _held_back(rows: list[DatasetRow], held_out: HeldOut) -> list[int]:
    return [i for i, row in enumerate(rows) if (row.emoji, row.style) in held_out.pairs]


def _as_images(pairs: Pairs) -> list[Image.Image]:
    return [Image.fromarray(one.permute(1, 2, 0).numpy()) for one in pairs.pictures]


def _compare_with_real(
    workdir: Path,
    examiner: Examiner,
    rows: list[DatasetRow],
    indices: list[int],
    held_out: HeldOut,
    amounts: EvaluationSize,
    tiny: bool,
) -> list[Score]:
    """The distance of all drawings from held-out pictures, and whether they are copies."""
    trained = [i for i in indices if (rows[i].emoji, rows[i].style) not in held_out.pairs]
    back = _held_back(rows, held_out) or trained
    drawings = workdir / "pictures.npy"
    fresh = compose_pairs(drawings, rows, back, amounts.real, SEED + 2, calm=True)
    known = compose_pairs(drawings, rows, trained, amounts.real * 10, SEED + 3, calm=True)
    drawn = nearest(to_pixels(examiner.drawn), known.pictures)
    others = nearest(fresh.pictures, known.pictures)
    copies = (drawn < 0.5 * others.median()).float().mean().item()
    scores = [
        Score(
            "distance to the nearest training picture, drawn against held out",
            len(drawn),
            1,
            f"{drawn.median():.3f} against {others.median():.3f}; {copies:.0%} nearer than half",
        )
    ]
    network = None if tiny else inception()
    if network is None:
        return [*scores, Score("FID", 0, 0, "not measured: install darkroom[fid]")]
    distance = frechet(features(network, examiner.drawn), features(network, _as_images(fresh)))
    return [*scores, Score("FID against held-out pictures", len(drawn), 1, f"{distance:.0f}")]
