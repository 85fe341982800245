"""How long an SMPP provider waits for what, in seconds; tests are less patient."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """The waits of one provider.

    `submitting` is for a text with all its parts: the caller waits for 12, and the last
    of several numbers may begin after 0.4. A part that would have less than `answering`
    for its answer is not begun, and a later part that was not taken is tried `again`
    after so long.

    `reach` is for all it takes to be bound. After `fresh` of silence the far side is
    asked before a page is written, for written into a dead line the page would be
    uncertain; it must answer within `look`.

    `pauses` are between tries to connect, by how many failed in a row; the last one
    repeats. They are no longer than the least a critical page waits between its tries,
    so that its tries are real ones. `refused` is the pause after the account's name or
    password was refused. A connection that lasted for `steady` was no failure, however
    it ended.

    An enquiry for the sake of the line, and that of a check, wait for `enquiry`; the
    end of a connection waits for `unbind`.
    """

    submitting: float = 11.0
    answering: float = 3.0
    again: float = 1.0
    reach: float = 6.0
    fresh: float = 5.0
    look: float = 2.0
    pauses: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
    refused: float = 60.0
    steady: float = 10.0
    enquiry: float = 5.0
    unbind: float = 1.0


PATIENCE = Patience()
