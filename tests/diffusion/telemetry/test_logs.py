"""Log lines: what is in them, what is not, and that nobody can type a line of their own."""

import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from diffusion.telemetry.job_context import (
    TRACEPARENT,
    bind_job,
    bind_request,
    current_job,
    trace_headers,
)
from diffusion.telemetry.logs import CONTINUED, JsonFormatter, TextFormatter

ROOT = Path(__file__).parents[3]
JOB = "0123456789abcdef0123456789abcdef"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z]+ [\w.]+: ")

FORGERY = "a fox\n2026-11-29T00:00:00.000Z INFO bot: all is well\r\x1b[2K\u2028\u202e\x9b"


def record(
    message: str, *arguments: object, error: BaseException | None = None
) -> logging.LogRecord:
    exc_info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("bot.client", logging.INFO, __file__, 1, message, arguments, exc_info)


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def test_a_line_has_time_level_logger_and_job() -> None:
    assert TextFormatter().format(record("hello")).endswith("Z INFO bot.client: hello")
    assert LINE.match(TextFormatter().format(record("hello")))
    token = current_job.set(JOB)
    try:
        assert TextFormatter().format(record("it is %d", 1)).endswith(f"[{JOB}] it is 1")
        fields = json.loads(JsonFormatter().format(record("hello")))
    finally:
        current_job.reset(token)
    assert list(fields) == ["time", "level", "logger", "message", "job"]
    assert (fields["level"], fields["logger"], fields["job"]) == ("INFO", "bot.client", JOB)


def test_a_prompt_cannot_forge_a_line() -> None:
    for formatter in (TextFormatter(), JsonFormatter()):
        line = formatter.format(record("Prompt: %s", FORGERY))
        assert len(line.splitlines()) == 1
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u202e]", line)
    assert json.loads(line)["message"] == f"Prompt: {FORGERY}"


def test_an_exceptions_text_cannot_forge_a_line_either() -> None:
    text = TextFormatter().format(record("It failed.", error=raised(ValueError(FORGERY))))
    first, *rest = text.splitlines()
    assert first.endswith("It failed.")
    assert rest
    assert all(line.startswith(CONTINUED) for line in rest)
    assert "\x1b" not in text
    (line,) = JsonFormatter().format(record("No.", error=raised(ValueError(FORGERY)))).splitlines()
    assert "ValueError: a fox" in json.loads(line)["exception"]


def test_secrets_are_hidden_in_messages_arguments_and_exceptions() -> None:
    url = "postgresql://me:hunter2@db/x"
    for formatter in (TextFormatter(), JsonFormatter()):
        error = raised(ValueError(f"cannot reach {url}"))
        line = formatter.format(record("to %s", url, error=error))
        assert "hunter2" not in line
        assert line.count("[hidden]") == 2


def test_a_line_that_is_written_wrongly_or_is_endless_is_still_written() -> None:
    assert "%d of" in TextFormatter().format(record("%d of", "x"))
    assert len(TextFormatter().format(record("x" * 1_000_000))) < 40_000


def test_the_process_logs_what_it_does_not_catch_in_its_format() -> None:
    script = (
        "from diffusion.telemetry import logs; logs.set_up('json'); "
        "logs.tell('ready', logger='here'); "
        "raise ValueError('https://me:hunter2@host is away')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    ready, failed = map(json.loads, ended.stderr.splitlines())
    assert (ready["message"], ready["logger"]) == ("ready", "here")
    assert failed["level"] == "CRITICAL"
    assert "ValueError: https://[hidden]@host is away" in failed["exception"]


@pytest.mark.parametrize("header", [None, "", "00-xyz", f"00-{JOB}", f"00-{JOB}-{'0' * 16}-01\n"])
def test_only_a_whole_header_names_a_job(header: str | None) -> None:
    bind_request(header)
    assert trace_headers() == {}


def test_the_job_of_a_task_goes_out_in_w3cs_header() -> None:
    assert trace_headers() == {}
    token = current_job.set("")
    try:
        bind_job(JOB)
        headers = trace_headers()
        bind_job("no id of a job")
        assert trace_headers() == {}
    finally:
        current_job.reset(token)
    assert headers == {TRACEPARENT: f"00-{JOB}-{JOB[:16]}-00"}
    bind_request(headers[TRACEPARENT])
    assert trace_headers() == headers
    bind_request(None)
