"""Claiming in SQL: take what may leave now, and write the attempt first."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection

from alertbridge.core.drafting import Drafting
from alertbridge.core.mailbox import MAX_FACTS
from alertbridge.core.message import (
    Draft,
    Dropped,
    Idle,
    Message,
    Reference,
    Submission,
)
from alertbridge.core.notification import (
    Fact,
    MessageId,
    NotificationId,
    ProviderName,
    Reason,
)
from alertbridge.core.recipient import RecipientName
from alertbridge.core.severity import Severity
from alertbridge.ports import Claimed
from alertbridge.stores.columns import FAR, dump, moment, severity, stamp
from alertbridge.stores.sqlite_ack import close_text
from alertbridge.stores.sqlite_attempt import Claim, write_attempt, write_sent
from alertbridge.stores.sqlite_mailbox import (
    drop,
    look_again,
    read_facts,
    read_mailbox,
    read_sent,
    sleeps,
)
from alertbridge.stores.sqlite_poison import (
    Trying,
    acquit,
    bury_struck,
    bury_unsendable,
    lots,
)
from alertbridge.stores.sqlite_share import share_out
from alertbridge.stores.sqlite_spend import (
    charge,
    hold_back,
    read_spent,
    rests_until,
    say_used_up,
)
from alertbridge.stores.sqlite_sum import sum_of_message
from alertbridge.stores.sqlite_uncertain import claim_uncertain

_LOOK = 64
"""Mailboxes looked at per round; more are looked at only while places are free."""


def claim(
    db: Connection,
    ready: dict[ProviderName, int],
    drafting: Drafting,
    now: datetime,
    epoch: int,
    references: Iterator[Reference],
    randbits: Callable[[int], int],
    trying: Trying,
) -> Claimed:
    """Take at most `ready`: the uncertain whose wait is over, then mailboxes."""
    held = db.execute("SELECT value FROM setting WHERE key = 'held_until'").fetchone()
    if held is not None and int(held[0]) > stamp(now):
        return Claimed((), next_due=moment(int(held[0])))
    work = Claim(db, dict(ready), drafting, now, epoch, references, randbits)
    work.reading = trying.begin
    bury_struck(work)
    claim_uncertain(work)
    while not work.full:
        rows = _due(work)
        if not rows:
            break
        for recipient, rank, alone in rows:
            if work.full:
                break
            if recipient not in work.passed:
                _claim_mailbox(work, RecipientName(recipient), severity(rank), alone)
    trying.end()
    return Claimed(
        tuple(work.submissions), tuple(work.drafts), _next_due(db), tuple(work.drops)
    )


def _due(work: Claim) -> list[tuple[str, int, int]]:
    """Mailboxes to look at, the worst first, and not those whose provider is full.

    A provider that hangs has its people wait; the rest do not wait behind them, nor
    is their text composed anew at every look. Who waits for a provider that the config
    no longer has is composed for another.
    """
    ready = [name for name, places in work.ready.items() if places > 0]
    rows = work.db.execute(
        "SELECT recipient, rank, alone FROM mailbox WHERE busy IS NULL"
        " AND due_at <= :now AND not_before <= :now AND (waits_for IS NULL"
        " OR waits_for IN (SELECT value FROM json_each(:ready))"
        " OR waits_for NOT IN (SELECT value FROM json_each(:known)))"
        " ORDER BY rank, due_at LIMIT :limit",
        {
            "now": stamp(work.now),
            "ready": dump(ready),
            "known": dump(tuple(work.ready)),
            "limit": _LOOK + len(work.passed),
        },
    ).fetchall()
    return [row for row in rows if row[0] not in work.passed]


def _claim_mailbox(
    work: Claim, recipient: RecipientName, rank: Severity, alone: int
) -> None:
    draft = _draft(work, recipient, rank)
    if draft is None:
        return
    provider = draft.way.provider
    if work.ready.get(provider, 0) <= 0:
        work.passed.add(recipient)
        work.db.execute(
            "UPDATE mailbox SET waits_for = ? WHERE recipient = ?",
            (provider, recipient),
        )
        return
    drafts = [draft]
    if not alone:
        drafts += _companions(work, draft)
    work.ready[provider] -= 1
    _write(work, drafts)


def _draft(work: Claim, recipient: RecipientName, rank: Severity) -> Draft | None:
    """Compose for one mailbox, once a claim: who is compared may come up many times."""
    work.passed.add(recipient)
    if recipient not in work.composed:
        work.composed[recipient] = _compose(work, recipient, rank)
    return work.composed[recipient]


def _compose(work: Claim, recipient: RecipientName, rank: Severity) -> Draft | None:
    """Compose for one mailbox; None, with its next look written, if nothing leaves."""
    sent = read_sent(work.db, recipient, work.now - work.drafting.looks_back)
    until = _quiet_until(work, recipient, rank)
    if until is None:
        until = work.drafting.may_leave(sent, rank, work.now)
    if until is None and rank is not Severity.CRITICAL:
        until = rests_until(work.db, recipient, work.now)
    if until is not None:
        work.db.execute(
            "UPDATE mailbox SET due_at = ? WHERE recipient = ?",
            (stamp(until), recipient),
        )
        return None
    result = _compose_lots(work, recipient, sent)
    drop(work.db, result.drops, work.now)
    work.drops.extend(result.drops)
    rests_from = work.now if isinstance(result, Idle) else None
    hold_back(work.db, recipient, result.over_budget, rests_from)
    if isinstance(result, Idle):
        look_again(work.db, recipient, result.until)
        return None
    return result


def _compose_lots(
    work: Claim, recipient: RecipientName, sent: tuple[datetime, ...]
) -> Draft | Idle:
    """Compose of the first lot of which anything leaves: as a rule there is one."""
    chosen, more = share_out(work.db, recipient, work.now, MAX_FACTS)
    drops: tuple[Dropped, ...] = ()
    looks: list[datetime] = []
    held: tuple[NotificationId, ...] = ()
    for lot in lots(work.db, chosen):
        work.reading(lot)
        facts = _readable(work, recipient, lot)
        left = more + len(chosen) - len(lot)
        mailbox = read_mailbox(work.db, recipient, work.now, facts, left, sent)
        periods = [limit.period for limit in work.drafting.limits(mailbox, work.now)]
        spent = read_spent(work.db, periods, recipient)
        result = work.drafting.draft(replace(mailbox, spent=spent), work.now)
        acquit(work.db, lot)
        drops += result.drops
        if isinstance(result, Draft):
            return replace(result, drops=drops)
        held += result.over_budget
        looks += [] if result.until is None else [result.until]
    return Idle(until=min(looks, default=None), drops=drops, over_budget=held)


def _readable(
    work: Claim, recipient: RecipientName, lot: Sequence[int]
) -> tuple[Fact, ...]:
    """Read facts; end those whose row is not what was written at intake.

    Frozen numbers that changed matter only to who is not in the config any more.
    """
    facts, damaged, doubtful = read_facts(work.db, lot)
    if doubtful and not work.drafting.reaches(recipient):
        facts = tuple(fact for fact in facts if fact.id not in doubtful)
        damaged = (*damaged, *doubtful)
    bury_unsendable(work, damaged, Reason.DAMAGED)
    return facts


def _quiet_until(
    work: Claim, recipient: RecipientName, rank: Severity
) -> datetime | None:
    """When the quiet hours of somebody end for whom nothing is to leave before."""
    until = work.drafting.quiet_until(recipient, rank, work.now)
    if until is None or not sleeps(work.db, recipient, until, work.now):
        return None
    return until


def _companions(work: Claim, first: Draft) -> list[Draft]:
    """Who else is told exactly this now: one submission for all of them.

    Only people who wait for the first draft's first episode can share its text.
    """
    key, numbers = _key(first), {first.way.number}
    most = work.drafting.most_numbers(first.way.provider)
    if most <= 1:
        return []
    found: list[Draft] = []
    rows = work.db.execute(
        "SELECT DISTINCT n.recipient, m.rank FROM notification n"
        " JOIN mailbox m ON m.recipient = n.recipient WHERE n.episode = ?"
        " AND n.state = 'waiting' AND m.busy IS NULL AND m.alone = 0"
        " AND m.due_at <= ? AND m.not_before <= ? ORDER BY n.recipient",
        (first.tells[0].episode.id, stamp(work.now), stamp(work.now)),
    ).fetchall()
    for recipient, rank in rows:
        if len(numbers) >= most:
            break
        if recipient in work.passed:
            continue
        draft = _draft(work, RecipientName(recipient), severity(rank))
        if draft is None:
            continue
        if _key(draft) == key and draft.way.number not in numbers:
            numbers.add(draft.way.number)
            found.append(draft)
        else:
            # Told something else: still due, and looked at in its own turn.
            work.passed.discard(RecipientName(recipient))
    return found


def _key(draft: Draft) -> tuple[object, ...]:
    return (
        draft.way.provider,
        draft.text,
        draft.urgent,
        draft.closes_at,
        # A code stands for what its text told: counts alone can be equal by chance.
        {fact.episode.id for fact in draft.tells} if draft.closing else None,
    )


def _write(work: Claim, drafts: list[Draft]) -> None:
    first, now = drafts[0], stamp(work.now)
    reference = next(work.references)
    text = close_text(work, reference, first)
    work.db.execute(
        "INSERT INTO submission (reference, provider, body, coding, segments, urgent,"
        " closes_at, state, attempt, epoch, began_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 'in_flight', 1, ?, ?)",
        (
            reference,
            first.way.provider,
            text.body,
            text.coding,
            text.segments,
            int(first.urgent),
            stamp(first.closes_at),
            work.epoch,
            now,
        ),
    )
    write_attempt(work.db, reference, 1, first.way.provider, now)
    messages = tuple(
        _write_message(work, reference, draft, text.body) for draft in drafts
    )
    charge(work, messages, first.way.provider, 1, text.segments)
    work.drafts.extend(replace(draft, text=text) for draft in drafts)
    work.submissions.append(
        Submission(
            reference=reference,
            provider=first.way.provider,
            text=text,
            urgent=first.urgent,
            closes_at=first.closes_at,
            messages=messages,
            began_at=work.now,
        )
    )


def _write_message(
    work: Claim, reference: Reference, draft: Draft, body: str
) -> Message:
    db = work.db
    cursor = db.execute(
        "INSERT INTO message (submission, recipient, number, state, provider_id,"
        " replaces, sum) VALUES (?, ?, ?, 'in_flight', '', ?, ?)",
        (
            reference,
            draft.recipient,
            draft.way.number,
            draft.replaces[0] if draft.replaces else None,
            sum_of_message(reference, draft.recipient, draft.way.number, body),
        ),
    )
    assert cursor.lastrowid is not None
    message = MessageId(cursor.lastrowid)
    db.executemany(
        "UPDATE notification SET state = 'in_flight', message = ? WHERE id = ?",
        [(message, fact.id) for fact in draft.tells],
    )
    write_sent(db, draft.recipient, work.now, message, 1)
    say_used_up(db, draft.recipient, draft.says_used_up, message)
    (deferrals,) = db.execute(
        "UPDATE mailbox SET busy = ?, due_at = ?, waits_for = NULL"
        " WHERE recipient = ? RETURNING deferrals",
        (reference, FAR, draft.recipient),
    ).fetchone()
    return Message(
        id=message,
        recipient=draft.recipient,
        number=draft.way.number,
        tells=draft.tells,
        deferrals=deferrals,
    )


def _next_due(db: Connection) -> datetime | None:
    """When something is to be looked at again; in the past if only a place lacks."""
    due = db.execute(
        "SELECT min(max(due_at, not_before)) FROM mailbox WHERE busy IS NULL"
        " AND due_at < ?",
        (FAR,),
    ).fetchone()[0]
    retry = db.execute(
        "SELECT min(retry_at) FROM submission WHERE state = 'uncertain'"
    ).fetchone()[0]
    times = [moment(column) for column in (due, retry) if column is not None]
    return min(times, default=None)
