"""The routing tree and the time intervals of a config, as core asks them."""

from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from functools import partial
from typing import TypeVar

from alertbridge.config.model import ConfigFile
from alertbridge.config.model_routing import IntervalEntry, IntervalSpec, RouteEntry
from alertbridge.config.people import Zone, find_zone, where
from alertbridge.config.problems import Path, did_you_mean, shown
from alertbridge.config.report import Report
from alertbridge.config.salvage import Salvaged
from alertbridge.core.interval import (
    IntervalError,
    TimeInterval,
    parse_days_of_month,
    parse_months,
    parse_times,
    parse_weekdays,
    parse_years,
)
from alertbridge.core.matcher import (
    Matcher,
    MatcherError,
    Op,
    make_matcher,
    parse_matchers,
)
from alertbridge.core.recipient import ReceiverName
from alertbridge.core.route import REPEAT_INTERVAL, Route, RouteTree
from alertbridge.core.writing import RouteTexts, Said

_GROUPING = ("group_by", "group_wait", "group_interval")

T = TypeVar("T")

_Spans = tuple[tuple[int, int], ...]


def read_routes(
    report: Report,
    salvaged: Salvaged[ConfigFile],
    receivers: Collection[str],
    intervals: Collection[str],
) -> RouteTree:
    """Build the tree; a name not among *receivers* or *intervals* is an error."""
    reading = _Routes(report, salvaged, receivers, intervals)
    root = salvaged.model.route
    if root.receiver is None:
        path = salvaged.place(("route", "receiver"))
        fix = "name who hears what no other route takes"
        report.error(path, "the root route has no receiver", fix)
    segments = salvaged.model.segments
    route = reading.route(
        root,
        ("route",),
        "",
        ReceiverName(root.receiver or ""),
        REPEAT_INTERVAL,
        RouteTexts(
            critical=reading.said(segments.critical, ("segments", "critical")),
            other=reading.said(segments.other, ("segments", "other")),
        ),
    )
    return RouteTree(route)


class _Routes:
    def __init__(
        self,
        report: Report,
        salvaged: Salvaged[ConfigFile],
        receivers: Collection[str],
        intervals: Collection[str],
    ) -> None:
        self._report = report
        self._place = salvaged.place
        self._receivers = receivers
        self._intervals = intervals
        self._told: set[str] = set()

    def route(
        self,
        entry: RouteEntry,
        path: Path,
        ident: str,
        receiver: ReceiverName,
        repeat_interval: timedelta,
        texts: RouteTexts,
    ) -> Route:
        self.note_old_words(entry, path)
        if entry.receiver is not None:
            receiver = ReceiverName(entry.receiver)
            self.known("receiver", entry.receiver, self._receivers, (*path, "receiver"))
        if entry.repeat_interval is not None:
            repeat_interval = self.interval(entry.repeat_interval, path)
        texts = self.texts(entry, path).under(texts)
        return Route(
            id=ident,
            receiver=receiver,
            matchers=tuple(self.matchers(entry, path)),
            continues=entry.continue_,
            mute=self.names(entry.mute_time_intervals, (*path, "mute_time_intervals")),
            active=self.names(
                entry.active_time_intervals, (*path, "active_time_intervals")
            ),
            repeat_interval=repeat_interval,
            where=where(self._report, self._place(path)),
            texts=texts,
            children=tuple(
                self.route(
                    child,
                    (*path, "routes", i),
                    f"{ident}/{i}" if ident else str(i),
                    receiver,
                    repeat_interval,
                    texts,
                )
                for i, child in enumerate(entry.routes)
            ),
        )

    def texts(self, entry: RouteEntry, path: Path) -> RouteTexts:
        """Take what the route itself says of its texts."""
        segments = entry.segments
        return RouteTexts(
            template=self.said(entry.template, (*path, "template")),
            critical=self.said(segments.critical, (*path, "segments", "critical")),
            other=self.said(segments.other, (*path, "segments", "other")),
        )

    def said(self, value: T | None, path: Path) -> Said[T] | None:
        """A value with its line; one that the file does not hold has none."""
        if value is None:
            return None
        place = self._place(path)
        is_there = self._report.document.holds(place)
        return Said(value, where(self._report, place) if is_there else "")

    def note_old_words(self, entry: RouteEntry, path: Path) -> None:
        """Warn once in a file of what is accepted without effect, or is old."""
        grouping = [key for key in _GROUPING if key in entry.model_fields_set]
        if grouping:
            problem = f"no effect here, the source groups: {', '.join(grouping)}"
            fix = "remove it, here and in the other routes"
            self.once("grouping", (*path, grouping[0]), problem, fix)
        old = [key for key in ("match", "match_re") if key in entry.model_fields_set]
        if old:
            problem = f"Alertmanager's old form: {', '.join(old)}"
            fix = "write matchers, here and in the other routes"
            self.once("old form", (*path, old[0]), problem, fix)

    def once(self, what: str, path: Path, problem: str, fix: str) -> None:
        if what not in self._told:
            self._told.add(what)
            self._report.warn(self._place(path), problem, fix, key=True)

    def interval(self, repeat: timedelta, path: Path) -> timedelta:
        if repeat < timedelta(minutes=1):
            place = self._place((*path, "repeat_interval"))
            self._report.error(place, "shorter than 1m", "write 1m or more")
        return repeat

    def matchers(self, entry: RouteEntry, path: Path) -> Iterator[Matcher]:
        for i, text in enumerate(entry.matchers):
            place = (*path, "matchers", i)
            yield from self.read(place, partial(parse_matchers, text))
        olds = (
            ("match", Op.EQUAL, entry.match),
            ("match_re", Op.MATCH, entry.match_re),
        )
        for key, op, pairs in olds:
            for name, value in pairs.items():
                place = (*path, key, name)
                yield from self.read(place, _old_form(name, op, value))

    def read(
        self, path: Path, parse: Callable[[], tuple[Matcher, ...]]
    ) -> tuple[Matcher, ...]:
        try:
            return parse()
        except MatcherError as exc:
            place = self._place(path)
            self._report.error(place, exc.problem, exc.fix, offset=exc.column - 1)
            return ()

    def names(self, names: tuple[str, ...], path: Path) -> tuple[str, ...]:
        for i, name in enumerate(names):
            self.known("time interval", name, self._intervals, (*path, i))
        return names

    def known(self, what: str, name: str, all_: Collection[str], path: Path) -> None:
        if name not in all_:
            fix = did_you_mean(name, all_, f"add it to {what.replace(' ', '_')}s")
            problem = f"there is no {what} {shown(name)}"
            self._report.error(self._place(path), problem, fix)


