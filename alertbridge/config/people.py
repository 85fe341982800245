"""Whom a config names: recipients, who owns which number, and what lists hold."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from alertbridge.config.hours import Hours
from alertbridge.config.model import ConfigFile
from alertbridge.config.model_people import ReceiverEntry, RecipientEntry
from alertbridge.config.model_walk import value_at
from alertbridge.config.phone import (
    NotAPhone,
    Phone,
    looks_like_phone,
    parse_phone,
    region_of,
    unquoted,
)
from alertbridge.config.problems import Path, did_you_mean, shown
from alertbridge.config.report import Report
from alertbridge.config.salvage import Salvaged
from alertbridge.core.language import Language
from alertbridge.core.recipient import (
    Msisdn,
    Receiver,
    ReceiverName,
    Recipient,
    RecipientName,
)
from alertbridge.core.script import Script

Zone = Callable[[str], tzinfo]
"""Finds a time zone by its IANA name; `zoneinfo.ZoneInfo`."""


def check_phones(report: Report) -> None:
    """Report every number that cannot be paged, before the model reads the rest.

    Here it is still known which stood without quotes: YAML 1.1 readers, editors and
    people take those for numbers, and one of them will drop the plus.
    """
    places = [
        (path, value)
        for path, value in _phone_places(report.document.data)
        if _is_meant(path, value)
    ]
    texts = [value for _, value in places if isinstance(value, str)]
    region = next((found for text in texts if (found := region_of(Msisdn(text)))), None)
    for path, value in places:
        if not isinstance(value, str) or path in report.document.plain:
            phone: Phone | NotAPhone = unquoted(str(value))
        else:
            phone = parse_phone(value, region=region)
        if isinstance(phone, NotAPhone):
            report.error(path, phone.problem, phone.fix)
        elif phone.doubt is not None:
            report.warn(path, phone.doubt, "check the digits")


def _is_meant(path: Path, value: object) -> bool:
    if isinstance(value, str):
        return path[0] != "phone_lists" or looks_like_phone(value)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _phone_places(data: object) -> Iterator[tuple[Path, object]]:
    holders: list[Path] = []
    for top in ("recipients", "receivers", "phone_lists"):
        held = value_at(data, (top,))
        if isinstance(held, dict):
            keys: list[str | int] = list(held)
        else:
            keys = list(range(len(held))) if isinstance(held, list) else []
        under: Path = () if top == "phone_lists" else ("phones",)
        holders += [(top, key, *under) for key in keys]
    for holder in holders:
        values = value_at(data, holder)
        if isinstance(values, list):
            yield from (((*holder, i), value) for i, value in enumerate(values))


@dataclass(frozen=True, slots=True)
class People:
    """Everybody the config names, and the receivers that reach them."""

    recipients: dict[RecipientName, Recipient] = field(default_factory=dict)
    receivers: dict[ReceiverName, Receiver] = field(default_factory=dict)


def gather_people(
    report: Report, salvaged: Salvaged[ConfigFile], zone: Zone, hours: Hours
) -> People:
    """Resolve all names to people, in the order of the file, each person once."""
    gathering = _Gathering(report, salvaged, zone, hours)
    for name, recipient in salvaged.model.recipients.items():
        gathering.recipient(RecipientName(name), recipient)
    for name, entries in salvaged.model.phone_lists.items():
        gathering.lists[name] = [
            member
            for i, entry in enumerate(entries)
            if (member := gathering.member(entry, ("phone_lists", name, i)))
        ]
        if not gathering.lists[name]:
            path = salvaged.place(("phone_lists", name))
            report.error(path, "this list is empty", "put a recipient in, or remove it")
    for i, receiver in enumerate(salvaged.model.receivers):
        gathering.receiver(receiver, ("receivers", i))
    return gathering.people


class _Gathering:
    def __init__(
        self, report: Report, salvaged: Salvaged[ConfigFile], zone: Zone, hours: Hours
    ) -> None:
        self.people = People()
        self.lists: dict[str, list[RecipientName]] = {}
        self._report = report
        self._place = salvaged.place
        self._zone = zone
        self._hours = hours
        self._owners: dict[Msisdn, RecipientName] = {}

    def recipient(self, name: RecipientName, entry: RecipientEntry) -> None:
        path: Path = ("recipients", name)
        phones: list[Msisdn] = []
        for i, text in enumerate(entry.phones):
            place = self._place((*path, "phones", i))
            owner = self._owners.setdefault(Msisdn(text), name)
            if owner != name:
                problem = f"this number is also {shown(owner)}'s"
                fix = "one number belongs to one person: remove it from one of them"
                self._report.error(place, problem, fix)
            elif text in phones:
                self._report.warn(place, "this number is here twice", "remove one")
            else:
                phones.append(Msisdn(text))
        location = find_zone(
            self._report, self._place((*path, "timezone")), entry.timezone, self._zone
        )
        self.people.recipients[name] = Recipient(
            name=name,
            phones=tuple(phones),
            timezone=location,
            language=Language(entry.language),
            script=Script(entry.script),
            send_resolved=entry.send_resolved,
            hours=self._hours.of(entry, path, location),
            template=entry.template,
            where=self._where(path),
        )

    def member(self, entry: str, path: Path) -> RecipientName | None:
        """Find whom an entry of a phone list means."""
        if looks_like_phone(entry):
            return self.number(Msisdn(entry), path)
        return self.named(entry, path)

    def number(self, number: Msisdn, path: Path) -> RecipientName:
        """Find whose number it is; one that is nobody's is its own recipient."""
        name = self._owners.setdefault(number, RecipientName(number))
        if name == RecipientName(number) and name not in self.people.recipients:
            self.people.recipients[name] = Recipient(
                name=name, phones=(number,), where=self._where(path)
            )
        return name

    def named(self, name: str, path: Path) -> RecipientName | None:
        if name in self.people.recipients:
            return RecipientName(name)
        self.unknown("recipients", "recipient", name, path)
        return None

    def listed(self, name: str, path: Path) -> list[RecipientName]:
        if name not in self.lists:
            self.unknown("phone_lists", "phone list", name, path)
        elif self._report.is_broken(("phone_lists", name)):
            self._report.mark_broken(self._place(path))
        return self.lists.get(name, [])

    def unknown(self, top: str, what: str, name: str, path: Path) -> None:
        """Report a name that nothing has; one that is there but broken has its own."""
        known = value_at(self._report.document.data, (top,))
        if isinstance(known, dict) and name in known:
            self._report.mark_broken(self._place(path))
            return
        problem = f"there is no {what} {shown(name)}"
        fix = did_you_mean(
            name, known if isinstance(known, dict) else (), f"add it to {top}"
        )
        self._report.error(self._place(path), problem, fix)

    def receiver(self, entry: ReceiverEntry, path: Path) -> None:
        found: list[RecipientName] = []
        for i, name in enumerate(entry.phone_lists):
            found += self.listed(name, (*path, "phone_lists", i))
        for i, name in enumerate(entry.recipients):
            member = self.named(name, (*path, "recipients", i))
            found += [member] if member else []
        for i, text in enumerate(entry.phones):
            found.append(self.number(Msisdn(text), (*path, "phones", i)))
        name = ReceiverName(entry.name)
        if name in self.people.receivers:
            fix = "give each receiver a name of its own"
            problem = f"a second receiver {shown(name)}"
            self._report.error(self._place((*path, "name")), problem, fix)
        if not found:
            problem = f"the receiver {shown(name)} has nobody to page"
            fix = "add recipients, phone_lists or phones"
            self._report.error(self._place(path), problem, fix)
        self.people.receivers[name] = Receiver(
            name=name,
            recipients=tuple(dict.fromkeys(found)),
            fallback=None if entry.fallback is None else ReceiverName(entry.fallback),
            send_resolved=entry.send_resolved,
            template=entry.template,
            where=self._where(path),
        )

    def _where(self, path: Path) -> str:
        return where(self._report, self._place(path))


def where(report: Report, path: Path) -> str:
    """Say where a rule stands, as `history` and `explain` show it: `file:line`."""
    mark = report.document.mark_of(path, key=True)
    return f"{report.document.file}:{mark.line}"


def find_zone(report: Report, path: Path, name: str, zone: Zone) -> tzinfo:
    """Find a time zone, or report that there is none and stand in UTC."""
    try:
        return zone(name)
    except (KeyError, ValueError, OSError):
        # zoneinfo raises each of them, by how the name is wrong.
        fix = "write a name such as Europe/Stockholm"
        report.error(path, f"there is no time zone {shown(name)}", fix)
        return UTC
