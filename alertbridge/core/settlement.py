"""What follows for each message of a submission, once its attempt is over."""

from collections.abc import Mapping
from dataclasses import dataclass

from alertbridge.core.delivery import Step
from alertbridge.core.message import Outcomes
from alertbridge.core.next_person import NextPerson
from alertbridge.core.notification import MessageId
from alertbridge.core.plan import Plan
from alertbridge.core.spend_watch import Watch, nobody_watches


@dataclass(frozen=True, slots=True)
class Settlement:
    """What follows for each message of a submission, decided by core.

    `meta` are the pages about it, `next_people` who hears instead of those that nothing
    reached; `watch` is asked, in the transaction that writes all
    this, for those about budgets.
    """

    outcomes: Outcomes
    steps: Mapping[MessageId, Step]
    meta: tuple[Plan, ...] = ()
    watch: Watch = nobody_watches
    next_people: tuple[NextPerson, ...] = ()
