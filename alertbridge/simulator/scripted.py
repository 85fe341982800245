"""A provider in process that answers as it is told, and phones that note what rings."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alertbridge.core.inquiry import Listed, Listing, NotListed
from alertbridge.core.message import (
    MAX_NUMBERS,
    Accepted,
    Deferred,
    Message,
    Outcome,
    Outcomes,
    Reference,
    Rejected,
    Submission,
    Text,
    Uncertain,
)
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn, RecipientName
from alertbridge.core.report import (
    Answer as ReportAnswer,
)
from alertbridge.core.report import (
    Blame,
    Delivery,
    DeliveryReport,
    NotReported,
    Reported,
)
from alertbridge.core.severity import Severity
from alertbridge.ports import Heard, ProviderCheckFailed

LONGEST_WAIT = 10.0
"""Seconds after which a provider stops waiting for its gateway, as ours do."""

USUAL = 0.2
"""Seconds that a gateway in good health takes to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What becomes of one request: the outcome, when it is seen, whether phones ring.

    `after` is in seconds. `sent` is the truth, whatever the outcome says of it.
    """

    outcome: Outcome
    sent: bool
    after: float = USUAL


def accepts(after: float = USUAL) -> Answer:
    """Take it; an answer later than a provider waits for is Uncertain, and it rings."""
    if after >= LONGEST_WAIT:
        return uncertain(sent=True)
    return Answer(outcome=Accepted(), sent=True, after=after)


def defers(retry_after: float | None = None, after: float = USUAL) -> Answer:
    """Refuse for now, as a gateway over its limit does."""
    outcome = Deferred(detail="the gateway is busy", retry_after=retry_after)
    return Answer(outcome=outcome, sent=False, after=after)


def is_down() -> Answer:
    """Refuse the connection: surely nothing was sent."""
    outcome = Deferred(detail="cannot reach the gateway: connection refused")
    return Answer(outcome=outcome, sent=False, after=0.4)


def uncertain(*, sent: bool, after: float = LONGEST_WAIT) -> Answer:
    """Lose the answer, of a request that was carried out or was not."""
    outcome = Uncertain(detail="no clear answer: TimeoutError")
    return Answer(outcome=outcome, sent=sent, after=after)


def rejects(*, number_is_bad: bool = False, after: float = USUAL) -> Answer:
    """Refuse for good."""
    outcome = Rejected(detail="refused by the gateway", number_is_bad=number_is_bad)
    return Answer(outcome=outcome, sent=False, after=after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of one SMS that rang, or did not: the last report, and when.

    `after` is in seconds from the request. `told`: the gateway says so by itself;
    if not, it has to be asked.
    """

    delivery: Delivery = Delivery.DELIVERED
    after: float = 4.0
    code: str = ""
    blames: Blame | None = None
    told: bool = True


def arrives(after: float = 4.0, *, told: bool = True) -> Fate:
    """It reaches the phone."""
    return Fate(after=after, told=told)


def fails(
    after: float = 4.0, *, told: bool = True, blames: Blame | None = None
) -> Fate:
    """It does not, and the carrier says so."""
    return Fate(
        delivery=Delivery.FAILED, after=after, code="599", told=told, blames=blames
    )


