"""What flaps, what has settled, and what a flapping alert's posts mean."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from round_trip import MakeAlert

from alertbridge.core.alert import Fingerprint
from alertbridge.core.episode import (
    Ends,
    FiresAgain,
    KnownEpisode,
    Late,
    Opens,
    Same,
    Sighting,
    sight,
)
from alertbridge.core.flapping import (
    NEVER,
    Flapping,
    flaps_at_opening,
    is_flapping,
)
from alertbridge.core.notification import EpisodeId

NOW = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
RULE = Flapping()


def ago(*minutes: float) -> tuple[datetime, ...]:
    """Moments so many minutes ago."""
    return tuple(NOW - timedelta(minutes=m) for m in minutes)


@pytest.mark.parametrize(
    ("opened", "flaps"),
    [((), 0), (ago(1), 0), (ago(1, 2), 3), (ago(1, 29.9), 3), (ago(1, 30), 0)],
    ids=["first", "second", "third", "third, just in time", "third, too late"],
)
def test_the_third_time_within_the_window_flaps(
    opened: tuple[datetime, ...], flaps: int
) -> None:
    """This one counts; what is older than the window does not."""
    assert flaps_at_opening(opened, RULE, NOW) == flaps


def test_a_clock_that_was_set_back_makes_nothing_flap() -> None:
    """Openings in the future are none of this window's."""
    assert flaps_at_opening(ago(-5, -6), RULE, NOW) == 0


@pytest.mark.parametrize(
    ("flaps", "changed", "flapping"),
    [(3, 14.9, True), (3, 15, False), (0, 1, False)],
    ids=["still", "settled", "never did"],
)
def test_it_has_settled_after_a_while_without_change(
    flaps: int, changed: float, flapping: bool
) -> None:
    """The moment it has kept still for long enough is not flapping any more."""
    (moment,) = ago(changed)

    assert is_flapping(flaps, moment, RULE, NOW) is flapping


def test_nothing_flaps_where_the_rule_is_off() -> None:
    """`flapping: null`: every change is told."""
    assert flaps_at_opening(ago(1, 2, 3, 4), NEVER, NOW) == 0
    assert not is_flapping(9, NOW - timedelta(minutes=1), NEVER, NOW)


def known(*, starts: float, ends: float | None = None, **own: object) -> KnownEpisode:
    """A flapping episode; times are seconds from now, as the alerts' are."""
    made = KnownEpisode(
        id=EpisodeId(1),
        fingerprint=Fingerprint("f"),
        starts_at=NOW + timedelta(seconds=starts),
        ends_at=None if ends is None else NOW + timedelta(seconds=ends),
        ended_seen=None if ends is None else NOW + timedelta(seconds=ends),
        flaps=3,
        changed_seen=NOW - timedelta(seconds=30),
    )
    return replace(made, **own)  # type: ignore[arg-type]


SIGHTINGS: dict[str, tuple[KnownEpisode, dict[str, float], type[Sighting]]] = {
    "over, fires again": (known(starts=-600, ends=-60), {"starts": -30}, FiresAgain),
    "over, late copy": (known(starts=-600, ends=-60), {"starts": -600}, Late),
    "over and settled": (
        known(starts=-3600, ends=-1000, changed_seen=NOW - timedelta(hours=1)),
        {"starts": -30},
        Opens,
    ),
    "fires, its end unseen": (
        known(starts=-3600, refired_at=NOW - timedelta(minutes=10)),
        {"starts": -30},
        FiresAgain,
    ),
    "fires, copy of the first firing": (
        known(starts=-3600, refired_at=NOW - timedelta(minutes=10)),
        {"starts": -3600},
        Same,
    ),
    "fires, copy of an earlier firing": (
        known(starts=-3600, refired_at=NOW - timedelta(minutes=10)),
        {"starts": -1800},
        Same,
    ),
    "fires, late end of an earlier firing": (
        known(starts=-3600, refired_at=NOW - timedelta(minutes=10)),
        {"starts": -3600, "ends": -1200},
        Late,
    ),
    "fires, and ends": (
        known(starts=-3600, refired_at=NOW - timedelta(minutes=10)),
        {"starts": -600, "ends": 0},
        Ends,
    ),
}


@pytest.mark.parametrize(
    ("episode", "times", "expected"), SIGHTINGS.values(), ids=SIGHTINGS
)
def test_what_a_post_means_while_it_flaps(
    episode: KnownEpisode,
    times: dict[str, float],
    expected: type[Sighting],
    alert: MakeAlert,
) -> None:
    """New firings stay within the episode; copies and late ends change nothing."""
    found = sight(episode, alert(**times), NOW, RULE)

    assert type(found) is expected
