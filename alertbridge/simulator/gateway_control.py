"""`/control/…`: how a test in another process reads and steers the gateway.

No token: the gateway is meant for loopback, and holds nothing that is real.
"""

from json import JSONDecodeError

from aiohttp import web

from alertbridge.simulator.gateway_documents import sms_document
from alertbridge.simulator.gateway_faults import Faults, read_plan
from alertbridge.simulator.gateway_ledger import Ledger
from alertbridge.simulator.gateway_rate import RollingSecond


class ControlApi:
    """The paths that belong to the test, not to the client under test."""

    def __init__(
        self, *, ledger: Ledger, faults: Faults, requests: RollingSecond
    ) -> None:
        self._ledger = ledger
        self._faults = faults
        self._requests = requests

    def routes(self) -> list[web.AbstractRouteDef]:
        """What is served; none of it counts against the account's limit."""
        return [
            web.get("/control/messages", self._list_messages),
            web.get("/control/phones/{number}", self._list_texts),
            web.get("/control/stats", self._get_stats),
            web.post("/control/faults", self._set_faults),
        ]

    def stats(self) -> dict[str, object]:
        """Count requests, what was taken, and the faults that were met."""
        messages = self._ledger.messages()
        return {
            "requests": self._requests.total,
            "max_per_second": self._requests.maximum,
            "batches": len({sms.batch_id for sms in messages}),
            "messages": len(messages),
            "segments": sum(sms.text.segments for sms in messages),
            "faults": {str(kind): times for kind, times in self._faults.met.items()},
        }

    async def _list_messages(self, _: web.Request) -> web.Response:
        return web.json_response([sms_document(sms) for sms in self._ledger.messages()])

    async def _list_texts(self, request: web.Request) -> web.Response:
        number = "+" + request.match_info["number"].removeprefix("+")
        return web.json_response(
            [sms.text.body for sms in self._ledger.messages() if sms.number == number]
        )

    async def _get_stats(self, _: web.Request) -> web.Response:
        return web.json_response(self.stats())

    async def _set_faults(self, request: web.Request) -> web.Response:
        try:
            plan = read_plan(await request.json())
        except JSONDecodeError:
            raise web.HTTPBadRequest(text="not JSON\n") from None
        except ValueError as exc:
            raise web.HTTPBadRequest(text=f"{exc}\n") from exc
        self._faults.replace(plan)
        return web.Response(status=204)
