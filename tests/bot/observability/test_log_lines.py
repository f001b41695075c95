"""The logs of the real processes: one format, the same job in bot and engine, no secret."""

import json
from pathlib import Path
from typing import Any

from playground.testing.member import Member
from tests.support.bot.job_messages import finished, job_id_of
from tests.support.processes import RunningProcess, environment


def lines_of(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


async def test_all_processes_log_json_and_name_the_job(tiny_model: Path, tmp_path: Path) -> None:
    settings = {**environment(tmp_path, tiny_model), "DARKROOM_LOG_FORMAT": "json"}
    settings["INFERENCE_API_KEY"] = "battery-staple"
    async with RunningProcess("-m", "bot", environment=settings) as darkroom:
        url = (await darkroom.printed(r"Darkroom is ready. Open (http://127.0.0.1:\d+) "))[1]
        async with Member(url, "Ada") as ada:
            await ada.wait_for_command("imagine")
            grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox"))
            await darkroom.printed("Job shown")
        job = job_id_of(grid)
    # Also what was printed and is no log line: every line is an object with the same fields.
    lines = lines_of(darkroom.output)
    for line in lines:
        assert {"time", "level", "logger", "message"} <= set(line)
    of_job = [(line["process"], line["message"]) for line in lines if line.get("job") == job]
    assert ("bot", "Job ended: imagine, done") in of_job
    assert ("inference", "A request ended: finished") in of_job
    assert {line.get("process") for line in lines} == {None, "bot", "inference", "playground"}
    assert "battery-staple" not in darkroom.output


async def test_what_the_settings_lack_is_said_in_the_same_format(tmp_path: Path) -> None:
    wrong = {**environment(tmp_path, None), "DISCORD_TOKEN": "", "DARKROOM_LOG_FORMAT": "json"}
    async with RunningProcess("-m", "bot", "bot", environment=wrong) as bot:
        assert await bot.wait() == 78
    (line,) = lines_of(bot.output)
    assert line["level"] == "ERROR"
    assert "DISCORD_TOKEN" in line["message"]


async def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    wrong = {**environment(tmp_path, None), "DARKROOM_LOG_FORMAT": "xml"}
    async with RunningProcess("-m", "diffusion", environment=wrong) as engine:
        assert await engine.wait() == 78
    assert "DARKROOM_LOG_FORMAT must be text or json" in engine.output
    async with RunningProcess("-m", "bot", "bot", environment=wrong) as bot:
        assert await bot.wait() == 78
    assert "DARKROOM_LOG_FORMAT" in bot.output
