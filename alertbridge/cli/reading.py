"""Reading live state: through the daemon, or its file read-only when it is down."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import click

from alertbridge.cli.daemon_client import DaemonDown, ask, no
from alertbridge.config import Settings
from alertbridge.core.notification import EpisodeId
from alertbridge.stores import sqlite_history
from alertbridge.stores.sqlite_readonly import reading
from alertbridge.web.api import jsonable

Row = dict[str, Any]


def read_rows(settings: Settings, what: str, query: Mapping[str, object]) -> list[Row]:
    """Read `history` or `outbox`."""
    given = {key: value for key, value in query.items() if value is not None}
    try:
        answer = ask(settings, "GET", f"/api/v1/{what}?{urlencode(given)}")
    except DaemonDown as exc:
        _say_offline(exc)
        answer = jsonable(_read_file(settings, what, given))
    assert isinstance(answer, list)
    return answer


def _read_file(settings: Settings, what: str, query: Mapping[str, object]) -> object:
    limit = int(str(query["limit"]))
    with reading(settings.storage.path) as db:
        if what == "history":
            recipient = query.get("recipient")
            name = None if recipient is None else str(recipient)
            return sqlite_history.history(db, limit, name, None)
        states = ("dead",) if query.get("dead") else ("waiting", "in_flight")
        return sqlite_history.outbox(db, limit, states)


def read_episode(settings: Settings, episode: int) -> Row:
    """Read one episode; exit with 1 if there is none."""
    try:
        answer = ask(settings, "GET", f"/api/v1/episodes/{episode}")
    except DaemonDown as exc:
        _say_offline(exc)
        with reading(settings.storage.path) as db:
            row = sqlite_history.show(db, EpisodeId(episode))
        if row is None:
            no("no such episode")
        answer = jsonable(row)
    assert isinstance(answer, dict)
    return answer


def _say_offline(exc: DaemonDown) -> None:
    click.echo(f"alertbridge: {exc}; reading its file", err=True)
