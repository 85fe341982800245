"""`alertbridge ack`: a human took it."""

import getpass
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from alertbridge.cli.daemon_client import must_ask, no
from alertbridge.cli.options import config_option, load_or_exit
from alertbridge.cli.output import clock_time, shown_name, visible
from alertbridge.config import Settings
from alertbridge.core.ack import FIRST_CODE, LAST_CODE
from alertbridge.core.alert import SourceName
from alertbridge.core.notification import EpisodeId, EpisodeView
from alertbridge.core.wording import Wording

_CODE = click.IntRange(FIRST_CODE, LAST_CODE)


@click.command("ack")
@config_option
@click.argument("episode", type=click.IntRange(min=1), required=False)
@click.option(
    "--code",
    metavar="CODE",
    type=_CODE,
    help="The code a text ends with: takes all that the text told to fire.",
)
@click.option(
    "--episode",
    "surely",
    metavar="EPISODE",
    type=click.IntRange(min=1),
    help="The episode, also where a text has that number for a code.",
)
@click.option(
    "--by", metavar="NAME", help="Who took it; default: who is behind this shell."
)
def command(
    config_file: Path,
    episode: int | None,
    code: int | None,
    surely: int | None,
    by: str | None,
) -> None:
    """Acknowledge EPISODE (its number stands in `alertbridge history`).

    Reminders of it end. The page stays in the history, with who took it and when. The
    first acknowledgement stays.

    With `ack.codes`, a text ends with `Ack 14`, and `--code 14` takes all that it told
    to fire. Without an option, a number that is a code of the last 24 hours and no
    episode is that code; one that is both is refused: say which.

    Exit with 1 if there is no such episode or code, or if the number is both.
    """
    if sum(number is not None for number in (episode, code, surely)) != 1:
        raise click.UsageError("name one: EPISODE, --code CODE, or --episode EPISODE")
    settings = load_or_exit(config_file).settings
    who = by or _myself()
    if episode is not None:
        if _is_code(settings, episode):
            code = episode
        else:
            surely = episode
    if code is not None:
        answer = must_ask(settings, "POST", f"/api/v1/codes/{code}/ack", {"by": who})
        assert isinstance(answer, dict)
        for row in answer["episodes"]:
            _print(row["episode"], row)
        return
    path = f"/api/v1/episodes/{surely}/ack"
    answer = must_ask(settings, "POST", path, {"by": who})
    assert isinstance(answer, dict)
    _print(answer["acknowledged"], answer)


def _is_code(settings: Settings, number: int) -> bool:
    """Whether a bare number is a code; taking the wrong page would silence it."""
    if not FIRST_CODE <= number <= LAST_CODE:
        return False
    text = must_ask(settings, "GET", f"/api/v1/codes/{number}", may_lack=True)
    if text is None:
        return False
    path = f"/api/v1/episodes/{number}"
    episode = must_ask(settings, "GET", path, may_lack=True)
    if episode is not None:
        _refuse_both(number, text, episode)
    return True


def _refuse_both(number: int, text: object, episode: object) -> NoReturn:
    assert isinstance(text, dict)
    assert isinstance(episode, dict)
    told = ", ".join(_name(row["labels"]) for row in text["episodes"][:3])
    more = len(text["episodes"]) - 3
    no(
        f"{number} is two things, say which: --code {number}"
        f" (the text of {clock_time(text['at'])}: {told}"
        f"{f' and {more} more' if more > 0 else ''}), or --episode {number}"
        f" ({_name(episode['labels'])})"
    )


def _print(episode: object, row: dict[str, object]) -> None:
    """One line: who has it, or that it is over."""
    by = row["acknowledged_by"]
    if by is None:
        state = "is over" if row["ends_at"] else "was told to be over"
    elif row["news"]:
        state = f"acknowledged by {shown_name(str(by))}"
    else:
        at = clock_time(str(row["acknowledged_at"]))
        state = f"was acknowledged by {shown_name(str(by))} at {at}"
    click.echo(f"episode {episode} {state}: {_name(row['labels'])}")


def _name(labels: object) -> str:
    """What it is called, and where it is."""
    assert isinstance(labels, dict)
    now = datetime(1970, 1, 1, tzinfo=UTC)  # no time is said
    view = EpisodeView(
        id=EpisodeId(0), source=SourceName(""), labels=labels, starts_at=now
    )
    wording = Wording(now=now, timezone=UTC)
    name = wording.name(view)
    return visible(f"{name} {wording.place(view, name)}".rstrip())


def _myself() -> str:
    """The person, not the root that they became."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError) as exc:
        raise click.UsageError("this shell has no user; say who: --by NAME") from exc
