"""How a provider whose circuit is open is tried out, over a real socket."""

from datetime import UTC, datetime

from alertbridge.core.message import Deferred
from alertbridge.core.notification import ProviderName
from alertbridge.core.rules import Rules
from alertbridge.core.secret import Secret
from alertbridge.engine.circuits import Circuits
from alertbridge.engine.current import Current
from alertbridge.providers.http_session import new_session
from alertbridge.providers.ip1 import Ip1
from alertbridge.providers.ip1_options import Ip1Options
from alertbridge.simulator.gateway import Gateway

NAME = ProviderName("one")
NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
SHUT = Deferred(detail="HTTP 401", account_is_shut=True)


async def test_a_probe_is_a_question_and_no_sms(rules: Rules) -> None:
    """It is answered, and one request may try again; nobody's phone has rung (C24)."""
    current = Current(rules)
    circuits = Circuits(current)
    gateway = Gateway(token="canary-token-5d20", now=lambda: NOW)
    async with gateway.serving() as url, new_session() as session:
        token = Secret("canary-token-5d20")
        options = Ip1Options(base_url=url, token=token, sender="iP1")
        provider = Ip1(NAME, options, session)
        circuits.note(NAME, SHUT)
        before = current.resting

        closed = await circuits.probe({NAME: provider})

    assert before == {NAME}
    assert closed
    assert current.resting == frozenset()
    assert int(str(gateway.stats()["requests"])) > 0
    assert gateway.messages == ()
