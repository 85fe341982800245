"""Sinch's SMS REST API, as its documentation has it, on a server of ours."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession

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
from alertbridge.providers.sinch import Sinch, SinchOptions

MakeSubmission = Callable[..., Submission]
Make = Callable[..., Sinch]
Say = Callable[..., Awaitable["Heard"]]
ReportOf = Callable[..., ReportRequest]

ANNA, BO = Msisdn("+46701740605"), Msisdn("+46701740606")
ID = "01FC66621XXXXX119Z8PMV1QPA"
US = "https://us.example.org/v1/reports/sinch/s3cret"
CREATED = {
    "id": ID,
    "to": ["46701740605"],
    "from": "Bridge",
    "canceled": False,
    "body": "Disk full",
    "type": "mt_text",
    "created_at": "2026-01-15T09:30:00.000Z",
}


class Heard:
    """What the tests use of the gateway in the conftest."""

    url: str
    lines: list[str]
    headers: list[dict[str, str]]
    json: list[dict[str, object]]


@pytest.fixture
def make(session: ClientSession) -> Make:
    """Make a provider for a plan at a URL."""

    def build(url: str = "https://eu.sms.api.sinch.com", **more: str) -> Sinch:
        options = SinchOptions(
            base_url=url, service_plan_id="plan1", token=Secret("t1"), sender="Bridge"
        )
        return Sinch(ProviderName("sinch"), options, session, **more)

    return build


async def test_the_request_in_full(
    say: Say, make: Make, make_submission: MakeSubmission
) -> None:
    """A bearer token, JSON, all numbers without `+` in one request, the text as is."""
    heard = await say(201, CREATED)
    text = 'Larmé på db1: "95%"\n🔥 ${job}'

    outcomes = await make(heard.url).submit(make_submission(ANNA, BO, body=text))

    assert outcomes.all == Accepted(provider_id=ID)
    assert outcomes.by_number == {}
    assert heard.lines == ["POST /xms/v1/plan1/batches"]
    assert heard.headers[0]["authorization"] == "Bearer t1"
    assert heard.headers[0]["content-type"] == "application/json"
    assert heard.json == [
        {
            "from": "Bridge",
            "to": ["46701740605", "46701740606"],
            "type": "mt_text",
            "body": text,
            "expire_at": "2026-01-15T10:30:00.000Z",
            "client_reference": "ref-1",
            "delivery_report": "none",
        }
    ]


async def test_reports_are_asked_for_per_recipient(
    say: Say, make: Make, make_submission: MakeSubmission
) -> None:
    """Only if there is an address to post them to."""
    heard = await say(201, CREATED)

    await make(heard.url, report_url=US).submit(make_submission(ANNA))

    assert heard.json[0]["delivery_report"] == "per_recipient"
    assert heard.json[0]["callback_url"] == US


async def test_the_end_is_at_most_three_days_ahead(
    say: Say, make: Make, make_submission: MakeSubmission
) -> None:
    """A later one would be refused."""
    heard = await say(201, CREATED)

    await make(heard.url).submit(make_submission(ANNA, closes_in=timedelta(days=9)))

    assert heard.json[0]["expire_at"] == "2026-01-18T09:30:00.000Z"


SAID = {"code": "syntax_constraint_violation", "text": "Invalid value for from"}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        pytest.param(400, SAID, Rejected, id="its-own-word"),
        pytest.param(400, b"<html>", Deferred, id="proxy"),
        pytest.param(401, b"", Deferred, id="credentials"),
        pytest.param(403, SAID, Deferred, id="forbidden"),
        pytest.param(404, SAID, Rejected, id="not-there-by-its-own-word"),
        pytest.param(404, {"message": "no route"}, Deferred, id="load-balancer"),
        pytest.param(429, b"", Deferred, id="throttled"),
        pytest.param(500, SAID, Uncertain, id="failed"),
        pytest.param(201, {**CREATED, "id": 7}, Uncertain, id="no-id"),
    ],
)
async def test_errors(
    say: Say,
    make: Make,
    make_submission: MakeSubmission,
    status: int,
    body: object,
    kind: type[Outcome],
) -> None:
    """Only its own word ends a page, and only where it surely was not sent."""
    heard = await say(status, body)

    outcomes = await make(heard.url).submit(make_submission(ANNA, BO))

    assert {type(outcomes.of(number)) for number in (ANNA, BO)} == {kind}


@pytest.mark.parametrize(
    "text", ["Invalid value for parameter to[1]", "46701740606 is not a number"]
)
async def test_a_named_number_is_blamed_alone(
    say: Say, make: Make, make_submission: MakeSubmission, text: str
) -> None:
    """The other waits to be sent without it (C9)."""
    heard = await say(400, {"code": "syntax_invalid_parameter_format", "text": text})

    outcomes = await make(heard.url).submit(make_submission(ANNA, BO))

    refused = outcomes.of(BO)
    assert isinstance(refused, Rejected)
    assert refused.number_is_bad
    assert isinstance(outcomes.of(ANNA), Deferred)


async def test_check_asks_for_something_that_takes_the_token(
    say: Say, make: Make
) -> None:
    """And says what it did not check."""
    heard = await say(200, {"count": 0, "page": 0, "batches": []})

    (line,) = await make(heard.url).check()

    assert heard.lines == ["GET /xms/v1/plan1/batches?page_size=1"]
    assert "token: taken" in line


async def test_check_finds_a_refused_token(say: Say, make: Make) -> None:
    """Before the first page does."""
    heard = await say(401)

    with pytest.raises(ProviderCheckFailed, match="refuses the credentials"):
        await make(heard.url).check()


POSTED: dict[str, object] = {
    "type": "recipient_delivery_report_sms",
    "batch_id": ID,
    "recipient": "46701740605",
    "code": 0,
    "status": "Delivered",
    "at": "2026-01-15T09:30:21.930Z",
    "client_reference": "ref-1",
}


async def test_a_report_on_one_recipient(make: Make, report_of: ReportOf) -> None:
    """As documented."""
    assert make().read_reports(report_of(POSTED)) == (
        DeliveryReport(
            provider_id=ID,
            reference="ref-1",
            number=ANNA,
            delivery=Delivery.DELIVERED,
            final=True,
            code="Delivered 0",
            at=datetime(2026, 1, 15, 9, 30, 21, 930_000, tzinfo=UTC),
        ),
    )


async def test_a_report_on_a_batch_is_one_for_each(
    make: Make, report_of: ReportOf
) -> None:
    """Some arrived, some did not."""
    statuses = [
        {"code": 0, "status": "Delivered", "count": 1, "recipients": ["46701740605"]},
        {"code": 402, "status": "Failed", "count": 1, "recipients": ["46701740606"]},
        {"code": 400, "status": "Queued", "count": 7},
    ]
    batch = {"type": "delivery_report_sms", "batch_id": ID, "statuses": statuses}

    reports = make().read_reports(report_of(batch))

    assert [(one.number, one.delivery) for one in reports] == [
        (ANNA, Delivery.DELIVERED),
        (BO, Delivery.FAILED),
    ]


@pytest.mark.parametrize(
    ("status", "delivery"),
    [
        ("Queued", Delivery.PENDING),
        ("Dispatched", Delivery.PENDING),
        ("Aborted", Delivery.FAILED),
        ("Cancelled", Delivery.FAILED),
        ("Rejected", Delivery.FAILED),
        ("Deleted", Delivery.FAILED),
        ("Delivered", Delivery.DELIVERED),
        ("DELIVERED", Delivery.DELIVERED),
        ("Failed", Delivery.FAILED),
        ("Expired", Delivery.EXPIRED),
        ("Unknown", Delivery.FAILED),
        ("Something new", Delivery.PENDING),
    ],
)
async def test_what_each_status_says(
    make: Make, report_of: ReportOf, status: str, delivery: Delivery
) -> None:
    """Only one of them is delivered."""
    (report,) = make().read_reports(report_of({**POSTED, "status": status}))

    assert report.delivery is delivery
    assert report.final is (delivery is not Delivery.PENDING)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"batch_id": None}, id="no-id"),
        pytest.param({"status": None}, id="no-status"),
        pytest.param({"type": "mo_text"}, id="an-incoming-sms"),
        pytest.param({"type": "delivery_report_sms", "statuses": [7]}, id="odd"),
    ],
)
async def test_what_is_no_report_is_refused(
    make: Make, report_of: ReportOf, changes: dict[str, object]
) -> None:
    """Incoming SMS are posted the same way."""
    with pytest.raises(PayloadError):
        make().read_reports(report_of({**POSTED, **changes}))


def status(word: str, *recipients: object, code: int = 0) -> dict[str, object]:
    """One status of a batch, and whose it is."""
    return {
        "code": code,
        "status": word,
        "count": len(recipients),
        "recipients": list(recipients),
    }


def batch(*statuses: object, **changes: object) -> dict[str, object]:
    """A full report on a batch, as documented."""
    return {
        "type": "delivery_report_sms",
        "batch_id": ID,
        "total_message_count": 2,
        "statuses": list(statuses),
        "client_reference": "ref-1",
        **changes,
    }


async def test_a_question_in_full(say: Say, make: Make) -> None:
    """With the token, for the numbers too; a report for each recipient."""
    heard = await say(
        200, batch(status("Delivered", "46701740605"), status("Queued", "46701740606"))
    )

    answer = await make(heard.url).ask_reports(Reference("ref-1"), ID)

    assert heard.lines == [f"GET /xms/v1/plan1/batches/{ID}/delivery_report?type=full"]
    assert heard.headers[0]["authorization"] == "Bearer t1"
    assert answer == Reported(
        (
            DeliveryReport(
                provider_id=ID,
                reference="ref-1",
                number=ANNA,
                delivery=Delivery.DELIVERED,
                final=True,
                code="Delivered 0",
                at=None,
            ),
            DeliveryReport(
                provider_id=ID,
                reference="ref-1",
                number=BO,
                delivery=Delivery.PENDING,
                final=False,
                code="Queued 0",
                at=None,
            ),
        )
    )


@pytest.mark.parametrize("missing", [None, ""])
async def test_an_answer_without_our_reference_is_about_the_batch(
    say: Say, make: Make, missing: str | None
) -> None:
    """It is optional; the batch's id is what was asked for."""
    shown = batch(status("Delivered", "46701740605"), client_reference=missing)
    heard = await say(200, shown)

    answer = await make(heard.url).ask_reports(Reference("ref-1"), ID)

    assert isinstance(answer, Reported)
    assert [report.delivery for report in answer.reports] == [Delivery.DELIVERED]


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(batch(status("Delivered", "1"), batch_id="01F"), id="batch"),
        pytest.param(
            batch(status("Delivered", "1"), client_reference="ref-2"), id="reference"
        ),
        pytest.param(batch(status("Delivered", "1"), type="mt_text"), id="type"),
        pytest.param(batch(status("Delivered", "1"), batch_id=None), id="no-id"),
        pytest.param(batch("Delivered"), id="no-status"),
        pytest.param(batch(status("", "46701740605")), id="empty-status"),
    ],
)
async def test_a_doubtful_answer_is_none(say: Say, make: Make, shown: object) -> None:
    """What it says of another batch is not believed of this one."""
    heard = await say(200, shown)

    answer = await make(heard.url).ask_reports(Reference("ref-1"), ID)

    assert isinstance(answer, NotReported)


