"""The power may go at any moment: what was confirmed is on the disk that is left."""

import pytest
from killing import why_not
from power_loss import STORIES, cut, report

reason = why_not()

pytestmark = [
    pytest.mark.scenario,
    pytest.mark.timeout(600),
    pytest.mark.skipif(reason is not None, reason=str(reason)),
]

ONCE = 1
"""Images wanted: that is, every moment once."""


@pytest.mark.parametrize("trial", STORIES)
def test_no_power_cut_loses_what_was_confirmed(trial: str) -> None:
    """Every moment: all, none, some and torn of what was not synced; none is bad."""
    found = cut(trial, ONCE)

    assert found.wrong == [], report([found], 0)
    assert found.images > 200, report([found], 0)


@pytest.mark.parametrize("trial", ["intake", "send"])
def test_without_a_sync_at_every_commit_it_is_seen_to_be_lost(trial: str) -> None:
    """The negative control: `synchronous=NORMAL`, which most guides advise, loses."""
    found = cut(trial, ONCE, synchronous="NORMAL")

    assert found.lost > 0, report([found], 0)


def test_without_any_sync_the_file_is_seen_to_be_damaged() -> None:
    """The other control: with `synchronous=OFF` the judge meets broken files."""
    found = cut("intake", ONCE, synchronous="OFF")

    assert found.damaged > 0, report([found], 0)
