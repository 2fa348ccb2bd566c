"""Logs as JSON lines (or text for eyes): what happened, for whom, in which request; no secret.

The loggers of libraries (uvicorn, pgqueuer, asyncpg, …) take the same way as our own, so that a
process writes one kind of line. A request is logged only when it failed on our side or was slow.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, BinaryIO, Final

import orjson
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

request_id: Final[ContextVar[str]] = ContextVar("request_id", default="")
trace_id: Final[ContextVar[str]] = ContextVar("trace_id", default="")
organisation_id: Final[ContextVar[str]] = ContextVar("organisation_id", default="")

SLOW_SECONDS: Final = 1.0
HIDDEN: Final = "[hidden]"
DEEPEST: Final = 6

# Words of a key name whose value is never written, wherever it is nested.
SECRET_WORDS: Final = frozenset(
    ("password", "passwords", "passwd", "pwd", "token", "tokens", "authorization", "authorisation",
     "secret", "secrets", "key", "keys", "apikey", "cookie", "cookies", "totp", "otp",
     "credential", "credentials", "dsn")
)  # fmt: skip
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")

# What gives a secret away inside a sentence or a traceback; looked for only in lines that hold
# one of the marks, because a regular expression over every line costs more than the rest.
_MARKS = (b"gx_", b"eyJ", b"earer ", b"://", b"whsec_")
_SECRETS = re.compile(
    rb"gx_(?:live|test)_[\w-]+"
    rb"|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"
    rb"|whsec_[\w+/=-]+"
    rb"|(?<=earer )[\w.~+/=-]{8,}"
    rb"|(?<=://)[^\s/:@\"]*:[^\s/@\"]+(?=@)"
)

_NOISY = {"uvicorn.access": logging.CRITICAL, "httpx": logging.WARNING, "httpcore": logging.WARNING}
_LEVELS: Final = logging.getLevelNamesMapping()

_key_is_secret: dict[str, bool] = {}


def configure(
    service: str, *, level: str = "info", format: str = "json", stream: BinaryIO | None = None
) -> None:
    """Send every line of this process to `stream` (standard output), as `json` or `text`."""
    number = _LEVELS.get(level.upper())
    if number is None or format not in ("json", "text"):
        raise ValueError(f"Unknown log level {level!r} or format {format!r} (json, text).")
    structlog.configure(
        processors=_processors(service, format),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(file=stream or sys.stdout.buffer),
        cache_logger_on_first_use=False,  # tests configure again; lines are few
    )
    _take_over_standard_logging(number)


def logger(name: str) -> FilteringBoundLogger:
    """A logger whose lines carry `logger: name`; give facts as keywords: `log.info("x", rows=3)`."""
    bound: FilteringBoundLogger = structlog.get_logger(logger_name=name)
    return bound


def log_request(
    method: str, path: str, *, status: int, seconds: float, slow_seconds: float = SLOW_SECONDS
) -> None:
    """Write a line for a failed (>= 500) or slow request, nothing for all the others."""
    if status < 500 and seconds < slow_seconds:
        return
    event = "request failed" if status >= 500 else "request slow"
    write = _requests.error if status >= 500 else _requests.warning
    write(event, method=method, path=path, status=status, ms=round(seconds * 1000, 1))


def redact(value: Any, *, depth: int = 0) -> Any:
    """A copy without the values whose key names a secret (nested mappings and sequences too)."""
    if isinstance(value, Mapping):
        if depth >= DEEPEST:
            return HIDDEN
        return {
            key: HIDDEN if names_secret(str(key)) else redact(item, depth=depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact(item, depth=depth + 1) for item in value] if depth < DEEPEST else HIDDEN
    return value


def names_secret(key: str) -> bool:
    """Whether one of the words of a key (`X-Api-Key`, `newPassword`, `refresh_token`) is secret."""
    known = _key_is_secret.get(key)
    if known is None:
        known = any(word.lower() in SECRET_WORDS for word in _WORDS.findall(key))
        if len(_key_is_secret) < 5_000:  # keys can come from callers: no unlimited memory
            _key_is_secret[key] = known
    return known


def _processors(service: str, format: str) -> list[Processor]:
    def add_context(_: WrappedLogger, name: str, event: EventDict) -> EventDict:
        event["level"] = name
        event["service"] = service
        event["logger"] = event.pop("logger_name", "")
        for key, variable in _CONTEXT:
            if value := variable.get():
                event[key] = value
        return event

    return [
        add_context,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        _redact_event,
        _render_json if format == "json" else _text_renderer(),
    ]


_CONTEXT = (
    ("request_id", request_id),
    ("trace_id", trace_id),
    ("organisation_id", organisation_id),
)


def _redact_event(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if names_secret(key):
            event[key] = HIDDEN
        elif isinstance(value, Mapping | list | tuple):
            event[key] = redact(value, depth=1)
    return event


def _render_json(_: WrappedLogger, __: str, event: EventDict) -> bytes:
    first = {key: event.pop(key) for key in ("at", "level", "service", "event") if key in event}
    options = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z
    try:
        return without_secrets(orjson.dumps(first | dict(event), default=str, option=options))
    except TypeError:  # a lone surrogate or an integer beyond 64 bits: the line matters more
        return without_secrets(
            orjson.dumps({key: ascii(value) for key, value in event.items()} | first)
        )


def _text_renderer() -> Processor:
    colours = sys.stdout.isatty()
    render = structlog.dev.ConsoleRenderer(
        colors=colours, timestamp_key="at", exception_formatter=structlog.dev.plain_traceback
    )

    def text(wrapped: WrappedLogger, name: str, event: MutableMapping[str, Any]) -> bytes:
        return without_secrets(render(wrapped, name, event).encode(errors="backslashreplace"))

    return text


def without_secrets(line: bytes) -> bytes:
    """Hide tokens, keys and passwords of addresses that stand in the text of a line."""
    if not any(mark in line for mark in _MARKS):
        return line
    return _SECRETS.sub(HIDDEN.encode(), line)


class StandardLogs(logging.Handler):
    """Hands a standard-library record to structlog, so that there is one format and one stream."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except (TypeError, ValueError) as error:
            message = f"{record.msg} (arguments do not fit: {error})"
        logger(record.name).log(record.levelno // 10 * 10, message, **_exception(record))


def _exception(record: logging.LogRecord) -> dict[str, Any]:
    return {"exc_info": record.exc_info} if record.exc_info else {}


def _take_over_standard_logging(level: int) -> None:
    root = logging.getLogger()
    root.handlers = [
        h for h in root.handlers if not isinstance(h, StandardLogs | logging.StreamHandler)
    ]
    root.addHandler(StandardLogs())
    root.setLevel(max(level, logging.INFO))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    for name, least in _NOISY.items():
        logging.getLogger(name).setLevel(least)
    logging.captureWarnings(True)


_requests = logger("requests")