async def test_an_answer_that_only_counts_says_nothing(say: Say, make: Make) -> None:
    """A summary names nobody."""
    heard = await say(200, batch({"code": 0, "status": "Delivered", "count": 2}))

    answer = await make(heard.url).ask_reports(Reference("ref-1"), ID)

    assert answer == Reported(())


@pytest.mark.parametrize(
    ("code", "word", "blames"),
    [
        (0, "Delivered", None),
        (402, "Aborted", None),
        (403, "Aborted", None),
        (404, "Aborted", None),
        (406, "Aborted", None),
        (408, "Aborted", None),
        (412, "Aborted", None),
        (413, "Aborted", Blame.ACCOUNT),
        (413, "Delivered", None),
        (1, "Failed", None),
        (999, "Failed", None),
    ],
)
async def test_whom_a_code_blames(
    say: Say,
    make: Make,
    report_of: ReportOf,
    code: int,
    word: str,
    blames: Blame | None,
) -> None:
    """The same, posted or asked for; 412 is one region's, and blames nobody."""
    heard = await say(200, batch(status(word, "46701740605", code=code)))

    answer = await make(heard.url).ask_reports(Reference("ref-1"), ID)
    (posted,) = make().read_reports(report_of({**POSTED, "status": word, "code": code}))

    assert isinstance(answer, Reported)
    assert [report.blames for report in (*answer.reports, posted)] == [blames] * 2
