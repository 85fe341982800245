"""Twilio, as its documentation has it, on a server of ours."""

import hmac
from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from aiohttp import ClientSession

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
from alertbridge.core.report import (
    Blame,
    Delivery,
    DeliveryReport,
    NotReported,
    Reported,
)
from alertbridge.core.secret import Secret
from alertbridge.ports import PayloadError, ProviderCheckFailed, ReportRequest
from alertbridge.providers.twilio import Twilio, TwilioOptions

MakeSubmission = Callable[..., Submission]
Make = Callable[..., Twilio]
Say = Callable[..., Awaitable["Heard"]]
ReportOf = Callable[..., ReportRequest]

ANNA = Msisdn("+46701740605")
SID = "SM" + "a" * 32
US = "https://us.example.org/v1/reports/twilio/s3cret?a=b"
CREATED = {
    "account_sid": "AC1",
    "body": "Disk full",
    "date_created": "Thu, 15 Jan 2026 09:30:00 +0000",
    "direction": "outbound-api",
    "error_code": None,
    "error_message": None,
    "num_segments": "1",
    "sid": SID,
    "status": "queued",
    "to": ANNA,
}


class Heard:
    """What the tests use of the gateway in the conftest."""

    url: str
    lines: list[str]
    headers: list[dict[str, str]]
    forms: list[dict[str, str]]


@pytest.fixture
def make(session: ClientSession) -> Make:
    """Make a provider for an account at a URL."""

    def build(
        url: str = "https://api.twilio.com", sender: str = "Bridge", **more: str
    ) -> Twilio:
        options = TwilioOptions(
            base_url=url, account_sid="AC1", auth_token=Secret("t0ken"), sender=sender
        )
        return Twilio(ProviderName("twilio"), options, session, **more)

    return build


async def test_the_request_in_full(
    say: Say, make: Make, make_submission: MakeSubmission
) -> None:
    """Basic authentication, a form, the number with its `+`, the text as it is."""
    heard = await say(201, CREATED)
    text = "Larmé på db1 & web+2: 95% = fullt\n🔥 {job}"

    outcomes = await make(heard.url).submit(make_submission(ANNA, body=text))

    assert outcomes.all == Accepted(provider_id=SID)
    assert heard.lines == ["POST /2010-04-01/Accounts/AC1/Messages.json"]
    assert heard.headers[0]["authorization"] == (
        f"Basic {b64encode(b'AC1:t0ken').decode()}"
    )
    assert heard.forms == [
        {"To": ANNA, "From": "Bridge", "Body": text, "ValidityPeriod": "3600"}
    ]


@pytest.mark.parametrize(
    ("hours", "seconds"), [(0.0001, "1"), (1, "3600"), (4, "14400"), (48, "14400")]
)
async def test_the_time_to_live_stays_within_what_is_taken(
    say: Say, make: Make, make_submission: MakeSubmission, hours: float, seconds: str
) -> None:
    """A value that is refused would cost the page."""
    heard = await say(201, CREATED)
    submission = make_submission(ANNA, closes_in=timedelta(hours=hours))

    await make(heard.url).submit(submission)

    assert heard.forms[0]["ValidityPeriod"] == seconds


async def test_a_messaging_service_is_no_sender(
    say: Say, make: Make, make_submission: MakeSubmission
) -> None:
    """Its SID has a field of its own."""
    heard, service = await say(201, CREATED), "MG" + "0" * 32

    await make(heard.url, sender=service, report_url=US).submit(make_submission(ANNA))

    assert heard.forms[0]["MessagingServiceSid"] == service
    assert heard.forms[0]["StatusCallback"] == US
    assert "From" not in heard.forms[0]


def error(code: int, status: int = 400) -> dict[str, object]:
    """An error as Twilio writes it, which repeats the number."""
    return {
        "code": code,
        "message": f"The 'To' number {ANNA} is not a valid phone number.",
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }


@pytest.mark.parametrize(
    ("status", "body", "kind", "blamed"),
    [
        pytest.param(400, error(21211), Rejected, True, id="no-number"),
        pytest.param(400, error(21610), Rejected, True, id="opted-out"),
        pytest.param(400, error(21614), Rejected, True, id="no-mobile"),
        pytest.param(400, error(21635), Rejected, True, id="landline"),
        pytest.param(400, error(21606), Rejected, False, id="wrong-sender"),
        pytest.param(400, b"<html>", Deferred, False, id="proxy"),
        pytest.param(401, error(20003), Deferred, False, id="credentials"),
        pytest.param(404, error(20404), Rejected, False, id="no-such-account"),
        pytest.param(404, b"", Deferred, False, id="load-balancer"),
        pytest.param(429, error(20429), Deferred, False, id="throttled"),
        pytest.param(500, error(20500), Uncertain, False, id="failed"),
        pytest.param(201, {**CREATED, "sid": None}, Uncertain, False, id="no-sid"),
    ],
)
async def test_errors(
    say: Say,
    make: Make,
    make_submission: MakeSubmission,
    status: int,
    body: object,
    kind: type[Outcome],
    blamed: bool,
) -> None:
    """Twilio's own codes say whose fault it is; its words are not repeated."""
    heard = await say(status, body)

    outcome = (await make(heard.url).submit(make_submission(ANNA))).all

    assert type(outcome) is kind
    assert getattr(outcome, "number_is_bad", False) is blamed
    assert "46701740605" not in str(outcome)


