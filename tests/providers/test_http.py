"""Any gateway, as a config describes it, on a server of ours."""

import json
from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

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
from alertbridge.core.report import Delivery, DeliveryReport
from alertbridge.core.secret import Secret
from alertbridge.ports import PayloadError, ReportRequest
from alertbridge.providers.http import Http
from alertbridge.providers.http_options import HttpOptions

MakeSubmission = Callable[..., Submission]
Make = Callable[..., Http]
Say = Callable[..., Awaitable["Heard"]]
ReportOf = Callable[..., ReportRequest]

ANNA = Msisdn("+46701740605")
HOSTILE = '"}, "to": "x"\r\n</a>&to=%2B1#{{ secrets.token }} å 🔥 \x00 {{'
ANSWER = {"accepted": {"status": [200]}}


class Heard:
    """What the tests use of the gateway in the conftest."""

    url: str
    lines: list[str]
    headers: list[dict[str, str]]
    fields: list[list[str]]
    bodies: list[bytes]
    json: list[dict[str, object]]
    forms: list[dict[str, str]]


@pytest.fixture
def make(session: ClientSession) -> Make:
    """Make a provider of a description."""

    def build(report_url: str | None = None, **description: object) -> Http:
        options = HttpOptions.model_validate({"answer": ANSWER, **description})
        return Http(ProviderName("http"), options, session, report_url=report_url)

    return build


async def test_json_in_full(
    say: Say, make: Make, make_submission: MakeSubmission
) -> None:
    """Every place, a secret in a header, and a text that cannot break out."""
    heard = await say(200)
    provider = make(
        url=f"{heard.url}/api/{{{{ sender }}}}?v=2",
        secrets={"token": Secret("canary")},
        headers={"X-Token": "Bearer {{ secrets.token }}", "X-Ref": "{{ reference }}"},
        query={"for": "{{ number }}"},
        json={
            "to": ["{{ digits }}"],
            "text": "{{ text }}",
            "options": {"validity": "{{ ttl }}", "flash": False, "retries": 2},
            "callback": "{{ report_url }}",
        },
        sender="My Co/1",
        report_url="https://us.example.org/r",
    )

    outcomes = await provider.submit(make_submission(ANNA, body=HOSTILE))

    assert outcomes.all == Accepted()
    assert heard.lines == ["POST /api/My%20Co%2F1?v=2&for=%2B46701740605"]
    assert heard.headers[0]["x-token"] == "Bearer canary"
    assert heard.headers[0]["x-ref"] == "ref-1"
    assert heard.headers[0]["content-type"] == "application/json"
    assert heard.json == [
        {
            "to": ["46701740605"],
            "text": HOSTILE,
            "options": {"validity": 3600, "flash": False, "retries": 2},
            "callback": "https://us.example.org/r",
        }
    ]


async def test_a_form_in_full(
    say: Say, make: Make, make_submission: MakeSubmission
) -> None:
    """With basic authentication."""
    heard = await say(200)
    provider = make(
        url=heard.url,
        basic_auth={"username": "u", "password": Secret("pä ss")},
        form={"to": "{{ number }}", "msg": "{{ text }}", "x y": "a&b"},
    )

    await provider.submit(make_submission(ANNA, body=HOSTILE))

    assert heard.forms == [{"to": ANNA, "msg": HOSTILE, "x y": "a&b"}]
    assert heard.headers[0]["authorization"] == (
        f"Basic {b64encode('u:pä ss'.encode()).decode()}"
    )


async def test_a_content_type_of_ones_own(
    say: Say, make: Make, make_submission: MakeSubmission
) -> None:
    """Once, however it is spelt."""
    heard = await say(200)
    json_body = {"to": "{{ number }}", "text": "{{ text }}"}
    mine = {"content-type": "application/vnd.sms+json"}

    await make(url=heard.url, headers=mine, json=json_body).submit(
        make_submission(ANNA)
    )

    assert heard.headers[0]["content-type"] == "application/vnd.sms+json"
    assert heard.fields[0].count("content-type") == 1


async def test_a_query_in_full(
    say: Say, make: Make, make_submission: MakeSubmission
) -> None:
    """As old modems want it; secrets, too, arrive as they are."""
    heard = await say(200)
    provider = make(
        method="GET",
        url=heard.url + "/sendsms",
        secrets={"pass": Secret("a+b&c=d% ö")},
        query={
            "password": "{{ secrets.pass }}",
            "to": "{{ number }}",
            "text": "{{ text }}",
        },
    )

    await provider.submit(make_submission(ANNA, body=HOSTILE))

    method, target = heard.lines[0].split(" ")
    assert method == "GET"
    assert urlsplit(target).path == "/sendsms"
    assert parse_qsl(urlsplit(target).query, strict_parsing=True) == [
        ("password", "a+b&c=d% ö"),
        ("to", ANNA),
        ("text", HOSTILE),
    ]


