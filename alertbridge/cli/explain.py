"""`alertbridge explain`: who would get which text, and why others would not."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from alertbridge.cli.daemon_client import no
from alertbridge.cli.options import config_option, json_option, load_or_exit
from alertbridge.cli.output import print_json, shown_name, visible
from alertbridge.config import Loaded
from alertbridge.core.alert import AlertGroup, SourceName
from alertbridge.core.encoding import Odd, first_odd
from alertbridge.core.message import Draft, Text
from alertbridge.core.recipient import mask
from alertbridge.core.writing import BUILT_IN
from alertbridge.ports import PayloadError
from alertbridge.simulator.explain import Explanation, explain
from alertbridge.sources import SOURCES


@click.command("explain")
@config_option
@json_option
@click.argument(
    "payload",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
)
@click.option(
    "--source",
    metavar="NAME",
    help="The source it would be posted to; default: the config's first.",
)
@click.option(
    "--summary",
    is_flag=True,
    help="Only how many texts take how many segments, and how many are cut.",
)
def command(
    config_file: Path, as_json: bool, payload: Path, source: str | None, summary: bool
) -> None:
    """Explain PAYLOAD: the body of a webhook, or one alert a line (.jsonl).

    Nothing is sent or stored: it is planned and composed as for people who have been
    told nothing yet, now. Each text says which line chose its template and its budget
    of segments, whether it was cut, and which character makes it UCS-2. `-` reads
    standard input. Exit with 1 if the body is not of the source's shape.
    """
    loaded = load_or_exit(config_file)
    name, kind = _source(loaded, source)
    now = datetime.now(UTC)  # noqa: TID251 - a command is its own wiring
    explained: list[Explanation] = []
    for number, body in enumerate(_bodies(payload), start=1):
        try:
            group = SOURCES[kind](body, name, now=now)
        except PayloadError as exc:
            no(f"{payload}: body {number}: {exc}")
        explained.append(asyncio.run(_explain(group, loaded, now)))
    if as_json:
        print_json([_as_json(one) for one in explained])
    elif summary:
        _print_summary(explained)
    else:
        for one in explained:
            _print(one)


async def _explain(group: AlertGroup, loaded: Loaded, now: datetime) -> Explanation:
    return await explain(group, loaded.rules, now)


def _source(loaded: Loaded, wanted: str | None) -> tuple[SourceName, str]:
    sources = {source.name: source.type for source in loaded.settings.sources}
    if wanted is None:
        return next(iter(sources.items()))
    if wanted not in sources:
        raise click.UsageError(f"no source {wanted!r}; there are: {', '.join(sources)}")
    return SourceName(wanted), sources[SourceName(wanted)]


def _bodies(path: Path) -> Iterator[bytes]:
    """Take a body as it is, a .jsonl as one group for each of its alerts."""
    if str(path) == "-":
        yield sys.stdin.buffer.read()
        return
    if path.suffix != ".jsonl":
        yield path.read_bytes()
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                alert = json.loads(line)
            except ValueError:
                no(f"{path}:{number}: not JSON")
            yield json.dumps(
                {"version": "4", "receiver": "explain", "alerts": [alert]}
            ).encode()


def _print(one: Explanation) -> None:
    for (status, alert, routes), alike in _same_way(one).items():
        times = f" x{alike}" if alike > 1 else ""
        click.echo(f"{status} {visible(alert) or '(no name)'}{times}")
        for receiver, where in routes:
            click.echo(f"  -> {receiver}  ({where})")
    for message, whole in zip(one.messages, one.whole, strict=True):
        click.echo("")
        click.echo(_head(message))
        for line in message.text.body.split("\n"):
            click.echo(f"  | {visible(line)}")
        for reason in _reasons(message, whole):
            click.echo(f"  {reason}")
    for held in dict.fromkeys(one.held):
        until = f"{held.until.astimezone():%Y-%m-%d %H:%M}"
        why = held.reason.replace("_", " ")
        who = shown_name(held.recipient)
        click.echo(f"\n{who}: held until {until}, {why} ({held.where})")
    for left in one.left_out:
        who = shown_name(left.recipient) if left.recipient else "everybody"
        click.echo(f"\n{who}: not told, {left.verdict} ({left.where or 'by state'})")
    if not one.messages and not one.held:
        click.echo("\nnobody would be told")


def _same_way(
    one: Explanation,
) -> Counter[tuple[str, str, tuple[tuple[str, str], ...]]]:
    """Count alerts of one name that took the same routes: a group may hold 500."""
    return Counter(
        (
            routed.status,
            routed.alert,
            tuple((route.receiver, route.where) for route in routed.routes),
        )
        for routed in one.routed
    )


def _head(message: Draft) -> str:
    text = message.text
    parts = "segment" if text.segments == 1 else "segments"
    return (
        f"{shown_name(message.recipient)} ({mask(message.way.number)})"
        f" by {message.way.provider}: {text.segments} {parts}, {text.coding},"
        f" {len(text.body)} characters{', urgent' if message.urgent else ''}"
    )


def _reasons(message: Draft, whole: Text) -> Iterator[str]:
    """Say why the text is as it is: its words, its length, its coding."""
    template, budget = message.writing.template, message.writing.budget
    words = "built-in text"
    if template.value != BUILT_IN:
        words = f"template {template.value}"
    yield f"{words}{_where(template.where)}, budget {budget.value}" + _where(
        budget.where or "default"
    )
    if message.template_error is not None:
        yield f"built-in text, because: {message.template_error}"
    if whole.body != message.text.body:
        parts = "segment" if whole.segments == 1 else "segments"
        yield f"cut: with all the room it would take {whole.segments} {parts}"
    odd = first_odd(message.text.body)
    if odd is not None:
        yield f"UCS-2 because of {_character(odd)}"


def _where(place: str) -> str:
    return f" ({place})" if place else ""


def _character(odd: Odd) -> str:
    return (
        f"'{visible(odd.character)}' (U+{ord(odd.character):04X})"
        f" at column {odd.column} of line {odd.line}"
    )


def _print_summary(explained: list[Explanation]) -> None:
    segments = Counter(
        (message.text.segments, message.text.coding)
        for one in explained
        for message in one.messages
    )
    total = sum(segments.values())
    click.echo(f"{len(explained)} posts, {total} texts")
    for (count, coding), texts in sorted(segments.items()):
        click.echo(f"{count} x {coding}: {texts} texts ({texts / total:.1%})")
    wholes = [
        (message.text, whole)
        for one in explained
        for message, whole in zip(one.messages, one.whole, strict=True)
    ]
    cut = sum(text.body != whole.body for text, whole in wholes)
    longest = max((text.segments for text, _ in wholes), default=0)
    uncut = max((whole.segments for _, whole in wholes), default=0)
    click.echo(f"cut: {cut} texts; segments at most: {longest}, uncut {uncut}")


def _as_json(one: Explanation) -> dict[str, object]:
    return {
        "alerts": [
            {
                "alert": routed.alert,
                "status": routed.status,
                "labels": routed.labels,
                "routes": [
                    {"receiver": route.receiver, "where": route.where}
                    for route in routed.routes
                ],
            }
            for routed in one.routed
        ],
        "messages": [
            {
                "recipient": shown_name(message.recipient),
                "number": mask(message.way.number),
                "provider": message.way.provider,
                "text": message.text.body,
                "coding": message.text.coding,
                "segments": message.text.segments,
                "urgent": message.urgent,
                "template_error": message.template_error,
                "template": message.writing.template.value,
                "template_where": message.writing.template.where,
                "budget": message.writing.budget.value,
                "budget_where": message.writing.budget.where,
                "uncut_segments": whole.segments,
                "cut": whole.body != message.text.body,
                "outside_gsm": _outsider_as_json(message.text.body),
            }
            for message, whole in zip(one.messages, one.whole, strict=True)
        ],
        "held": [
            {
                "recipient": shown_name(held.recipient),
                "until": held.until.isoformat(),
                "reason": held.reason,
                "where": held.where,
            }
            for held in one.held
        ],
        "left_out": [
            {
                "recipient": shown_name(left.recipient or ""),
                "verdict": left.verdict,
                "where": left.where,
            }
            for left in one.left_out
        ],
    }


def _outsider_as_json(body: str) -> dict[str, object] | None:
    odd = first_odd(body)
    if odd is None:
        return None
    return {"character": odd.character, "line": odd.line, "column": odd.column}
