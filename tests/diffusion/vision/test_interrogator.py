"""Words for pictures and weights of words, with a tiny image tower of random weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import CLIPTextModel, CLIPTokenizer

from diffusion.loading.load import CheckpointError
from diffusion.vision.function_words import function_words
from diffusion.vision.interrogator import (
    MAX_FUNCTION_WEIGHT,
    Interrogator,
    load_interrogator,
)
from tests.support.models.tiny_model import PHRASES, WIDTH, build_tiny_eye

CPU = torch.device("cpu")
MINI = Path(__file__).parents[3] / "diffusion" / "mini"


def read(folder: Path, beside: Path) -> Interrogator:
    """The describer of `folder`, with the text tower of the tiny model in `beside`."""
    tokenizer = CLIPTokenizer.from_pretrained(beside / "tokenizer")
    text_tower = CLIPTextModel.from_pretrained(beside / "text_encoder").eval()
    return load_interrogator(folder, tokenizer, text_tower, CPU)


@pytest.fixture(scope="module")
def seeing(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Interrogator:
    folder = tmp_path_factory.mktemp("seeing")
    build_tiny_eye(folder)
    return read(folder, tiny_folder)


def picture(size: tuple[int, int] = (48, 48), seed: int = 0) -> Image.Image:
    """Noise, which a random tower tells from other noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def test_a_model_without_an_image_encoder_weighs_but_does_not_see(
    tiny_folder: Path, tmp_path: Path
) -> None:
    interrogator = read(tmp_path, tiny_folder)
    assert not interrogator.sees
    assert [word for word, _ in interrogator.weigh("a red fox")] == ["a", "red", "fox"]


def test_every_word_has_a_weight_and_the_heaviest_has_one(seeing: Interrogator) -> None:
    weights = seeing.weigh("  an   owl, in the snow, owl ")
    assert [word for word, _ in weights] == ["an", "owl,", "in", "the", "snow,", "owl"]
    assert all(0 <= weight <= 1 for _, weight in weights)
    assert max(weight for _, weight in weights) == 1
    assert weights == seeing.weigh("an owl, in the snow, owl")


@pytest.fixture(scope="module")
def embedded() -> Interrogator:
    """The interrogator of the model that Darkroom comes with."""
    return read(MINI, MINI)


PROMPTS = (
    "a cat and a dog",
    "a small red fox, and an owl, AND the (and:1.3) moon",
    "the house in the snow with a tree and the sun",
    "it is a castle by the sea, and it is old",
    "ein roter Fuchs und eine Eule in dem Schnee",
    "die Katze und der Hund, und eine Maus",
    "ein Haus für den Hund, von oben",
)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_function_words_weigh_less_than_any_other_word(embedded: Interrogator, prompt: str) -> None:
    """Of “a cat and a dog”, “and” counted most by far."""
    weights = embedded.weigh(prompt)
    is_function_word = function_words([word for word, _ in weights])
    light = [
        weight for (_, weight), is_one in zip(weights, is_function_word, strict=True) if is_one
    ]
    heavy = [
        weight for (_, weight), is_one in zip(weights, is_function_word, strict=True) if not is_one
    ]
    assert len(light) > 1
    assert max(light) < min(heavy)
    assert max(heavy) == 1
    assert max(light) <= MAX_FUNCTION_WEIGHT


def test_function_words_alone_are_compared_with_each_other(embedded: Interrogator) -> None:
    assert max(weight for _, weight in embedded.weigh("to be or that")) == 1


def test_words_that_show_something_are_no_function_words() -> None:
    """Also where they look like function words of the other language."""

    def found_in(prompt: str) -> list[str]:
        words = prompt.split()
        are_function_words = function_words(words)
        return [word for word, is_one in zip(words, are_function_words, strict=True) if is_one]

    assert found_in("fox den, man with hat, war, mine, can") == ["with"]
    assert found_in("no people under two trees") == []
    assert found_in("Der Mann hat den Fuchs, die Eule") == ["Der", "hat", "den", "die"]


