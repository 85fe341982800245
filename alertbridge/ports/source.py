"""The port of a wire format: bytes in, a group out."""

from datetime import datetime
from typing import Protocol

from alertbridge.core.alert import AlertGroup, SourceName


class PayloadError(Exception):
    """A body that is not of the source's shape; sending it again cannot help.

    The message is one line for the sender's log.
    """


class Source(Protocol):
    """A wire format: bytes in, a group out. Pure."""

    def __call__(self, body: bytes, source: SourceName, *, now: datetime) -> AlertGroup:
        """Read a whole body.

        Raises:
            PayloadError: not our shape; one line that says why.
        """
        ...
