"""What the gateway took: the ground truth that tests and demos compare with.

A batch is written down, in the journal too, before any answer leaves: whatever the
client then believes, this is what would have rung.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from alertbridge.core.recipient import Msisdn
from alertbridge.simulator.gateway_batches import BatchRequest
from alertbridge.simulator.gateway_documents import journal_line
from alertbridge.simulator.gateway_sms import Batch, Fate, Sms


class Ledger:
    """Every batch taken, in order."""

    def __init__(
        self,
        *,
        write: Callable[[bytes], object] | None = None,
        on_sms: Callable[[Sms], None] | None = None,
    ) -> None:
        self._write = write
        self._on_sms = on_sms
        self._batches: dict[str, Batch] = {}
        self._ids = 0

    def accept(
        self,
        request: BatchRequest,
        now: datetime,
        fate_of: Callable[[Msisdn], Fate] = lambda _: Fate(),
    ) -> Batch:
        """Take *request*: in the journal first, then everywhere else."""
        batch_id = self._new_id(now)
        messages = tuple(
            Sms(
                id=self._new_id(now),
                batch_id=batch_id,
                at=now,
                number=Msisdn(f"+{digits}"),
                sender=request.sender,
                text=text,
                reference=request.reference or "",
                priority=request.priority,
                closes=request.closes,
                fate=fate_of(Msisdn(f"+{digits}")),
            )
            for digits, text in request.texts
        )
        batch = Batch(batch_id, now, request, messages)
        if self._write is not None:
            self._write(journal_line(batch))
        self._batches[batch_id] = batch
        if self._on_sms is not None:
            for sms in messages:
                self._on_sms(sms)
        return batch

    def batches(self, until: datetime) -> Sequence[Batch]:
        """The batches taken at *until* or before, oldest first."""
        return [batch for batch in self._batches.values() if batch.at <= until]

    def find(self, batch_id: str) -> Batch | None:
        """The batch with that id."""
        return self._batches.get(batch_id)

    def messages(self) -> tuple[Sms, ...]:
        """Every SMS, oldest first."""
        return tuple(sms for batch in self._batches.values() for sms in batch.messages)

    def _new_id(self, now: datetime) -> str:
        # 24 hex digits, the first eight the time: the look of iP.1's ids.
        self._ids += 1
        return f"{int(now.timestamp()):08x}{self._ids:016x}"