@pytest.mark.parametrize("escape", ["json", "url"])
async def test_a_body_by_hand(
    say: Say, make: Make, make_submission: MakeSubmission, escape: str
) -> None:
    """Escaped by the rules that it names."""
    heard = await say(200)
    by_rules = {
        "json": '{"to": "{{ number }}", "text": "{{ text }}"}',
        "url": "to={{ number }}&text={{ text }}",
    }
    body = {"text": by_rules[escape], "content_type": "text/x", "escape": escape}

    await make(url=heard.url, body=body).submit(make_submission(ANNA, body=HOSTILE))

    sent = heard.bodies[0].decode()
    found = json.loads(sent) if escape == "json" else dict(parse_qsl(sent))
    assert found == {"to": ANNA, "text": HOSTILE}
    assert heard.headers[0]["content-type"] == "text/x"


async def test_a_body_that_is_the_text(
    say: Say, make: Make, make_submission: MakeSubmission
) -> None:
    """There is nothing to break out of."""
    heard = await say(200)
    body = {"text": "{{ text }}", "content_type": "text/plain", "escape": "plain"}

    await make(url=heard.url + "/{{ digits }}", method="PUT", body=body).submit(
        make_submission(ANNA, body=HOSTILE)
    )

    assert heard.lines == ["PUT /46701740605"]
    assert heard.bodies == [HOSTILE.encode()]


async def test_two_numbers_are_two_requests(
    say: Say, make: Make, make_submission: MakeSubmission
) -> None:
    """There is a place for one."""
    heard = await say(200)
    provider = make(url=heard.url, json={"to": "{{ number }}", "text": "{{ text }}"})

    outcomes = await provider.submit(make_submission(ANNA, "+46701740606"))

    assert sorted(str(sent["to"]) for sent in heard.json) == [ANNA, "+46701740606"]
    assert outcomes.by_number.keys() == {ANNA, "+46701740606"}


MAPPED = {
    "accepted": {"status": [200, 202], "json": {"status": ["queued", "sent"]}},
    "id": "result.0.id",
    "rejected_number": [{"status": [400], "json": {"error.code": 21}}],
    "rejected": [{"text": "too long"}],
    "deferred": [{"json": {"busy": True}}, {"status": [500]}],
}
QUEUED = {"status": "queued", "result": [{"id": "m-1"}]}


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        pytest.param(200, QUEUED, Accepted(provider_id="m-1"), id="accepted"),
        pytest.param(
            202,
            {"status": "sent", "result": [{"id": 17}]},
            Accepted(provider_id="17"),
            id="numeric-id",
        ),
        pytest.param(201, QUEUED, Uncertain, id="another-2xx"),
        pytest.param(200, {**QUEUED, "result": []}, Uncertain, id="no-id"),
        pytest.param(200, {**QUEUED, "status": "error"}, Uncertain, id="not-mapped"),
        pytest.param(200, b"<html>", Uncertain, id="portal"),
        pytest.param(400, {"error": {"code": 21}}, Rejected, id="number"),
        pytest.param(400, {"error": {"code": 22}}, Uncertain, id="another-400"),
        pytest.param(400, {"error": {"code": "21"}}, Uncertain, id="another-type"),
        pytest.param(413, b"text too long", Rejected, id="by-text"),
        pytest.param(200, {**QUEUED, "x": "too long"}, Rejected, id="a-no-goes-first"),
        pytest.param(200, {**QUEUED, "busy": True}, Deferred, id="busy"),
        pytest.param(200, {**QUEUED, "busy": 1}, Accepted(provider_id="m-1"), id="1"),
        pytest.param(500, b"", Deferred, id="a-500-that-the-config-knows"),
        pytest.param(502, b"", Uncertain, id="a-502-that-it-does-not"),
        pytest.param(401, b"", Deferred, id="credentials"),
        pytest.param(404, b"", Deferred, id="not-there"),
        pytest.param(422, b"", Uncertain, id="422"),
        pytest.param(503, b"", Deferred, id="away"),
    ],
)
async def test_answers_mean_what_the_config_says(
    say: Say,
    make: Make,
    make_submission: MakeSubmission,
    status: int,
    body: object,
    outcome: Outcome | type[Outcome],
) -> None:
    """And what it does not map is unclear, unless HTTP itself says "not sent"."""
    heard = await say(status, body)
    provider = make(
        url=heard.url,
        form={"to": "{{ number }}", "text": "{{ text }}"},
        answer=MAPPED,
    )

    found = (await provider.submit(make_submission(ANNA))).all

    if isinstance(outcome, type):
        assert type(found) is outcome
    else:
        assert found == outcome
    if isinstance(found, Rejected):
        assert found.number_is_bad is (status == 400)


