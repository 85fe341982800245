"""Vonage's Messages API, as its documentation has it, on a server of ours."""

from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession

from alertbridge.core.message import (
    Accepted,
    Deferred,
    Outcome,
    Rejected,
    Submission,
    Uncertain,
)
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.report import Blame, Delivery, DeliveryReport
from alertbridge.core.secret import Secret
from alertbridge.ports import PayloadError, ReportAsker, ReportRequest
from alertbridge.providers.vonage import Vonage, VonageOptions

MakeSubmission = Callable[..., Submission]
Make = Callable[..., Vonage]
Say = Callable[..., Awaitable["Heard"]]
ReportOf = Callable[..., ReportRequest]

ANNA = Msisdn("+46701740605")
UUID = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"
US = "https://us.example.org/v1/reports/vonage/s3cret"


class Heard:
    """What the tests use of the gateway in the conftest."""

    url: str
    lines: list[str]
    headers: list[dict[str, str]]
    json: list[dict[str, object]]


@pytest.fixture
def make(session: ClientSession) -> Make:
    """Make a provider for an account at a URL."""

    def build(
        url: str = "https://api.nexmo.com", sender: str = "Bridge", **more: str
    ) -> Vonage:
        options = VonageOptions(
            base_url=url, api_key="k1", api_secret=Secret("s1"), sender=sender
        )
        return Vonage(ProviderName("vonage"), options, session, **more)

    return build


async def test_the_request_in_full(
    say: Say, make: Make, make_submission: MakeSubmission
) -> None:
    """Basic authentication, JSON, the number without its `+`, the text as it is."""
    heard = await say(202, {"message_uuid": UUID})
    text = 'Larmé på db1: "95%"\n{job}'

    outcomes = await make(heard.url).submit(make_submission(ANNA, body=text))

    assert outcomes.all == Accepted(provider_id=UUID)
    assert heard.lines == ["POST /v1/messages"]
    assert heard.headers[0]["authorization"] == (
        f"Basic {b64encode(b'k1:s1').decode()}"
    )
    assert heard.headers[0]["content-type"] == "application/json"
    assert heard.json == [
        {
            "message_type": "text",
            "channel": "sms",
            "to": "46701740605",
            "from": "Bridge",
            "text": text,
            "client_ref": "ref-1",
            "ttl": 3600,
            "sms": {"encoding_type": "text"},
        }
    ]


async def test_a_text_beyond_gsm_says_so(
    say: Say, make: Make, make_submission: MakeSubmission
) -> None:
    """Otherwise question marks arrive; a sender's `+` does not travel."""
    heard = await say(202, {"message_uuid": UUID})

    await make(heard.url, sender=ANNA).submit(make_submission(ANNA, body="på db1 🔥"))

    assert heard.json[0]["sms"] == {"encoding_type": "unicode"}
    assert heard.json[0]["text"] == "på db1 🔥"
    assert heard.json[0]["from"] == "46701740605"


async def test_the_address_for_reports_travels(
    say: Say, make: Make, make_submission: MakeSubmission
) -> None:
    """For each message."""
    heard = await say(202, {"message_uuid": UUID})

    await make(heard.url, report_url=US).submit(make_submission(ANNA))

    assert heard.json[0]["webhook_url"] == US
    assert heard.json[0]["webhook_version"] == "v1"


@pytest.mark.parametrize(
    ("hours", "ttl"), [(0.01, 300), (1, 3600), (72, 259_200), (100, 259_200)]
)
async def test_the_time_to_live_stays_within_what_is_taken(
    say: Say, make: Make, make_submission: MakeSubmission, hours: float, ttl: int
) -> None:
    """A value that is refused would cost the page."""
    heard = await say(202, {"message_uuid": UUID})
    submission = make_submission(ANNA, closes_in=timedelta(hours=hours))

    await make(heard.url).submit(submission)

    assert heard.json[0]["ttl"] == ttl


def problem(title: str, *wrong: str) -> dict[str, object]:
    """An error as Vonage writes it."""
    return {
        "type": "https://developer.vonage.com/api-errors/messages#1150",
        "title": title,
        "detail": f"The value of {ANNA} is invalid.",
        "instance": UUID,
        "invalid_parameters": [{"name": name, "reason": ANNA} for name in wrong],
    }


