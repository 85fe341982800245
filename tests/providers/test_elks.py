"""46elks, as its documentation has it, on a server of ours."""

from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from aiohttp import ClientSession
from pydantic import ValidationError

from alertbridge.core.balance import Balance, BalanceUnknown
from alertbridge.core.message import (
    Accepted,
    Deferred,
    Outcome,
    Reference,
    Rejected,
    Submission,
    Uncertain,
)
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.report import Delivery, DeliveryReport, NotReported, Reported
from alertbridge.core.secret import Secret
from alertbridge.ports import PayloadError, ProviderCheckFailed, ReportRequest
from alertbridge.providers.elks import Elks, ElksOptions

MakeSubmission = Callable[..., Submission]
Say = Callable[..., Awaitable["Heard"]]
ReportOf = Callable[..., ReportRequest]

ANNA, BO = Msisdn("+46701740605"), Msisdn("+46701740606")
ID = "s70df59406a1b4643b96f3f91e0bfb7b0"
CREATED = {
    "status": "created",
    "direction": "outgoing",
    "from": "Bridge",
    "created": "2026-01-15T09:30:00.741000",
    "parts": 1,
    "to": ANNA,
    "cost": 3500,
    "message": "Disk full",
    "id": ID,
}


class Heard:
    """What the tests use of the gateway in the conftest."""

    url: str
    lines: list[str]
    headers: list[dict[str, str]]
    forms: list[dict[str, str]]


@pytest.fixture
def make(session: ClientSession) -> Callable[..., Elks]:
    """Make a provider for an account at a URL."""

    def build(url: str = "https://api.46elks.com", **more: str) -> Elks:
        options = ElksOptions(
            base_url=url, username="u1", password=Secret("p1"), sender="Bridge"
        )
        return Elks(ProviderName("elks"), options, session, **more)

    return build


async def test_the_request_in_full(
    say: Say, make: Callable[..., Elks], make_submission: MakeSubmission
) -> None:
    """Basic authentication, a form, the number with its `+`, the text as it is."""
    heard = await say(200, CREATED)
    text = "Larmé på db1 & web+2: 95% = fullt\n🔥 {job}"

    outcomes = await make(heard.url).submit(make_submission(ANNA, body=text))

    assert outcomes.all == Accepted(provider_id=ID)
    assert heard.lines == ["POST /a1/sms"]
    assert heard.headers[0]["authorization"] == (
        f"Basic {b64encode(b'u1:p1').decode()}"
    )
    assert heard.headers[0]["content-type"] == "application/x-www-form-urlencoded"
    assert heard.forms == [{"from": "Bridge", "to": ANNA, "message": text}]


async def test_the_address_for_reports_travels(
    say: Say, make: Callable[..., Elks], make_submission: MakeSubmission
) -> None:
    """For each message."""
    heard = await say(200, CREATED)
    url = "https://us.example.org/v1/reports/elks/s3cret"

    await make(heard.url, report_url=url).submit(make_submission(ANNA))

    assert heard.forms[0]["whendelivered"] == url


async def test_two_numbers_are_two_requests(
    say: Say, make: Callable[..., Elks], make_submission: MakeSubmission
) -> None:
    """Each with an outcome of its own."""
    heard = await say(200, CREATED)

    outcomes = await make(heard.url).submit(make_submission(ANNA, BO))

    assert sorted(form["to"] for form in heard.forms) == [ANNA, BO]
    assert outcomes.by_number.keys() == {ANNA, BO}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        pytest.param(400, b"Missing key to", Rejected, id="plain-text"),
        pytest.param(400, {"error": "Invalid to"}, Rejected, id="json"),
        pytest.param(400, b"", Deferred, id="empty"),
        pytest.param(400, b"<html>400</html>", Deferred, id="proxy"),
        pytest.param(400, b"x" * 501, Deferred, id="long"),
        pytest.param(401, b"API access requires auth", Deferred, id="credentials"),
        pytest.param(403, {"error": "Not enough credits"}, Deferred, id="no-money"),
        pytest.param(404, b"Not found", Deferred, id="not-there"),
        pytest.param(404, {"error": "gone"}, Rejected, id="gone-by-its-own-word"),
        pytest.param(500, {"error": "oops"}, Uncertain, id="failed"),
        pytest.param(200, {**CREATED, "id": None}, Uncertain, id="no-id"),
    ],
)
async def test_errors(
    say: Say,
    make: Callable[..., Elks],
    make_submission: MakeSubmission,
    status: int,
    body: object,
    kind: type[Outcome],
) -> None:
    """Only its own word ends a page, and only where it surely was not sent."""
    heard = await say(status, body)

    outcomes = await make(heard.url).submit(make_submission(ANNA))

    assert type(outcomes.all) is kind


async def test_a_refusal_that_names_the_number_blames_it(
    say: Say, make: Callable[..., Elks], make_submission: MakeSubmission
) -> None:
    """It is passed over for a while."""
    heard = await say(400, f"Invalid number {ANNA}".encode())

    outcome = (await make(heard.url).submit(make_submission(ANNA))).all

    assert isinstance(outcome, Rejected)
    assert outcome.number_is_bad


async def test_the_balance_is_in_crowns(say: Say, make: Callable[..., Elks]) -> None:
    """An account is watched by it; what is wrong is an answer, and no exception."""
    heard = await say(200, {"id": "u1", "balance": 1234500, "currency": "SEK"})
    refused = await say(401, b"no")

    assert await make(heard.url).balance() == Balance(123.45, "SEK")
    assert isinstance(await make(refused.url).balance(), BalanceUnknown)


