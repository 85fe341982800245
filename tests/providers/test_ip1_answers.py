"""Each answer of iP.1 means one thing, and never more than it says."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.message import (
    Accepted,
    Deferred,
    Outcome,
    Outcomes,
    Rejected,
    Uncertain,
)
from alertbridge.core.recipient import Msisdn
from alertbridge.providers.ip1_answers import Answer, classify, read_retry_after

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
ANNA, BO, CAJ = (Msisdn(f"+4670174060{n}") for n in (5, 6, 7))


def outcomes(
    status: int, body: bytes | None = b"", *, numbers: tuple[Msisdn, ...] = (ANNA,)
) -> Outcomes:
    """Classify an answer with *status* and *body*."""
    return classify(Answer(status=status, body=body), numbers, NOW)


def expected_kind(status: int) -> type[Outcome]:
    """The table of the design, written a second time and by block."""
    if status in {400, 401, 402, 403, 404, 405, 407, 415, 422, 429, 503}:
        return Deferred
    if 300 <= status < 400:
        return Deferred
    if status == 413:
        return Rejected
    return Uncertain


@pytest.mark.parametrize("status", range(100, 600))
def test_every_status_without_a_body_has_its_class(status: int) -> None:
    """Only what surely was not sent is Deferred or Rejected; the rest is Uncertain."""
    assert type(outcomes(status).all) is expected_kind(status)


SAID = b'{"title": "Bad Request", "status": 400, "detail": "Invalid sender"}'
LISTED = b'{"title": "One or more errors.", "errors": {"sender": ["too long"]}}'
BARE = b'{"type": "about:blank", "title": "Not Found", "status": 404}'


@pytest.mark.parametrize("status", [404, 405, 415])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b"", Deferred, id="empty"),
        pytest.param(None, Deferred, id="broken-off"),
        pytest.param(b"default backend - 404", Deferred, id="load-balancer"),
        pytest.param(b"<html>404</html>", Deferred, id="web-server"),
        pytest.param(b'"gone"', Deferred, id="json-text"),
        pytest.param(b'{"statusCode": 404}', Deferred, id="api-manager"),
        pytest.param(BARE, Deferred, id="no-more-than-the-status"),
        pytest.param(b'{"detail": "", "errors": {}}', Deferred, id="empty-members"),
        pytest.param(SAID, Rejected, id="detail"),
        pytest.param(LISTED, Rejected, id="errors"),
    ],
)
def test_an_address_that_is_not_there_may_be_there_again(
    status: int, body: bytes | None, kind: type[Outcome]
) -> None:
    """A 404 in the minute of a deploy kills no page; the gateway's own no may."""
    assert type(outcomes(status, body).all) is kind


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b"", Deferred, id="empty"),
        pytest.param(None, Deferred, id="broken-off"),
        pytest.param(b"<html>400 Bad Request</html>", Deferred, id="proxy"),
        pytest.param(SAID, Rejected, id="detail"),
        pytest.param(b'{"title": "Invalid sender"}', Rejected, id="title-alone"),
        pytest.param(b"no route to 46701740605", Rejected, id="number-in-plain-text"),
    ],
)
def test_a_bad_request_is_the_gateways_own_word(
    status: int, body: bytes | None, kind: type[Outcome]
) -> None:
    """iP.1 writes JSON: any other 400 is of something that stands in between."""
    assert type(outcomes(status, body).of(ANNA)) is kind


@pytest.mark.parametrize("status", [200, 201, 202, 207, 299])
def test_any_2xx_with_a_batch_id_is_accepted(status: int) -> None:
    """The success status is not documented, so the id decides."""
    assert outcomes(status, b'{"id": "5bc8"}').all == Accepted(provider_id="5bc8")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(None, id="broken-off"),
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>Log in</html>", id="captive-portal"),
        pytest.param(b'{"id": "5bc8"', id="truncated"),
        pytest.param(b"[]", id="array"),
        pytest.param(b'"5bc8"', id="string"),
        pytest.param(b"{}", id="no-id"),
        pytest.param(b'{"id": null}', id="null-id"),
        pytest.param(b'{"id": 17}', id="numeric-id"),
        pytest.param(b'{"id": ""}', id="empty-id"),
        pytest.param(b'{"id": "  "}', id="blank-id"),
        pytest.param(b'{"id": "a\\nb"}', id="line-break-in-id"),
        pytest.param(json.dumps({"id": "x" * 129}).encode(), id="129-characters"),
        pytest.param(b"\xff\xfe{", id="not-utf8"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"id": ' + b"9" * 5000 + b"}", id="huge-number"),
    ],
)
def test_2xx_without_a_usable_id_is_uncertain(body: bytes | None) -> None:
    """A message is never called accepted on the word of a captive portal."""
    assert isinstance(outcomes(201, body).all, Uncertain)


