"""The exam asks what it says it asks, and the judges' arithmetic is right."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from diffusion.training.dataset.captions import HUES, is_kept_back
from diffusion.training.dataset.exam import (
    CHOICES,
    Question,
    ask_captions,
    ask_colours,
    ask_numbers,
    ask_styles,
    ask_synonyms,
    ask_things,
    ask_words,
)
from diffusion.training.dataset.held_out import HeldOut, read_held_out, write_held_out
from diffusion.training.dataset.prepare import DatasetRow
from diffusion.training.evaluation.judges import (
    Critic,
    Evaluator,
    frechet,
    nearest,
    read_hand,
    to_pixels,
)

NAMES = ["red fox", "cat", "dog", "owl", "car", "house", *(f"thing {i}" for i in range(120))]


def row(emoji: str, *names: str) -> DatasetRow:
    return DatasetRow("@set/one", "noto style", 1.0, emoji, names, (), True)


def test_things_are_asked_among_a_hundred() -> None:
    questions = ask_things(NAMES, random.Random(0))
    assert [one.prompt for one in questions][:4] == ["a red fox", "a cat", "a dog", "an owl"]
    for one in questions:
        assert one.answer == one.prompt
        assert len(set(one.choices)) == CHOICES
        assert one.answer in one.choices


def test_only_captions_that_are_kept_back_are_asked() -> None:
    written = ["a cat", *(f"a {colour} {name}, flat style" for colour in HUES for name in NAMES)]
    back = {one for one in written if is_kept_back(one)}
    assert 0 < len(back) < len(written) / 4
    asked = ask_captions([*written, *written], len(written), random.Random(0))
    assert sorted(one.prompt for one in asked) == sorted(back)
    assert all(set(one.choices) <= back for one in asked)


def test_colours_are_new_to_their_things_and_stand_among_the_other_colours() -> None:
    seen = {f"{colour} {name}" for name in NAMES for colour in HUES if colour != "blue"}
    asked = ask_colours(NAMES, seen, 20, random.Random(0))
    assert len(asked) == 20
    for one in asked:
        _, colour, *name = one.answer.split()
        assert colour == "blue"
        assert "fox" not in name  # its name has a colour already
        same = [choice for choice in one.choices if choice.endswith(" ".join(name))]
        assert len(same) == len(HUES)
        assert len(set(one.choices)) == len(one.choices) <= CHOICES


def test_synonyms_are_words_that_no_caption_has() -> None:
    rows = [row("🐶", "dog", "dog face"), row("🐱", "cat"), row("🚗", "car")]
    seen = {"feline", "dog"}
    asked = {one.prompt: one.answer for one in ask_synonyms(rows, NAMES, seen, random.Random(0))}
    assert asked["a canine"] == "a dog"
    assert asked["an automobile"] == "a car"
    assert "a feline" not in asked
    assert not any(answer == "a house" for answer in asked.values())  # no such idea is taught


def test_a_real_picture_is_to_be_found_by_a_synonym_and_not_by_its_name(tmp_path: Path) -> None:
    from diffusion.training.evaluation.evaluate import pictures_by_synonym

    rows = [row("🐶", "dog"), row("🚗", "car"), row("🐶", "dog", "hound")]
    rows[1] = replace(rows[1], tags=("sedan",))
    solid = np.zeros((3, 128, 128, 4), dtype=np.uint8)
    solid[...] = [[[[0, 0, 255, 255]]], [[[255, 0, 0, 255]]], [[[0, 255, 0, 255]]]]
    np.save(tmp_path / "pictures.npy", solid)
    images, questions = pictures_by_synonym(tmp_path, rows, random.Random(0))
    shown: dict[str, set[object]] = {}
    for image, one in zip(images, questions, strict=True):
        shown.setdefault(one.answer, set()).add(image.getpixel((64, 64)))
        assert one.answer in one.choices
        assert not {"a hound", "a sedan"} & set(one.choices)
    assert shown["a canine"] == {(0, 0, 255), (0, 255, 0)}
    assert shown["an automobile"] == {(255, 0, 0)}
    canine = next(one for one in questions if one.answer == "a canine")
    assert canine.choices == ("a canine", "a car")


def test_numbers_and_styles() -> None:
    numbers = ask_numbers(["fox", "cherry"], 2, random.Random(1))
    assert sorted(len(one.choices) for one in numbers) == [4, 4]
    assert {"one fox", "two foxes"} <= {c for one in numbers for c in one.choices}
    assert {"one cherry", "two cherries"} <= {c for one in numbers for c in one.choices}
    names = {"🐶": "dog", "🐱": "cat"}
    (question,) = ask_styles(names, [("🐱", "3d style")], random.Random(0))
    assert question.prompt == question.answer == "a cat, 3d style"
    assert "a dog, 3d style" in question.choices


def test_held_out_pairs_are_read_where_there_are_any(tmp_path: Path) -> None:
    assert not read_held_out(tmp_path).pairs
    noted = {"pairs": [["🐶", "3d style"]], "words": []}
    (tmp_path / "held_out.json").write_text(json.dumps(noted))
    assert read_held_out(tmp_path).pairs == {("🐶", "3d style")}
    more = HeldOut(frozenset({("🐶", "3d style")}), (("reynard", "red fox"),))
    write_held_out(tmp_path, more)
    assert read_held_out(tmp_path) == more


class ByColour(torch.nn.Module):
    """A tower that sees the mean of red and of blue."""

    def forward(self, pixels: torch.Tensor) -> ByColour:
        self.image_embeds = pixels.mean((2, 3))[:, [0, 2]] + 1
        return self


def test_the_evaluator_ranks_by_nearness() -> None:
    vectors = {"red": [1.0, 0.0], "blue": [0.0, 1.0], "both": [0.7, 0.7]}
    evaluator = Evaluator(ByColour(), lambda texts: torch.tensor([vectors[t] for t in texts]))
    by_answer = {one: Question(one, one, tuple(vectors)) for one in vectors}
    pictures = [Image.new("RGB", (9, 9), "red"), Image.new("RGB", (9, 9), "blue")]
    assert evaluator.rank(pictures, [by_answer["red"], by_answer["blue"]]) == [0, 0]
    assert evaluator.rank(pictures, [by_answer["blue"], by_answer["red"]]) == [2, 2]


def test_frechet_distance_of_clouds_whose_distance_is_known() -> None:
    cloud = torch.randn(300, 20, generator=torch.Generator().manual_seed(0)).double()
    assert frechet(cloud, cloud) == pytest.approx(0, abs=1e-9)
    assert frechet(cloud, cloud + 3) == pytest.approx(9 * 20)
    # Spread twice as far the root is 2·S, and S + 4·S - 2·2·S is S.
    centred = cloud - cloud.mean(0)
    assert frechet(centred, 2 * centred) == pytest.approx(float(cloud.var(0).sum()))


def test_the_nearest_picture_is_found() -> None:
    grey, black, white = (Image.new("RGB", (40, 40), c) for c in ("#808080", "black", "white"))
    found = nearest(to_pixels([grey, white]), to_pixels([black, white]))
    assert found.tolist() == pytest.approx([127 / 255, 0], abs=1e-4)


def test_the_critic_knows_a_hand_by_its_colours_and_by_its_shading() -> None:
    """Things of any shape: two styles share one colour, and only one of them shades."""

    def draw(style: int, side: int) -> torch.Tensor:
        picture = torch.full((3, 64, 64), 255.0)
        colour = torch.tensor([(200.0, 60, 60), (200.0, 60, 60), (60.0, 60, 200)][style])
        patch = colour[:, None, None].expand(3, side, 40).clone()
        if style == 1:
            patch -= torch.linspace(0, 30, side)[None, :, None]
        picture[:, 10 : 10 + side, 10:50] = patch
        return picture.byte()

    styles = torch.arange(3).repeat(6)
    taught = torch.stack([draw(int(s), 8 + 2 * i) for i, s in enumerate(styles)])
    critic = Critic(taught, styles)
    others = torch.stack([draw(style, 45) for style in range(3)])
    assert critic.judge(others).tolist() == [0, 1, 2]
    # How much ground there is says nothing of the hand.
    wide = torch.full((3, 3, 64, 128), 255, dtype=torch.uint8)
    wide[..., :64] = others
    assert torch.allclose(read_hand(wide), read_hand(others), atol=0.02)


def test_words_in_captions_are_not_asked() -> None:
    words = [("canine", "dog"), ("pooch", "dog"), ("hot rod", "car"), ("gnome", "dwarf")]
    asked = ask_words(words, NAMES, {"pooch", "flat style"}, random.Random(0))
    assert [(one.prompt, one.answer) for one in asked] == [
        ("a canine", "a dog"),
        ("a hot rod", "a car"),
    ]
    assert all(len(set(one.choices)) == CHOICES for one in asked)