async def test_check_asks_for_the_balance(say: Say, make: Callable[..., Elks]) -> None:
    """In ten thousandths there, in crowns here."""
    heard = await say(200, {"id": "u1", "balance": 1234500, "currency": "SEK"})

    lines = await make(heard.url).check()

    assert heard.lines == ["GET /a1/me"]
    assert lines == ["balance: 123.45 SEK"]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        pytest.param(401, b"no", "refuses the credentials", id="credentials"),
        pytest.param(200, b"<html>", "is base_url right", id="portal"),
    ],
)
async def test_check_says_what_is_wrong(
    say: Say, make: Callable[..., Elks], status: int, body: bytes, words: str
) -> None:
    """In one line, without the password."""
    heard = await say(status, body)

    with pytest.raises(ProviderCheckFailed, match=words) as caught:
        await make(heard.url).check()

    assert "p1" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "delivery", "final"),
    [
        ("created", Delivery.PENDING, False),
        ("sent", Delivery.PENDING, False),
        ("delivered", Delivery.DELIVERED, True),
        ("failed", Delivery.FAILED, True),
        ("something-new", Delivery.PENDING, False),
    ],
)
async def test_a_report(
    make: Callable[..., Elks],
    report_of: ReportOf,
    status: str,
    delivery: Delivery,
    final: bool,
) -> None:
    """A form with `id` and `status`; what is not known concludes nothing."""
    form = f"id={ID}&status={status}&delivered=2026-01-15T09%3A30%3A21.5"

    reports = make().read_reports(report_of(None, form))

    assert reports == (
        DeliveryReport(
            provider_id=ID,
            reference="",
            number=None,
            delivery=delivery,
            final=final,
            code=status,
            at=datetime(2026, 1, 15, 9, 30, 21, 500_000, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize(
    "form",
    [
        pytest.param("status=delivered", id="no-id"),
        pytest.param(f"id={ID}", id="no-status"),
        pytest.param("id=&status=sent", id="empty-id"),
        pytest.param("id=%0a&status=sent", id="line-break-in-id"),
        pytest.param(f"id={ID}&status=sent" + "&x=1" * 100, id="102-fields"),
    ],
)
async def test_half_a_report_is_refused(
    make: Callable[..., Elks], report_of: ReportOf, form: str
) -> None:
    """Both fields are there in every one, and few others."""
    with pytest.raises(PayloadError, match=r"no usable|at most 100"):
        make().read_reports(report_of(None, form))


async def test_a_question_in_full(say: Say, make: Callable[..., Elks]) -> None:
    """With the credentials; the answer names the phone, too."""
    shown = {**CREATED, "status": "delivered", "delivered": "2026-01-15T09:30:21Z"}
    heard = await say(200, shown)

    answer = await make(heard.url).ask_reports(Reference("ref-1"), ID)

    assert heard.lines == [f"GET /a1/sms/{ID}"]
    assert heard.headers[0]["authorization"] == (
        f"Basic {b64encode(b'u1:p1').decode()}"
    )
    assert answer == Reported(
        (
            DeliveryReport(
                provider_id=ID,
                reference="",
                number=ANNA,
                delivery=Delivery.DELIVERED,
                final=True,
                code="delivered",
                at=datetime(2026, 1, 15, 9, 30, 21, tzinfo=UTC),
            ),
        )
    )


@pytest.mark.parametrize(
    ("status", "delivery"),
    [
        ("created", Delivery.PENDING),
        ("sent", Delivery.PENDING),
        ("delivered", Delivery.DELIVERED),
        ("failed", Delivery.FAILED),
        ("something-new", Delivery.PENDING),
    ],
)
async def test_what_is_asked_for_means_what_is_posted(
    say: Say, make: Callable[..., Elks], status: str, delivery: Delivery
) -> None:
    """A failure has no cause here, so nobody is blamed."""
    heard = await say(200, {**CREATED, "status": status})

    answer = await make(heard.url).ask_reports(Reference("ref-1"), ID)

    assert isinstance(answer, Reported)
    (report,) = answer.reports
    assert (report.delivery, report.blames) == (delivery, None)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"id": "s0"}, id="another-message"),
        pytest.param({"id": None}, id="no-id"),
        pytest.param({"status": None}, id="an-incoming-sms"),
        pytest.param({"status": ["delivered"]}, id="odd-status"),
    ],
)
async def test_a_doubtful_answer_is_none(
    say: Say, make: Callable[..., Elks], changes: dict[str, object]
) -> None:
    """What it says of another message is not believed of this one."""
    heard = await say(200, {**CREATED, "status": "delivered", **changes})

    answer = await make(heard.url).ask_reports(Reference("ref-1"), ID)

    assert isinstance(answer, NotReported)


@pytest.mark.parametrize("username", ["", "a:b", "a/../b", "a b", "å"])
def test_a_user_that_is_none_is_refused(username: str) -> None:
    """A colon would move a part of it into the password."""
    with pytest.raises(ValidationError, match="username"):
        ElksOptions(username=username, password=Secret("p1"), sender="Bridge")


@pytest.mark.parametrize(
    "sender", ["", "TwelveLetter", "å", "a\nb", " a", "0701740605123456", "+46"]
)
def test_a_sender_that_is_none_is_refused(sender: str) -> None:
    """When the config is read."""
    with pytest.raises(ValidationError, match="sender"):
        ElksOptions(username="u1", password=Secret("p1"), sender=sender)


@pytest.mark.parametrize("sender", ["iP1", "My Co", ANNA, "71140", "A1234567890"])
def test_senders_that_are_taken(sender: str) -> None:
    """Numbers, short codes, names."""
    options = ElksOptions(username="u1", password=Secret("p1"), sender=sender)

    assert options.sender == sender
