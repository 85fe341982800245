"""Log lines: their form, and what must never be in one."""

import errno
import io
import json
import logging
import os
import pty
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.telemetry import Format, Metrics, configure_logging, set_level
from alertbridge.telemetry.cleaning import clean_text, mask_numbers

NUMBER = "+46701740605"

Value = Callable[[str], float | None]


TAKEN = frozenset({"event", "self", "method_name"})
"""Parameters of the logger itself: no keyword of a log line can be called so."""


def log_one(fmt: Format, event: str, /, **facts: object) -> str:
    """Log one event at info, and return what was written."""
    stream = io.StringIO()
    configure_logging("info", fmt, stream, environ={})
    structlog.get_logger().info(event, **facts)
    return stream.getvalue()


def test_json_line() -> None:
    """A line is one JSON object, what matters first, the time in UTC RFC 3339."""
    line = json.loads(log_one(Format.JSON, "group.planned", source="am", alerts=3))

    assert list(line) == ["ts", "level", "event", "source", "alerts"]
    assert datetime.fromisoformat(line.pop("ts")).tzinfo == UTC
    assert line == {
        "level": "info",
        "event": "group.planned",
        "source": "am",
        "alerts": 3,
    }


def test_logfmt_line() -> None:
    """Logfmt quotes what has blanks, and says true and false."""
    line = log_one(Format.LOGFMT, "config.reloaded", success=True, error="no such file")

    assert line.startswith("ts=")
    assert line.endswith(
        'level=info event=config.reloaded success=true error="no such file"\n'
    )


@pytest.mark.parametrize("fmt", [Format.JSON, Format.LOGFMT, Format.COLOR])
def test_no_line_holds_a_full_number(fmt: Format) -> None:
    """Numbers are masked in texts, keys, lists and mappings, in every format."""
    line = log_one(
        fmt,
        "submission.settled",
        reason=f"no route to {NUMBER}",
        numbers=[NUMBER, NUMBER[1:]],
        by_number={NUMBER: "rejected"},
        deep={"a": {"b": {"c": {"d": NUMBER}}}},
    )

    assert NUMBER[1:] not in line
    assert "467*****605" in line


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("+46701740605", id="e164"),
        pytest.param("46701740605", id="as-a-gateway-wants-it"),
        pytest.param("0701740605", id="national"),
        pytest.param("0046701740605", id="double-zero"),
        pytest.param("+46 70 174 06 05", id="blanks"),
        pytest.param("+46-701-740605", id="dashes"),
        pytest.param("/a?to=%2B46701740605&x", id="url"),
        pytest.param("tel:+46701740605,x", id="tel-uri"),
        pytest.param("Ring\\n46701740605\\n", id="inside-a-repr"),
    ],
)
def test_numbers_are_masked(text: str) -> None:
    """However a number is written, its middle goes, and the length stays."""
    masked = mask_numbers(text)

    assert "***" in masked
    assert len(masked) == len(text)
    assert "1740605" not in masked.replace(" ", "").replace("-", "")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("8e1234567890ab3f", id="fingerprint"),
        pytest.param("2026-01-15T09:30:00+02:00", id="time"),
        pytest.param("took 123456 ms of 4096", id="short"),
        pytest.param("12345678901234567890", id="too-long"),
    ],
)
def test_what_is_no_number_stays(text: str) -> None:
    """Identifiers and times stay readable."""
    assert mask_numbers(text) == text


@pytest.mark.parametrize("fmt", [Format.JSON, Format.LOGFMT])
@given(text=st.text().filter(lambda text: text not in TAKEN))
def test_a_value_cannot_forge_a_line_or_move_a_terminal(fmt: Format, text: str) -> None:
    """Whatever a label holds, it is one line without a control character."""
    facts: dict[str, object] = {"source": text, "labels": {text: text}, text: 1}
    line = log_one(fmt, "group.planned", **facts)

    assert line.count("\n") == 1
    assert line[:-1].isprintable() or not any(
        ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in line[:-1]
    )


