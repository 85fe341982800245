"""An alert's name in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.readable import readable, words_of


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("NodeFilesystemSpaceFillingUp", "Node filesystem space filling up"),
        ("KubeAPIErrorBudgetBurn", "Kube API error budget burn"),
        ("KubeHpaMaxedOut", "Kube HPA maxed out"),
        ("NodeRAIDDegraded", "Node RAID degraded"),
        ("CPUThrottlingHigh", "CPU throttling high"),
        ("ManyCPUsHot", "Many CPUs hot"),
        ("KubeStatefulSetReplicasMismatch", "Kube StatefulSet replicas mismatch"),
        ("MySQLDown", "MySQL down"),
        ("RabbitMQQueueGrows", "RabbitMQ queue grows"),
        ("High5xxRate", "High 5xx rate"),
        ("K8sNodeDown", "K8s node down"),
        ("P95LatencyHigh", "P95 latency high"),
        ("Utf8NamesOdd", "Utf8 names odd"),
        ("Disk90PercentFull", "Disk 90 percent full"),
        (
            "PrometheusErrorSendingAlertsToAnyAlertmanager",
            "Prometheus error sending alerts to any Alertmanager",
        ),
        ("disk_full", "disk full"),
        ("instance-down", "instance down"),
        ("DISK_FULL", "disk full"),
        ("UPS_ON_BATTERY", "UPS on battery"),
        ("web-01-down", "web-01-down"),
        ("etcdMembersDown", "etcd members down"),
        ("Watchdog", "Watchdog"),
        ("High CPU usage", "High CPU usage"),
        ("job:errors:rate5m", "job:errors:rate5m"),
        ("DiskFullPåDatorn", "Disk full på datorn"),
        ("دیسک_پر", "دیسک_پر"),
        ("ДискПолон", "ДискПолон"),
        ("_", "_"),
        ("", ""),
    ],
)
def test_readable(name: str, expected: str) -> None:
    """Words for a reader; acronyms, digits and what was readable stay."""
    assert readable(name) == expected


@given(st.from_regex(r"[A-Za-z0-9_-]{1,80}", fullmatch=True))
def test_no_letter_and_no_digit_is_lost(name: str) -> None:
    """Whatever the name, the words are its letters and digits, in their order."""

    def bare(text: str) -> str:
        return "".join(c for c in text if c.isalnum()).casefold()

    assert bare(readable(name)) == bare(name)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("NodeClockSkewDetected", ["node", "clock", "skew", "detected"]),
        ("Too many Pods", ["too", "many", "pod"]),
        ("queries, addresses", ["query", "addresse"]),
        ("kube-state-metrics", ["kube", "state", "metric"]),
        ("пусто", ["пусто"]),
    ],
)
def test_words_for_comparing(text: str, words: list[str]) -> None:
    """Without case and plural; CamelCase is several words."""
    assert words_of(text) == words
