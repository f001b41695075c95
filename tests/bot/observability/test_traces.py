"""Traces from the interaction to the picture, received as a collector receives them."""

import subprocess
import sys
from pathlib import Path

from playground.testing.member import Member
from tests.support.bot.job_messages import finished, job_id_of
from tests.support.otlp import ReceivedSpan, receiving
from tests.support.processes import ROOT, RunningProcess, environment

BOT = {"job", "interaction", "queue wait", "claim", "generate", "store", "post"}
ENGINE = {"request", "queue", "steps", "decode"}


async def test_one_trace_goes_from_the_interaction_through_the_engine_to_the_picture(
    tiny_model: Path, tmp_path: Path
) -> None:
    async with receiving() as receiver:
        settings = {
            **environment(tmp_path, tiny_model),
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        async with RunningProcess("-m", "bot", environment=settings) as darkroom:
            url = (await darkroom.printed(r"Darkroom is ready. Open (http://127.0.0.1:\d+) "))[1]
            async with Member(url, "Ada") as ada:
                await ada.wait_for_command("imagine")
                prompt = "a wombat --q .25"
                grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=prompt))
                job = job_id_of(grid)
                own = {("darkroom-bot", name) for name in BOT}
                own |= {("darkroom-inference", name) for name in ENGINE}
                assert await receiver.names_of(job, own) == own
                spans = list(receiver.spans)
    of_job = [one for one in spans if one.trace == job]
    by_name = {one.name: one for one in of_job}
    root = by_name["job"]
    assert root.parent == ""
    for name in BOT - {"job"}:
        assert by_name[name].parent == root.id, name
    # Over HTTP the engine goes on where the bot is.
    assert by_name["request"].parent == by_name["generate"].id
    for name in ENGINE - {"request"}:
        assert by_name[name].parent == by_name["request"].id, name
    _check_order(by_name)
    assert not any(one.is_error for one in of_job)
    # Nothing of the member, and nothing that they typed.
    for one in spans:
        assert "wombat" not in one.everything
        assert "Ada" not in one.everything


def _check_order(by_name: dict[str, ReceivedSpan]) -> None:
    stages = ["interaction", "queue wait", "claim", "generate", "store", "post"]
    begins = [by_name[name].begin_ns for name in stages]
    assert begins == sorted(begins)
    for one in by_name.values():
        assert one.begin_ns <= one.end_ns
    for inner in ENGINE - {"request"}:
        assert by_name["request"].begin_ns <= by_name[inner].begin_ns
        assert by_name[inner].end_ns <= by_name["request"].end_ns
    assert by_name["queue"].end_ns == by_name["steps"].begin_ns
    assert by_name["steps"].end_ns == by_name["decode"].begin_ns


def test_without_an_endpoint_nothing_of_opentelemetry_is_imported() -> None:
    script = (
        "import sys, bot.__main__, bot.cli.run_bot; "
        "from diffusion.telemetry import traces; traces.set_up('x'); "
        "print('opentelemetry' in sys.modules, traces.is_on())"
    )
    assert _python(script).stdout == "False False\n"


def test_with_an_endpoint_and_without_the_package_a_sentence_says_what_to_do() -> None:
    script = (
        "import os, sys; sys.modules['opentelemetry'] = None; "
        "os.environ['OTEL_EXPORTER_OTLP_ENDPOINT'] = 'http://127.0.0.1:9'; "
        "from diffusion.telemetry import traces\n"
        "try: traces.set_up('x')\n"
        "except traces.TelemetryMissing as error: print(error)"
    )
    assert "install darkroom[telemetry]" in _python(script).stdout


def test_a_receiver_that_is_away_delays_no_end() -> None:
    """The process ends, although what it recorded cannot be sent."""
    script = (
        "import os; os.environ['OTEL_EXPORTER_OTLP_ENDPOINT'] = 'http://127.0.0.1:9'; "
        "from diffusion.telemetry import traces; traces.set_up('x'); "
        "traces.record('a', 1, 2); traces.shut_down(); print('ended')"
    )
    assert _python(script).stdout == "ended\n"


def _python(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