def test_a_long_value_is_cut() -> None:
    """A megabyte of label is not a megabyte of log, nor is half a number shown."""
    text = clean_text("x" * 1990 + NUMBER + "y" * 1_000_000)

    assert len(text) < 2100
    assert text.endswith("+467*****6... (1000002 more)")


def test_a_traceback_is_masked_and_kept_apart() -> None:
    """An exception's text is cleaned like any other value."""
    stream = io.StringIO()
    configure_logging("info", Format.JSON, stream, environ={})

    def fail() -> None:
        raise ValueError(f"cannot reach {NUMBER}\x1b[2J")

    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("store.failed", reason="bug")

    line = json.loads(stream.getvalue())

    assert line["level"] == "error"
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert line["exception"].endswith("cannot reach +467*****605\\x1b[2J")


def test_colour_is_for_terminals() -> None:
    """On a terminal lines have colour, unless NO_COLOR asks for none."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as reader, os.fdopen(theirs, "w") as stream:
        first = configure_logging(stream=stream, environ={})
        structlog.get_logger().info("group.planned")
        colored = reader.read(1000)
        configure_logging(stream=stream, environ={"NO_COLOR": "1"})
        structlog.get_logger().info("group.planned")
        plain = reader.read(1000)

    assert first is Format.COLOR
    assert b"\x1b[" in colored
    assert b"\x1b[" not in plain


def test_the_journal_gets_priorities(tmp_path: Path) -> None:
    """For journald, lines begin with its priority; the time is the journal's own."""
    with (tmp_path / "journal").open("w") as stream:
        status = os.fstat(stream.fileno())
        environ = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        configure_logging(stream=stream, environ=environ)

        structlog.get_logger().warning("webhook.unauthorized", source="am")
        structlog.get_logger().error("store.failed", reason="full")

    assert (tmp_path / "journal").read_text().splitlines() == [
        "<4>level=warning event=webhook.unauthorized source=am",
        "<3>level=error event=store.failed reason=full",
    ]


def test_a_file_gets_json(tmp_path: Path) -> None:
    """Neither a terminal nor the journal: JSON, whatever the environment claims."""
    with (tmp_path / "log").open("w") as stream:
        fmt = configure_logging(stream=stream, environ={"JOURNAL_STREAM": "1:2"})

    assert fmt is Format.JSON


def test_a_level_that_is_none_is_refused() -> None:
    """The error names the levels there are."""
    with pytest.raises(ValueError, match='"loud" is not a log level; use debug, info'):
        configure_logging("loud")


@pytest.mark.parametrize(
    "fillers", [pytest.param(1, id="short-lines"), pytest.param(5, id="torn-lines")]
)
def test_a_full_pipe_costs_lines_and_not_pages(
    metrics: Metrics, value: Value, fillers: int
) -> None:
    """A reader that stalls makes us drop lines and count them; nothing waits.

    The first line after the stall is whole, even if the last before it is torn.
    """
    filler = {f"filler_{index}": "x" * 1900 for index in range(fillers)}
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream, os.fdopen(reader, "rb"):
        configure_logging(stream=stream, environ={}, metrics=metrics)
        log = structlog.get_logger()
        for number in range(100):
            log.info("group.planned", number=number, **filler)
        dropped = value("alertbridge_log_lines_dropped_total")
        os.read(reader, 1 << 20)

        log.info("group.planned", number="last")
        rest = os.read(reader, 1 << 20)

    assert dropped
    assert json.loads(rest.splitlines()[-1])["number"] == "last"


def test_a_closed_stream_costs_lines_and_not_pages(
    metrics: Metrics, value: Value
) -> None:
    """A log that cannot be written raises nothing, and is counted."""
    stream = io.StringIO()
    configure_logging(stream=stream, environ={}, metrics=metrics)
    stream.close()

    structlog.get_logger().info("group.planned")

    assert value("alertbridge_log_lines_dropped_total") == 1