def nobody_says() -> Fate:
    """It may have, or not: no report ever comes."""
    return Fate(delivery=Delivery.PENDING, told=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """One SMS as it rang: `message` has what it tells, and to whom."""

    at: datetime
    number: Msisdn
    text: Text
    provider: ProviderName
    reference: Reference
    attempt: int
    urgent: bool
    message: Message

    @property
    def recipient(self) -> RecipientName:
        """Whose phone it is."""
        return self.message.recipient

    @property
    def severity(self) -> Severity:
        """The worst of what it tells."""
        return min((fact.severity for fact in self.message.tells), default=Severity.LOW)


class ScriptedProvider:
    """A `Provider` that plays `turns` one after another, then always `answer`.

    `submissions` and `answers` are what it was asked and what it gave, pair by pair.

    The phones ring when the request arrives: a process that dies before it sees the
    answer takes nothing back.
    """

    def __init__(
        self,
        name: ProviderName,
        ring: Callable[[Sms], None],
        now: Callable[[], datetime],
        *,
        requests_per_second: int,
    ) -> None:
        self.name = name
        self._ring = ring
        self._now = now
        self.requests_per_second = requests_per_second
        self.most_numbers = MAX_NUMBERS
        self.answer: Answer | Callable[[Submission], Answer] = accepts()
        self.fate: Fate | Callable[[Sms], Fate] = arrives()
        self._fates: dict[Reference, list[tuple[Sms, Fate]]] = {}
        self._rung: asyncio.Queue[tuple[Sms, Fate]] = asyncio.Queue()
        self.turns: deque[Answer] = deque()
        self.submissions: list[Submission] = []
        self.answers: list[Answer] = []
        self.taken: set[Reference] = set()

    async def submit(self, submission: Submission) -> Outcomes:
        """Do what the script says, and answer when it says."""
        self.submissions.append(submission)
        answer = self._next(submission)
        self.answers.append(answer)
        if answer.sent:
            self.taken.add(submission.reference)
            for message in submission.messages:
                sms = Sms(
                    at=self._now(),
                    number=message.number,
                    text=submission.text,
                    provider=self.name,
                    reference=submission.reference,
                    attempt=submission.attempt,
                    urgent=submission.urgent,
                    message=message,
                )
                self._ring(sms)
                self._decide_fate(sms)
        await asyncio.sleep(answer.after)
        return Outcomes(answer.outcome)

    def _decide_fate(self, sms: Sms) -> None:
        fate = self.fate if isinstance(self.fate, Fate) else self.fate(sms)
        self._fates.setdefault(sms.reference, []).append((sms, fate))
        if fate.told:
            self._rung.put_nowait((sms, fate))

    async def ask_reports(self, reference: Reference, provider_id: str) -> ReportAnswer:
        """Say what has become of everything under *reference* by now."""
        del provider_id
        if self._is_down():
            return NotReported("cannot reach the gateway: connection refused")
        return Reported(
            tuple(
                self._report(sms, fate)
                if self._now() >= sms.at + timedelta(seconds=fate.after)
                else self._report(sms, nobody_says())
                for sms, fate in self._fates.get(reference, ())
            )
        )

    async def feed(self, heard: Heard) -> None:
        """Say by itself what becomes of each SMS, when it is known."""
        async with asyncio.TaskGroup() as telling:
            while True:
                sms, fate = await self._rung.get()
                telling.create_task(self._tell(sms, fate, heard))

    async def _tell(self, sms: Sms, fate: Fate, heard: Heard) -> None:
        await asyncio.sleep(fate.after)
        await heard((self._report(sms, fate),))

    def _report(self, sms: Sms, fate: Fate) -> DeliveryReport:
        return DeliveryReport(
            provider_id=f"{self.name}-{sms.reference}",
            reference=sms.reference,
            number=sms.number,
            delivery=fate.delivery,
            final=fate.delivery is not Delivery.PENDING,
            code=fate.code,
            at=self._now(),
            blames=fate.blames,
        )

    def _next(self, submission: Submission) -> Answer:
        if self.turns:
            return self.turns.popleft()
        if isinstance(self.answer, Answer):
            return self.answer
        return self.answer(submission)

    async def list_sent(
        self, references: Collection[Reference], since: datetime
    ) -> Listing:
        """Say what was carried out, at once; a gateway that is down has no list."""
        del since  # All that it ever took is in the list.
        if self._is_down():
            return NotListed("cannot reach the gateway: connection refused")
        return Listed({r: f"{self.name}-{r}" for r in references if r in self.taken})

    def _is_down(self) -> bool:
        return isinstance(self.answer, Answer) and isinstance(
            self.answer.outcome, Deferred
        )

    async def check(self) -> Sequence[str]:
        """Answer, unless it is down.

        Raises:
            ProviderCheckFailed: it is.
        """
        if self._is_down():
            raise ProviderCheckFailed("cannot reach the gateway: connection refused")
        return ()