async def test_a_yes_with_another_status_is_no_yes(
    say: Say, make: Make, make_submission: MakeSubmission
) -> None:
    """A rule that names the body alone does not call a 500 accepted."""
    heard = await say(500, QUEUED)
    answer = {"accepted": {"json": {"status": "queued"}}}
    provider = make(url=heard.url, form={"a": "{{ number }} {{ text }}"}, answer=answer)

    assert isinstance((await provider.submit(make_submission(ANNA))).all, Uncertain)


REPORT = {
    "id": "payload.messageId",
    "number": "payload.phoneNumber",
    "at": "payload.deliveredAt",
    "status": "event",
    "delivered": ["sms:delivered"],
    "failed": ["sms:failed"],
    "expired": ["sms:expired"],
}
SENT = {"url": "https://sms.example.org", "form": {"a": "{{ number }} {{ text }}"}}


@pytest.mark.parametrize(
    ("event", "delivery"),
    [
        ("sms:delivered", Delivery.DELIVERED),
        ("SMS:Delivered", Delivery.DELIVERED),
        ("sms:failed", Delivery.FAILED),
        ("sms:expired", Delivery.EXPIRED),
        ("sms:sent", Delivery.PENDING),
    ],
)
async def test_a_report_in_json(
    make: Make, report_of: ReportOf, event: str, delivery: Delivery
) -> None:
    """Words that are not mapped conclude nothing."""
    payload = {
        "messageId": "m-1",
        "phoneNumber": ANNA,
        "deliveredAt": "2026-01-15T10:30:21.000+01:00",
    }

    reports = make(**SENT, report=REPORT).read_reports(
        report_of({"event": event, "payload": payload})
    )

    assert reports == (
        DeliveryReport(
            provider_id="m-1",
            reference="",
            number=ANNA,
            delivery=delivery,
            final=delivery is not Delivery.PENDING,
            code=event,
            at=datetime(2026, 1, 15, 9, 30, 21, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize("kind", ["form", "query"])
async def test_a_report_in_a_form_or_a_query(
    make: Make, report_of: ReportOf, kind: str
) -> None:
    """A reference of ours will do without an id; numbers count as words."""
    report = {
        "format": kind,
        "reference": "ref",
        "status": "dlr.code",
        "delivered": ["1"],
    }
    query = {"ref": "ref-1", "dlr.code": "1"}
    request = (
        report_of(None, "ref=ref-1&dlr.code=1")
        if kind == "form"
        else ReportRequest(method="GET", query=query)
    )

    (found,) = make(**SENT, report=report).read_reports(request)

    assert (found.provider_id, found.reference) == ("", "ref-1")
    assert found.delivery is Delivery.DELIVERED


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"event": "sms:delivered"}, id="no-id"),
        pytest.param({"payload": {"messageId": "m-1"}}, id="no-status"),
        pytest.param({"event": ["x"], "payload": {"messageId": "m-1"}}, id="odd"),
        pytest.param({"event": "a", "payload": "m-1"}, id="another-shape"),
    ],
)
async def test_what_is_no_report_is_refused(
    make: Make, report_of: ReportOf, fields: object
) -> None:
    """Other events may be posted to the same address."""
    with pytest.raises(PayloadError):
        make(**SENT, report=REPORT).read_reports(report_of(fields))


async def test_without_a_mapping_there_are_no_reports(
    make: Make, report_of: ReportOf
) -> None:
    """Whoever posts one is told so."""
    with pytest.raises(PayloadError, match="no `report`"):
        make(**SENT).read_reports(report_of({}))


async def test_check_does_not_pretend(make: Make) -> None:
    """Nothing is asked, and it says so."""
    (line,) = await make(**SENT).check()

    assert line.startswith("not checked")


async def test_a_short_life_is_at_least_a_second(
    say: Say, make: Make, make_submission: MakeSubmission
) -> None:
    """0 means for ever to some."""
    heard = await say(200)
    provider = make(
        url=heard.url, json={"a": "{{ number }}{{ text }}", "t": "{{ ttl }}"}
    )

    await provider.submit(make_submission(ANNA, closes_in=timedelta(milliseconds=5)))

    assert heard.json[0]["t"] == 1
