"""iP.1's HTTP interface, as documented, on top of a ledger."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from http import HTTPStatus
from json import JSONDecodeError

from aiohttp import web
from aiohttp.typedefs import Handler

from alertbridge.simulator.gateway_batches import BadBatch, read_batch
from alertbridge.simulator.gateway_documents import (
    batch_document,
    iso,
    message_document,
    summary_document,
)
from alertbridge.simulator.gateway_faults import FaultKind, Faults
from alertbridge.simulator.gateway_ledger import Ledger
from alertbridge.simulator.gateway_mischief import Sleep, fail_early, fail_late, problem
from alertbridge.simulator.gateway_page import cut_page
from alertbridge.simulator.gateway_rate import RollingSecond
from alertbridge.simulator.gateway_reports import Reports
from alertbridge.simulator.gateway_sms import Batch


class GatewayApi:
    """The paths that a client of iP.1 may use."""

    def __init__(
        self,
        *,
        token: str,
        senders: Collection[str],
        ledger: Ledger,
        faults: Faults,
        requests: RollingSecond,
        reports: Reports,
        now: Callable[[], datetime],
        sleep: Sleep,
    ) -> None:
        self._reports = reports
        self._token = token
        self._senders = senders
        self._ledger = ledger
        self._faults = faults
        self._requests = requests
        self._now = now
        self._sleep = sleep
        self._opened_at = now()

    def routes(self) -> list[web.AbstractRouteDef]:
        """What is served, each behind the account's limit and the token."""
        batch = "/v2/batches/{batch}"
        return [
            web.post("/v2/batches", self._guard(self._post_batch)),
            web.get("/v2/batches", self._guard_read(self._list_batches)),
            web.get(batch, self._guard_read(self._get_batch)),
            web.get(f"{batch}/messages", self._guard_read(self._list_messages)),
            web.get(
                f"{batch}/messages/{{message}}", self._guard_read(self._get_message)
            ),
            web.get("/v2/me/senders", self._guard_read(self._list_senders)),
            web.get("/api/me", self._guard_read(self._get_account)),
        ]

    def _guard(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not self._requests.admit(self._now()):
                response = problem(429, "Rate limit is exceeded.")
                response.headers["Retry-After"] = "1"
                return response
            if request.headers.get("Authorization") != f"Bearer {self._token}":
                return problem(401, "Access denied.")
            return await handler(request)

        return guarded

    def _guard_read(self, handler: Handler) -> Handler:
        async def spoiled(request: web.Request) -> web.StreamResponse:
            fault = self._faults.next_read()
            early = fail_early(request, fault)
            if early is not None:
                return early
            answer = await handler(request)
            assert isinstance(answer, web.Response)
            return await fail_late(request, fault, answer, self._sleep)

        return self._guard(spoiled)

    async def _post_batch(self, request: web.Request) -> web.StreamResponse:
        fault = self._faults.next_submit()
        if fault.kind is FaultKind.ERROR_SLOWLY:
            await self._sleep(fault.seconds)
        early = fail_early(request, fault)
        if early is not None:
            return early
        if request.content_type != "application/json":
            return problem(415, "Unsupported media type.")
        try:
            document: object = await request.json()
        except (JSONDecodeError, UnicodeDecodeError, RecursionError):
            return problem(400, "The body is not JSON.")
        taken = read_batch(document, self._senders)
        if isinstance(taken, BadBatch):
            errors = {field: [words] for field, words in taken.errors.items()}
            return problem(400, "One or more validation errors occurred.", errors)
        if fault.kind is FaultKind.ACCEPT_LATE:
            await self._sleep(fault.seconds)
        now = self._now()
        batch = self._ledger.accept(taken, now, self._faults.plan.reports.fate_of)
        self._reports.follow(batch)
        answer = web.json_response(
            batch_document(batch, now), status=HTTPStatus.CREATED
        )
        return await fail_late(request, fault, answer, self._sleep)

    async def _list_batches(self, request: web.Request) -> web.Response:
        now = self._now()
        batches = self._ledger.batches(now - self._faults.plan.lag)
        return self._page(request, [batch_document(batch, now) for batch in batches])

    async def _get_batch(self, request: web.Request) -> web.Response:
        batch = self._find(request)
        now = self._now()
        return web.json_response(
            batch_document(batch, now) | summary_document(batch, now)
        )

    async def _list_messages(self, request: web.Request) -> web.Response:
        now = self._now()
        messages = self._find(request).messages
        return self._page(
            request, [message_document(sms, now, history=False) for sms in messages]
        )

    async def _get_message(self, request: web.Request) -> web.Response:
        wanted = request.match_info["message"]
        for sms in self._find(request).messages:
            if sms.id == wanted:
                return web.json_response(
                    message_document(sms, self._now(), history=True)
                )
        raise web.HTTPNotFound

    async def _list_senders(self, request: web.Request) -> web.Response:
        created = iso(self._opened_at)
        rows = [{"sender": name, "created": created} for name in sorted(self._senders)]
        return self._page(request, rows)

    async def _get_account(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "Account": "ip1-00000",
                "Organization": "Simulated",
                "Type": "Swedish",
                "Balance": 1000.0,
                "Currency": "SEK",
            }
        )

    def _find(self, request: web.Request) -> Batch:
        batch = self._ledger.find(request.match_info["batch"])
        if batch is None:
            raise web.HTTPNotFound
        return batch

    def _page(self, request: web.Request, rows: Sequence[object]) -> web.Response:
        url = str(request.url.with_query(None))
        loose = self._faults.plan.loose_links
        page = cut_page(rows, request.query, url, loose=loose)
        if page is None:
            return problem(400, "Pagination parameters invalid")
        return web.json_response(page.rows, headers={"Link": page.link})
