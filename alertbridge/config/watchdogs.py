"""The watchdogs that sources are expected to post: their matchers, read and checked."""

from collections.abc import Iterator

from alertbridge.config.model import ConfigFile
from alertbridge.config.people import where
from alertbridge.config.report import Report
from alertbridge.config.salvage import Salvaged
from alertbridge.core.alert import SourceName
from alertbridge.core.matcher import Matcher, MatcherError, parse_matchers
from alertbridge.core.watchdog import Watchdog


def watchdogs_of_sources(
    report: Report, salvaged: Salvaged[ConfigFile]
) -> Iterator[tuple[SourceName, Watchdog]]:
    """Read what each source is expected to post, reporting what cannot be meant."""
    for i, source in enumerate(salvaged.model.sources):
        if source.watchdog is None:
            continue
        matchers: list[Matcher] = []
        for j, text in enumerate(source.watchdog.matchers):
            path = ("sources", i, "watchdog", "matchers", j)
            try:
                matchers += parse_matchers(text)
            except MatcherError as exc:
                place = salvaged.place(path)
                report.error(place, exc.problem, exc.fix, offset=exc.column - 1)
                break
        else:
            line = where(report, salvaged.place(("sources", i, "watchdog")))
            watchdog = Watchdog(tuple(matchers), source.watchdog.within, line)
            if watchdog.matches({}):
                place = salvaged.place(("sources", i, "watchdog", "matchers"))
                problem = "these match alerts of any kind: none of them would page"
                report.error(place, problem, 'write alertname="Watchdog"')
            yield SourceName(source.name), watchdog
