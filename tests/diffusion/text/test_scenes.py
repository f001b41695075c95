"""Scenes: which prompts describe several things, and what is drawn for each."""

import pytest

from diffusion.text.scenes import names_background, read_scene


@pytest.mark.parametrize(
    ("prompt", "things"),
    [
        ("a fox next to a tree", ["a fox", "a tree"]),
        ("two owls", ["an owl", "an owl"]),
        ("Three red foxes, noto style", ["a red fox, noto style"] * 3),
        (
            "a cat and a dog on a blue background, 3d style",
            ["a cat on a blue background, 3d style", "a dog on a blue background, 3d style"],
        ),
        (
            "a cat, a dog and a bird, flat style",
            [f"a {n}, flat style" for n in ("cat", "dog", "bird")],
        ),
        ("two roses and a bee", ["a rose", "a rose", "a bee"]),
        ("two cats at night", ["a cat on a black background"] * 2),
        ("the fox near the  tree", ["the fox", "the tree"]),
    ],
)
def test_each_thing_becomes_a_prompt(prompt: str, things: list[str]) -> None:
    assert list(read_scene(prompt)) == things


@pytest.mark.parametrize(
    "prompt",
    [
        "a red fox",
        "a cat on a yellow background",
        "a cat, 3d style",
        "  a  cat ",
        "five cats",
        "two owls and three cats",
        "a cat with a hat and a scarf",
        "salt and pepper",
        "a knight at nightfall",
        "a snowman",
        "",
    ],
)
def test_other_prompts_stay_as_they_are(prompt: str) -> None:
    assert read_scene(prompt) == (prompt,)


@pytest.mark.parametrize(
    ("prompt", "seen"),
    [
        ("a fox in the snow", "a fox on a light blue background"),
        ("a fox on a snowy background", "a fox on a light blue background"),
        ("an owl at night, flat style", "an owl on a black background, flat style"),
        ("an owl on a night background", "an owl on a black background"),
        ("a sailboat at sunset", "a sailboat on a pink background"),
        ("a sailboat on a sunset background", "a sailboat on a pink background"),
    ],
)
def test_surroundings_are_a_background_of_their_colour(prompt: str, seen: str) -> None:
    assert read_scene(prompt) == (seen,)


@pytest.mark.parametrize("prompt", ["a cat on a red background", "a cat in the snow"])
def test_which_prompts_name_a_background(prompt: str) -> None:
    assert names_background(prompt)
    assert not names_background("a cat in a hat, 3d style")


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("foxes", "fox"),
        ("cherries", "cherry"),
        ("cookies", "cookie"),
        ("houses", "house"),
        ("octopuses", "octopus"),
        ("horses", "horse"),
        ("wine glasses", "wine glass"),
        ("mice", "mouse"),
        ("sheep", "sheep"),
        ("butterflies", "butterfly"),
    ],
)
def test_the_singular_of_what_is_counted(many: str, one: str) -> None:
    article = "an" if one[0] in "aeiou" else "a"
    assert read_scene(f"two {many}") == (f"{article} {one}",) * 2
