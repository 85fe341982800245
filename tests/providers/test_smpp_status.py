"""Every command_status has a meaning, and none means more than it says."""

import pytest

from alertbridge.core.message import Deferred, Outcome, Rejected, Uncertain
from alertbridge.providers.smpp_status import STATUSES, VENDOR, refusal_of

EXPECTED: dict[int, type[Outcome]] = {
    0x01: Rejected,
    0x02: Deferred,
    0x03: Deferred,
    0x04: Deferred,
    0x05: Deferred,
    0x06: Rejected,
    0x07: Rejected,
    0x08: Deferred,
    0x0A: Rejected,
    0x0B: Rejected,
    0x0D: Deferred,
    0x0E: Deferred,
    0x0F: Deferred,
    0x14: Deferred,
    0x15: Rejected,
    0x43: Rejected,
    0x45: Deferred,
    0x48: Rejected,
    0x49: Rejected,
    0x50: Rejected,
    0x51: Rejected,
    0x53: Deferred,
    0x58: Deferred,
    0x61: Rejected,
    0x62: Rejected,
    0x64: Deferred,
    0x65: Rejected,
    0x66: Rejected,
    0xC0: Rejected,
    0xC1: Rejected,
    0xC2: Rejected,
    0xC3: Rejected,
    0xC4: Rejected,
    0xFE: Uncertain,
    0xFF: Uncertain,
}
"""Written by hand from SMPP 3.4, 5.1.3: what each says about the message."""


@pytest.mark.parametrize("status", sorted(STATUSES | EXPECTED), ids=hex)
def test_a_status_means_what_the_specification_says(status: int) -> None:
    """And it is named as the specification names it, so that it can be looked up."""
    outcome = refusal_of(status)

    assert type(outcome) is EXPECTED[status]
    assert outcome.detail.startswith(f"{STATUSES[status][0]} (0x{status:02X}): ")


def test_only_a_bad_destination_blames_the_number() -> None:
    """Whatever else is wrong is wrong for every number."""
    blaming = [
        status
        for status in range(0x1000)
        if isinstance(outcome := refusal_of(status), Rejected) and outcome.number_is_bad
    ]

    assert blaming == [0x0B]


@pytest.mark.parametrize("status", [0x400, 0x401, 0x45B, 0x4FF], ids=hex)
def test_an_error_of_the_smscs_own_is_tried_again(status: int) -> None:
    """It was not taken, and only its manual knows whether it ever will be."""
    assert isinstance(refusal_of(status), Deferred)


def test_what_has_no_row_is_uncertain() -> None:
    """Never "surely not", and never "never"."""
    for status in (*range(0x1000), 0x7FFFFFFF, 0xFFFFFFFF):
        if status not in STATUSES and status not in VENDOR:
            assert isinstance(refusal_of(status), Uncertain), hex(status)