def test_a_broken_pipe_costs_lines_and_not_pages(
    metrics: Metrics, value: Value
) -> None:
    """The reader is gone: dropped and counted."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        configure_logging(stream=stream, environ={}, metrics=metrics)
        os.close(reader)
        with pytest.raises(OSError, match=os.strerror(errno.EPIPE)):
            os.write(writer, b"x")

        structlog.get_logger().info("group.planned")

    assert value("alertbridge_log_lines_dropped_total") == 1


def test_libraries_log_into_the_same_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    """What aiohttp says comes as an event, masked like ours."""
    # pytest's own handler fails on a record that cannot be formatted.
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    stream = io.StringIO()
    configure_logging("info", Format.JSON, stream, environ={})

    logging.getLogger("aiohttp.server").warning("lost %s", NUMBER)
    logging.getLogger("aiohttp.access").info("GET /metrics")
    logging.getLogger("asyncio").error("%d is not a number", "x")

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["level"], line["logger"], line["message"]) for line in lines] == [
        ("warning", "aiohttp.server", "lost +467*****605"),
        ("error", "asyncio", "%d is not a number"),
    ]


@pytest.mark.parametrize(
    ("logger", "level"),
    [
        pytest.param("aiohttp.server", "warning", id="what-a-sender-broke"),
        pytest.param("asyncio", "error", id="anybody-else"),
    ],
)
def test_a_librarys_exception_is_one_line_that_quotes_nothing(
    logger: str, level: str
) -> None:
    """Who sends junk writes neither pages of our log nor its own words into it."""
    stream = io.StringIO()
    configure_logging("info", Format.JSON, stream, environ={})

    try:
        json.loads("canary")
    except ValueError as exc:
        failed = RuntimeError("canary")
        failed.__cause__ = exc
        logging.getLogger(logger).error("Unhandled exception", exc_info=failed)

    (line,) = (json.loads(line) for line in stream.getvalue().splitlines())
    del line["ts"]
    assert line == {
        "level": level,
        "event": "library.logged",
        "logger": logger,
        "message": "Unhandled exception",
        "error": "RuntimeError",
    }


def test_a_logger_that_remembers_follows_a_new_level() -> None:
    """A reload may quiet the daemon, or let it talk again."""
    stream = io.StringIO()
    configure_logging("info", Format.JSON, stream, environ={}, for_good=True)
    log = structlog.get_logger()
    log.info("daemon.started")

    set_level("error")
    log.info("daemon.stopping")
    set_level("debug")
    log.debug("daemon.stopped")

    events = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]
    assert events == ["daemon.started", "daemon.stopped"]


def test_configuring_again_writes_each_line_once() -> None:
    """A reload does not double the libraries' lines."""
    stream = io.StringIO()
    for _ in range(2):
        configure_logging("info", Format.JSON, stream, environ={})

    logging.getLogger("aiohttp.server").warning("once")

    assert len(stream.getvalue().splitlines()) == 1


def test_a_quiet_log_counts_all_the_same(metrics: Metrics, value: Value) -> None:
    """The level drops lines, never counts."""
    stream = io.StringIO()
    configure_logging("error", Format.JSON, stream, environ={}, metrics=metrics)

    structlog.get_logger().info("webhook.unauthorized", source="am")

    assert stream.getvalue() == ""
    assert value('alertbridge_webhook_unauthorized_total{source="am"}') == 1


def test_debug_is_never_counted(metrics: Metrics, value: Value) -> None:
    """Else the metrics would depend on the level."""
    configure_logging("debug", Format.JSON, io.StringIO(), {}, metrics)

    structlog.get_logger().debug("webhook.unauthorized", source="am")

    assert value('alertbridge_webhook_unauthorized_total{source="am"}') is None
