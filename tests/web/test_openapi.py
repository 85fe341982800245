"""`docs/openapi.yaml` and the server agree: routes, statuses, bodies, both ways."""

import dataclasses
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml
from aiohttp import ClientSession
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from alertbridge.core.ack import AckRule
from alertbridge.core.spend_report import SpendRow
from alertbridge.ports import EpisodeRow, HistoryRow, OutboxRow, Quarantined
from alertbridge.sources.page import Page
from alertbridge.web import api
from alertbridge.web.app import build_app
from alertbridge.wiring import Daemon

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]
ToldBy = Callable[[Daemon], Awaitable[dict[str, list[str]]]]
Group = Callable[..., dict[str, object]]

DOCUMENT: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[2] / "docs" / "openapi.yaml").read_text("utf-8")
)
BASE = "urn:openapi"
REGISTRY: Registry[Any] = Registry().with_resource(
    BASE, Resource.from_contents(DOCUMENT, default_specification=DRAFT202012)
)


class Disk(Protocol):
    """What these tests use of the disk in the conftest."""

    full: bool


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every documented method, path, and operation."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield method.upper(), path, operation


def follow(node: dict[str, Any]) -> dict[str, Any]:
    """Resolve a reference, if it is one."""
    while "$ref" in node:
        found: Any = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def validate(schema: dict[str, Any], value: object) -> None:
    """Check a value; references start from the document."""
    anchored = _anchored(schema)
    Draft202012Validator(anchored, registry=REGISTRY).validate(value)


