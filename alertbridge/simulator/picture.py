"""A replayed night as one HTML page: a line for each person, a mark for each SMS.

Self-contained, without scripts: a mark shows its text when it is pointed at or tapped,
and the list below the picture prints. Labels and texts are strangers' words, and are
escaped wherever they stand.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from html import escape

from alertbridge.core.notification import Kind
from alertbridge.core.recipient import Recipient, RecipientName, mask
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity
from alertbridge.simulator.picture_bars import Bars, bars_of
from alertbridge.simulator.picture_style import STYLE
from alertbridge.simulator.replay import Happening, Replayed
from alertbridge.simulator.scripted import Sms

APART = 3.4
"""Percent of the width within which two marks would cover each other."""

TICKS = tuple(
    timedelta(minutes=minutes)
    for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080)
)
MOST_TICKS = 7


class _Axis:
    """From moments to percent of the width."""

    def __init__(self, start: datetime, end: datetime, zone: tzinfo) -> None:
        self.start = start
        self.end = max(end, start + timedelta(minutes=1))
        self.zone = zone

    def at(self, moment: datetime) -> float:
        whole = self.end - self.start
        return 100 * min(1.0, max(0.0, (moment - self.start) / whole))

    def ticks(self) -> Iterator[datetime]:
        whole = self.end - self.start
        step = next((tick for tick in TICKS if whole / tick <= MOST_TICKS), TICKS[-1])
        local = self.start.astimezone(self.zone)
        tick = local.replace(hour=0, minute=0, second=0, microsecond=0)
        while tick.astimezone(UTC) <= self.end:
            if tick.astimezone(UTC) >= self.start:
                yield tick
            tick = (tick.astimezone(UTC) + step).astimezone(self.zone)


def picture(
    replayed: Replayed, rules: Rules, title: str, lines: Sequence[str] = ()
) -> str:
    """Draw *replayed*; *lines* are totals to stand below the title."""
    people = _people(replayed, rules)
    zones = {str(one.timezone) for one in people}
    zone = people[0].timezone if len(zones) == 1 else UTC
    axis = _Axis(replayed.start, replayed.end, zone)
    numbers = {id(sms): n for n, sms in enumerate(replayed.phones, start=1)}
    bars = bars_of(replayed.episodes, rules.severity, replayed.end)
    name = next(iter(zones)) if len(zones) == 1 else "UTC"
    parts = [
        "<!doctype html>",
        '<html lang="en"><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        f"<header><h1>{escape(title)}</h1>",
        *(f"<p>{escape(line)}</p>" for line in lines),
        f'</header><main><div class="chart">{_grid(axis)}',
        *(_person(one, replayed.phones, numbers, axis) for one in people),
        _happenings(replayed.happenings, axis),
        _bars(bars, axis),
        f"</div>{_legend(name)}</main>",
        _listed(replayed.phones, rules),
        "</html>",
    ]
    return "\n".join(parts)


def _people(replayed: Replayed, rules: Rules) -> list[Recipient]:
    """Everybody who got one, in the config's order; then those who got none."""
    rung = {sms.recipient for sms in replayed.phones}
    heard = {RecipientName(row.recipient) for row in replayed.rows if row.recipient}
    known = [one for one in rules.recipients.values() if one.name in rung | heard]
    gone = sorted(rung - rules.recipients.keys())
    known += [Recipient(name=name, phones=()) for name in gone]
    people = sorted(known, key=lambda one: one.name not in rung)
    return people or [Recipient(name=RecipientName("nobody"), phones=())]


def _grid(axis: _Axis) -> str:
    lines, shown = [], None
    for tick in axis.ticks():
        x = f"left:{axis.at(tick):.2f}%"
        day = f"<b>{tick:%d %b}</b>" if tick.date() != shown else ""
        shown = tick.date()
        if axis.at(tick) < 97:
            said = f"<span>{tick:%H:%M}{day}</span>"
            lines.append(f'<i class="tick" style="{x}">{said}</i>')
    return f'<div class="grid" aria-hidden="true">{"".join(lines)}</div>'


