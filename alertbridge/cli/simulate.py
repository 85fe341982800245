"""`alertbridge simulate`: live through a night in milliseconds, and see every phone."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import structlog
from structlog.typing import EventDict, WrappedLogger

from alertbridge.cli.daemon_client import no
from alertbridge.cli.options import config_option, exit_with, json_option, load_or_exit
from alertbridge.cli.output import print_json
from alertbridge.cli.simulate_report import (
    Price,
    headlines,
    print_report,
    report_as_json,
)
from alertbridge.config import ConfigError, Loaded
from alertbridge.config.duration import DurationError, parse_duration
from alertbridge.config.timeline import read_timeline
from alertbridge.core.notification import ProviderName
from alertbridge.core.past import PastSms
from alertbridge.simulator.past_posts import steps_of
from alertbridge.simulator.picture import picture
from alertbridge.simulator.replay import Replayed, replay, replay_past
from alertbridge.stores.sqlite_readonly import reading
from alertbridge.stores.sqlite_recall import recall

LAST_NIGHT = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Simulated:
    """A replay, what to call it, and what really was sent if that is known."""

    title: str
    replayed: Replayed
    really: tuple[PastSms, ...] | None = None


@click.command("simulate")
@config_option
@json_option
@click.argument(
    "timeline",
    required=False,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@click.option(
    "--from-history",
    is_flag=True,
    help="Replay what the daemon's store remembers, instead of a TIMELINE.",
)
@click.option(
    "--since",
    metavar="TIME",
    help="Of --from-history: from when; 12 hours ago if it is not given.",
)
@click.option(
    "--until",
    metavar="WHEN",
    help="Where to stop: a time, or a duration after the start, such as 6h.",
)
@click.option(
    "--html",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Also draw it: one page without scripts, for a browser or a printer.",
)
@click.option(
    "--price",
    metavar="AMOUNT",
    type=click.FloatRange(min=0),
    help="What one segment costs.",
)
@click.option("--currency", metavar="NAME", default="", help="Of --price.")
def command(
    config_file: Path,
    as_json: bool,
    timeline: Path | None,
    from_history: bool,
    since: str | None,
    until: str | None,
    html: Path | None,
    price: float | None,
    currency: str,
) -> None:
    """Replay TIMELINE under the config: what every phone would show, and when.

    It is the daemon's own code on a clock that jumps; nothing is sent or stored.
    docs/simulate.md says how to write a timeline. With --from-history it is what
    really came in, also while the daemon runs: would this config have been kinder?
    Exit with 1 if an alert is not accounted for.
    """
    loaded = load_or_exit(config_file)
    with _quiet() as log:
        if from_history:
            if timeline is not None:
                raise click.UsageError("either a TIMELINE or --from-history")
            done = _of_history(loaded, since, until)
        elif timeline is None:
            raise click.UsageError("name a TIMELINE, or use --from-history")
        elif since is not None:
            raise click.UsageError("--since is for --from-history")
        else:
            done = _of_timeline(loaded, timeline, until)
    notes = (*done.replayed.notes, *log)
    done = replace(done, replayed=replace(done.replayed, notes=notes))
    cost = None if price is None else Price(price, currency)
    if html is not None:
        lines = headlines(done.replayed, done.really, cost)
        _write(html, picture(done.replayed, loaded.rules, done.title, lines))
    if as_json:
        print_json(report_as_json(done.replayed, loaded.rules, done.really, cost))
    else:
        print_report(done.replayed, loaded.rules, done.really, cost)
    sys.exit(exit_code(done.replayed))


def exit_code(replayed: Replayed) -> int:
    """1 if an alert is not accounted for: no script may take that for a good night."""
    return 1 if replayed.account.missing else 0


def _of_timeline(loaded: Loaded, path: Path, until: str | None) -> Simulated:
    sources = _sources(loaded)
    try:
        timeline = read_timeline(
            path, sources=tuple(sources), providers=loaded.rules.providers
        )
    except ConfigError as exc:
        exit_with(exc)
    if until is not None:
        timeline = replace(timeline, end=_time("--until", until, timeline.start))
    if timeline.end <= timeline.start:
        raise click.UsageError("it would end before it begins")
    replayed = replay(timeline, loaded.rules, sources, _per_second(loaded))
    return Simulated(path.stem, replayed)


def _of_history(loaded: Loaded, since: str | None, until: str | None) -> Simulated:
    now = datetime.now(UTC)  # noqa: TID251 - a command is its own wiring
    begin = now - LAST_NIGHT if since is None else _time("--since", since, None)
    end = now if until is None else _time("--until", until, begin)
    if end <= begin:
        raise click.UsageError("--until is not after --since")
    with reading(loaded.settings.storage.path) as db:
        past = recall(db, begin, end)
    steps = steps_of(past)
    # What was open already is told first: its people knew, and were not told again.
    start = min([begin, *(step.at for step in steps)])
    replayed = replay_past(steps, loaded.rules, start, end, _per_second(loaded))
    phones = tuple(sms for sms in replayed.phones if sms.at >= begin)
    title = f"{begin.astimezone():%Y-%m-%d %H:%M} to {end.astimezone():%H:%M}, again"
    return Simulated(title, replace(replayed, start=begin, phones=phones), past.sms)


def _sources(loaded: Loaded) -> Mapping[str, str]:
    named = {str(source.name): source.type for source in loaded.settings.sources}
    return {**named, "page": named.get("page", "page")}


def _per_second(loaded: Loaded) -> Mapping[ProviderName, int]:
    """What each account allows; a provider that has no such limit names none."""
    limits = {
        ProviderName(entry.name): getattr(entry.options, "requests_per_second", None)
        for entry in loaded.settings.providers
    }
    return {name: limit for name, limit in limits.items() if limit is not None}


def _time(option: str, text: str, start: datetime | None) -> datetime:
    """Read a time of this machine's zone, or a duration after *start*."""
    if start is not None:
        try:
            return start + parse_duration(text)
        except DurationError:
            pass
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError as exc:
        also = "" if start is None else ", or a duration as 6h"
        raise click.UsageError(
            f"{option}: write a time as 2026-11-25T20:00{also}"
        ) from exc


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as exc:
        no(f"{path}: {exc.strerror}")


@contextmanager
def _quiet() -> Iterator[list[str]]:
    """Keep the daemon's log off the terminal, but what a template fails at."""
    noted: list[str] = []

    def note(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        if event["event"] == "template.failed":
            said = f"template {event['template']} failed: {event['error']}"
            if said not in noted:
                noted.append(said)
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(
        processors=[note], wrapper_class=structlog.make_filtering_bound_logger("error")
    )
    try:
        yield noted
    finally:
        structlog.configure(**before)
