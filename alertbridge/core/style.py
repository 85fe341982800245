"""How a letter is written: whose words, how long, in whose time."""

from collections.abc import Iterator
from datetime import UTC

from alertbridge.core.ack import closings
from alertbridge.core.alert import OURSELVES
from alertbridge.core.compose import Style
from alertbridge.core.mailbox import Letter
from alertbridge.core.recipient import ReceiverName, Recipient
from alertbridge.core.route import Route
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity
from alertbridge.core.writing import BUILT_IN, Said, Writing


def style_of(letter: Letter, person: Recipient | None, rules: Rules) -> Style:
    """Say how *letter* is written for *person*; None: the config no longer has them."""
    writing = writing_of(letter, person, rules)
    return Style(
        timezone=UTC if person is None else person.timezone,
        budget=writing.budget.value,
        template=rules.templates.get(writing.template.value),
        severity_label=rules.severity.label,
        closings=closings(rules.ack, several=len(letter.leads) > 1)
        if letter.fires
        else ("",),
    )


def writing_of(letter: Letter, person: Recipient | None, rules: Rules) -> Writing:
    """Say which template and budget *letter* has for *person*, and which line says so.

    The person's own template comes first, then that of the route, then that of its
    receiver; a letter of alerts that come with different ones has the built-in text,
    and so has what is about alertbridge itself. The largest budget counts: one route's
    thrift must not cut what another is paid for.
    """
    ways = list(_ways(letter, rules))
    return Writing(
        template=_template(ways, person, rules),
        budget=_budget(ways, letter.severity, rules),
    )


def template_of(route: Route | None, receiver: ReceiverName, rules: Rules) -> Said[str]:
    """Which template is for what came by *route* (None: by none that still is)."""
    if route is not None and route.texts.template is not None:
        return route.texts.template
    named = rules.receivers.get(receiver)
    if named is None or named.template is None:
        return Said(BUILT_IN)
    return Said(named.template, named.where)


def budget_of(route: Route | None, severity: Severity, rules: Rules) -> Said[int]:
    """How many segments a text may take about what came by *route*."""
    said = None
    if route is not None:
        texts = route.texts
        said = texts.critical if severity is Severity.CRITICAL else texts.other
    return Said(rules.budget.of(severity)) if said is None else said


_Way = tuple[Route | None, ReceiverName]


def _ways(letter: Letter, rules: Rules) -> Iterator[_Way]:
    """The routes and receivers by which a letter's alerts came, each once."""
    taken = dict.fromkeys(
        # Words made for alerts could hide what is wrong with us: no receiver's.
        (None, "") if fact.episode.source == OURSELVES else (fact.route, fact.receiver)
        for fact in letter.leads
    )
    for ident, receiver in taken:
        route = rules.tree.find(ident)
        # After a reload another route may stand at this position.
        if route is not None and route.receiver != receiver:
            route = None
        yield route, ReceiverName(receiver)


def _template(ways: list[_Way], person: Recipient | None, rules: Rules) -> Said[str]:
    if person is not None and person.template is not None:
        return Said(person.template, person.where)
    found = {
        said.value: said
        for said in (template_of(route, receiver, rules) for route, receiver in ways)
    }
    if len(found) == 1:
        return next(iter(found.values()))
    places = [said.where for said in found.values() if said.where]
    return Said(BUILT_IN, f"{' and '.join(places)} differ" if len(places) > 1 else "")


def _budget(ways: list[_Way], severity: Severity, rules: Rules) -> Said[int]:
    budgets = [budget_of(route, severity, rules) for route, _ in ways]
    return max(
        budgets,
        key=lambda said: said.value,
        default=Said(rules.budget.of(severity)),
    )
