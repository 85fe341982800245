"""Apprise (https://appriseit.com): services that have no SMS gateway, by their URL.

An optional extra: `pip install 'alertbridge[apprise]'`. Apprise says whether a message
went out, and not what became of one that did not: a service that refused, an answer
that got lost and a message that arrived twice look the same. So its *no* is Uncertain,
unless what it logged meanwhile shows that not even a connection came about; and two of
these end in *dead*, with a page to the admins. There is no id, no report, no list, and
no time to live. Use it behind a gateway, not instead of one.
"""

import logging
import re
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Annotated
from urllib.parse import quote

from aiohttp import ClientSession
from pydantic import AfterValidator, Field

from alertbridge.core.message import (
    Accepted,
    Deferred,
    Outcome,
    Outcomes,
    Submission,
    Uncertain,
)
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.secret import Secret
from alertbridge.providers.one_by_one import OneByOne
from alertbridge.providers.options import ProviderOptions
from alertbridge.providers.own_threads import Late, Threads

LONGEST = 1000
"""Characters of a text; services differ, and ours are far shorter."""

IN_TIME = 10.0
"""Seconds for one message; Apprise itself gives a connection four."""

STAND_IN = "unreadable"
"""What the config has in the place of a secret that could not be read at a start: the
daemon runs without this provider then, and says so."""

SAMPLE = Msisdn("+46701740605")


_LOGGERS = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib")
"""Who writes addresses with tokens in them, at one level or another."""

_PLACE = re.compile(r"\{\{\s*(number|digits)\s*\}\}")


def _load() -> ModuleType | None:
    """The package, kept from writing URLs and texts to our log; None: not installed."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
    # It hands what it logs to the caller as well, and that is read below.
    logging.getLogger("apprise").setLevel(logging.DEBUG)
    try:
        import apprise  # noqa: PLC0415 - an extra, and slow to load
    except ImportError:
        return None
    return apprise


def _check_url(url: Secret) -> Secret:
    if url.reveal() == STAND_IN:
        return url
    apprise = _load()
    if apprise is None:
        raise ValueError(
            "needs the package apprise; pip install 'alertbridge[apprise]'"
        )
    if not _open(apprise, url, SAMPLE):
        raise ValueError(
            "is no URL that Apprise takes; see https://appriseit.com/services/,"
            " and write {{ number }} or {{ digits }} where it wants a phone number"
        )
    return url


class AppriseOptions(ProviderOptions):
    """One service, by its Apprise URL."""

    url: Annotated[Secret, AfterValidator(_check_url)] = Field(
        description="The service's Apprise URL; `{{ number }}` or `{{ digits }}` stands"
        " for the recipient's phone. Without either all go to one place. Two services"
        " are two providers."
    )
    requests_per_second: int = Field(
        default=2, ge=1, le=1000, description="How fast the service may be asked."
    )


class AppriseService:
    """A `Provider` for one service."""

    def __init__(
        self,
        name: ProviderName,
        options: AppriseOptions,
        session: ClientSession,
        *,
        report_url: str | None = None,
    ) -> None:
        # Apprise makes its own connections, and knows of no reports.
        del session, report_url
        self.name = name
        self.requests_per_second = options.requests_per_second
        # A URL names one phone.
        self.most_numbers = 1
        self._options = options
        self._one_by_one = OneByOne(options.requests_per_second)
        self._threads = Threads(name)

    async def submit(self, submission: Submission) -> Outcomes:
        """Hand *submission* over, a message for each number."""

        async def send(number: Msisdn) -> Outcome:
            body = submission.text.body
            outcome = await self._threads.do(
                lambda: _notify(self._options.url, number, body), within=IN_TIME
            )
            if not isinstance(outcome, Late):
                return outcome
            if outcome.begun:
                return Uncertain(detail=f"no word from it within {IN_TIME:.0f} s")
            return Deferred(detail="messages before this one are still under way")

        return await self._one_by_one.submit(submission, longest=LONGEST, send=send)

    async def check(self) -> Sequence[str]:
        """Say what can be said without a message leaving: next to nothing."""
        return [
            "apprise: the URL is understood; whether it works, only a message shows"
        ]


def _open(apprise: ModuleType, url: Secret, number: Msisdn) -> object:
    """Make what sends to *number*; false if the URL is none."""
    # One thread, ours: its own would outlive the wait. Nothing in a text is markup.
    asset = apprise.AppriseAsset(
        async_mode=False,
        interpret_escapes=False,
        interpret_emojis=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )
    sender = apprise.Apprise(asset=asset)
    numbers = {"number": number, "digits": number.removeprefix("+")}
    target = _PLACE.sub(lambda found: quote(numbers[found[1]], safe=""), url.reveal())
    return sender if sender.add(target) else None


def _notify(url: Secret, number: Msisdn, body: str) -> Outcome:
    apprise = _load()
    sender = None if apprise is None else _open(apprise, url, number)
    if apprise is None or sender is None:
        return Deferred(detail="the URL cannot be used; run check-config")
    text = body.encode("utf-8", "replace").decode()
    try:
        result = sender.notify(  # type: ignore[attr-defined]
            body=text,
            body_format=apprise.NotifyFormat.TEXT,
            log_level=logging.DEBUG,
        )
    except Exception as exc:  # noqa: BLE001
        # Any of 180 plugins: what it says may hold the URL, with its password.
        return Uncertain(detail=f"{type(exc).__name__} in apprise")
    if result:
        return Accepted()
    lines = [
        entry.message
        for service in result.results
        for attempt in service.attempts
        for entry in attempt.logs
    ]
    if surely_not_sent(lines):
        return Deferred(detail="no connection to the service")
    return Uncertain(detail="apprise says no, and not why")


_NO_CONNECTION = (
    "NewConnectionError(",
    "NameResolutionError(",
    "ConnectTimeoutError(",
    "[Errno 101] ",
    "[Errno 111] ",
    "[Errno 113] ",
    "[Errno -2] ",
    "[Errno -3] ",
)
"""How requests, and sockets on Linux, say that nothing was connected to."""

_CONNECTION = "Socket Exception: "
_SENT = ("Sent ", "Failed to send ")


def surely_not_sent(lines: Iterable[str]) -> bool:
    """Whether what was logged leaves no doubt that nothing was sent to anybody.

    Every request has to have failed before it was connected: a URL may name several
    targets, and one of them may have got the message.
    """
    failed = False
    for line in lines:
        if line.startswith(_SENT):
            return False
        if line.startswith(_CONNECTION):
            if not any(word in line for word in _NO_CONNECTION):
                return False
            failed = True
    return failed
