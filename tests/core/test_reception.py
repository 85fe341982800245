"""When a source counts as locked out, and what strangers can do about it."""

from datetime import UTC, datetime, timedelta

import pytest

from alertbridge.core import reception as reception_module
from alertbridge.core.reception import (
    LONGEST,
    PATIENCE,
    Reception,
    after_let_in,
    after_refused,
    is_locked_out,
)

T0 = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KNOWN = Reception(known=True)


def live(*events: tuple[float, bool], since: Reception = KNOWN) -> list[bool]:
    """Live through posts (minute, let in?); say after each whether it is locked out."""
    found = []
    for minute, let_in in events:
        after = after_let_in if let_in else after_refused
        since = after(since, T0 + minute * MINUTE)
        found.append(is_locked_out(since))
    return found


@pytest.mark.parametrize(
    ("events", "locked_out"),
    [
        pytest.param(
            [(0, False), (5, False)], True, id="refused-again-in-five-minutes"
        ),
        pytest.param([(0, False), (2, False)], True, id="after-two-minutes"),
        pytest.param([(0, False), (1.9, False)], False, id="too-soon-to-say"),
        pytest.param([(0, False)], False, id="one-post-of-a-scanner"),
        pytest.param([(m / 60, False) for m in range(90)], False, id="many-in-90-s"),
        pytest.param(
            [(0, False), (1, True), (2.5, False)], False, id="the-source-gets-in"
        ),
        pytest.param([(0, False), (5, False), (6, True)], False, id="let-in-again"),
    ],
)
def test_a_known_source_is_locked_out(
    events: list[tuple[float, bool]], locked_out: bool
) -> None:
    """Refused twice, two minutes apart, and never let in between."""
    assert live(*events)[-1] is locked_out


def test_who_was_never_let_in_cannot_be_locked_out() -> None:
    """A source that is being set up is watched by who sets it up."""
    assert not any(live(*[(m, False) for m in range(60)], since=Reception()))


def alarms(posts_every: int, hours: int) -> int:
    """Count how often a source that works would be called locked out.

    It posts every so many seconds; a stranger does every ten, five seconds after it.
    """
    reception, count, said = KNOWN, 0, False
    for second in range(0, hours * 3600, 5):
        now = T0 + timedelta(seconds=second)
        if second % posts_every == 0:
            reception, said = after_let_in(reception, now), False
        elif second % 10 == 5:
            reception = after_refused(reception, now)
        if is_locked_out(reception) and not said:
            count, said = count + 1, True
    return count


@pytest.mark.parametrize(
    ("posts_every", "most"),
    [
        pytest.param(60, 0, id="every-minute"),
        pytest.param(300, 2, id="every-5-minutes"),
        pytest.param(3600, 6, id="every-hour"),
        pytest.param(36000, 6, id="every-ten-hours"),
    ],
)
def test_strangers_cannot_make_a_storm_of_pages(posts_every: int, most: int) -> None:
    """One posts every ten seconds, day and night, while the source works.

    Each alarm makes the next one wait longer; over two days they are few.
    """
    assert alarms(posts_every, 48) <= most


def test_without_its_patience_a_stranger_would_make_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Mutant: each alarm is as quick as the first."""
    monkeypatch.setattr(reception_module, "LONGER", 1)

    assert alarms(300, 48) > 500


def test_the_usual_patience_is_back_after_a_day() -> None:
    """What happened last month does not hide a lost token."""
    often = Reception(known=True, mistaken=4, mistaken_at=T0 - timedelta(hours=24))

    assert live((0, False), (5, False), since=often)[-1]


def test_the_longest_wait_has_an_end() -> None:
    """However many strangers there are, a source that is silent for long is told."""
    reception = Reception(known=True, mistaken=10_000, mistaken_at=T0)
    at_last = LONGEST / MINUTE

    assert live(
        (0, False), (at_last - 1, False), (at_last, False), since=reception
    ) == [
        False,
        False,
        True,
    ]
    assert PATIENCE < LONGEST
