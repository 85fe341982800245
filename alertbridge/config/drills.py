"""Test pages on a schedule, as the config has them: `monday 10:00`."""

from alertbridge.config.model import ConfigFile
from alertbridge.config.people import People, Zone, find_zone
from alertbridge.config.problems import did_you_mean, shown
from alertbridge.config.report import Report
from alertbridge.config.salvage import Salvaged
from alertbridge.core.drill import Drill, Turn
from alertbridge.core.recipient import ReceiverName

_DAYS = (
    *("monday", "tuesday", "wednesday", "thursday"),
    *("friday", "saturday", "sunday"),
)


def read_drill(
    report: Report, salvaged: Salvaged[ConfigFile], people: People, zone: Zone
) -> Drill | None:
    """Read when test pages leave, and for whom; None: there are none."""
    section = salvaged.model.test_page
    if section.receiver is None:
        return None
    if section.receiver not in people.receivers:
        fix = did_you_mean(section.receiver, people.receivers, "add it to receivers")
        problem = f"there is no receiver {shown(section.receiver)}"
        report.error(("test_page", "receiver"), problem, fix)
    turns: list[Turn] = []
    for i, text in enumerate(section.at):
        turn = _turn(text)
        if turn is None:
            fix = 'write a day and a time, such as "monday 10:00"'
            report.error(("test_page", "at", i), f"{shown(text)} is no time", fix)
        else:
            turns.append(turn)
    if not section.at:
        fix = 'write one, such as ["monday 10:00"], or leave `at` out'
        report.error(("test_page", "at"), "an empty list: no test page leaves", fix)
    return Drill(
        receiver=ReceiverName(section.receiver),
        turns=tuple(turns) or (Turn(0, 0),),
        timezone=find_zone(report, ("test_page", "timezone"), section.timezone, zone),
        within=section.within,
    )


def _turn(text: str) -> Turn | None:
    day, _, time = text.strip().lower().partition(" ")
    hours, _, minutes = time.strip().partition(":")
    if day not in _DAYS or len(hours) != 2 or len(minutes) != 2:
        return None
    if not (hours.isascii() and hours.isdigit() and minutes.isdigit()):
        return None
    if not minutes.isascii() or int(hours) > 23 or int(minutes) > 59:
        return None
    return Turn(_DAYS.index(day), int(hours) * 60 + int(minutes))
