"""The port by which a provider reads delivery reports: a capability, not a duty.

Not every gateway reports. Who serves the requests asks `isinstance(p, ReportReader)`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from alertbridge.core.report import DeliveryReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """A request that a gateway made to us, as it came in.

    `headers` have lower-case names; `query` and `headers` keep the last value of a
    name that came twice. `content_type` is without its parameters, "" if there is
    none. `body` is bounded by whoever read it.
    """

    method: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    content_type: str = ""


@runtime_checkable
class ReportReader(Protocol):
    """A provider whose gateway tells later what became of a message. Pure."""

    def read_reports(self, request: ReportRequest) -> tuple[DeliveryReport, ...]:
        """Read what *request* says, one report for each number it is about.

        Nothing here says that the sender is the gateway, unless its type documents a
        signature; the address it posts to must be secret.

        Raises:
            PayloadError: not this gateway's shape, or not signed by it.
        """
        ...