def _person(
    person: Recipient, phones: Sequence[Sms], numbers: dict[int, int], axis: _Axis
) -> str:
    own = [sms for sms in phones if sms.recipient == person.name]
    marks: list[str] = []
    floor: list[float] = []
    for sms in own:
        x = axis.at(sms.at)
        level = next((n for n, last in enumerate(floor) if x - last >= APART), -1)
        if level < 0:
            level = len(floor)
            floor.append(x)
        floor[level] = x
        marks.append(_mark(sms, numbers[id(sms)], x, level, person.timezone))
    height = max(1, len(floor))
    segments = sum(sms.text.segments for sms in own)
    head = f"{len(own)} SMS, {segments} segments" if own else "no SMS"
    return (
        f"<section><h2>{escape(_name(person.name))}<small>{head}</small></h2>"
        f'<div class="line" style="--levels:{height}">{"".join(marks)}</div></section>'
    )


def _mark(sms: Sms, number: int, x: float, level: int, zone: tzinfo) -> str:
    told = len(sms.message.tells)
    kind = _kind(sms)
    side = "left" if x < 33 else "right" if x > 67 else "middle"
    text = "<br>".join(escape(line) for line in sms.text.body.split("\n"))
    at = sms.at.astimezone(zone)
    return (
        f'<span class="mark {kind}" tabindex="0" style="left:{x:.2f}%;'
        f'--level:{level}" aria-label="SMS {number}, {at:%H:%M}">'
        f"<span>{told if told > 1 else ''}</span>"
        f'<span class="text {side}"><b>{at:%d %b %H:%M:%S}</b>'
        f"{_cost(sms)}<br>{text}</span></span>"
    )


def _kind(sms: Sms) -> str:
    if all(fact.kind is Kind.RESOLVED for fact in sms.message.tells):
        return "over"
    return sms.severity.word


def _cost(sms: Sms) -> str:
    again = f", attempt {sms.attempt}" if sms.attempt > 1 else ""
    parts = "segment" if sms.text.segments == 1 else "segments"
    return f" {sms.text.segments} {parts}, by {escape(sms.provider)}{again}"


def _happenings(happenings: Sequence[Happening], axis: _Axis) -> str:
    if not happenings:
        return ""
    floor: list[float] = []
    marks = []
    for one in happenings:
        x = axis.at(one.at)
        level = next((n for n, last in enumerate(floor) if x >= last), len(floor))
        # About half a percent a letter, on a narrow screen more: rows keep them apart.
        floor[level : level + 1] = [x + 3 + 1.1 * len(one.what)]
        side = "left" if x < 75 else "right"
        marks.append(
            f'<i class="event {side}" style="left:{x:.2f}%;--level:{level}">'
            f"<span>{escape(one.what)}</span></i>"
        )
    return (
        "<section><h2>what else happened</h2>"
        f'<div class="events" style="--levels:{len(floor)}">{"".join(marks)}</div>'
        "</section>"
    )


def _bars(bars: Bars, axis: _Axis) -> str:
    rows = []
    for row in bars.rows:
        pieces = "".join(
            f'<i class="{severity.word}" style="left:{axis.at(begin):.2f}%;'
            f'width:{max(0.25, axis.at(end) - axis.at(begin)):.2f}%"></i>'
            for severity, begin, end in row.pieces
            if end >= axis.start and begin <= axis.end
        )
        amount = f" x{row.alerts}" if row.alerts > 1 else ""
        rows.append(
            f'<div class="bar"><span>{escape(row.name)}{amount}</span>{pieces}</div>'
        )
    if not rows:
        return ""
    return f"<section><h2>what fired</h2>{''.join(rows)}</section>"


def _legend(zone: str) -> str:
    marks = "".join(
        f'<span><i class="mark {kind}"></i>{words}</span>'
        for kind, words in (
            *((severity.word, severity.word) for severity in Severity),
            ("over", "only what is over"),
        )
    )
    return (
        f'<p class="legend">{marks}<span>a number: so many facts in one SMS</span>'
        f"<span>times: {escape(zone)}</span></p>"
    )


def _listed(phones: Sequence[Sms], rules: Rules) -> str:
    rows = "".join(
        f'<li class="{_kind(sms)}">'
        f"<b>{_local(sms, rules)}</b> {escape(_name(sms.recipient))}"
        f" <small>{escape(mask(sms.number))},{_cost(sms)}</small>"
        f"<pre>{escape(sms.text.body)}</pre></li>"
        for sms in phones
    )
    return f"<section class='list'><h2>every SMS</h2><ol>{rows}</ol></section>"


def _local(sms: Sms, rules: Rules) -> str:
    person = rules.recipients.get(sms.recipient)
    at = sms.at.astimezone(UTC if person is None else person.timezone)
    return f"{at:%d %b %H:%M:%S}"


def _name(recipient: str) -> str:
    return mask(recipient) if recipient.startswith("+") else recipient
