"""From the config's `spend` to the budgets that core decides with."""

from collections.abc import Iterator
from datetime import tzinfo

from alertbridge.config.model import ConfigFile
from alertbridge.config.model_spend import SpendSection, ZonedSpend
from alertbridge.config.people import Zone, find_zone
from alertbridge.config.problems import Path
from alertbridge.config.report import Report
from alertbridge.config.salvage import Salvaged
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Recipient, RecipientName
from alertbridge.core.spend import SpendBudget


def spend_of_people(
    report: Report,
    salvaged: Salvaged[ConfigFile],
    people: dict[RecipientName, Recipient],
) -> Iterator[tuple[RecipientName, SpendBudget]]:
    """Read the budgets of people, each in the person's own zone."""
    for name, entry in salvaged.model.recipients.items():
        path = salvaged.place(("recipients", name, "spend"))
        zone = people[RecipientName(name)].timezone
        yield RecipientName(name), read_spend(report, path, entry.spend, zone)


def spend_of_providers(
    report: Report, salvaged: Salvaged[ConfigFile], zone: Zone
) -> Iterator[tuple[ProviderName, SpendBudget]]:
    """Read the budgets of the providers' accounts."""
    for i, entry in enumerate(salvaged.model.providers):
        path = salvaged.place(("providers", i, "spend"))
        yield ProviderName(entry.name), read_zoned(report, path, entry.spend, zone)


def read_zoned(
    report: Report, path: Path, section: ZonedSpend, zone: Zone
) -> SpendBudget:
    """Read a budget that names its own zone."""
    location = find_zone(report, (*path, "timezone"), section.timezone, zone)
    return read_spend(report, path, section, location)


def read_spend(
    report: Report, path: Path, section: SpendSection, zone: tzinfo
) -> SpendBudget:
    """Read one budget, and doubt a day that may cost more than its month."""
    daily, monthly = section.daily, section.monthly
    if daily is not None and monthly is not None and daily > monthly:
        problem = f"a day may cost more than the month, {monthly} segments"
        report.warn((*path, "daily"), problem, f"write {monthly} or less")
    return SpendBudget(daily=daily, monthly=monthly, timezone=zone)
