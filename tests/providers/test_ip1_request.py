"""What leaves for iP.1 is what its documentation asks for, and nothing else leaves."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from alertbridge.core.message import Deferred, Rejected, Submission
from alertbridge.core.recipient import Msisdn
from alertbridge.core.secret import Secret
from alertbridge.providers.ip1_options import Ip1Options
from alertbridge.providers.ip1_request import batch_request, refuse_unsendable

MakeSubmission = Callable[..., Submission]


def options(*, priority_for_critical: bool = False) -> Ip1Options:
    """Make the options of an account."""
    return Ip1Options(
        token=Secret("t"), sender="iP1", priority_for_critical=priority_for_critical
    )


def test_the_request_in_full(make_submission: MakeSubmission) -> None:
    """Every field as documented: digits without `+`, times with `Z`."""
    submission = make_submission("+46701740605", "+46701740606", body="Disk full")

    assert batch_request(submission, options()) == {
        "sender": "iP1",
        "recipients": ["46701740605", "46701740606"],
        "body": "Disk full",
        "type": "sms",
        "datacoding": "gsm",
        "priority": 1,
        "deliveryWindows": [
            {"opens": "2026-01-15T09:30:00Z", "closes": "2026-01-15T10:30:00Z"}
        ],
        "reference": "ref-1",
    }


def test_one_recipient_is_an_array_too(make_submission: MakeSubmission) -> None:
    """An object would turn `{job}` in an alert's text into a template."""
    request = batch_request(make_submission(body="{job}"), options())

    assert request["recipients"] == ["46701740605"]


def test_a_text_beyond_gsm_goes_as_ucs(make_submission: MakeSubmission) -> None:
    """With `gsm`, iP.1 would deny it."""
    request = batch_request(make_submission(body="дискъ"), options())

    assert request["datacoding"] == "ucs"


@pytest.mark.parametrize(
    ("urgent", "option", "priority"),
    [
        pytest.param(True, True, 2, id="urgent-and-paid-for"),
        pytest.param(True, False, 1, id="urgent-not-paid-for"),
        pytest.param(False, True, 1, id="not-urgent"),
    ],
)
def test_priority_2_costs_money_and_is_asked_for(
    make_submission: MakeSubmission, urgent: bool, option: bool, priority: int
) -> None:
    """Only a critical page, and only where the config says so, pays extra."""
    submission = make_submission(urgent=urgent)

    request = batch_request(submission, options(priority_for_critical=option))

    assert request["priority"] == priority


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"body": ""}, id="empty"),
        pytest.param({"body": " \n\t"}, id="blank"),
        pytest.param({"body": "x" * 2001}, id="2001-characters"),
        pytest.param({"body": "🔥" * 1001}, id="2002-utf16-units"),
        pytest.param({"reference": ""}, id="no-reference"),
        pytest.param({"reference": "r" * 41}, id="long-reference"),
        pytest.param({"reference": "a\r\nX-Evil: 1"}, id="line-break-in-reference"),
    ],
)
def test_what_ip1_would_refuse_is_refused_here(
    make_submission: MakeSubmission, changes: dict[str, str]
) -> None:
    """A request that cannot be taken costs no round trip."""
    outcomes = refuse_unsendable(make_submission(**changes))

    assert outcomes is not None
    assert isinstance(outcomes.all, Rejected)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="plain"),
        pytest.param({"body": "x" * 2000}, id="2000-characters"),
        pytest.param({"body": "🔥" * 1000}, id="2000-utf16-units"),
        pytest.param({"body": "\ud83d half a pair"}, id="lone-surrogate"),
        pytest.param({"reference": "r" * 40}, id="40-characters"),
    ],
)
def test_what_ip1_takes_is_let_through(
    make_submission: MakeSubmission, changes: dict[str, str]
) -> None:
    """The limits are inclusive."""
    assert refuse_unsendable(make_submission(**changes)) is None


def test_more_than_a_thousand_numbers_are_refused(
    make_submission: MakeSubmission,
) -> None:
    """The largest batch that iP.1 recommends is the largest we send."""
    outcomes = refuse_unsendable(make_submission(*["+46701740605"] * 1001))

    assert outcomes is not None
    assert isinstance(outcomes.all, Rejected)


def test_a_closed_window_is_not_sent(make_submission: MakeSubmission) -> None:
    """What is too late to deliver waits to be composed anew, or to expire."""
    outcomes = refuse_unsendable(make_submission(closes_in=timedelta(0)))

    assert outcomes is not None
    assert isinstance(outcomes.all, Deferred)


@pytest.mark.parametrize(
    "number",
    [
        pytest.param("+4670174060x", id="letter"),
        pytest.param("+46701740605\r\n", id="line-break"),
        pytest.param("+4670174060500000", id="16-digits"),
        pytest.param("", id="empty"),
        pytest.param("+", id="only-plus"),
    ],
)
def test_a_bad_number_does_not_take_the_good_one_down(
    make_submission: MakeSubmission, number: str
) -> None:
    """It is refused; the other waits to be sent without it."""
    outcomes = refuse_unsendable(make_submission("+46701740605", number))

    assert outcomes is not None
    blamed = outcomes.of(Msisdn(number))
    assert isinstance(outcomes.of(Msisdn("+46701740605")), Deferred)
    assert isinstance(blamed, Rejected)
    assert blamed.number_is_bad
