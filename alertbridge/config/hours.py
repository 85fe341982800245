"""When a config leaves its people alone: quiet hours, working hours, what breaks in."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from alertbridge.config.model import ConfigFile
from alertbridge.config.model_people import BreaksThrough, RecipientEntry
from alertbridge.config.problems import Path, did_you_mean, shown
from alertbridge.config.report import Report
from alertbridge.config.salvage import Salvaged
from alertbridge.core.interval import TimeInterval, next_open
from alertbridge.core.quiet import QuietHours
from alertbridge.core.severity import Severity

_USUAL: BreaksThrough = "critical"
"""What a person is woken by where nothing is said."""


_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""Where to begin to look: hours without years come again every year."""


def least_severity(word: BreaksThrough) -> Severity | None:
    """Read `breaks_through`; None: nothing does."""
    return None if word == "none" else Severity[word.upper()]


class Hours:
    """Resolves the intervals that recipients name.

    *known* are the names there are, of broken intervals as well.
    """

    def __init__(
        self,
        report: Report,
        salvaged: Salvaged[ConfigFile],
        intervals: Mapping[str, tuple[TimeInterval, ...]],
        known: Collection[str],
    ) -> None:
        self._report = report
        self._place = salvaged.place
        self._intervals = intervals
        self._known = known
        config = salvaged.model
        self._placeless = {
            (entry.name, i)
            for entry in (*config.time_intervals, *config.mute_time_intervals)
            for i, spec in enumerate(entry.time_intervals)
            if "location" not in spec.model_fields_set
        }

    def of(self, entry: RecipientEntry, path: Path, zone: tzinfo) -> QuietHours:
        """Say when the person at *path*, who lives in *zone*, is left alone."""
        quiet, working = (*path, "quiet_hours"), (*path, "working_hours")
        hours = QuietHours(
            quiet=self._read(entry.quiet_hours, quiet, zone),
            working=self._read(entry.working_hours, working, zone),
            breaks_through=least_severity(entry.breaks_through),
            quiet_where=self._where(quiet) if entry.quiet_hours else "",
            working_where=self._where(working) if entry.working_hours else "",
        )
        self._warn_of_no_end(hours, quiet if entry.quiet_hours else working)
        has_hours = entry.quiet_hours or entry.working_hours
        if not has_hours and entry.breaks_through != _USUAL:
            problem = "no effect: there is nothing to break through"
            fix = "add quiet_hours or working_hours, or remove it"
            place = self._place((*path, "breaks_through"))
            self._report.warn(place, problem, fix)
        return hours

    def _warn_of_no_end(self, hours: QuietHours, path: Path) -> None:
        """Say so where no time at all is left: what waits for one never rings.

        Hours of certain years are left out: no clock is looked at here.
        """
        both = (*hours.quiet, *hours.working)
        if not both or any(interval.years for interval in both):
            return
        if next_open(hours.quiet, hours.working, _ANY_DAY) is None:
            problem = "these hours never end: nothing that is held ever leaves"
            fix = "leave some time outside quiet_hours and within working_hours"
            self._report.warn(self._place(path), problem, fix)

    def _read(
        self, names: tuple[str, ...], path: Path, zone: tzinfo
    ) -> tuple[TimeInterval, ...]:
        found: list[TimeInterval] = []
        for i, name in enumerate(names):
            if name not in self._known:
                problem = f"there is no time interval {shown(name)}"
                fix = did_you_mean(name, self._known, "add it to time_intervals")
                self._report.error(self._place((*path, i)), problem, fix)
            for j, interval in enumerate(self._intervals.get(name, ())):
                # "Night" is each person's own night, unless the interval says whose.
                is_own = (name, j) in self._placeless
                found.append(replace(interval, location=zone) if is_own else interval)
        return tuple(found)

    def _where(self, path: Path) -> str:
        mark = self._report.document.mark_of(self._place(path), key=True)
        return f"{self._report.document.file}:{mark.line}"
