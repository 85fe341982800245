"""A provider that prints: for a first try, and for `demo`. No phone will ring."""

import sys
from collections.abc import Sequence
from typing import TextIO

from aiohttp import ClientSession
from pydantic import BaseModel, ConfigDict

from alertbridge.core.message import (
    MAX_NUMBERS,
    Accepted,
    Outcomes,
    Submission,
    Uncertain,
)
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import mask
from alertbridge.providers.bubble import render_bubble


class ConsoleOptions(BaseModel):
    """Nothing to set: each message is printed to standard output."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Console:
    """A `Provider` that shows each message as a phone bubble on *stream*."""

    def __init__(self, name: ProviderName, stream: TextIO) -> None:
        self.name = name
        # A terminal's pace does not matter; the port's largest figure.
        self.requests_per_second = 1000
        # A screen holds any number of bubbles; the largest submission there is.
        self.most_numbers = MAX_NUMBERS
        self._stream = stream

    async def submit(self, submission: Submission) -> Outcomes:
        """Print one bubble per number.

        Uncertain if the stream broke: some of it may have been shown.
        """
        drawn = "".join(
            render_bubble(submission.text, to=mask(number), at=submission.began_at)
            for number in submission.numbers
        )
        encoding = self._stream.encoding or "utf-8"
        try:
            # An ASCII terminal gets question marks for the frame, not a lost page.
            self._stream.write(drawn.encode(encoding, "replace").decode(encoding))
            self._stream.flush()
        except (OSError, ValueError) as exc:
            # ValueError: the stream was closed.
            return Outcomes(Uncertain(detail=f"cannot print: {type(exc).__name__}"))
        return Outcomes(Accepted(provider_id=submission.reference))

    async def check(self) -> Sequence[str]:
        """Say what this is, for the operator who thinks that it sends."""
        return ["console: prints messages here, and sends no SMS"]


def console(
    name: ProviderName,
    options: ConsoleOptions,
    session: ClientSession,
    *,
    report_url: str | None = None,
) -> Console:
    """Make one that prints to standard output."""
    # Nothing to set, nobody to talk to, and nobody who would report.
    del options, session, report_url
    return Console(name, sys.stdout)
