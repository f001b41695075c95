"""The documents say what the code does: settings, parameters, commands, the file tree."""

import re
import subprocess
import sys
from pathlib import Path

from bot.config import Settings
from bot.i18n.texts import say
from bot.prompts.parameters import PARAMETERS

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


def paths_in_the_tree() -> list[str]:
    """Every line of README's tree as a path: how far it is indented says what folder it is in."""
    tree = README.split("## What is where")[1].split("```")[1]
    folders: list[str] = []
    paths = []
    for line in tree.strip().splitlines():
        indent, name = re.fullmatch(r"( *)(\S+) +\S.*", line).groups()  # type: ignore[union-attr]
        folders = folders[: len(indent) // 2]
        assert len(indent) == 2 * len(folders), f"{name} is indented deeper than its folder"
        paths.append("/".join([*folders, name.rstrip("/")]))
        if name.endswith("/"):
            folders.append(name.rstrip("/"))
    return paths


def test_readme_shows_every_file_of_the_rooms_in_its_folder_and_no_other() -> None:
    files = {
        str(file.relative_to(ROOT))
        for room in ("bot", "diffusion", "storage", "playground")
        for file in (ROOT / room).rglob("*.py")
        if not file.name.startswith("__init__")
        and file.relative_to(ROOT / room).parts[0] not in ("migrations", "training")
    }
    shown = paths_in_the_tree()
    assert sorted(shown) == sorted(set(shown)), "something is there twice"
    assert {path for path in shown if path.endswith(".py")} == files
    assert all((ROOT / path).exists() for path in shown)


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