def test_an_id_of_128_characters_is_accepted() -> None:
    """The longest id we keep is kept whole."""
    body = json.dumps({"id": "x" * 128}).encode()

    assert outcomes(201, body).all == Accepted(provider_id="x" * 128)


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"detail": "46701740606 is not valid"}', id="digits"),
        pytest.param(b'{"detail": "+46701740606 is not valid"}', id="with-plus"),
        pytest.param(b'{"errors": {"recipients[1]": ["bad"]}}', id="index"),
        pytest.param(b'{"errors": {"$.Recipients[1]": ["bad"]}}', id="json-path"),
    ],
)
def test_a_named_number_is_blamed_alone(status: int, body: bytes) -> None:
    """One bad number of three is refused; the other two may be sent again."""
    result = outcomes(status, body, numbers=(ANNA, BO, CAJ))

    refused = [isinstance(result.of(n), Rejected) for n in (ANNA, BO, CAJ)]
    assert refused == [False, True, False]
    assert isinstance(result.all, Deferred)


def test_a_blamed_number_is_called_bad() -> None:
    """The caller learns that the number, not the text, is the trouble."""
    outcome = outcomes(400, b"46701740605").of(ANNA)

    assert isinstance(outcome, Rejected)
    assert outcome.number_is_bad


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"detail": "Invalid sender"}', id="nothing-named"),
        pytest.param(b'["46701740605", "46701740606"]', id="echo-of-all"),
        pytest.param(b"146701740605", id="inside-a-longer-number"),
        pytest.param(b'{"errors": {"recipients[7]": []}}', id="index-out-of-range"),
    ],
)
def test_a_refusal_that_singles_out_nobody_is_for_all(body: bytes | None) -> None:
    """Without blame, nobody's number is called bad."""
    result = outcomes(400, body, numbers=(ANNA, BO))

    assert (result.all, result.by_number) == (
        Rejected(detail="HTTP 400: it does not take this request"),
        {},
    )


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("2", 2.0, id="seconds"),
        pytest.param(" 2 ", 2.0, id="spaces"),
        pytest.param("0", 0.0, id="zero"),
        pytest.param("60", 60.0, id="sixty"),
        pytest.param("61", 60.0, id="clamped"),
        pytest.param("1000000000", 60.0, id="thirty-years"),
        pytest.param("9" * 5000, 60.0, id="five-thousand-digits"),
        pytest.param("Thu, 15 Jan 2026 09:30:20 GMT", 20.0, id="date"),
        pytest.param("Thu, 15 Jan 2026 10:30:20 +0100", 20.0, id="date-with-offset"),
        pytest.param("Thu, 15 Jan 2026 09:30:20 -0000", 20.0, id="date-without-zone"),
        pytest.param("Thu, 15 Jan 2026 09:29:00 GMT", 0.0, id="date-gone-by"),
        pytest.param("Thu, 15 Jan 2099 09:29:00 GMT", 60.0, id="date-far-off"),
        pytest.param("", None, id="absent"),
        pytest.param("-1", None, id="negative"),
        pytest.param("1e9", None, id="exponent"),
        pytest.param("1.5", None, id="fraction"),
        pytest.param("٣", None, id="arabic-digit"),
        pytest.param("soon", None, id="word"),
    ],
)
def test_retry_after_is_read_or_ignored(value: str, seconds: float | None) -> None:
    """Both forms of the header count, within a minute; junk does not."""
    assert read_retry_after(value, NOW) == seconds


@given(st.text(max_size=60))
def test_no_retry_after_breaks_the_reader(value: str) -> None:
    """Whatever a gateway writes there, the wait is 0 to 60 s, or there is none."""
    seconds = read_retry_after(value, NOW)

    assert seconds is None or 0 <= seconds <= 60


def test_only_429_asks_us_to_wait() -> None:
    """A refused token is not cured by the wait that the answer names."""
    answer = Answer(status=401, body=b"", retry_after="5")

    outcome = classify(answer, (ANNA,), NOW).all

    assert isinstance(outcome, Deferred)
    assert outcome.retry_after is None


def test_a_throttle_date_counts_from_the_start_of_the_attempt() -> None:
    """A date of Retry-After is measured against the time handed in."""
    answer = Answer(status=429, body=b"", retry_after="Thu, 15 Jan 2026 09:30:20 GMT")

    outcome = classify(answer, (ANNA,), NOW + timedelta(seconds=5)).all

    assert isinstance(outcome, Deferred)
    assert outcome.retry_after == 15.0
