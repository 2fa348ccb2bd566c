import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
import structlog

from guanxi_shared import logs


@dataclass
class Lines:
    stream: io.BytesIO

    def all(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.stream.getvalue().splitlines()]

    def last(self) -> dict[str, Any]:
        return self.all()[-1]

    def text(self) -> str:
        return self.stream.getvalue().decode()


@pytest.fixture
def lines() -> Iterator[Lines]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.BytesIO()
    logs.configure("contacts", level="info", format="json", stream=stream)
    yield Lines(stream)
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers, root.level = handlers, level


def test_a_line_tells_when_where_and_what(lines: Lines) -> None:
    logs.logger("imports").info("rows read", rows=3)

    line = lines.last()

    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "info", "service": "contacts", "event": "rows read", "logger": "imports", "rows": 3,
    }  # fmt: skip


def test_a_line_carries_the_request_the_trace_and_the_organisation(lines: Lines) -> None:
    tokens = [
        (logs.request_id, logs.request_id.set("r-1")),
        (logs.trace_id, logs.trace_id.set("t-1")),
        (logs.organisation_id, logs.organisation_id.set("o-1")),
    ]
    logs.logger("x").info("inside")
    for variable, token in tokens:
        variable.reset(token)
    logs.logger("x").info("outside")

    inside, outside = lines.all()

    assert (inside["request_id"], inside["trace_id"], inside["organisation_id"]) == (
        "r-1",
        "t-1",
        "o-1",
    )
    assert not {"request_id", "trace_id", "organisation_id"} & outside.keys()


@pytest.mark.parametrize(
    "key",
    ["password", "new_password", "refreshToken", "Authorization", "client_secret", "X-Api-Key",
     "Set-Cookie", "keys", "totp", "dsn"],
)  # fmt: skip
def test_the_value_of_a_secret_key_is_hidden_at_any_depth(lines: Lines, key: str) -> None:
    logs.logger("x").info("signed in", **{key: "canary-1"})
    logs.logger("x").info("signed in", body={"user": {"list": [{key: "canary-2"}]}, "name": "Li"})

    assert "canary" not in lines.text()
    assert lines.last()["body"]["name"] == "Li"


@pytest.mark.parametrize("key", ["monkey", "tokenizer", "keyboard", "rows", "passwordless"])
def test_a_harmless_key_keeps_its_value(lines: Lines, key: str) -> None:
    logs.logger("x").info("seen", **{key: "plain"})

    assert lines.last()[key] == "plain"


@pytest.mark.parametrize(
    "sentence",
    [
        "key gx_live_0a1b2c3d_CANARY used",
        "token eyJhbGciOiJFUzI1NiJ9.CANARY.CANARY refused",
        "sent Authorization: Bearer CANARYCANARY",
        "cannot reach postgresql://contacts:CANARY@127.0.0.1:5432/guanxi",
        "signing with whsec_CANARY",
    ],
)
def test_a_secret_inside_a_sentence_is_hidden(lines: Lines, sentence: str) -> None:
    logs.logger("x").warning(sentence)
    logging.getLogger("some.library").warning(sentence)

    assert len(lines.all()) == 2
    assert "CANARY" not in lines.text()


def test_a_secret_in_a_traceback_is_hidden(lines: Lines) -> None:
    try:
        raise OSError("refused: postgresql://contacts:CANARY@db/guanxi")
    except OSError:
        logs.logger("x").exception("no database")

    assert "OSError" in lines.last()["exception"]
    assert "CANARY" not in lines.text()


def test_an_address_without_password_stays_readable(lines: Lines) -> None:
    logs.logger("x").info("listening on http://127.0.0.1:8000/docs")

    assert lines.last()["event"] == "listening on http://127.0.0.1:8000/docs"


def test_standard_library_loggers_take_the_same_way(lines: Lines) -> None:
    logging.getLogger("uvicorn.error").info("started on port %d", 8101)

    line = lines.last()

    assert (line["event"], line["logger"], line["level"]) == (
        "started on port 8101",
        "uvicorn.error",
        "info",
    )


def test_a_standard_library_exception_keeps_its_traceback(lines: Lines) -> None:
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        logging.getLogger("pgqueuer").exception("a job failed")

    assert "ZeroDivisionError" in lines.last()["exception"]


def test_a_standard_record_whose_arguments_do_not_fit_is_still_written(lines: Lines) -> None:
    record = logging.LogRecord("some.library", logging.INFO, __file__, 1, "%d rows", ("3x",), None)
    ours = [h for h in logging.getLogger().handlers if isinstance(h, logs.StandardLogs)]

    ours[0].handle(record)

    assert lines.last()["event"].startswith("%d rows (arguments do not fit")


def test_access_lines_of_the_server_and_debug_lines_are_silent(lines: Lines) -> None:
    logging.getLogger("uvicorn.access").info("GET / 200")
    logging.getLogger("httpx").info("HTTP Request: GET http://x")
    logs.logger("x").debug("detail")

    assert lines.all() == []


@pytest.mark.parametrize(
    ("status", "seconds", "event"),
    [
        (200, 0.01, None),
        (404, 0.01, None),
        (200, 1.5, "request slow"),
        (503, 0.01, "request failed"),
    ],
)
def test_only_failed_or_slow_requests_are_logged(
    lines: Lines, status: int, seconds: float, event: str | None
) -> None:
    logs.log_request("GET", "/v1/things", status=status, seconds=seconds, slow_seconds=1.0)

    assert [line["event"] for line in lines.all()] == ([event] if event else [])


def test_values_json_cannot_hold_do_not_lose_the_line(lines: Lines) -> None:
    logs.logger("x").info("odd", number=2**80, broken="\ud800", other={1, 2})

    assert lines.last()["event"] == "odd"


def test_text_format_is_one_readable_line() -> None:
    stream = io.BytesIO()
    logs.configure("contacts", format="text", stream=stream)
    logs.logger("x").info("ready", port=8101, token="canary")
    structlog.reset_defaults()

    assert b"ready" in stream.getvalue()
    assert b"port=8101" in stream.getvalue()
    assert b"canary" not in stream.getvalue()


@pytest.mark.parametrize(("level", "format"), [("loud", "json"), ("info", "xml")])
def test_an_unknown_level_or_format_is_refused(level: str, format: str) -> None:
    with pytest.raises(ValueError, match="Unknown log"):
        logs.configure("contacts", level=level, format=format)
