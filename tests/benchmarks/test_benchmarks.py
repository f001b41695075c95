"""What the benchmark makes of its measurements, and a rehearsal; measuring is `make bench`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from benchmarks import __main__ as measuring
from benchmarks.__main__ import (
    DOCUMENT,
    PEAK_TFLOPS,
    on_random_weights,
    requests,
    shares_of_the_ceiling,
)
from benchmarks.figures import Timing, median
from benchmarks.models import Model
from benchmarks.report import table, write

ROOT = Path(__file__).parents[2]


def test_a_round_says_when_requests_were_done() -> None:
    timing = Timing(done=(4.0, 1.0, 3.0, 2.0), shown=(0.5, 1.5, 1.0, 1.0), pictures=4)
    assert (timing.total, timing.mean, timing.p95) == (4.0, 2.5, 4.0)
    assert (timing.preview, timing.rate) == (1.0, 1.0)
    hundred = Timing(tuple(float(second) for second in range(1, 101)), (1.0,), 100)
    assert hundred.p95 == 95


def test_medians_forgive_a_busy_round() -> None:
    rounds = [Timing((seconds,), (1.0,), 1) for seconds in (1.0, 9.0, 2.0)]
    assert median(rounds, lambda timing: timing.total) == 2.0


def test_requests_at_once_differ_and_every_turn_has_new_prompts() -> None:
    one, two = requests(128, 20, 8, 1, 0), requests(128, 20, 8, 1, 1)
    assert {request.steps for request in one} == {16, 20, 24, 28}
    assert len({request.guidance_scale for request in one}) == 3
    assert not {request.prompt for request in one} & {request.prompt for request in two}


def test_a_table_goes_to_its_place_and_nowhere_else(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text("before\n<!-- here -->\nold\n<!-- end of here -->\nafter\n")
    for _ in range(2):
        write(document, "here", table(["a", "b"], [["1", "2"]]))
    assert document.read_text() == (
        "before\n<!-- here -->\n| a | b |\n| --- | ---: |\n| 1 | 2 |\n<!-- end of here -->\nafter\n"
    )
    with pytest.raises(SystemExit, match="end of there"):
        write(document, "there", "")


@pytest.mark.parametrize("place", ["on a CPU", "on a GPU"])
def test_the_document_has_the_places(place: str, tmp_path: Path) -> None:
    copy = tmp_path / "performance.md"
    copy.write_text((ROOT / DOCUMENT).read_text())
    write(copy, place, "figures")
    assert "figures" in copy.read_text()


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Two that share busy cores with others mostly wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# diffusers' own schedulers and numpy disagree over a keyword.
@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("name", ["sd15-reduced", "sdxl-reduced"])
@pytest.mark.slow
def test_what_is_measured_on_a_gpu_is_rehearsed_with_few_numbers(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "WARM_UP_ROUNDS", 0)  # nobody reads these figures
    text = on_random_weights([name], torch.device("cpu"), rounds=1, compiled=False)
    assert torch.__version__ in text
    rows = [line for line in text.splitlines() if line.startswith("| 8 at once, pictures a second")]
    assert [float(cell.strip(" ×")) > 0 for cell in rows[0].split("|")[2:-1]] == [True] * 3
    assert "| t(B) by rows | 1 | 2 | 4 | 8 | 16 |" in text


def test_the_share_of_the_ceiling_counts_rows_and_pictures() -> None:
    model = Model("a model", 512, 20, step=2.0, decode=5.0)
    taken = {"ours": [Timing((10.0,), (1.0,), 8)], "other": [Timing((20.0,), (1.0,), 8)]}
    # Eight of 16, 20, 24 and 28 steps, two rows each, and eight pictures.
    tera = 2 * (16 + 20 + 24 + 28) * 2 * 2.0 + 8 * 5.0
    assert shares_of_the_ceiling(model, taken) == (
        f"8 at once are {tera:.0f} TFLOP; of {PEAK_TFLOPS:.0f} TFLOP/s: "
        f"ours {tera / 10 / PEAK_TFLOPS:.0%}, other {tera / 20 / PEAK_TFLOPS:.0%}."
    )
