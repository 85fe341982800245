"""How a letter is written: whose words, how long, in whose time."""

from datetime import UTC

from alertbridge.core.ack import closings
from alertbridge.core.compose import Style
from alertbridge.core.mailbox import Letter
from alertbridge.core.recipient import ReceiverName, Recipient
from alertbridge.core.rules import Rules
from alertbridge.core.template import Template


def style_of(letter: Letter, person: Recipient | None, rules: Rules) -> Style:
    """Say how *letter* is written for *person*; None: the config no longer has them."""
    return Style(
        timezone=UTC if person is None else person.timezone,
        budget=rules.budget.of(letter.severity),
        template=_template(letter, rules),
        severity_label=rules.severity.label,
        closings=closings(rules.ack, several=len(letter.leads) > 1)
        if letter.fires
        else ("",),
    )


def _template(letter: Letter, rules: Rules) -> Template | None:
    """The template of the letter's receiver; a letter of several has the built-in."""
    names = {
        None if receiver is None else receiver.template
        for receiver in (
            rules.receivers.get(ReceiverName(fact.receiver)) for fact in letter.leads
        )
    }
    if len(names) != 1:
        return None
    (name,) = names
    return None if name is None else rules.templates.get(name)