def test_reading_leaves_other_readers_of_the_tokenizer_alone(tiny_folder: Path) -> None:
    """To cut and to pad is remembered by a tokenizer, and prompts of pictures are read by it too,
    in other threads."""
    tokenizer = CLIPTokenizer.from_pretrained(tiny_folder / "tokenizer")
    text_tower = CLIPTextModel.from_pretrained(tiny_folder / "text_encoder").eval()
    interrogator = load_interrogator(tiny_folder, tokenizer, text_tower, CPU)
    interrogator.read(["a red fox", "an owl"])
    assert tokenizer.backend_tokenizer.truncation is None
    assert tokenizer.backend_tokenizer.padding is None


@pytest.mark.parametrize(("prompt", "expected"), [("", ()), ("  ", ()), ("owl", (("owl", 1.0),))])
def test_there_is_nothing_to_compare(
    seeing: Interrogator, prompt: str, expected: tuple[tuple[str, float], ...]
) -> None:
    assert seeing.weigh(prompt) == expected


def test_words_that_the_tower_does_not_reach_weigh_nothing(seeing: Interrogator) -> None:
    # The tiny tokenizer spells: 32 tokens are 30 letters.
    weights = seeing.weigh("abcdefghijklmno pqrstuvwxyzabcde lost words")
    assert [weight for _, weight in weights][2:] == [0, 0]


def test_a_picture_gets_four_different_prompts_of_known_phrases(seeing: Interrogator) -> None:
    prompts = seeing.describe(picture())
    assert len(set(prompts)) == 4
    for prompt in prompts:
        subject, style, *ground = prompt.split(", ")
        article, *colour, _ = subject.replace("red heart", "heart").split()
        assert article in ("a", "an")
        assert style in PHRASES["styles"]
        assert ground in ([], PHRASES["grounds"])
        assert colour in ([], ["red"], ["blue"])
    first, second, *others = (prompt.split(", ")[0].split()[-1] for prompt in prompts)
    assert first == second
    assert len({first, *others}) == 3


def test_the_likeliest_thing_comes_first(seeing: Interrogator) -> None:
    one = picture(seed=3)
    assert seeing._eye is not None
    seen = seeing._eye.look([one])[0]
    nearness = seeing.read(["a fox", "an owl", "a car", "a red heart", "a house"]) @ seen
    likeliest = PHRASES["things"][int(nearness.argmax())]
    assert likeliest in seeing.describe(one)[0]


def test_the_middle_square_is_seen_and_transparency_is_white(seeing: Interrogator) -> None:
    assert seeing._eye is not None
    wide = Image.new("RGB", (90, 30), "red")
    wide.paste("blue", (30, 0, 60, 30))
    seen = seeing._eye.prepare(wide)
    assert seen.shape == (3, 32, 32)
    assert torch.equal(seen[:, 16, 16], torch.tensor([-1.0, -1.0, 1.0]))
    assert torch.equal(seeing._eye.prepare(Image.new("RGBA", (9, 9))), torch.ones(3, 32, 32))


def test_an_image_encoder_that_does_not_fit_is_refused(tmp_path: Path, tiny_folder: Path) -> None:
    build_tiny_eye(tmp_path, width=WIDTH * 2)
    with pytest.raises(CheckpointError, match=f"ends in {2 * WIDTH} dimensions"):
        read(tmp_path, tiny_folder)


def test_missing_weights_are_refused(tmp_path: Path, tiny_folder: Path) -> None:
    build_tiny_eye(tmp_path)
    config = tmp_path / "image_encoder" / "config.json"
    said = json.loads(config.read_text())
    config.write_text(json.dumps(said | {"num_hidden_layers": 2}))
    with pytest.raises(CheckpointError, match="do not fit their config"):
        read(tmp_path, tiny_folder)


@pytest.mark.parametrize("broken", ["preprocessor_config.json", "phrases.json", "config.json"])
def test_missing_files_are_refused(tmp_path: Path, tiny_folder: Path, broken: str) -> None:
    build_tiny_eye(tmp_path)
    (tmp_path / "image_encoder" / broken).unlink()
    with pytest.raises(CheckpointError, match="image_encoder"):
        read(tmp_path, tiny_folder)


def test_a_bank_without_enough_phrases_is_refused(tmp_path: Path, tiny_folder: Path) -> None:
    build_tiny_eye(tmp_path, things=["fox"])
    with pytest.raises(CheckpointError, match="too few phrases"):
        read(tmp_path, tiny_folder)
    shutil.rmtree(tmp_path / "image_encoder")
    assert not read(tmp_path, tiny_folder).sees
