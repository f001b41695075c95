"""Markdown tables, and writing them between two marks of a document."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from diffusion.nn.devices import device_name


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; every column but the first is aligned to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def circumstances(device: torch.device, rounds: int) -> str:
    """One line about the device, the versions and the load of the measurement."""
    where = device_name(device)
    if device.type == "cpu":
        where += f", {torch.get_num_threads()} threads"
    # Our own threads are part of the load average.
    others = max(0.0, os.getloadavg()[0] - torch.get_num_threads())
    rounds_said = "1 round" if rounds == 1 else f"medians of {rounds} rounds"
    busy = f", while {others:.0f} others wanted the cores" if others >= 1 else ""
    return f"{where}, torch {torch.__version__}; {rounds_said}{busy}"


def numbers_of(document: Path, place: str, row: str) -> dict[str, float]:
    """The numbers in a row of the table between two marks, by their columns.

    `row` is what its first column says. Exits where there is no such row.
    """
    text = document.read_text(encoding="utf-8")
    written = text.partition(f"<!-- {place} -->")[2].partition(f"<!-- end of {place} -->")[0]
    lines = [line.strip("| ").split(" | ") for line in written.splitlines() if "|" in line]
    found = next((line for line in lines if line[0] == row), None)
    if found is None:
        raise SystemExit(f"{document} has no row “{row}” at “{place}”.")
    pairs = zip(lines[0], found, strict=True)
    return {name: float(cell) for name, cell in pairs if cell.replace(".", "", 1).isdigit()}


def publish(tables: Mapping[str, str], document: Path, *, writing: bool) -> None:
    """Print tables by their places, and if so wanted write them there. Exits without marks."""
    for place, text in tables.items():
        print(f"{place}\n\n{text}\n")
        if writing:
            write(document, place, text)


def write(document: Path, place: str, text: str) -> None:
    """Replace the text between the two marks of `place` in the document. Exits without marks."""
    begin, end = f"<!-- {place} -->", f"<!-- end of {place} -->"
    whole = document.read_text(encoding="utf-8")
    if whole.count(begin) != 1 or whole.count(end) != 1:
        raise SystemExit(f"{document} needs the marks “{begin}” and “{end}”, once each.")
    before, rest = whole.split(begin)
    after = rest.split(end)[1]
    document.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
