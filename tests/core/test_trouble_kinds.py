"""What the admins read of each trouble, and what they never do."""

from datetime import UTC, datetime, timedelta

import pytest

from alertbridge.core import trouble_kinds as kinds
from alertbridge.core.alert import SourceName
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import RecipientName
from alertbridge.core.severity import Severity
from alertbridge.core.trouble import Trouble

NOW = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
AM, IP1 = SourceName("alertmanager"), ProviderName("ip1")


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        pytest.param(
            kinds.source_refused(AM, NOW - timedelta(minutes=7), NOW),
            "alertmanager was let in before, and has been refused for 7m",
            id="source-refused",
        ),
        pytest.param(
            kinds.source_silent(AM, timedelta(minutes=15)),
            "no watchdog from alertmanager for 15m",
            id="source-silent",
        ),
        pytest.param(
            kinds.reload_failed(1), "the config on disk has 1 problem,", id="reload"
        ),
        pytest.param(
            kinds.clock_stepped(timedelta(hours=-1)), "set back by 1h", id="clock"
        ),
        pytest.param(
            kinds.disk_low(300 * 1024**2, 512 * 1024**2),
            "300 MiB are free where the store is, less than 512 MiB",
            id="disk",
        ),
        pytest.param(
            kinds.balance_low(IP1, "41.20 SEK", 3.9),
            "the account of ip1 holds 41.20 SEK, enough for 3 days",
            id="balance",
        ),
        pytest.param(
            kinds.balance_low(IP1, "1.20 SEK", 0.4),
            "holds 1.20 SEK, enough for less than a day",
            id="balance-today",
        ),
        pytest.param(
            kinds.balance_low(IP1, "41.20 SEK", None),
            "holds 41.20 SEK; top it up",
            id="balance-of-unknown-burn",
        ),
    ],
)
def test_a_trouble_says_what_is_wrong(trouble: Trouble, says: str) -> None:
    """In one line, with the figures that matter."""
    assert says in trouble.summary


@pytest.mark.parametrize(
    ("recipient", "shown"),
    [
        pytest.param("anna", "anna is no longer", id="name"),
        pytest.param("+46701740650", "+467*****650 is no longer", id="bare-number"),
    ],
)
def test_a_removed_recipient_is_named_but_no_number_is_shown(
    recipient: str, shown: str
) -> None:
    """SMS are read over shoulders, and kept by carriers."""
    trouble = kinds.removed_recipient(RecipientName(recipient))

    assert trouble.summary.startswith(shown)
    assert recipient not in trouble.cause.keys.fingerprints[0] or recipient == "anna"


def test_only_what_keeps_pages_from_people_now_is_critical() -> None:
    """A disk that fills and an account that empties can wait for the morning."""
    waits = {
        kinds.disk_low(1, 2),
        kinds.balance_low(IP1, "1 SEK", 1),
        kinds.reload_failed(2),
        kinds.clock_stepped(timedelta(hours=1)),
    }
    wakes = {
        kinds.source_silent(AM, timedelta(minutes=15)),
        kinds.source_refused(AM, NOW, NOW),
        kinds.source_unreadable(AM, "no JSON"),
        kinds.provider_down(IP1, "no route"),
    }

    assert {trouble.severity for trouble in waits} == {Severity.HIGH}
    assert {trouble.severity for trouble in wakes} == {Severity.CRITICAL}
