"""When others are preferred to a provider, and when it is tried again."""

from functools import reduce

import pytest

from alertbridge.core.circuit import TRIES, Circuit, after_probe, after_request
from alertbridge.core.message import Accepted, Deferred, Outcome, Rejected, Uncertain

OK = Accepted()
AWAY = Deferred(detail="away")
LOST = Uncertain(detail="lost")
NO = Rejected(detail="no")
SHUT = Deferred(detail="HTTP 401", account_is_shut=True)


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


@pytest.mark.parametrize(
    ("outcome", "is_open"),
    [
        pytest.param(SHUT, True, id="account-shut"),
        pytest.param(Deferred(detail="429", retry_after=60.0), True, id="a-minute"),
        pytest.param(Deferred(detail="429", retry_after=10.0), False, id="ten-seconds"),
        pytest.param(Deferred(detail="429"), False, id="no-wish"),
    ],
)
def test_what_a_second_request_would_only_repeat_opens_it_at_once(
    outcome: Outcome, is_open: bool
) -> None:
    """A token that is revoked, or a wish to be left alone (C7, C8)."""
    assert after_request(Circuit(), outcome).is_open is is_open


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
