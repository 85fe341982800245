"""Which labels say where an alert is, and how they are written shorter."""

import pytest

from alertbridge.core.alert import Labels
from alertbridge.core.cleaning import clean
from alertbridge.core.wording_place import (
    Form,
    place,
    short_path,
    short_pod,
    values,
    without_domain,
)


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
                "interface": "i",
                "queue": "q",
                "name": "n",
                "env": "e",
            },
            "db1 i n q",
            id="four-at-most",
        ),
        pytest.param(
            {"instance": "db1", "device": "/dev/sda1", "mountpoint": "/var"},
            "db1 /var",
            id="mount-point-names-its-device",
        ),
        pytest.param(
            {"instance": "https://shop.example.org/"},
            "shop.example.org",
            id="probe-of-a-site",
        ),
        pytest.param({"rulename": "High CPU"}, "High CPU", id="grafana-no-data"),
    ],
)
def test_place(labels: Labels, expected: str) -> None:
    """Where it is comes from the labels that send somebody to the right machine."""
    found = values({"alertname": "Bad", **labels}, read=lambda value: clean(str(value)))

    assert place(found) == expected


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

    assert place(values(labels), limit=limit) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("db1.example.org", "db1"),
        ("db1.example.org:5432", "db1:5432"),
        ("10.20.30.41", "10.20.30.41"),
        ("db1", "db1"),
        ("web-03.eu-north-1.example.org", "web-03"),
    ],
)
def test_without_domain(value: str, expected: str) -> None:
    """A host keeps its own name and its port; an address stays."""
    assert without_domain(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("payments-api-6c9f7d5b8c-x2x7q", "payments-api-..x2x7q"),
        ("shop/api-6c9f7d5b8c-x2x7q", "shop/api-..x2x7q"),
        ("backup-28412340-x2x7q", "backup-28412340-x2x7q"),
        ("prometheus-k8s-0", "prometheus-k8s-0"),
        ("node-exporter-x2x7q", "node-exporter-x2x7q"),
    ],
)
def test_short_pod(value: str, expected: str) -> None:
    """The hash of a ReplicaSet goes; deployment and pod stay."""
    assert short_pod(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/dev/nvme0n1p1", "nvme0n1p1"),
        ("/var/lib/kubelet/pods/x", "/var/../x"),
        ("/var/lib/postgresql", "/var/lib/postgresql"),
        ("/", "/"),
        ("shop/api", "shop/api"),
    ],
)
def test_short_path(value: str, expected: str) -> None:
    """A path is known by its ends, a device by its name."""
    assert short_path(value) == expected


def test_forms_build_on_each_other() -> None:
    """The shortest does what those before it do; only hosts lose a domain."""
    labels = {"host": "db1.example.org", "device": "/dev/sda1", "unit": "a.service"}
    found = values(labels)

    assert [place(found, form=form) for form in Form] == [
        "db1.example.org /dev/sda1 a.service",
        "db1 /dev/sda1 a.service",
        "db1 /dev/sda1 a.service",
        "db1 sda1 a.service",
        "db1 sda1 a.service",
    ]
