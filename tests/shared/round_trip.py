"""What tests of more than one floor share: the types of the builders, and settling."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count

from alertbridge.core.alert import Alert, AlertGroup
from alertbridge.core.delivery import Step, next_step
from alertbridge.core.dispatch import numbers_of
from alertbridge.core.message import Outcomes, Reference, Submission
from alertbridge.core.notification import MessageId
from alertbridge.core.rules import Rules
from alertbridge.ports import Recorded

MakeAlert = Callable[..., Alert]
MakeGroup = Callable[..., AlertGroup]
MakeRules = Callable[..., Rules]
Post = Callable[..., Awaitable[Recorded]]
Claim = Callable[..., Awaitable[Sequence[Submission]]]
Answer = Callable[..., Awaitable[bool]]
States = Callable[..., Awaitable[list[tuple[str, str, str, str]]]]


def references(start: int = 1) -> Iterator[Reference]:
    """References one after another."""
    return (Reference(f"ref-{n}") for n in count(start))


def steps_of(
    submission: Submission,
    outcomes: Outcomes,
    rules: Rules,
    now: datetime,
    *,
    lists: bool = False,
) -> Mapping[MessageId, Step]:
    """Decide what follows for each message, as the dispatcher does, without dice."""
    return {
        message.id: next_step(
            outcomes.of(message.number),
            message,
            attempt=submission.attempt,
            provider=submission.provider,
            ways=rules.ways_to(numbers_of(message.recipient, message.tells, rules)),
            shared=len(submission.messages) > 1,
            began_at=submission.began_at,
            now=now,
            jitter=0.5,
            lists=lists,
        )
        for message in submission.messages
    }
