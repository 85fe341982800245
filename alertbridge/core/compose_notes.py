"""What a text must add about what it does not show."""

from alertbridge.core.language import WORDS, Language, Words
from alertbridge.core.mailbox import Letter
from alertbridge.core.notification import PostNote


def notes_of(letter: Letter, words: Words = WORDS[Language.ENGLISH]) -> str:
    """Say what the source or we left out: one line, or nothing.

    A group's note is told once, as its latest post said it (rule 8): facts of one
    group carry the same key, and posts are never summed.
    """
    notes = _latest(letter)
    truncated = sum(note.truncated for note in notes)
    unreadable = sum(note.unreadable for note in notes)
    parts = (
        words.not_shown.format(truncated) if truncated > 0 else "",
        words.unreadable.format(unreadable) if unreadable > 0 else "",
        words.oversized if any(note.oversized for note in notes) else "",
        words.more_next.format(letter.more) if letter.more > 0 else "",
    )
    return ", ".join(filter(None, parts))


def truncated_of(letter: Letter) -> int:
    """How many alerts the source did not show, over all groups of *letter*."""
    return sum(note.truncated for note in _latest(letter))


def _latest(letter: Letter) -> list[PostNote]:
    latest: dict[str, PostNote] = {}
    facts = [fact for fact in letter.facts if fact.note is not None]
    for fact in sorted(facts, key=lambda fact: fact.created_at):
        assert fact.note is not None
        latest[fact.note.key] = fact.note
    return list(latest.values())
