"""Which labels say where an alert is, and what counts as said already."""

import pytest

from alertbridge.core.alert import Labels
from alertbridge.core.wording_place import place, says


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param({"instance": "db1:9100"}, "db1", id="exporter-port-goes"),
        pytest.param({"instance": "db1:5432"}, "db1:5432", id="own-port-stays"),
        pytest.param({"instance": "[::1]:9100"}, "[::1]", id="ipv6"),
        pytest.param(
            {"namespace": "shop", "pod": "api-1", "instance": "10.0.0.9:8080"},
            "shop/api-1",
            id="pod-rather-than-who-was-scraped",
        ),
        pytest.param(
            {"namespace": "shop", "pod": "api-1", "container": "web"},
            "shop/api-1 web",
            id="container-in-pod",
        ),
        pytest.param({"namespace": "shop", "name": "q"}, "shop q", id="namespace"),
        pytest.param(
            {"namespace": "shop", "service": "cart", "instance": "web1"},
            "web1 shop/cart",
            id="service-does-not-hide-the-machine",
        ),
        pytest.param({"namespace": "\u200b", "pod": "api-1"}, "api-1", id="blank"),
        pytest.param(
            {"host": "db1", "instance": "db1.example.org:9100"}, "db1", id="said-once"
        ),
        pytest.param(
            {"node": "ip-10-0-3-17.eu-north-1.compute.internal"},
            "ip-10-0-3-17",
            id="dull-domain",
        ),
        pytest.param({"job": "node"}, "node", id="job-if-nothing-else"),
        pytest.param(
            {"job": "node", "tenant_id": "acme", "rack": "7"},
            "7 acme",
            id="unknown-labels-by-name",
        ),
        pytest.param(
            {"team": "ops", "severity": "x", "__meta__": "y", "grafana_folder": "z"},
            "",
            id="labels-that-say-no-place",
        ),
        pytest.param(
            {
                "instance": "db1",
                "device": "d",
                "mountpoint": "m",
                "name": "n",
                "env": "e",
            },
            "db1 d m n",
            id="four-at-most",
        ),
        pytest.param({"rulename": "High CPU"}, "High CPU", id="grafana-no-data"),
    ],
)
def test_place(labels: Labels, expected: str) -> None:
    """Where it is comes from the labels that send somebody to the right machine."""
    assert place({"alertname": "Bad", **labels}) == expected


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        pytest.param("full on db1", "db1", True, id="last-word"),
        pytest.param("DB1 is full", "db1", True, id="without-case"),
        pytest.param("full (db1).", "db1", True, id="in-punctuation"),
        pytest.param("full on db10", "db1", False, id="part-of-a-word"),
        pytest.param("db1.example.org is full", "db1", False, id="part-of-a-host"),
        pytest.param("db1:5432 is full", "db1", False, id="host-with-a-port"),
        pytest.param("/var/lib is full", "/var", False, id="part-of-a-path"),
        pytest.param("mounted on /, at", "/", True, id="root"),
        pytest.param("n/a", "/", False, id="no-root"),
        pytest.param("anything", "", False, id="nothing"),
    ],
)
def test_says(text: str, value: str, expected: bool) -> None:
    """Only a word of its own counts as said."""
    assert says(text, value) is expected


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        pytest.param(80, "payments/api-6c9f7d5b8c-x2x7q web prod", id="all"),
        pytest.param(36, "payments/api-6c9f7d5b8c-x2x7q web", id="whole-values"),
        pytest.param(20, "payments/api...x2x7q", id="both-ends-of-the-first"),
    ],
)
def test_place_within_a_limit(limit: int, expected: str) -> None:
    """What is cut of a place is what helps least."""
    labels = {
        "namespace": "payments",
        "pod": "api-6c9f7d5b8c-x2x7q",
        "container": "web",
        "cluster": "prod",
    }

    assert place(labels, limit=limit) == expected
