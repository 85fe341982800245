"""Sends one page by iP.1's provider to each URL: `submit_page.py URL...`.

Prints one JSON object: for each URL what became of it, and why. A process of its own,
because whom TLS trusts is read from the environment when a process starts.
"""

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta

from alertbridge.core.encoding import measure
from alertbridge.core.message import Accepted, Message, Reference, Submission
from alertbridge.core.notification import MessageId, ProviderName
from alertbridge.core.recipient import Msisdn, RecipientName
from alertbridge.core.secret import Secret
from alertbridge.providers.http_session import new_session
from alertbridge.providers.ip1 import Ip1
from alertbridge.providers.ip1_options import Ip1Options

TOKEN = "canary-token-5d20"
NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)


def page(reference: str) -> Submission:
    """One page to one number."""
    message = Message(
        id=MessageId(1),
        recipient=RecipientName("anna"),
        number=Msisdn("+46701740605"),
        tells=(),
    )
    return Submission(
        reference=Reference(reference),
        provider=ProviderName("p"),
        text=measure("CRITICAL Disk full"),
        urgent=True,
        closes_at=NOW + timedelta(hours=1),
        began_at=NOW,
        messages=(message,),
    )


async def submit_all(urls: list[str]) -> dict[str, dict[str, str]]:
    """Send to each of *urls* at once."""
    found: dict[str, dict[str, str]] = {}
    async with new_session() as session:

        async def submit(url: str) -> None:
            options = Ip1Options(base_url=url, token=Secret(TOKEN), sender="iP1")
            provider = Ip1(ProviderName("p"), options, session)
            outcome = (await provider.submit(page("ref-1"))).all
            why = "" if isinstance(outcome, Accepted) else outcome.detail
            found[url] = {"outcome": type(outcome).__name__, "why": why}

        async with asyncio.TaskGroup() as group:
            for url in urls:
                group.create_task(submit(url))
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(submit_all(sys.argv[1:]))) + "\n")
