"""Rule 1: what a sighting of an alert means, given what is recorded of it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from alertbridge.core.alert import Alert, Fingerprint
from alertbridge.core.episode import (
    DRIFT,
    Ends,
    EndsUnheard,
    KnownEpisode,
    Late,
    Opens,
    Same,
    Sighting,
    sight,
)
from alertbridge.core.notification import EpisodeId

T0 = datetime.fromisoformat("2026-03-14T03:12:00+00:00")
NOW = T0 + timedelta(minutes=30)


def at(seconds: float) -> datetime:
    """Seconds after the first firing."""
    return T0 + timedelta(seconds=seconds)


def known(
    starts: float,
    ends: float | None = None,
    *,
    seen: float | None = None,
    previous: float | None = None,
) -> KnownEpisode:
    """Build what is recorded; a resolve was seen at *seen*, a minute ago by default."""
    ended = NOW - timedelta(minutes=1) if seen is None else at(seen)
    return KnownEpisode(
        id=EpisodeId(1),
        fingerprint=Fingerprint("f"),
        starts_at=at(starts),
        ends_at=None if ends is None else at(ends),
        ended_seen=None if ends is None else ended,
        previous_end=None if previous is None else at(previous),
    )


OPEN = known(0)
OVER = known(0, 60)
D = DRIFT.total_seconds()
Case = tuple[KnownEpisode | None, float | None, Sighting]

FIRING: dict[str, Case] = {
    "never seen": (None, 0, Opens(at(0))),
    "never seen, no start of its own": (None, None, Opens(NOW)),
    "open, same start": (OPEN, 0, Same(at(0))),
    "open, no start of its own": (OPEN, None, Same(at(0))),
    "open, start moved back": (OPEN, -900, Same(at(-900))),
    "open, start drifted on": (OPEN, D, Same(at(0))),
    "open, start beyond the drift": (OPEN, D + 1, Opens(at(D + 1), closes=OPEN)),
    "open, copy from the period before": (known(600, previous=60), 0, Late()),
    "open, moved back, not that far": (known(600, previous=60), 61, Same(at(61))),
    "open, reopened with its old start": (known(0, previous=60), 0, Same(at(0))),
    "over, late copy": (OVER, 0, Late()),
    "over, start moved back, late copy": (OVER, -900, Late()),
    "over, starts as it ended": (OVER, 60, Late()),
    "over, later start": (OVER, 61, Opens(at(61))),
    "over, no start of its own": (OVER, None, Opens(NOW)),
    "over long since, old start": (known(0, 60, seen=61), 0, Opens(at(0))),
}


@pytest.mark.parametrize(
    ("recorded", "starts", "expected"), FIRING.values(), ids=FIRING.keys()
)
def test_a_firing_alert_is_news_or_known_or_late(
    alert: Callable[..., Alert],
    recorded: KnownEpisode | None,
    starts: float | None,
    expected: Sighting,
) -> None:
    """Only the recorded state decides what a firing post means."""
    assert sight(recorded, alert(starts=starts), NOW) == expected


Resolve = tuple[KnownEpisode | None, float | None, float | None, Sighting]

RESOLVED: dict[str, Resolve] = {
    "never seen": (None, 0, 60, EndsUnheard(at(0), at(60))),
    "never seen, no times": (None, None, None, EndsUnheard(NOW, NOW)),
    "open": (OPEN, 0, 60, Ends(at(60))),
    "open, start moved back": (OPEN, -900, 60, Ends(at(60))),
    "open, no times": (OPEN, None, None, Ends(NOW)),
    "open, end before our start": (known(600), 0, 60, Late()),
    "open, end before, no start to go by": (known(600), None, 60, Ends(at(600))),
    "open, resolve of the period before": (known(0, previous=60), 0, 60, Late()),
    "open, reopened, its own resolve": (known(0, previous=60), 0, 900, Ends(at(900))),
    "over, again": (OVER, 0, 60, Late()),
    "over, another end": (OVER, 0, 90, Late()),
    "over, no start": (OVER, None, 90, Late()),
    "over, of a period never seen": (OVER, 61, 90, EndsUnheard(at(61), at(90))),
}


@pytest.mark.parametrize(
    ("recorded", "starts", "ends", "expected"), RESOLVED.values(), ids=RESOLVED.keys()
)
def test_a_resolved_alert_ends_what_is_open_and_nothing_else(
    alert: Callable[..., Alert],
    recorded: KnownEpisode | None,
    starts: float | None,
    ends: float | None,
    expected: Sighting,
) -> None:
    """A resolve ends the open period; of any other it changes nothing we told."""
    resolved = alert(starts=starts, ends=ends, resolved=True)

    assert sight(recorded, resolved, NOW) == expected


def test_the_margin_of_a_late_copy_is_counted_from_when_we_saw_the_end(
    alert: Callable[..., Alert],
) -> None:
    """Fifteen minutes after the resolve was recorded the same post is news again."""
    recorded = known(0, 60, seen=120)
    copy = alert(starts=0)

    assert sight(recorded, copy, at(120 + 15 * 60)) == Late()
    assert sight(recorded, copy, at(121 + 15 * 60)) == Opens(at(0))
