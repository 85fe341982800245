"""Every status code of iP.1 means one thing, and none more than it says (C13)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from aiohttp import ClientSession

from alertbridge.core.message import Submission
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.report import Blame, Delivery, DeliveryReport
from alertbridge.core.secret import Secret
from alertbridge.ports import PayloadError, ReportReader, ReportRequest
from alertbridge.providers.ip1 import Ip1
from alertbridge.providers.ip1_options import Ip1Options
from alertbridge.providers.ip1_reports import read_report
from alertbridge.providers.ip1_request import batch_request

POSTED: dict[str, object] = {
    "messageId": "5c613848879973045cf39ac4",
    "batchId": "5c613848879973045cf39ac3",
    "recipient": "46701740605",
    "code": 201,
    "duration": 1,
    "created": "2026-01-15T09:30:21Z",
    "segments": 2,
    "price": 0.082,
    "currency": "eur",
    "reference": "ref-1",
}


def request(fields: object) -> ReportRequest:
    """What iP.1 posts."""
    return ReportRequest(method="POST", body=json.dumps(fields).encode())


def read(**changes: object) -> DeliveryReport:
    """Read the documented report with *changes*; None takes a field out."""
    fields = {**POSTED, **changes}
    return read_report(request({k: v for k, v in fields.items() if v is not None}))


def test_the_documented_report() -> None:
    """Every field in its place."""
    assert read() == DeliveryReport(
        provider_id="5c613848879973045cf39ac3",
        reference="ref-1",
        number=Msisdn("+46701740605"),
        delivery=Delivery.DELIVERED,
        final=True,
        code="201",
        at=datetime(2026, 1, 15, 9, 30, 21, tzinfo=UTC),
    )


def expected(code: int) -> tuple[Delivery, bool]:
    """The table of the reference, written a second time and by hand."""
    if code == 201:
        return Delivery.DELIVERED, True
    if code == 202:
        return Delivery.EXPIRED, True
    if code in range(200, 300) or code in range(400, 500):
        return Delivery.FAILED, True
    if code in range(500, 600):
        return Delivery.FAILED, False
    return Delivery.PENDING, False


@pytest.mark.parametrize("code", range(100, 600))
def test_every_code_has_its_meaning(code: int) -> None:
    """Only 201 is delivered; unknown codes go by their block; a 5xx may pass."""
    report = read(code=code, duration=0)

    assert (report.delivery, report.final) == expected(code)


@pytest.mark.parametrize("code", range(100, 600))
def test_whom_every_code_blames(code: int) -> None:
    """Money and sender are the account's; a recipient that is refused is a number."""
    by_hand = {
        402: Blame.ACCOUNT,
        403: Blame.ACCOUNT,
        405: Blame.NUMBER,
        407: Blame.ACCOUNT,
    }

    assert read(code=code).blames is by_hand.get(code)


@pytest.mark.parametrize(
    ("code", "delivery"),
    [
        pytest.param(118, Delivery.PENDING, id="unknown-1xx"),
        pytest.param(203, Delivery.FAILED, id="cancelled"),
        pytest.param(204, Delivery.FAILED, id="unknown-2xx"),
        pytest.param(299, Delivery.FAILED, id="last-2xx"),
        pytest.param(300, Delivery.PENDING, id="unknown-block"),
        pytest.param(401, Delivery.FAILED, id="unknown-4xx"),
        pytest.param(499, Delivery.FAILED, id="last-4xx"),
        pytest.param(599, Delivery.FAILED, id="last-5xx"),
    ],
)
def test_codes_that_may_be_added_go_by_their_block(
    code: int, delivery: Delivery
) -> None:
    """2xx is "ended", which is not "delivered"."""
    report = read(code=code)

    assert report.delivery is delivery
    assert report.is_final_failure is (delivery is Delivery.FAILED)
    assert report.blames is None


@pytest.mark.parametrize("code", range(500, 600))
@pytest.mark.parametrize("duration", [1, None])
def test_an_error_that_does_not_say_that_it_may_pass_is_final(
    code: int, duration: int | None
) -> None:
    """`duration` 1 is the last report; without one, the block decides."""
    assert read(code=code, duration=duration).final


def test_a_delivery_with_duration_0_is_delivered() -> None:
    """iP.1's own example has it."""
    assert read(duration=0).delivery is Delivery.DELIVERED


@pytest.mark.parametrize("name", ["messageId", "id"])
def test_both_names_of_the_id_are_read(name: str) -> None:
    """Its documentation has both."""
    report = read(**{"messageId": None, "batchId": None, name: "m-1"})

    assert report.provider_id == "m-1"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>", id="html"),
        pytest.param(b"[]", id="array"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"{}", id="nothing"),
        pytest.param(b'{"id": "a", "code": "201"}', id="code-as-text"),
        pytest.param(b'{"id": "a", "code": true}', id="code-as-truth"),
        pytest.param(b'{"id": "a", "code": 22}', id="code-of-the-old-api"),
        pytest.param(b'{"id": "a", "code": 600}', id="code-beyond"),
        pytest.param(b'{"code": 201}', id="no-id"),
        pytest.param(b'{"id": "a\\nb", "code": 201}', id="line-break-in-id"),
    ],
)
def test_what_is_no_report_is_refused(body: bytes) -> None:
    """With a line that repeats nothing of it."""
    with pytest.raises(PayloadError):
        read_report(ReportRequest(method="POST", body=body))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"recipient": "iP1"}, id="no-number"),
        pytest.param({"recipient": None}, id="number-missing"),
        pytest.param({"recipient": "4" * 16}, id="long-number"),
    ],
)
def test_a_report_without_a_usable_number_is_about_the_message(
    changes: dict[str, object],
) -> None:
    """The id and the reference still find it."""
    assert read(**changes).number is None


@pytest.mark.parametrize("created", ["soon", None, "0001-01-01T00:00:00+14:00", 5])
def test_a_time_that_is_none_is_left_out(created: object) -> None:
    """What happened counts all the same."""
    assert read(created=created).at is None


async def test_the_provider_reads_them(session: ClientSession) -> None:
    """Who serves callbacks asks for this capability."""
    options = Ip1Options(token=Secret("t"), sender="iP1")
    provider: object = Ip1(ProviderName("ip1"), options, session)

    assert isinstance(provider, ReportReader)
    assert provider.read_reports(request(POSTED)) == (read(),)


def test_the_address_for_reports_goes_into_the_batch(
    make_submission: Callable[..., Submission],
) -> None:
    """Without one no report is asked for."""
    options = Ip1Options(token=Secret("t"), sender="iP1")
    url = "https://bridge.example.org/v1/reports/ip1/s3cret"

    request = batch_request(make_submission(), options, url)

    assert request["deliveryReportUrl"] == url
    assert "deliveryReportUrl" not in batch_request(make_submission(), options)
