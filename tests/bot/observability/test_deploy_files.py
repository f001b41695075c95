"""What `deploy/` has for those who watch and run Darkroom, held against what really is there."""

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from bot.client import DarkroomBot
from playground.testing.member import Member
from tests.support.bot.job_messages import finished

ROOT = Path(__file__).parents[3]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana" / "darkroom.json").read_text())

SELECTED = re.compile(r"(darkroom_\w+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"\bby \(([^)]*)\)")
OF_PROMETHEUS = {"instance", "job"}
"""Labels that Prometheus itself gives to all that it reads."""


def expressions() -> list[str]:
    panels = [target["expr"] for one in DASHBOARD["panels"] for target in one.get("targets", ())]
    variables = [
        one["query"]["query"] for one in DASHBOARD["templating"]["list"] if one["type"] == "query"
    ]
    return [*panels, *variables]


def labels_by_name(text: str) -> dict[str, set[str]]:
    """The labels that the samples of each name have."""
    found: dict[str, set[str]] = defaultdict(set)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name] |= set(sample.labels)
    return found


async def test_the_dashboard_asks_only_for_what_is_there(
    bot: DarkroomBot, ada: Member, inference_url: str
) -> None:
    await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --q .25"))
    text = (await bot.figures.text()).decode()
    async with ClientSession() as session, session.get(inference_url + "/metrics") as response:
        text += await response.text()
    there = labels_by_name(text)
    asked = expressions()
    assert len(asked) > 20
    for expression in asked:
        names = SELECTED.findall(expression)
        assert names, expression
        known = set(OF_PROMETHEUS)
        for name, selector in names:
            assert name in there, f"{name} is no metric of ours"
            known |= there[name]
            used = set(re.findall(r'(\w+)\s*=~?\s*"', selector))
            assert used <= there[name] | OF_PROMETHEUS, expression
        for grouped in GROUPED.findall(expression):
            assert set(re.split(r"\W+", grouped)) <= known, expression


def test_the_dashboards_panels_fit_and_take_any_prometheus() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
    identifiers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = (ROOT / "deploy" / "systemd" / "darkroom.service").read_text()
    command = "/opt/darkroom/.venv/bin/darkroom"
    assert f"\nExecStart={command}\n" in unit
    # It wants a command that is there.
    file = tmp_path / "darkroom.service"
    file.write_text(unit.replace(f"ExecStart={command}", f"ExecStart={sys.executable}"))
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    about_it = [line for line in said.stderr.splitlines() if "darkroom.service" in line]
    assert (said.returncode, about_it) == (0, [])


def test_the_unit_knows_the_exit_code_of_wrong_settings() -> None:
    unit = (ROOT / "deploy" / "systemd" / "darkroom.service").read_text()
    assert "RestartPreventExitStatus=78" in unit