async def test_the_balance_is_a_number(say: Say, make: Make) -> None:
    """An account is watched by it; what is wrong is an answer, and no exception."""
    heard = await say(200, {"balance": "12.5", "currency": "USD", "account_sid": "AC1"})
    refused = await say(401, error(20003, 401))

    assert await make(heard.url).balance() == Balance(12.5, "USD")
    assert isinstance(await make(refused.url).balance(), BalanceUnknown)


async def test_check_asks_for_the_balance(say: Say, make: Make) -> None:
    """It is written as text there."""
    heard = await say(200, {"balance": "12.5", "currency": "USD", "account_sid": "AC1"})

    lines = await make(heard.url).check()

    assert heard.lines == ["GET /2010-04-01/Accounts/AC1/Balance.json"]
    assert lines == ["balance: 12.50 USD"]


async def test_check_does_without_a_balance(say: Say, make: Make) -> None:
    """The credentials were taken all the same."""
    heard = await say(200, {"balance": "?", "currency": "USD"})

    lines = await make(heard.url).check()

    assert lines == ["balance: not known (the answer does not say)"]


async def test_check_finds_refused_credentials(say: Say, make: Make) -> None:
    """Before the first page does."""
    heard = await say(401, error(20003, 401))

    with pytest.raises(ProviderCheckFailed, match="refuses the credentials"):
        await make(heard.url).check()


# Signed by hand, with `openssl dgst -sha1 -hmac t0ken -binary | base64`.
FORM = (
    "ErrorCode=30003&MessageSid=SM1&MessageStatus=undelivered"
    "&To=%2B46701740605&Note=%C3%A5"
)
SIGNATURE = "Ka9npGo+GdpToTpWMtVCuBQTUn4="


async def test_a_report_that_twilio_signed(make: Make, report_of: ReportOf) -> None:
    """Over the address it called, and every field in order of its name."""
    request = report_of(None, FORM, x_twilio_signature=SIGNATURE)

    reports = make(report_url=US).read_reports(request)

    assert reports == (
        DeliveryReport(
            provider_id="SM1",
            reference="",
            number=ANNA,
            delivery=Delivery.FAILED,
            final=True,
            code="undelivered 30003",
            at=None,
        ),
    )


@pytest.mark.parametrize(
    ("form", "url", "signature"),
    [
        pytest.param(FORM, US, "", id="unsigned"),
        pytest.param(FORM, US, "é", id="not-ascii"),
        pytest.param(FORM + "&x=1", US, SIGNATURE, id="a-field-more"),
        pytest.param(
            FORM.replace("undelivered", "delivered"), US, SIGNATURE, id="changed"
        ),
        pytest.param(FORM, US + "&c=d", SIGNATURE, id="another-address"),
        pytest.param(FORM, None, SIGNATURE, id="no-address"),
    ],
)
async def test_a_report_that_twilio_did_not_sign_is_refused(
    make: Make, report_of: ReportOf, form: str, url: str | None, signature: str
) -> None:
    """A stranger must not be able to say that a page arrived."""
    request = report_of(None, form, x_twilio_signature=signature)
    provider = make(report_url=url) if url else make()

    with pytest.raises(PayloadError):
        provider.read_reports(request)


@pytest.mark.parametrize(
    ("status", "delivery"),
    [
        ("accepted", Delivery.PENDING),
        ("queued", Delivery.PENDING),
        ("sending", Delivery.PENDING),
        ("sent", Delivery.PENDING),
        ("delivered", Delivery.DELIVERED),
        ("read", Delivery.DELIVERED),
        ("undelivered", Delivery.FAILED),
        ("failed", Delivery.FAILED),
        ("canceled", Delivery.FAILED),
        ("something-new", Delivery.PENDING),
    ],
)
async def test_what_each_status_says(
    make: Make, report_of: ReportOf, status: str, delivery: Delivery
) -> None:
    """`undelivered` is a failure, which others take for sent."""
    provider = make(report_url=US)
    signed = US + "MessageSidSM1" + f"MessageStatus{status}"
    made = hmac.digest(b"t0ken", signed.encode(), "sha1")
    form = f"MessageSid=SM1&MessageStatus={status}"

    (report,) = provider.read_reports(
        report_of(None, form, x_twilio_signature=b64encode(made).decode())
    )

    assert report.delivery is delivery
    assert report.final is (delivery is not Delivery.PENDING)


