"""Log lines as text or JSON: with time, level, logger and job, without secrets, on one line each.

What members type may stand in a log. So control characters are escaped, and nobody can type a
line of their own into it.
"""

import json
import logging
import os
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType

from diffusion.telemetry.job_context import current_job
from diffusion.telemetry.redaction import hide_those_in, redacted

FORMAT_NAME = "DARKROOM_LOG_FORMAT"
TEXT, JSON = "text", "json"

MAX_CHARS = 32_768
"""Characters of a message, or of an exception; the rest is cut off."""

CONTINUED = "    "
"""Before each further line of an exception: a log line never begins like this."""

_UNSAFE = (
    *range(0x20),
    *range(0x7F, 0xA0),
    # These break or turn lines in terminals and editors.
    *(0x200E, 0x200F, 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)),
    *range(0xD800, 0xE000),
)
_ESCAPES = {
    code: {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"}.get(
        code, f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    )
    for code in _UNSAFE
}


class UnknownFormat(Exception):
    """The setting names no format; the message is one sentence for a person."""


def escaped(text: str) -> str:
    """The text on one line, with control characters written out."""
    return text.translate(_ESCAPES)


def set_up(form: str | None = None) -> None:
    """Log to stderr from now on, uncaught exceptions too. `form` is DARKROOM_LOG_FORMAT's value.

    Raises UnknownFormat.
    """
    hide_those_in(os.environ)
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter(form))
    if logging.getLogger().handlers:
        return  # whoever runs this inside another program has decided already
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda args: _log_uncaught(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


def is_json() -> bool:
    """Whether this process's logs are JSON."""
    return isinstance(_used(), JsonFormatter)


def tell(sentence: str, *, logger: str, level: int = logging.INFO) -> None:
    """Print a sentence for a person, or log it where logs are JSON: errors go to stderr."""
    if is_json():
        logging.getLogger(logger).log(level, "%s", sentence)
        return
    stream = sys.stderr if level >= logging.ERROR else sys.stdout
    print(escaped(redacted(sentence)), file=stream, flush=True)


def relay(process: str, line: str) -> None:
    """Print a line of another process after its name; as JSON, where logs are JSON."""
    formatter = _used()
    if not isinstance(formatter, JsonFormatter):
        print(f"{process:>10} │ {escaped(redacted(line))}", flush=True)
        return
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        record = logging.makeLogRecord({"name": process, "levelname": "INFO", "msg": line})
        fields = formatter.fields(record)
    print(json.dumps({**fields, "process": process}), flush=True)


class TextFormatter(logging.Formatter):
    """`TIME LEVEL LOGGER: [JOB] MESSAGE`, and an exception on indented lines below."""

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record, self)
        job = f"[{fields['job']}] " if "job" in fields else ""
        line = f"{fields['time']} {fields['level']} {fields['logger']}: {job}"
        lines = [line + escaped(fields["message"])]
        for name in ("exception", "stack"):
            lines += [CONTINUED + escaped(one) for one in fields.get(name, "").splitlines()]
        return "\n".join(lines)


class JsonFormatter(logging.Formatter):
    """One object a line: `time`, `level`, `logger`, `message`, and `job` and `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(self.fields(record))

    def fields(self, record: logging.LogRecord) -> dict[str, str]:
        return _fields(record, self)


def _fields(record: logging.LogRecord, formatter: logging.Formatter) -> dict[str, str]:
    time = datetime.fromtimestamp(record.created, UTC)
    fields = {
        "time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname,
        "logger": record.name,
        "message": _bounded(_message(record)),
    }
    if job := current_job.get():
        fields["job"] = job
    if record.exc_info and record.exc_info[0]:
        fields["exception"] = _bounded(formatter.formatException(record.exc_info))
    if record.stack_info:
        fields["stack"] = _bounded(record.stack_info)
    return fields


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # a line that is written wrongly still says something
        return f"{record.msg} {record.args}"


def _bounded(text: str) -> str:
    text = redacted(text)
    return text if len(text) <= MAX_CHARS else text[:MAX_CHARS] + " […]"


def _formatter(form: str | None) -> logging.Formatter:
    formatters: Mapping[str, type[logging.Formatter]] = {TEXT: TextFormatter, JSON: JsonFormatter}
    try:
        return formatters[form or TEXT]()
    except KeyError:
        raise UnknownFormat(f"{FORMAT_NAME} must be text or json.") from None


def _used() -> logging.Formatter | None:
    """The formatter of this process's logs."""
    own = (TextFormatter, JsonFormatter)
    handlers = logging.getLogger().handlers
    return next((one.formatter for one in handlers if isinstance(one.formatter, own)), None)


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger("darkroom").critical("It ends by an error.", exc_info=(kind, error, trace))
