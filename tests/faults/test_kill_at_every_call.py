"""A process may die before any call on storage: nothing confirmed is lost by it."""

import pytest
from killing import why_not
from sweep import report, sweep

reason = why_not()

pytestmark = [
    pytest.mark.scenario,
    pytest.mark.timeout(600),
    pytest.mark.skipif(reason is not None, reason=str(reason)),
]


@pytest.mark.parametrize(
    ("trial", "at_least"),
    [("first-start", 150), ("intake", 120), ("send", 300), ("upkeep", 120)],
)
def test_nothing_is_lost_or_doubled(trial: str, at_least: int) -> None:
    """Killed at every call, and judged: confirmed is there, taken was written down.

    Posts that come again, as after a 2xx that nobody saw, add nothing.
    """
    swept = sweep([trial], workers=1)

    assert not [what for one in swept for what in one.wrong], report(swept, 0)
    assert sum(one.kills for one in swept) >= at_least, report(swept, 0)


def test_reports_are_acted_upon() -> None:
    """Killed at every third call: what is reported is known, the next phone rings.

    By hand at every call; it is the longest of the trials.
    """
    swept = sweep(["report"], every=3, workers=1)

    assert not [what for one in swept for what in one.wrong], report(swept, 0)
    assert sum(one.kills for one in swept) >= 100, report(swept, 0)


def test_a_migration_goes_on_where_it_was() -> None:
    """Killed at every call on the oldest file, at some on newer ones: same rows."""
    swept = sweep(["migrate"], others_every=7, workers=1)

    assert not [what for one in swept for what in one.wrong], report(swept, 0)
    assert swept[0].kills >= 200, report(swept, 0)
    assert all(one.kills for one in swept), report(swept, 0)


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
