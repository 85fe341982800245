"""Set logging up: one chain for our events and for the libraries' records.

Counted, dropped if below the level, cleaned, rendered, written; in this order, so
that a quiet log changes no metric, and nothing is rendered that was not cleaned.
"""

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TextIO

import structlog
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import (
    JSONRenderer,
    LogfmtRenderer,
    TimeStamper,
    add_log_level,
    format_exc_info,
)
from structlog.typing import EventDict, Processor, WrappedLogger

from alertbridge.telemetry.cleaning import clean
from alertbridge.telemetry.errors import type_and_place
from alertbridge.telemetry.lines import Lines, is_journal, is_terminal
from alertbridge.telemetry.metrics import Metrics

LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
}
"""Levels by the names an operator may write."""

# sd-daemon(3): journald takes `<N>` at the start of a line for its priority.
_PRIORITY = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}

_FIRST = ["ts", "level", "event"]


class Format(StrEnum):
    """How lines look; `auto` picks one of the others from where they go."""

    AUTO = "auto"
    JSON = "json"
    LOGFMT = "logfmt"
    COLOR = "color"


def configure_logging(
    level: str = "info",
    fmt: Format = Format.AUTO,
    stream: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
    metrics: Metrics | None = None,
    *,
    for_good: bool = False,
) -> Format:
    """Send our events and the libraries' log records to *stream*.

    May be called again, at a reload. Events at `info` and above are counted in
    *metrics* whatever *level* is: it only drops lines.

    Args:
        level: a name of `LEVELS`.
        fmt: `auto` is colour on a terminal; logfmt with journald's priority, and
            without a time of ours, where `JOURNAL_STREAM` names the stream; else JSON.
        stream: where lines go; by default standard error.
        environ: where `JOURNAL_STREAM` and `NO_COLOR` are read.
        metrics: what counts events and dropped lines.
        for_good: this is how it stays for the process; loggers may remember it, which
            makes each event a third cheaper.

    Returns:
        The format in use.

    Raises:
        ValueError: *level* is not a level.
    """
    set_level(level)
    stream = sys.stderr if stream is None else stream
    environ = os.environ if environ is None else environ
    journal = is_journal(stream, environ)
    if fmt is Format.AUTO:
        fmt = _pick(stream, journal=journal)
    lines = Lines(stream, _ignore if metrics is None else metrics.count_dropped_line)
    structlog.configure(
        processors=[
            *([] if metrics is None else [metrics.count]),
            _drop,
            add_log_level,
            *([] if journal else [TimeStamper(fmt="iso", utc=True, key="ts")]),
            format_exc_info,
            clean,
            *_renderers(fmt, color="NO_COLOR" not in environ),
            *([_with_priority] if journal else []),
        ],
        # Everything passes, and `_drop` decides: loggers that remember their wrapper
        # could not follow a new level.
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=for_good,
    )
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, _ToStructlog)]:
        root.removeHandler(handler)
    root.addHandler(_ToStructlog())
    # One line a webhook is ours (`webhook.answered`), and has no query string in it.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    return fmt


def set_level(level: str) -> None:
    """Write lines of *level* and above from now on: of ours, and of the libraries.

    Raises:
        ValueError: *level* is not a level.
    """
    if level not in LEVELS:
        raise ValueError(f'"{level}" is not a log level; use {", ".join(LEVELS)}')
    logging.getLogger().setLevel(LEVELS[level])


def _pick(stream: TextIO, *, journal: bool) -> Format:
    if journal:
        return Format.LOGFMT
    return Format.COLOR if is_terminal(stream) else Format.JSON


def _renderers(fmt: Format, *, color: bool) -> Iterator[Processor]:
    match fmt:
        case Format.COLOR:
            yield ConsoleRenderer(
                colors=color,
                sort_keys=False,
                timestamp_key="ts",
                exception_formatter=plain_traceback,
            )
        case Format.LOGFMT:
            yield LogfmtRenderer(
                key_order=_FIRST, drop_missing=True, bool_as_flag=False
            )
        case Format.JSON | Format.AUTO:
            yield _first_things_first
            yield JSONRenderer(ensure_ascii=False)


def _drop(_: WrappedLogger, name: str, event_dict: EventDict) -> EventDict:
    # The root logger's level is the one place that says which lines are written.
    if LEVELS.get(name, logging.ERROR) < logging.getLogger().level:
        raise structlog.DropEvent
    return event_dict


def _first_things_first(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
    first = {key: event_dict[key] for key in _FIRST if key in event_dict}
    return {**first, **event_dict}


def _with_priority(_: WrappedLogger, name: str, event_dict: EventDict) -> str:
    # The last renderer's output arrives here; a line break would begin another entry.
    prefix = f"<{_PRIORITY.get(name, 3)}>"
    return "\n".join(prefix + line for line in str(event_dict).split("\n"))


def _ignore() -> None:
    """Nobody counts."""


_WIRE = "aiohttp.server"
"""Logs what broke while a request was read or answered. Our handlers let nothing out
(`web.app.serve`): it is the sender's doing, and anybody may send."""


class _ToStructlog(logging.Handler):
    """Takes the libraries' records into the same chain, as one event on one line."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log *record* at the nearest level that has a name.

        An exception is named without its traceback: that is a page of lines for each
        piece of junk somebody sends, and its messages quote the junk.
        """
        try:
            message = record.getMessage()
        except (KeyError, TypeError, ValueError):
            message = str(record.msg)
        known = [level for level in LEVELS.values() if level <= record.levelno]
        level = max(known, default=logging.DEBUG)
        facts = {}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            facts["error"] = type_and_place(error)
            if record.name == _WIRE:
                level = min(level, logging.WARNING)
        structlog.get_logger().log(
            level, "library.logged", logger=record.name, message=message, **facts
        )
