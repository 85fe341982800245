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


@pytest.mark.parametrize(
    ("answers", "reachable"),
    [
        ([], True),
        ([False], True),
        ([False, False], False),
        ([False, True, False], True),
        ([False, False, True], True),
        ([False] * 9, False),
    ],
)
def test_two_unanswered_questions_in_a_row_make_it_unreachable(
    answers: list[bool], reachable: bool
) -> None:
    """Others are not preferred for it: a question is no message."""
    known = Circuit()
    for answered in answers:
        known = after_probe(known, answered=answered)

    assert known.is_reachable is reachable
    assert not known.is_open


def test_an_open_circuit_is_unreachable_until_a_question_is_answered() -> None:
    """And any answer to a request makes it reachable."""
    open_ = reduce(after_request, [AWAY, AWAY], Circuit())
    unanswered = after_probe(after_probe(Circuit(), answered=False), answered=False)

    assert not open_.is_reachable
    assert after_probe(open_, answered=True).is_reachable
    assert after_request(unanswered, OK).is_reachable
    assert after_request(unanswered, NO).is_reachable


def test_an_unanswered_question_changes_nothing() -> None:
    """It stays open; what works is not touched by a question that comes late."""
    assert after_probe(Circuit(TRIES), answered=False).is_open
    assert after_probe(Circuit(), answered=True) == Circuit()
