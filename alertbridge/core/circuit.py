"""Whether a provider is one to send by now, from what became of the last requests.

A circuit opens after two requests in a row that came to nothing, and while it is open
others are preferred: a critical page leaves by the second gateway within seconds, not
after an hour of the first one's trouble. It is never a reason not to try: with no other
provider, or none that works, the doubtful one is asked as before.
"""

from dataclasses import dataclass, replace
from typing import assert_never

from alertbridge.core.message import Accepted, Deferred, Outcome, Rejected, Uncertain

TRIES = 2
"""Requests in a row that came to nothing before others are preferred. One may be a
packet that was lost; each costs a critical page up to four seconds."""

LONGEST_WISH = 10.0
"""Seconds for which a gateway may ask to be left alone before others are preferred."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is known of one provider.

    `failures` counts requests in a row that came to nothing, `unanswered` questions.
    """

    failures: int = 0
    unanswered: int = 0

    @property
    def is_open(self) -> bool:
        """Whether others are to be preferred."""
        return self.failures >= TRIES

    @property
    def is_reachable(self) -> bool:
        """Whether, as far as is known, a page could leave by it.

        A question without an answer is no reason to prefer others, for it is no
        message: but where nothing is sent it is all there is to go by.
        """
        return not self.is_open and self.unanswered < TRIES


def after_request(circuit: Circuit, outcome: Outcome) -> Circuit:
    """Take what became of a request into account.

    A refusal is an answer: the gateway works, whatever it thinks of the message. An
    account that is shut, or a wish for a long silence, needs no second request.
    """
    match outcome:
        case Accepted() | Rejected():
            return Circuit()
        case Deferred(account_is_shut=True):
            return Circuit(TRIES)
        case Deferred(retry_after=wish) if wish is not None and wish > LONGEST_WISH:
            return Circuit(TRIES)
        case Deferred() | Uncertain():
            return replace(circuit, failures=min(circuit.failures + 1, TRIES))
        case _:
            assert_never(outcome)


def broken() -> Circuit:
    """What is known of a provider that surely does not do its work."""
    return Circuit(TRIES)


def after_probe(circuit: Circuit, *, answered: bool) -> Circuit:
    """Take a question that cost nobody an SMS into account.

    An answer lets one request through, and no more: a gateway may answer questions and
    fail at every message.
    """
    if not answered:
        return replace(circuit, unanswered=min(circuit.unanswered + 1, TRIES))
    return Circuit(min(circuit.failures, TRIES - 1))
