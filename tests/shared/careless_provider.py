"""A provider with the mistakes that the contract suites are for, and must find."""

from aiohttp import ClientError, ClientSession
from provider_types import TOKEN

from alertbridge.core.message import (
    Accepted,
    Outcome,
    Outcomes,
    Rejected,
    Submission,
    Uncertain,
)
from alertbridge.core.notification import ProviderName


class Careless:
    """A provider as it is quickly written, with the mistakes this suite is for."""

    name = ProviderName("careless")
    requests_per_second = 1000
    most_numbers = 1000

    def __init__(self, url: str, session: ClientSession) -> None:
        self._url = url
        self._session = session

    async def submit(self, submission: Submission) -> Outcomes:
        """Follow redirects, believe every 2xx, try again after a 500."""
        outcome: Outcome = Rejected(detail="nothing")
        for number in submission.numbers * 2:
            try:
                async with self._session.post(
                    self._url, data=number, headers={"Authorization": TOKEN}
                ) as response:
                    body = await response.text("latin-1")
            except (ClientError, OSError) as exc:
                return Outcomes(Uncertain(detail=repr(exc)))
            if response.ok:
                return Outcomes(Accepted(provider_id=body[:9]))
            outcome = Rejected(detail=f"HTTP {response.status}: {body}")
        return Outcomes(outcome)

    async def check(self) -> list[str]:
        """Nothing to say."""
        return []