async def test_a_question_in_full(say: Say, make: Make) -> None:
    """With the credentials; the answer is the message as it is now."""
    heard = await say(
        200, {**CREATED, "status": "undelivered", "error_code": 30005, "to": ANNA}
    )

    answer = await make(heard.url).ask_reports(Reference("ref-1"), SID)

    assert heard.lines == [f"GET /2010-04-01/Accounts/AC1/Messages/{SID}.json"]
    assert heard.headers[0]["authorization"] == (
        f"Basic {b64encode(b'AC1:t0ken').decode()}"
    )
    assert answer == Reported(
        (
            DeliveryReport(
                provider_id=SID,
                reference="",
                number=ANNA,
                delivery=Delivery.FAILED,
                final=True,
                code="undelivered 30005",
                at=None,
                blames=Blame.NUMBER,
            ),
        )
    )


STATUSES = [
    ("accepted", Delivery.PENDING),
    ("scheduled", Delivery.PENDING),
    ("queued", Delivery.PENDING),
    ("sending", Delivery.PENDING),
    ("sent", Delivery.PENDING),
    ("partially_delivered", Delivery.PENDING),
    ("delivered", Delivery.DELIVERED),
    ("read", Delivery.DELIVERED),
    ("undelivered", Delivery.FAILED),
    ("failed", Delivery.FAILED),
    ("canceled", Delivery.FAILED),
    ("something-new", Delivery.PENDING),
]


@pytest.mark.parametrize(("status", "delivery"), STATUSES)
async def test_what_is_asked_for_means_what_is_posted(
    say: Say, make: Make, status: str, delivery: Delivery
) -> None:
    """`sent` is not delivered, however long it stays so."""
    heard = await say(200, {**CREATED, "status": status})

    answer = await make(heard.url).ask_reports(Reference("ref-1"), SID)

    assert isinstance(answer, Reported)
    (report,) = answer.reports
    assert (report.delivery, report.code) == (delivery, status)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"sid": "SM0"}, id="another-message"),
        pytest.param({"sid": None}, id="no-sid"),
        pytest.param({"status": None}, id="no-status"),
        pytest.param({"status": {}}, id="odd-status"),
    ],
)
async def test_a_doubtful_answer_is_none(
    say: Say, make: Make, changes: dict[str, object]
) -> None:
    """What it says of another message is not believed of this one."""
    heard = await say(200, {**CREATED, "status": "delivered", **changes})

    answer = await make(heard.url).ask_reports(Reference("ref-1"), SID)

    assert isinstance(answer, NotReported)


BLAMED = [
    (21211, Blame.NUMBER),
    (21214, Blame.NUMBER),
    (21217, Blame.NUMBER),
    (21265, Blame.NUMBER),
    (21408, Blame.NUMBER),
    (21606, None),
    (21610, Blame.NUMBER),
    (21612, Blame.NUMBER),
    (21614, Blame.NUMBER),
    (21635, Blame.NUMBER),
    (21659, None),
    (21660, Blame.ACCOUNT),
    (21661, Blame.ACCOUNT),
    (30001, None),
    (30002, Blame.ACCOUNT),
    (30003, None),
    (30004, Blame.NUMBER),
    (30005, Blame.NUMBER),
    (30006, Blame.NUMBER),
    (30007, None),
    (30008, None),
    (30034, None),
    (30036, None),
    (39999, None),
]


@pytest.mark.parametrize(("code", "blames"), BLAMED)
async def test_whom_a_code_blames(
    say: Say, make: Make, report_of: ReportOf, code: int, blames: Blame | None
) -> None:
    """The same, posted or asked for; and only of a failure."""
    failed = {**CREATED, "status": "failed", "error_code": code}
    sent = {**CREATED, "status": "delivered", "error_code": code}
    signed = US + f"ErrorCode{code}MessageSidSM1MessageStatusfailed"
    made = b64encode(hmac.digest(b"t0ken", signed.encode(), "sha1")).decode()
    form = f"ErrorCode={code}&MessageSid=SM1&MessageStatus=failed"

    (posted,) = make(report_url=US).read_reports(
        report_of(None, form, x_twilio_signature=made)
    )
    found = []
    for shown in (failed, sent):
        heard = await say(200, shown)
        answer = await make(heard.url).ask_reports(Reference("ref-1"), SID)
        assert isinstance(answer, Reported)
        found.append(answer.reports[0].blames)

    assert posted.blames is blames
    assert found == [blames, None]
