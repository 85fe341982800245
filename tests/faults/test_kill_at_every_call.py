"""A process may die before any call on storage: nothing confirmed is lost by it.

Here at some of the calls, another set in each trial; at every one of them by hand:

    ALERTBRIDGE_LONG=1 pytest tests/faults/test_kill_at_every_call.py
"""

import os

import pytest
from killing import why_not
from sweep import report, sweep

reason = why_not()

pytestmark = [
    pytest.mark.scenario,
    pytest.mark.timeout(600),
    pytest.mark.skipif(reason is not None, reason=str(reason)),
]


def every(stride: int) -> int:
    """At every call by hand; here at every so many."""
    return 1 if os.environ.get("ALERTBRIDGE_LONG") else stride


@pytest.mark.parametrize(
    ("trial", "stride", "at_least"),
    [
        ("first-start", 5, 150),
        ("intake", 3, 120),
        ("send", 7, 300),
        ("upkeep", 5, 120),
        ("report", 11, 300),
    ],
)
def test_nothing_is_lost_or_doubled(trial: str, stride: int, at_least: int) -> None:
    """Killed, and judged: confirmed is there, taken was written down.

    Posts that come again, as after a 2xx that nobody saw, add nothing; what is reported
    is known, and the next phone rings.
    """
    swept = sweep([trial], every=every(stride), workers=1)

    assert not [what for one in swept for what in one.wrong], report(swept, 0)
    kills = sum(one.kills for one in swept)
    assert kills >= at_least // every(stride), report(swept, 0)


def test_a_migration_goes_on_where_it_was() -> None:
    """From the oldest file, and from newer ones: the same rows."""
    swept = sweep(["migrate"], every=every(13), others_every=every(61), workers=1)

    assert not [what for one in swept for what in one.wrong], report(swept, 0)
    assert swept[0].kills >= 200 // every(13), report(swept, 0)


@pytest.mark.parametrize(
    ("trial", "mutant", "finding"),
    [
        ("intake", "early-ack", "is lost"),
        ("send", "no-mark", "no attempt is written down"),
        ("report", "early-ack", "was confirmed, and is lost"),
        ("migrate", "no-transaction", "cannot be migrated again"),
    ],
)
def test_the_sweep_finds_a_mistake(trial: str, mutant: str, finding: str) -> None:
    """The negative controls: each of these loses something at some of the calls."""
    swept = sweep([trial], every=19, mutant=mutant, workers=1)

    assert any(finding in what for one in swept for what in one.wrong), report(swept, 0)
