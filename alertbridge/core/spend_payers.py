"""Who pays for an SMS: its recipient, the provider's account, and its route.

A person and a provider are always counted, so that a budget that is stated in the
middle of a month knows what the month has cost. Of routes, those count that state a
budget: a budget belongs to the node that states it, and what its children take is paid
from it, too; a child with a budget of its own is bound by both.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from alertbridge.core.notification import Fact, ProviderName
from alertbridge.core.recipient import RecipientName
from alertbridge.core.rules import Rules
from alertbridge.core.spend import (
    Crossing,
    Limit,
    Payer,
    Period,
    Scope,
    SpendBudget,
    Spent,
    crossing_of,
    limits_of,
    periods_of,
)

NO_BUDGET = SpendBudget()


def recipient_payer(name: RecipientName) -> Payer:
    """A person as a payer."""
    return Payer(Scope.RECIPIENT, name)


def provider_payer(name: ProviderName) -> Payer:
    """A provider's account as a payer."""
    return Payer(Scope.PROVIDER, name)


def budget_of(payer: Payer, rules: Rules) -> SpendBudget:
    """The budget that *rules* give a payer; without limits if they know none."""
    match payer.scope:
        case Scope.RECIPIENT:
            person = rules.recipients.get(RecipientName(payer.name))
            return NO_BUDGET if person is None else person.spend
        case Scope.ROUTE:
            return rules.tree.budgets.get(payer.name, NO_BUDGET)
        case Scope.PROVIDER:
            return rules.provider_spend.get(ProviderName(payer.name), NO_BUDGET)


def routes_paying(fact: Fact, rules: Rules) -> tuple[Payer, ...]:
    """The routes whose budgets *fact* draws on: on its path, from the root down."""
    names = rules.tree.budgets_of(fact.route, fact.receiver)
    return tuple(Payer(Scope.ROUTE, name) for name in names)


def limits_on(
    recipient: RecipientName, facts: Iterable[Fact], rules: Rules, now: datetime
) -> tuple[Limit, ...]:
    """Every limit that may bear on telling *recipient* these facts now."""
    payers = [recipient_payer(recipient), *map(provider_payer, rules.providers)]
    if rules.tree.budgets:
        payers += [payer for fact in facts for payer in routes_paying(fact, rules)]
    return tuple(
        limit
        for payer in dict.fromkeys(payers)
        for limit in limits_of(payer, budget_of(payer, rules), now)
    )


def periods_paying(
    recipient: RecipientName,
    tells: Sequence[Fact],
    provider: ProviderName,
    rules: Rules,
    now: datetime,
) -> tuple[Period, ...]:
    """Whose days and months pay for a message: each of them all of its segments.

    Of routes, those of the worst alert it tells pay, of equals the oldest: one message
    is not divided, nor paid twice.
    """
    payers = [recipient_payer(recipient), provider_payer(provider)]
    routed = [fact for fact in tells if fact.route is not None]
    if routed and rules.tree.budgets:
        worst = min(routed, key=lambda fact: (fact.severity, fact.id))
        payers += routes_paying(worst, rules)
    return tuple(
        period
        for payer in payers
        for period in periods_of(payer, budget_of(payer, rules).timezone, now)
    )


def payers_of(rules: Rules) -> Iterator[Payer]:
    """Everybody who is counted under *rules*."""
    yield from map(recipient_payer, rules.recipients)
    yield from (Payer(Scope.ROUTE, name) for name in rules.tree.budgets)
    yield from map(provider_payer, rules.providers)


def limits_in_force(rules: Rules, now: datetime) -> tuple[Limit, ...]:
    """Every limit that *rules* set at all."""
    return tuple(
        limit
        for payer in payers_of(rules)
        for limit in limits_of(payer, budget_of(payer, rules), now)
    )


def periods_counted(rules: Rules, now: datetime) -> tuple[Period, ...]:
    """The day and the month of everybody who is counted."""
    return tuple(
        period
        for payer in payers_of(rules)
        for period in periods_of(payer, budget_of(payer, rules).timezone, now)
    )


def crossings_in(
    spent: Mapping[Period, Spent], rules: Rules, now: datetime
) -> Iterator[Crossing]:
    """What the admins must hear of these periods; of one that is over, nothing."""
    for period, so_far in spent.items():
        budget = budget_of(period.payer, rules)
        for limit in limits_of(period.payer, budget, now):
            crossing = crossing_of(limit, so_far) if limit.period == period else None
            if crossing is not None:
                yield crossing
