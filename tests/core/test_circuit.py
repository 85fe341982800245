"""When others are preferred to a provider, and when it is tried again."""

from functools import reduce

import pytest

from alertbridge.core.circuit import TRIES, Circuit, after_probe, after_request
from alertbridge.core.message import Accepted, Deferred, Outcome, Rejected, Uncertain

OK = Accepted()
AWAY = Deferred(detail="away")
LOST = Uncertain(detail="lost")
NO = Rejected(detail="no")


@pytest.mark.parametrize(
    ("outcomes", "is_open"),
    [
        ([AWAY], False),
        ([AWAY, AWAY], True),
        ([AWAY, LOST], True),
        ([AWAY, OK, AWAY], False),
        ([AWAY, NO, AWAY], False),
        ([AWAY, AWAY, OK], False),
        ([AWAY] * 9, True),
    ],
)
def test_two_requests_in_a_row_that_came_to_nothing_open_it(
    outcomes: list[Outcome], is_open: bool
) -> None:
    """A refusal is an answer: the gateway works."""
    assert reduce(after_request, outcomes, Circuit()).is_open is is_open


def test_an_answered_question_lets_one_request_through() -> None:
    """A gateway may answer questions, and fail at every message."""
    probed = after_probe(Circuit(TRIES), answered=True)

    assert not probed.is_open
    assert after_request(probed, AWAY).is_open
    assert after_request(probed, OK) == Circuit()


def test_an_unanswered_question_changes_nothing() -> None:
    """It stays open; what works is not touched by a question that comes late."""
    assert after_probe(Circuit(TRIES), answered=False).is_open
    assert after_probe(Circuit(), answered=True) == Circuit()
