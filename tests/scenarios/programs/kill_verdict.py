"""Judges a run of the kill harness: every confirmed page, against what rang.

The words are Jepsen's. The gateway's journal is the truth about what rang; the
daemon's store is only asked for the named rule behind a page that did not.
"""

import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from kill_history import History, listeners

_NAME = re.compile(r"K[A-Z]\d{6}")

_RULES = {
    "cancelled": {"resolved_before_told", "fired_again", "ended_unseen"},
    "expired": {"time_to_live", "resolved_before_told"},
}
"""State and reason of facts that may end without an SMS."""

FAILURES = ("lost", "unexpected", "undrained", "duplicated", "deaths", "too_fast")

PER_SECOND = 30
"""Requests that the account allows in any second, over all restarts."""


@dataclass(slots=True)
class Verdict:
    """How many of what, and an example or two of each."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, what: str, example: str = "") -> None:
        """Count one."""
        self.counts[what] += 1
        if example and len(self.examples[what]) < 3:
            self.examples[what].append(example)

    def judge_rate(self, busiest: int) -> None:
        """Compare the most requests of any one second with what the account allows."""
        self.counts["busiest"] = busiest
        if busiest > PER_SECOND:
            self.add("too_fast", f"{busiest} requests within one second")

    @property
    def passed(self) -> bool:
        """Nothing lost, nothing rang that should not have, nothing is left."""
        return not any(self.counts[what] for what in FAILURES)


@dataclass(frozen=True, slots=True)
class _Ring:
    """One mention of an alert in an SMS."""

    number: str
    ended: bool
    reference: str


class _Journal:
    """What rang: by the alert's name, and by (submission, number)."""

    def __init__(self, sms: list[dict[str, str]]) -> None:
        self.rings: dict[str, list[_Ring]] = defaultdict(list)
        self.references = {(row["reference"], row["number"]) for row in sms}
        for row in sms:
            for name, ended in set(_mentions(row["text"])):
                ring = _Ring(row["number"], ended, row["reference"])
                self.rings[name].append(ring)


def _mentions(text: str) -> Iterator[tuple[str, bool]]:
    if "Page not sent" in text and "\n" not in text:
        # A meta-alert names pages that did not arrive; it is no page about them.
        return
    for line in text.split("\n"):
        if "Page not sent" in line:
            continue
        ended = line.startswith(("RESOLVED", "over:"))
        for name in _NAME.findall(line):
            yield name, ended


@dataclass(frozen=True, slots=True)
class _Row:
    state: str
    reason: str
    reference: str


class _Stored:
    """What the daemon's store says."""

    def __init__(self, path: Path) -> None:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            self.facts = {
                (name, recipient): _Row(state, reason, reference or "")
                for name, recipient, state, reason, reference in db.execute(
                    "SELECT json_extract(e.labels, '$.alertname'), n.recipient,"
                    " n.state, n.reason, m.submission FROM notification n"
                    " JOIN episode e ON e.id = n.episode"
                    " LEFT JOIN message m ON m.id = n.message"
                    " WHERE n.kind = 'firing' AND e.source = 'alertmanager'"
                )
            }
            self.uncertain: dict[str, str] = dict(
                db.execute(
                    "SELECT reference, detail FROM attempt"
                    " WHERE outcome = 'uncertain' ORDER BY n DESC"
                )
            )
            self.meta = [
                row[0]
                for row in db.execute(
                    "SELECT json_extract(annotations, '$.summary') FROM episode"
                    " WHERE source = 'alertbridge'"
                )
            ]
            (self.waiting,) = db.execute(
                "SELECT count(*) FROM notification"
                " WHERE state IN ('waiting', 'in_flight')"
            ).fetchone()

    def has_meta(self, name: str, recipient: str) -> bool:
        """Whether the admins were told that *recipient* was not."""
        return any(
            summary.startswith(
                (
                    f"{recipient} was not told of",
                    f"{recipient} may not have been told of",
                )
            )
            and (name in summary or " +" in summary)
            for summary in self.meta
        )


def judge(
    history: History,
    sms: list[dict[str, str]],
    store: Path,
    numbers: Mapping[str, str],
) -> Verdict:
    """Compare what was confirmed with what rang; *numbers* are people's phones."""
    verdict, journal, stored = Verdict(), _Journal(sms), _Stored(store)
    for name, page in history.pages.items():
        for person in listeners(page.team):
            verdict.add("attempted")
            rang = any(r.number == numbers[person] for r in journal.rings[name])
            if page.confirmed:
                verdict.add("acked")
                row = stored.facts.get((name, person))
                key = ("" if row is None else row.reference, numbers[person])
                carried = key in journal.references
                what = _classify(name, person, row, stored, rang=rang, carried=carried)
                verdict.add(what, f"{name} for {person}: {row}")
            elif rang:
                verdict.add("recovered")
    _find_unexpected(verdict, history, journal, numbers)
    _find_duplicates(verdict, journal, stored)
    for _ in range(history.deaths):
        verdict.add("deaths")
    return verdict


def _classify(
    name: str,
    person: str,
    row: _Row | None,
    stored: _Stored,
    *,
    rang: bool,
    carried: bool,
) -> str:
    """Say what became of a confirmed page for one person."""
    if row is None:
        return "ok" if rang else "lost"
    if row.state in ("waiting", "in_flight"):
        return "undrained"
    if rang:
        return "ok"
    if row.state == "dead":
        return "dead" if stored.has_meta(name, person) else "lost"
    if row.reason in _RULES.get(row.state, set()):
        return "ended"
    # Told as one of "+N more": the digest that counted it did ring.
    return "counted" if row.state == "told" and carried else "lost"


def _find_unexpected(
    verdict: Verdict, history: History, journal: _Journal, numbers: Mapping[str, str]
) -> None:
    for name, rings in journal.rings.items():
        page = history.pages.get(name)
        phones = {numbers[p] for p in listeners(page.team)} if page else set()
        for ring in rings:
            false_end = ring.ended and page is not None and not page.resolved
            if ring.number not in phones or false_end:
                verdict.add("unexpected", f"{name} in {ring.reference}")


def _find_duplicates(verdict: Verdict, journal: _Journal, stored: _Stored) -> None:
    """Count what rang twice; all but the last must have had an unseen answer."""
    for name, rings in journal.rings.items():
        times: dict[tuple[str, bool], list[str]] = defaultdict(list)
        for ring in rings:
            times[ring.number, ring.ended].append(ring.reference)
        for references in times.values():
            for earlier in references[:-1]:
                verdict.add("duplicated")
                why = stored.uncertain.get(earlier)
                if why is None:
                    verdict.add("unexplained", f"{name}: {references}")
                elif "the process ended" in why:
                    verdict.add("after_kill")
                else:
                    verdict.add("after_fault")
