"""Who reaches whom: the countries a provider serves, who hears instead of others."""

from collections.abc import Mapping, Sequence

from alertbridge.config.model import ConfigFile
from alertbridge.config.problems import did_you_mean, shown
from alertbridge.config.report import Report
from alertbridge.config.salvage import Salvaged
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Recipient, RecipientName
from alertbridge.core.way import Countries


def read_countries(
    report: Report,
    salvaged: Salvaged[ConfigFile],
    recipients: Mapping[RecipientName, Recipient],
) -> Countries:
    """Read which providers serve which numbers; doubt a number that none serves."""
    providers = salvaged.model.providers
    found = {
        ProviderName(entry.name): entry.countries
        for entry in providers
        if entry.countries
    }
    if not providers or len(found) < len(providers):
        # Somebody serves every number, or nobody is left of a broken list.
        return found
    served = tuple(begin for begins in found.values() for begin in begins)
    for recipient in recipients.values():
        if any(not phone.startswith(served) for phone in recipient.phones):
            problem = (
                f"no provider serves a number of {_shown(recipient)}: every one would"
                " be tried with it"
            )
            fix = "add its country to one, or leave `countries` out of the last"
            report.warn(("providers",), problem, fix)
    return found


def check_fallbacks(
    report: Report, salvaged: Salvaged[ConfigFile], named: Sequence[str]
) -> None:
    """Report fallbacks that are no receivers (*named* are all), or lead in a circle."""
    receivers = salvaged.model.receivers
    following = {entry.name: entry.fallback for entry in receivers}
    for i, entry in enumerate(receivers):
        if entry.fallback is None:
            continue
        place = salvaged.place(("receivers", i, "fallback"))
        if entry.fallback not in named:
            fix = did_you_mean(entry.fallback, named, "add it to receivers")
            problem = f"there is no receiver {shown(entry.fallback)}"
            report.error(place, problem, fix)
        elif _comes_back(entry.name, following):
            problem = "fallbacks that lead back to where they began"
            report.error(place, problem, "let the last of them have no fallback")


def _comes_back(name: str, following: Mapping[str, str | None]) -> bool:
    seen: set[str] = set()
    at: str | None = following.get(name)
    while at is not None and at not in seen:
        if at == name:
            return True
        seen.add(at)
        at = following.get(at)
    return False


def _shown(recipient: Recipient) -> str:
    return "nobody's" if recipient.name.startswith("+") else shown(recipient.name)
