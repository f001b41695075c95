"""The documents say what the code does: settings, parameters, commands, the file tree."""

import re
import subprocess
import sys
from pathlib import Path

from bot.config import Settings
from bot.parameters import PARAMETERS
from bot.texts import say

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def environment_names() -> set[str]:
    return {
        str(getattr(field.validation_alias, "choices", [name.upper()])[0])
        for name, field in Settings.model_fields.items()
    }


def test_readme_lists_every_setting_and_no_other() -> None:
    table = README.split("## Settings")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE)) == environment_names()


def test_readme_says_what_each_setting_means() -> None:
    for field in Settings.model_fields.values():
        assert field.description
        assert field.description in README


def test_parameters_are_documented_row_by_row() -> None:
    document = (ROOT / "docs" / "parameters.md").read_text()
    for parameter in PARAMETERS:
        flags = ", ".join(f"`--{flag}`" for flag in parameter.flags)
        words = (parameter.allowed, parameter.default_shown, parameter.meaning)
        row = f"| {flags} | {' | '.join(map(say, words))} |"
        assert row in document


def test_readme_shows_every_file_of_the_rooms() -> None:
    tree = README.split("## What is where")[1].split("\n## ")[0]
    for room in ("bot", "diffusion", "storage", "playground"):
        branch = re.split(r"^\S", tree.split(f"\n{room}/")[1], maxsplit=1, flags=re.MULTILINE)[0]
        for file in (ROOT / room).rglob("*.py"):
            relative = file.relative_to(ROOT / room)
            if file.name.startswith("__init__") or relative.parts[0] in ("migrations", "training"):
                continue
            assert f" {file.name} " in branch, f"{room}/{relative} is missing from README's tree"


def test_readme_lists_every_command_and_no_other() -> None:
    table = README.split("## Commands")[1].split("\n## ")[0]
    listed = set(re.findall(r"^\| `darkroom ([a-z]+)", table, re.MULTILINE))
    helped = subprocess.run(
        [sys.executable, "-m", "bot", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert listed == set(re.findall(r"^    ([a-z]+)(?: |$)", helped.stdout, re.MULTILINE))


def test_links_between_documents_lead_somewhere() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
