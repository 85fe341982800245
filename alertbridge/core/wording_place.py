"""Where it is: the labels that tell an alert from its siblings.

Everything else a label may hold (the scrape job, the team, how bad) is either said
elsewhere in the text or sends nobody to the right machine.
"""

import re

from alertbridge.core.alert import Labels, is_hidden
from alertbridge.core.cleaning import clean
from alertbridge.core.encoding import ELLIPSIS

MOST_VALUES = 4
"""More names than this are read as noise, and push the summary out of the text."""

_MACHINES = ("host", "hostname", "nodename", "node")
"""The machine itself, as somebody named it: what one logs in to."""

_OBJECTS = (
    "deployment",
    "statefulset",
    "daemonset",
    "cronjob",
    "job_name",
    "horizontalpodautoscaler",
    "poddisruptionbudget",
    "persistentvolumeclaim",
    "persistentvolume",
    "pod",
)
"""Kubernetes: what one gives to kubectl, after its namespace."""

WHERE = (
    *_MACHINES,
    # Who was scraped: the machine if nothing above names it, else only the exporter.
    "instance",
    # Kubernetes reads namespace/object, then the container inside.
    "namespace",
    *_OBJECTS,
    # Kubernetes has services, and so has everybody else.
    "service",
    "container",
    # Which part of the machine.
    "device",
    "interface",
    "mountpoint",
    "filesystem",
    # Which of the things that run there.
    "name",
    "unit",
    "vhost",
    "database",
    "datname",
    "queue",
    "topic",
    "consumergroup",
    "controller",
    "integration",
    "handler",
    "resource",
    "remote_name",
    # Probes: the thing looked at from outside.
    "target",
    "url",
    # Grafana calls every rule without data DatasourceNoData; its own name is here.
    "rulename",
    # Which copy of everything: last, as most people have one or can guess.
    "cluster",
    "datacenter",
    "region",
    "zone",
    "environment",
    "env",
    "tenant",
)
"""The labels that say where, in the order they are read out."""

_NEVER = frozenset(
    {
        "alertname",
        "severity",
        # Who should care, and which of two equal Prometheus servers saw it.
        "team",
        "prometheus",
        "prometheus_replica",
        "replica",
        "monitor",
        # How a Grafana rule is filed.
        "grafana_folder",
        "datasource_uid",
        "ref_id",
    }
)

_EXPORTER_PORT = re.compile(r":9[0-9]{3}$")
"""Prometheus hands out 9100 and up to exporters: the port of the thermometer, not of
the patient. Other ports are kept, two databases may share a machine."""

_DULL_DOMAIN = re.compile(
    r"(?<=\w)\.(?:(?:[\w-]+\.)?compute\.internal|ec2\.internal|svc\.cluster\.local|localdomain)$"
)
"""Domains that clouds and Kubernetes give to everything: they tell nothing apart."""

_BEFORE = r"(?<![\w/.:-])"
_AFTER = r"(?![\w/-]|[.:]\w)"


def place(
    labels: Labels, *, severity_label: str = "severity", said: str = "", limit: int = 80
) -> str:
    """Name where it is in *limit* characters, without what *said* says already."""
    words: list[str] = []
    for shown, raw in _values(labels, severity_label):
        if says(said, shown) or says(said, raw) or _repeats(shown, words):
            continue
        if len(" ".join((*words, shown))) > limit or len(words) == MOST_VALUES:
            # The values come in the order of what helps most: keep whole ones.
            return " ".join(words) if words else shorten(shown, limit)
        words.append(shown)
    return " ".join(words)


def says(text: str, value: str) -> bool:
    """Say whether *text* already has *value* as a word of its own.

    `/var` is not said by `/var/lib`, nor `db1` by `db1.example.org`.
    """
    if not value or value.casefold() not in text.casefold():
        return False
    pattern = _BEFORE + re.escape(value) + _AFTER
    return re.search(pattern, text, re.IGNORECASE) is not None


def shorten(text: str, limit: int) -> str:
    """Take the middle out of *text* beyond *limit* (at least 10) characters.

    Machine-made names differ at both ends: `payments-api-...-x2x7q`.
    """
    if len(text) <= limit:
        return text
    kept = limit - len(ELLIPSIS)
    tail = kept // 3
    return text[: kept - tail].rstrip() + ELLIPSIS + text[len(text) - tail :].lstrip()


def _values(labels: Labels, severity_label: str) -> list[tuple[str, str]]:
    """The values to read out, as shown and as labelled."""
    known = [name for name in WHERE if labels.get(name)]
    if any(name in _MACHINES or name in _OBJECTS for name in known):
        known = [name for name in known if name != "instance"]
    if not known:
        known = sorted(
            name
            for name in labels
            if labels[name]
            and not is_hidden(name)
            and name not in _NEVER
            and name not in (severity_label, "job")
        ) or [name for name in ("job",) if labels.get(name)]
    values: list[tuple[str, str]] = []
    namespace = None
    for name in known:
        raw = clean(str(labels[name])[:500])
        if name in (*_OBJECTS, "service") and namespace is not None:
            _, outer = values.pop(namespace)
            raw = f"{outer}/{raw}" if outer else raw
            namespace = None
        elif name == "namespace":
            namespace = len(values)
        shown = _EXPORTER_PORT.sub("", raw) if name == "instance" else raw
        values.append((_DULL_DOMAIN.sub("", shown), raw))
    return [(shown, raw) for shown, raw in values if shown]


def _repeats(value: str, words: list[str]) -> bool:
    """Say whether an earlier word is this one, or its short host name."""
    return any(value == word or value.startswith(word + ".") for word in words)
