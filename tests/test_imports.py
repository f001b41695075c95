"""Which folders may import which, and that the bot's process never loads torch."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from diffusion.environment import DEFAULTS

ROOT = Path(__file__).parent.parent


def test_no_room_imports_what_it_must_not() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_every_folder_with_modules_has_its_layers() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layered = {
        container
        for contract in settings["contracts"]
        if contract["type"] == "layers" and contract["exhaustive"]
        for container in contract["containers"]
    }
    folders = {
        ".".join(module.parent.relative_to(ROOT).parts)
        for room in ("bot", "classifier", "diffusion", "storage", "playground")
        for module in (ROOT / room).rglob("*.py")
        if module.name != "__init__.py" and (module.parent / "__init__.py").exists()
    }
    assert layered == folders


def test_importing_the_bot_never_imports_torch() -> None:
    script = (
        "import sys, bot.__main__, bot.cli.run_bot, playground.__main__; "
        "print(*sorted({'torch', 'diffusers', 'transformers'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == ""


def test_what_starts_everything_loads_only_what_it_needs_itself() -> None:
    """The processes that it starts wait for its imports."""
    script = (
        "import sys, bot.__main__; "
        "heavy = {'discord', 'bot.client', 'prometheus_client', 'sqlalchemy', 'PIL'}; "
        "print(*sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == ""


def test_importing_the_client_leaves_the_environment_as_it_was() -> None:
    script = (
        "import os; before = dict(os.environ); "
        "import diffusion.protocol.client, diffusion.decoding.decoder, bot.__main__; "
        "print(*sorted(set(os.environ.items()) ^ set(before.items())))"
    )
    result = _with_nothing_set(script)
    assert result.stdout.strip() == ""


def test_the_inference_process_says_how_threads_wait_before_torch_is_there() -> None:
    script = """
import os, sys
from diffusion import __main__

class Before:
    def find_spec(self, name, *_):
        if name == "torch":
            print(os.environ["OMP_WAIT_POLICY"], os.environ["CUBLAS_WORKSPACE_CONFIG"])

sys.meta_path.insert(0, Before())
sys.argv = ["diffusion", "--help"]
__main__.main()
"""
    said = _with_nothing_set(script).stdout
    assert said.startswith("PASSIVE :4096:8\nusage: python -m diffusion")


def _with_nothing_set(script: str) -> subprocess.CompletedProcess[str]:
    """Run Python without the variables that this process has set for torch."""
    environment = {name: value for name, value in os.environ.items() if name not in DEFAULTS}
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
