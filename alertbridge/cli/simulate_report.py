"""What `simulate` prints: every phone, the totals, and the account of every alert."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

import click

from alertbridge.cli.output import print_table, shown_name, visible
from alertbridge.core.past import PastSms
from alertbridge.core.recipient import mask
from alertbridge.core.rules import Rules
from alertbridge.simulator.replay import Replayed
from alertbridge.simulator.scripted import Sms


@dataclass(frozen=True, slots=True)
class Price:
    """What a segment costs."""

    amount: float
    currency: str

    def of(self, segments: int) -> str:
        """So many segments, in words."""
        return f"{segments * self.amount:.2f} {visible(self.currency)}".rstrip()


def print_report(
    replayed: Replayed,
    rules: Rules,
    really: Sequence[PastSms] | None,
    price: Price | None,
) -> None:
    """Print it for people."""
    for number, phone in _phones(replayed):
        zone = _zone(phone[0], rules)
        click.echo(f"{shown_name(phone[0].recipient)} ({mask(number)}), {zone}")
        for sms in phone:
            at = sms.at.astimezone(zone)
            text = " / ".join(visible(line) for line in sms.text.body.split("\n"))
            again = f" (attempt {sms.attempt})" if sms.attempt > 1 else ""
            click.echo(f"  {at:%Y-%m-%d %H:%M:%S}  {sms.text.segments}  {text}{again}")
        click.echo("")
    for line in headlines(replayed, really, price):
        click.echo(line)
    if replayed.account.reasons:
        click.echo("")
        print_table(
            ("STATE", "WHY", "TIMES"),
            (
                (state, reason, amount)
                for (state, reason), amount in sorted(replayed.account.reasons.items())
            ),
        )
    for note in replayed.notes:
        click.echo(f"note: {visible(note)}", err=True)
    for one in replayed.account.missing:
        who = f" to {shown_name(one.recipient)}" if one.recipient else ""
        click.echo(f"not accounted for: {visible(one.alert)}{who}: {one.why}", err=True)


def headlines(
    replayed: Replayed, really: Sequence[PastSms] | None, price: Price | None
) -> tuple[str, ...]:
    """The totals, a line each."""
    return tuple(_headlines(replayed, really, price))


def _headlines(
    replayed: Replayed, really: Sequence[PastSms] | None, price: Price | None
) -> Iterator[str]:
    account, phones = replayed.account, replayed.phones
    segments = sum(sms.text.segments for sms in phones)
    cost = "" if price is None else f", {price.of(segments)}"
    yield f"{_sms(len(phones), segments)}{cost}; {_each(phones)}"
    yield (
        f"{account.alerts} alerts in {replayed.posts} posts; notifications: "
        + (", ".join(f"{n} {state}" for state, n in sorted(account.states.items())))
    )
    if account.missing:
        yield f"{len(account.missing)} NOT ACCOUNTED FOR"
    else:
        yield "every alert is accounted for"
    if really is not None:
        told = {sms.recipient for sms in really} | {sms.recipient for sms in phones}
        for name in sorted(told):
            was = [sms.segments for sms in really if sms.recipient == name]
            now = [sms.text.segments for sms in phones if sms.recipient == name]
            yield (
                f"really: {_sms(len(was), sum(was))} to {shown_name(name)};"
                f" with this config: {_sms(len(now), sum(now))}"
            )


def _each(phones: Sequence[Sms]) -> str:
    people = Counter(sms.recipient for sms in phones)
    by = Counter(sms.provider for sms in phones)
    listed = [f"{shown_name(name)} {amount}" for name, amount in people.items()]
    listed += [f"by {visible(name)} {amount}" for name, amount in by.items()]
    return ", ".join(listed) if listed else "nobody is told anything"


def _sms(amount: int, segments: int) -> str:
    return f"{amount} SMS ({segments} {'segment' if segments == 1 else 'segments'})"


def report_as_json(
    replayed: Replayed,
    rules: Rules,
    really: Sequence[PastSms] | None,
    price: Price | None,
) -> dict[str, object]:
    """The same for programs; times are those of each person."""
    phones, account = replayed.phones, replayed.account
    segments = sum(sms.text.segments for sms in phones)
    answer: dict[str, object] = {
        "start": replayed.start.isoformat(),
        "end": replayed.end.isoformat(),
        "phones": [
            {
                "recipient": shown_name(phone[0].recipient),
                "number": mask(number),
                "timezone": str(_zone(phone[0], rules)),
                "sms": [_sms_as_json(sms, _zone(sms, rules)) for sms in phone],
            }
            for number, phone in _phones(replayed)
        ],
        "totals": {
            "sms": len(phones),
            "segments": segments,
            "cost": None if price is None else round(segments * price.amount, 4),
            "currency": None if price is None else price.currency,
            "people": Counter(shown_name(sms.recipient) for sms in phones),
            "providers": Counter(sms.provider for sms in phones),
        },
        "alerts": account.alerts,
        "posts": replayed.posts,
        "notifications": account.states,
        "not_told": [
            {"state": state, "reason": reason, "times": amount}
            for (state, reason), amount in sorted(account.reasons.items())
        ],
        "accounted_for": not account.missing,
        "missing": [
            {"alert": one.alert, "recipient": shown_name(one.recipient), "why": one.why}
            for one in account.missing
        ],
        "notes": list(replayed.notes),
    }
    if really is not None:
        answer["really"] = Counter(shown_name(sms.recipient) for sms in really)
    return answer


def _sms_as_json(sms: Sms, zone: tzinfo) -> dict[str, object]:
    return {
        "at": sms.at.astimezone(zone).isoformat(timespec="milliseconds"),
        "text": sms.text.body,
        "segments": sms.text.segments,
        "coding": sms.text.coding,
        "severity": sms.severity.word,
        "tells": len(sms.message.tells),
        "provider": sms.provider,
        "attempt": sms.attempt,
    }


def _phones(replayed: Replayed) -> Iterator[tuple[str, list[Sms]]]:
    """Each phone that rang, in the order in which they first did."""
    for number in dict.fromkeys(sms.number for sms in replayed.phones):
        yield number, [sms for sms in replayed.phones if sms.number == number]


def _zone(sms: Sms, rules: Rules) -> tzinfo:
    person = rules.recipients.get(sms.recipient)
    return UTC if person is None else person.timezone