def _old_form(name: str, op: Op, value: str) -> Callable[[], tuple[Matcher, ...]]:
    return lambda: (make_matcher(name, op, value),)


def read_intervals(
    report: Report, salvaged: Salvaged[ConfigFile], zone: Zone
) -> dict[str, tuple[TimeInterval, ...]]:
    """Read the named time intervals, under the new name and the old."""
    found: dict[str, tuple[TimeInterval, ...]] = {}
    for top, entries in _interval_entries(salvaged.model):
        if entries and top == "mute_time_intervals":
            problem = "mute_time_intervals is Alertmanager's old name"
            fix = "write time_intervals"
            report.warn((top,), problem, fix, key=True)
        for i, entry in enumerate(entries):
            path: Path = (top, i)
            if entry.name in found:
                problem = f"a second time interval {shown(entry.name)}"
                place = salvaged.place((*path, "name"))
                report.error(place, problem, "give each a name of its own")
            found[entry.name] = tuple(
                _interval(report, salvaged, spec, (*path, "time_intervals", j), zone)
                for j, spec in enumerate(entry.time_intervals)
            )
    return found


def _interval_entries(
    config: ConfigFile,
) -> Iterator[tuple[str, tuple[IntervalEntry, ...]]]:
    yield "time_intervals", config.time_intervals
    yield "mute_time_intervals", config.mute_time_intervals


def _interval(
    report: Report,
    salvaged: Salvaged[ConfigFile],
    spec: IntervalSpec,
    path: Path,
    zone: Zone,
) -> TimeInterval:
    def spans(key: str, parse: Callable[[object], _Spans], value: object) -> _Spans:
        if key not in spec.model_fields_set:
            return ()
        try:
            return parse(value)
        except IntervalError as exc:
            inside: Path = () if exc.index is None else (exc.index,)
            report.error(salvaged.place((*path, key, *inside)), exc.problem, exc.fix)
            return ()

    times = [time.model_dump() for time in spec.times]
    return TimeInterval(
        times=spans("times", parse_times, times),
        weekdays=spans("weekdays", parse_weekdays, spec.weekdays),
        days_of_month=spans("days_of_month", parse_days_of_month, spec.days_of_month),
        months=spans("months", parse_months, spec.months),
        years=spans("years", parse_years, spec.years),
        location=find_zone(
            report, salvaged.place((*path, "location")), spec.location, zone
        ),
    )
