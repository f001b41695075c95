"""The documents say what the code does: settings, parameters, commands, folders."""

import re
import subprocess
import sys
from pathlib import Path

from bot.config import Settings
from bot.i18n.texts import say
from bot.prompts.parameters import PARAMETERS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
DOTTED = re.compile(
    r"`((?:bot|diffusion|storage|playground)(?!\.(?:url|requests|violations)\b)(?:\.\w+)+)`"
)
"""Modules and what they define; `playground.url` and the like belong to a running `Playground`."""


def environment_names() -> set[str]:
    return {
        str(getattr(field.validation_alias, "choices", [name.upper()])[0])
        for name, field in Settings.model_fields.items()
    }


def test_readme_lists_every_setting_and_no_other() -> None:
    table = README.split("## Settings")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `([A-Z0-9_]+)` \|", table, re.MULTILINE)) == environment_names()


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


def listed_folders() -> list[str]:
    """The folders in the tree of docs/architecture.md: the indent says which folder it is in."""
    document = (ROOT / "docs" / "architecture.md").read_text()
    tree = document.split("## Folders")[1].split("```")[1]
    parents: list[str] = []
    folders = []
    for line in tree.strip().splitlines():
        indent, name = re.fullmatch(r"( *)(\S+)/ +\S.*", line).groups()  # type: ignore[union-attr]
        parents = parents[: len(indent) // 2]
        assert len(indent) == 2 * len(parents), f"{name} is indented deeper than its folder"
        parents.append(name)
        folders.append("/".join(parents))
    return folders


def test_architecture_lists_every_folder_with_code_and_no_other() -> None:
    with_code = {
        str(file.parent.relative_to(ROOT))
        for room in ("bot", "classifier", "diffusion", "storage", "playground")
        for file in (ROOT / room).rglob("*.py")
    }
    listed = listed_folders()
    assert sorted(listed) == sorted(set(listed)), "something is there twice"
    assert with_code <= set(listed)
    assert all((ROOT / folder).is_dir() for folder in listed)


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


def test_modules_and_files_named_in_documents_exist() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        text = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
        for named in DOTTED.findall(text):
            assert is_defined(named), f"{document.name} names {named}"
        for path in re.findall(
            r"`((?:bot|diffusion|storage|playground|tests|docs)/[\w/.]+)`", text
        ):
            assert (ROOT / path).exists(), f"{document.name} names {path}"


def is_defined(named: str) -> bool:
    """Whether a dotted name is a module or package of ours, or something that one defines."""
    parent = ROOT
    for number, part in enumerate(parts := named.split("."), start=1):
        if (parent / part).is_dir():
            parent /= part
            continue
        module = parent / f"{part}.py"
        # What a package offers stands in its `__init__`.
        file, rest = (
            (module, parts[number:]) if module.exists() else (parent / "__init__.py", [part])
        )
        source = file.read_text() if file.exists() else ""
        return all(re.search(rf"\b{name}\b", source) for name in rest)
    return True
