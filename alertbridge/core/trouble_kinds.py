"""Every trouble by its name, what its page says, and how much it matters.

Critical is what keeps pages from people, now. The others can wait for the morning.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from alertbridge.core.alert import SourceName
from alertbridge.core.drill import Heard
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import RecipientName, shown_recipient
from alertbridge.core.severity import Severity
from alertbridge.core.trouble import Cause, Trouble
from alertbridge.core.wording import span

CONFIG_BROKEN = Cause("ConfigBroken")
"""At a start: the file could not be used as it is."""

RELOAD_FAILED = Cause("ConfigReloadFailed")
CLOCK_STEPPED = Cause("ClockStepped")
DISK_LOW = Cause("DiskLow")
DISK_FULL = Cause("DiskFull")

STORE_DAMAGED = "StoreDamaged"
STORE_FAILED = "StoreFailed"
STORE_WENT_BACK = "StoreWentBack"

_MEBI = 1024**2
_GIBI = 1024**3


def config_broken(said: str) -> Trouble:
    """A start did not find the config as it should be."""
    summary = f"started, but {said}; run check-config"
    return Trouble(cause=CONFIG_BROKEN, summary=summary)


def reload_failed(problems: int) -> Trouble:
    """A reload changed nothing: what runs is not what is on disk."""
    amount = "1 problem" if problems == 1 else f"{problems} problems"
    return Trouble(
        cause=RELOAD_FAILED,
        summary=f"the config on disk has {amount}, the old one runs on;"
        " run check-config",
        severity=Severity.HIGH,
    )


def page_unconfirmed(
    recipient: RecipientName, alerts: Sequence[str], detail: str
) -> Trouble:
    """Nobody says whether somebody's phone has critical pages that were taken."""
    shown = ", ".join(alerts[:3])
    if len(alerts) > 3:
        shown += f" +{len(alerts) - 3}"
    return Trouble(
        cause=Cause("PageUnconfirmed", recipient),
        summary=f"{shown_recipient(recipient)} may not have been told of {shown}:"
        f" {detail}",
        lasts=False,
    )


def clock_stepped(by: timedelta) -> Trouble:
    """The clock of this machine was set."""
    way = "forward" if by > timedelta(0) else "back"
    # A step of an hour is measured as a moment less.
    far = timedelta(seconds=round(abs(by).total_seconds()))
    return Trouble(
        cause=CLOCK_STEPPED,
        summary=f"the clock was set {way} by {span(far)}: times in texts and hours of"
        " the day may have been wrong",
        severity=Severity.HIGH,
        lasts=False,
    )


def drill_of(recipient: RecipientName) -> Cause:
    """One person's test pages do not arrive."""
    return Cause("TestPageMissed", recipient)


def drill_missed(heard: Heard) -> Trouble:
    """The test page of the schedule did not arrive, or nobody says that it did."""
    why = {
        "accepted": "it was taken, and its gateway reports nothing",
        "unconfirmed": "it was taken, and no report came",
        "undelivered": "its gateway reports that it did not arrive",
    }.get(heard.reason, f"it is {heard.state} ({heard.reason})")
    return Trouble(
        cause=drill_of(heard.recipient),
        summary=f"the test page to {shown_recipient(heard.recipient)} is not known to"
        f" have arrived: {why}",
        severity=Severity.HIGH,
    )


def disk_full(reason: str) -> Trouble:
    """Webhooks are answered 503: their senders keep what they have to say."""
    return Trouble(cause=DISK_FULL, summary=reason)


def store_incident(name: str, subject: str, summary: str) -> Trouble:
    """Something befell the store's file before this start; *subject* tells which."""
    return Trouble(cause=Cause(name, subject), summary=summary, lasts=False)


def disk_low(free: int, wanted: int) -> Trouble:
    """The store's file system fills up; both in bytes."""
    return Trouble(
        cause=DISK_LOW,
        summary=f"{_size(free)} are free where the store is, less than"
        f" {_size(wanted)}: without room no webhook can be taken",
        severity=Severity.HIGH,
    )


def provider_down(provider: ProviderName, detail: str) -> Trouble:
    """A provider began to fail, and there is another to say so by."""
    return Trouble(
        cause=Cause("ProviderDown", provider),
        summary=f"{provider} takes no SMS: {detail}; others are used meanwhile",
        lasts=False,
    )


def removed_recipient(recipient: RecipientName) -> Trouble:
    """Somebody the config no longer has was still told."""
    return Trouble(
        cause=Cause("RemovedRecipientTold", recipient),
        summary=f"{shown_recipient(recipient)} is no longer in the config (removed, or"
        " renamed): a page was sent to the numbers stored with it",
        lasts=False,
    )


def refused(source: SourceName) -> Cause:
    """That a source is not let in any more."""
    return Cause("SourceRefused", source)


def source_refused(source: SourceName, since: datetime, now: datetime) -> Trouble:
    """A source that was let in is not any more, since then."""
    return Trouble(
        cause=refused(source),
        summary=f"{source} was let in before, and has been refused for"
        f" {span(now - since)}: its alerts page nobody; compare its credentials",
    )


def source_unreadable(source: SourceName, reason: str) -> Trouble:
    """A whole body of a source could not be read; the source will not send it again."""
    return Trouble(
        cause=Cause("SourceUnreadable", source),
        summary=f"a post of {source} could not be read, and whatever was in it paged"
        f" nobody: {reason}",
        lasts=False,
    )


def silent(source: SourceName) -> Cause:
    """That a source's watchdog is not heard any more."""
    return Cause("SourceSilent", source)


def source_silent(source: SourceName, within: timedelta) -> Trouble:
    """The watchdog of a source has not been heard for so long."""
    return Trouble(
        cause=silent(source),
        summary=f"no watchdog from {source} for {span(within)}: alerts may not reach"
        " us; look at it, and at the way to here",
    )


def low_balance(provider: ProviderName) -> Cause:
    """That a provider's account will soon be empty."""
    return Cause("BalanceLow", provider)


def balance_low(provider: ProviderName, held: str, days_left: float | None) -> Trouble:
    """The account of a provider holds too little; *held* with its currency."""
    lasts = ""
    if days_left is not None:
        days = int(days_left)
        lasts = ", enough for " + ("1 day" if days == 1 else f"{days} days")
        if days < 1:
            lasts = ", enough for less than a day"
    return Trouble(
        cause=low_balance(provider),
        summary=f"the account of {provider} holds {held}{lasts}; top it up",
        severity=Severity.HIGH,
    )


def _size(amount: int) -> str:
    if amount >= _GIBI:
        return f"{amount / _GIBI:.1f} GiB"
    return f"{amount // _MEBI} MiB"