@pytest.mark.parametrize(
    ("status", "body", "kind", "blamed"),
    [
        pytest.param(422, problem("Invalid", "to"), Rejected, True, id="no-number"),
        pytest.param(422, problem("Invalid", "from"), Rejected, False, id="no-sender"),
        pytest.param(422, problem("Invalid"), Rejected, False, id="unsaid"),
        pytest.param(422, b"<html>", Deferred, False, id="proxy"),
        pytest.param(401, problem("Unauthorized"), Deferred, False, id="credentials"),
        pytest.param(402, problem("Low balance"), Deferred, False, id="no-money"),
        pytest.param(403, problem("Forbidden"), Deferred, False, id="forbidden"),
        pytest.param(404, problem("Not found"), Rejected, False, id="not-found"),
        pytest.param(404, b"", Deferred, False, id="load-balancer"),
        pytest.param(429, problem("Rate Limit Hit"), Deferred, False, id="throttled"),
        pytest.param(500, problem("Internal error"), Uncertain, False, id="failed"),
        pytest.param(202, {"messages": []}, Uncertain, False, id="no-uuid"),
        pytest.param(
            422, {"title": "a", "invalid_parameters": "to"}, Rejected, False, id="odd"
        ),
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
    """The status says what became of it, the parameters whose fault it is."""
    heard = await say(status, body)

    outcome = (await make(heard.url).submit(make_submission(ANNA))).all

    assert type(outcome) is kind
    assert getattr(outcome, "number_is_bad", False) is blamed
    assert "46701740605" not in str(outcome)


async def test_check_does_not_pretend(make: Make) -> None:
    """Nothing is asked, and it says so."""
    (line,) = await make().check()

    assert line.startswith("not checked")


POSTED: dict[str, object] = {
    "message_uuid": UUID,
    "to": "46701740605",
    "from": "Bridge",
    "timestamp": "2026-01-15T09:30:21.000Z",
    "status": "rejected",
    "client_ref": "ref-1",
    "channel": "sms",
    "error": {"type": "https://x", "title": "1240", "detail": "?", "instance": UUID},
    "usage": {"currency": "EUR", "price": "0.08"},
}


async def test_a_report_in_full(make: Make, report_of: ReportOf) -> None:
    """As documented for SMS."""
    assert make().read_reports(report_of(POSTED)) == (
        DeliveryReport(
            provider_id=UUID,
            reference="ref-1",
            number=ANNA,
            delivery=Delivery.FAILED,
            final=True,
            code="rejected 1240",
            at=datetime(2026, 1, 15, 9, 30, 21, tzinfo=UTC),
            blames=Blame.NUMBER,
        ),
    )


@pytest.mark.parametrize(
    ("code", "blames"),
    [
        pytest.param(1000, None, id="throttled"),
        pytest.param(1030, None, id="internal"),
        pytest.param(1050, Blame.NUMBER, id="barred"),
        pytest.param(1060, Blame.ACCOUNT, id="account-barred"),
        pytest.param(1070, Blame.ACCOUNT, id="no-credit"),
        pytest.param(1080, Blame.ACCOUNT, id="account-not-enabled"),
        pytest.param(1100, None, id="communication"),
        pytest.param(1120, None, id="sender-refused-in-one-country"),
        pytest.param(1140, Blame.ACCOUNT, id="facility"),
        pytest.param(1160, Blame.NUMBER, id="not-on-the-list"),
        pytest.param(1170, Blame.NUMBER, id="no-number"),
        pytest.param(1180, None, id="phone-off"),
        pytest.param(1190, Blame.NUMBER, id="gone"),
        pytest.param(1200, Blame.NUMBER, id="portability"),
        pytest.param(1210, None, id="spam"),
        pytest.param(1220, None, id="busy"),
        pytest.param(1230, None, id="network"),
        pytest.param(1240, Blame.NUMBER, id="opted-out"),
        pytest.param(1250, None, id="unroutable"),
        pytest.param(1280, Blame.NUMBER, id="blocked-by-carrier"),
        pytest.param(1290, Blame.NUMBER, id="their-credit-not-ours"),
        pytest.param(1330, None, id="unknown"),
        pytest.param(9999, None, id="new"),
        pytest.param("Rejected", None, id="words"),
        pytest.param(None, None, id="nothing"),
        pytest.param([1070], None, id="list"),
    ],
)
async def test_whom_an_error_blames(
    make: Make, report_of: ReportOf, code: object, blames: Blame | None
) -> None:
    """Only a cause that the documentation names; as a number or as text."""
    for title in (code, str(code)) if isinstance(code, int) else (code,):
        error = {"type": "https://x", "title": title}
        (report,) = make().read_reports(report_of({**POSTED, "error": error}))

        assert report.blames is blames


async def test_a_delivery_blames_nobody(make: Make, report_of: ReportOf) -> None:
    """Whatever stands beside it."""
    error = {"type": "https://x", "title": 1070}
    posted = {**POSTED, "status": "delivered", "error": error}

    (report,) = make().read_reports(report_of(posted))

    assert report.blames is None


async def test_it_cannot_be_asked(make: Make) -> None:
    """The engine goes by this: a message of Vonage's waits for its report."""
    assert not isinstance(make(), ReportAsker)


@pytest.mark.parametrize(
    ("status", "delivery"),
    [
        ("submitted", Delivery.PENDING),
        ("delivered", Delivery.DELIVERED),
        ("read", Delivery.DELIVERED),
        ("rejected", Delivery.FAILED),
        ("undeliverable", Delivery.FAILED),
        ("something-new", Delivery.PENDING),
    ],
)
async def test_what_each_status_says(
    make: Make, report_of: ReportOf, status: str, delivery: Delivery
) -> None:
    """`submitted` is not delivered."""
    (report,) = make().read_reports(report_of({**POSTED, "status": status}))

    assert report.delivery is delivery
    assert report.final is (delivery is not Delivery.PENDING)


@pytest.mark.parametrize("missing", ["message_uuid", "status"])
async def test_half_a_report_is_refused(
    make: Make, report_of: ReportOf, missing: str
) -> None:
    """Both fields are there in every one."""
    with pytest.raises(PayloadError, match="no usable"):
        make().read_reports(report_of({**POSTED, missing: None}))
