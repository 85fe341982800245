"""Reading live state: through the daemon, or its file read-only when it is down."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import click

from alertbridge.cli.daemon_client import DaemonDown, ask, no
from alertbridge.config import Loaded
from alertbridge.core.notification import EpisodeId
from alertbridge.engine.held_rows import (
    shown_in_episode,
    shown_in_history,
    shown_in_outbox,
)
from alertbridge.stores import sqlite_history
from alertbridge.stores.sqlite_readonly import reading
from alertbridge.web.api import jsonable

Row = dict[str, Any]


def read_rows(loaded: Loaded, what: str, query: Mapping[str, object]) -> list[Row]:
    """Read `history` or `outbox`."""
    settings = loaded.settings
    given = {key: value for key, value in query.items() if value is not None}
    try:
        answer = ask(settings, "GET", f"/api/v1/{what}?{urlencode(given)}")
    except DaemonDown as exc:
        _say_offline(exc)
        answer = jsonable(_read_file(loaded, what, given))
    assert isinstance(answer, list)
    return answer


def _read_file(loaded: Loaded, what: str, query: Mapping[str, object]) -> object:
    limit = int(str(query["limit"]))
    rules, now = loaded.rules, _now()
    with reading(loaded.settings.storage.path) as db:
        if what == "history":
            recipient = query.get("recipient")
            name = None if recipient is None else str(recipient)
            rows = sqlite_history.history(db, limit, name, None)
            return [shown_in_history(row, rules, now) for row in rows]
        states = ("dead",) if query.get("dead") else ("waiting", "in_flight")
        waiting = sqlite_history.outbox(db, limit, states)
        return [shown_in_outbox(row, rules, now) for row in waiting]


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - a command is its own wiring


def read_episode(loaded: Loaded, episode: int) -> Row:
    """Read one episode; exit with 1 if there is none."""
    settings = loaded.settings
    try:
        answer = ask(settings, "GET", f"/api/v1/episodes/{episode}")
    except DaemonDown as exc:
        _say_offline(exc)
        with reading(settings.storage.path) as db:
            row = sqlite_history.show(db, EpisodeId(episode))
        if row is None:
            no("no such episode")
        answer = jsonable(shown_in_episode(row, loaded.rules, _now()))
    assert isinstance(answer, dict)
    return answer


def _say_offline(exc: DaemonDown) -> None:
    click.echo(f"alertbridge: {exc}; reading its file", err=True)