def _anchored(node: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(node, dict):
        return {
            key: f"{BASE}{value}" if key == "$ref" else _anchored(value)
            for key, value in node.items()
        }
    return [_anchored(item) for item in node] if isinstance(node, list) else node


def references(node: object) -> Iterator[str]:
    """Every `$ref` in a part of the document."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


async def test_every_route_is_documented_and_every_documented_path_is_a_route(
    serve: Serve,
) -> None:
    """The app's own table, against the document's."""
    daemon, _ = await serve()
    served = set()

    for route in build_app(daemon.doors).router.routes():
        assert route.resource is not None
        if route.method != "HEAD":
            served.add((route.method, route.resource.canonical))

    assert served == {(method, path) for method, path, _ in operations()}


def test_every_reference_leads_somewhere() -> None:
    """And every component is used."""
    used = set(references(DOCUMENT))
    there = {
        f"#/components/{kind}/{name}"
        for kind in ("parameters", "responses", "schemas")
        for name in DOCUMENT["components"][kind]
    }

    assert used == there


def test_every_schema_is_one() -> None:
    """JSON Schema 2020-12, as OpenAPI 3.1 wants it."""
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_operation_ids_are_unique() -> None:
    """Generators of clients make functions of them."""
    ids = [operation["operationId"] for _, _, operation in operations()]

    assert len(ids) == len(set(ids))


def test_every_path_parameter_is_described() -> None:
    """Each name in braces, and no other."""
    for path, item in DOCUMENT["paths"].items():
        named = {part.strip("{}") for part in path.split("/") if part.startswith("{")}
        described = [follow(one) for one in item.get("parameters", [])]
        assert {one["name"] for one in described if one["in"] == "path"} == named


@pytest.mark.parametrize(
    ("record", "schema"),
    [
        (HistoryRow, "HistoryRow"),
        (EpisodeRow, "Episode"),
        (OutboxRow, "OutboxRow"),
        (Quarantined, "Quarantined"),
        (SpendRow, "SpendRow"),
    ],
)
def test_every_field_of_a_record_is_documented(record: Any, schema: str) -> None:  # noqa: ANN401
    """A field that is added shows up in the document."""
    fields = [field.name for field in dataclasses.fields(record)]
    documented = DOCUMENT["components"]["schemas"][schema]

    assert fields == list(documented["properties"]) == documented["required"]


@pytest.mark.parametrize(
    ("model", "schema"),
    [
        (api.Ack, "Ack"),
        (api.Hold, "Hold"),
        (api.Ids, "Notifications"),
        (api.Backup, "Backup"),
        (Page, "Page"),
    ],
)
def test_every_key_of_a_request_is_documented(model: Any, schema: str) -> None:  # noqa: ANN401
    """A key that is added shows up in the document."""
    documented = DOCUMENT["components"]["schemas"][schema]["properties"]

    assert set(documented) == set(model.model_fields)


Steps = list[tuple[str, str, str, object, int]]

ASKED: Steps = [
    ("POST", "/v1/webhooks/{source}", "/v1/webhooks/am", None, 400),
    ("POST", "/v1/webhooks/{source}", "/v1/webhooks/none", {}, 404),
    ("PUT", "/v1/webhooks/{source}", "/v1/webhooks/bearer", {}, 401),
    ("POST", "/v1/reports/{provider}/{secret}", "/v1/reports/p/s", {}, 404),
    ("GET", "/v1/reports/{provider}/{secret}", "/v1/reports/p/s", None, 404),
    ("POST", "/v1/page", "/v1/page", {"summary": "x"}, 200),
    ("PUT", "/v1/page", "/v1/page", {"sumary": "x"}, 400),
    ("GET", "/-/healthy", "/-/healthy", None, 200),
    ("GET", "/-/ready", "/-/ready", None, 200),
    ("GET", "/metrics", "/metrics", None, 200),
    ("GET", "/api/v1/history", "/api/v1/history", None, 200),
    ("GET", "/api/v1/history", "/api/v1/history?limit=0", None, 400),
    ("GET", "/api/v1/episodes/{id}", "/api/v1/episodes/1", None, 200),
    ("GET", "/api/v1/episodes/{id}", "/api/v1/episodes/99", None, 404),
    ("POST", "/api/v1/episodes/{id}/ack", "/api/v1/episodes/1/ack", {"by": "a"}, 200),
    ("POST", "/api/v1/episodes/{id}/ack", "/api/v1/episodes/9/ack", {"by": "a"}, 404),
    ("POST", "/api/v1/episodes/{id}/ack", "/api/v1/episodes/1/ack", {}, 400),
    ("GET", "/api/v1/episodes/{id}", "/api/v1/episodes/1", None, 200),
    ("GET", "/api/v1/codes/{id}", "/api/v1/codes/10", None, 200),
    ("GET", "/api/v1/codes/{id}", "/api/v1/codes/99", None, 404),
    ("POST", "/api/v1/codes/{id}/ack", "/api/v1/codes/10/ack", {"by": "a"}, 200),
    ("POST", "/api/v1/codes/{id}/ack", "/api/v1/codes/99/ack", {"by": "a"}, 404),
    ("POST", "/api/v1/codes/{id}/ack", "/api/v1/codes/10/ack", {}, 400),
    ("GET", "/a/{token}", "/a/0000000000000", None, 404),
    ("POST", "/a/{token}", "/a/0000000000000", None, 404),
    ("GET", "/api/v1/outbox", "/api/v1/outbox", None, 200),
    ("GET", "/api/v1/outbox", "/api/v1/outbox?dead=1", None, 200),
    ("POST", "/api/v1/outbox/hold", "/api/v1/outbox/hold", {"seconds": 5}, 200),
    ("POST", "/api/v1/outbox/hold", "/api/v1/outbox/hold", {"seconds": 0}, 400),
    ("POST", "/api/v1/outbox/release", "/api/v1/outbox/release", None, 200),
    (
        "POST",
        "/api/v1/outbox/cancel",
        "/api/v1/outbox/cancel",
        {"notifications": [1]},
        200,
    ),
    (
        "POST",
        "/api/v1/outbox/requeue",
        "/api/v1/outbox/requeue",
        {"notifications": [1]},
        200,
    ),
    ("GET", "/api/v1/spend", "/api/v1/spend", None, 200),
    ("GET", "/api/v1/quarantine", "/api/v1/quarantine", None, 200),
    ("POST", "/api/v1/backup", "/api/v1/backup", {"path": "/dev/full"}, 400),
    ("POST", "/api/v1/backup", "/api/v1/backup", {"path": "/proc/copy.db"}, 503),
    ("POST", "/api/v1/test/{recipient}", "/api/v1/test/anna", None, 200),
    ("POST", "/api/v1/test/{recipient}", "/api/v1/test/nobody", None, 404),
    ("POST", "/-/reload", "/-/reload", None, 200),
    ("PUT", "/-/reload", "/-/reload", None, 200),
]


async def ask_as_documented(
    client: ClientSession,
    method: str,
    path: str,
    target: str,
    body: object,
    status: int,
    **headers: str,
) -> None:
    """Ask, and hold the answer against what the document says of that status."""
    json = {} if body is None else {"json": body}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.request(method, target, headers=named, **json) as response:  # type: ignore[arg-type]
        assert response.status == status
        documented = follow(
            DOCUMENT["paths"][path][method.lower()]["responses"][str(status)]
        )
        schema = documented["content"][response.content_type]["schema"]
        is_json = response.content_type == "application/json"
        validate(schema, await (response.json() if is_json else response.text()))
        for name in documented.get("headers", {}):
            assert name in response.headers


async def test_answers_are_as_documented(
    serve: Serve, group: Group, told: ToldBy, tmp_path: Path
) -> None:
    """Each path with what it answers on a day when pages have been sent."""
    daemon, client = await serve(file=tmp_path / "alertbridge.db")
    rules = daemon.current.rules
    daemon.current.rules = dataclasses.replace(rules, ack=AckRule(codes=True))
    for _ in range(2):
        async with client.post("/v1/webhooks/am", json=group("DiskFull")):
            pass
        await told(daemon)

    for method, path, target, body, status in ASKED:
        await ask_as_documented(client, method, path, target, body, status)


def test_every_operation_is_asked() -> None:
    """A path that is added without a line above is noticed."""
    asked = {(method, path) for method, path, *_ in ASKED}

    assert asked == {(method, path) for method, path, _ in operations()}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param(method, path, id=f"{method} {path}")
        for method, path, operation in operations()
        if operation.get("security") != [{}] and not path.startswith("/v1/")
    ],
)
async def test_operators_paths_are_401_as_documented(
    serve: Serve, method: str, path: str
) -> None:
    """For a web page that is open on the daemon's own machine."""
    _, client = await serve()
    target = path.replace("{id}", "1").replace("{recipient}", "anna")

    await ask_as_documented(
        client, method, path, target, None, 401, Origin="https://evil.example"
    )


@pytest.mark.parametrize(
    ("method", "path", "target", "body"),
    [
        ("POST", "/v1/webhooks/{source}", "/v1/webhooks/am", {"alerts": []}),
        ("POST", "/v1/page", "/v1/page", {"summary": "x"}),
        ("GET", "/-/ready", "/-/ready", None),
        ("POST", "/api/v1/outbox/hold", "/api/v1/outbox/hold", {"seconds": 5}),
        ("POST", "/api/v1/test/{recipient}", "/api/v1/test/anna", None),
    ],
)
async def test_a_full_disk_is_503_as_documented(
    serve: Serve, disk: Disk, method: str, path: str, target: str, body: object
) -> None:
    """With what a sender needs to come again."""
    _, client = await serve()
    disk.full = True

    await ask_as_documented(client, method, path, target, body, 503)
