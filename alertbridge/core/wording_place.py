"""Where it is: the labels that tell an alert from its siblings.

Everything else a label may hold (the scrape job, the team, how bad) is either said
elsewhere in the text or sends nobody to the right machine.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from alertbridge.core.alert import Labels, is_hidden
from alertbridge.core.encoding import ELLIPSIS
from alertbridge.core.said import says

MOST_VALUES = 4
FEW_VALUES = 2
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
    # Which part of the machine. A mount point names its device.
    "mountpoint",
    "filesystem",
    "device",
    "interface",
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

_RANK = {name: rank for rank, name in enumerate(WHERE)}

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

_NAMED = frozenset((*_MACHINES, *_OBJECTS))
"""With one of these, `instance` is only who was scraped."""

_MOUNTS = frozenset(("mountpoint", "filesystem"))

_EXPORTER_PORT = re.compile(r":9[0-9]{3}$")
"""Prometheus hands out 9100 and up to exporters: the port of the thermometer, not of
the patient. Other ports are kept, two databases may share a machine."""

_DULL_DOMAIN = re.compile(
    r"(?<=\w)\.(?:(?:[\w-]+\.)?compute\.internal|ec2\.internal|svc\.cluster\.local|localdomain)$"
)
"""Domains that clouds and Kubernetes give to everything: they tell nothing apart."""

_WHOLE_URL = re.compile(r"[a-z][a-z0-9+.-]{0,31}:/{2,}([\w.:-]+)/?", re.IGNORECASE)
_HOST = re.compile(r"([\w-]*[^\W\d_][\w-]*)\.(?:[\w-]+\.)*[^\W\d_]{2,}(:[0-9]+)?")
_HASH = "bcdfghjklmnpqrstvwxz2456789"
"""What Kubernetes makes its names of: no vowels, so no words."""

_POD = re.compile(rf"(.*\w)-(?=[0-9]*[a-z])[{_HASH}]{{6,10}}-([{_HASH}]{{5}})")


class Form(IntEnum):
    """How short a place is written: each form does all that those before it do.

    `FEW` leaves out all values but the first two, in a digest; one alert keeps them.
    """

    FULL = 0
    NO_DOMAIN = 1
    SHORT_POD = 2
    SHORT_PATH = 3
    FEW = 4


@dataclass(frozen=True, slots=True)
class Value:
    """One label that says where: as shown, and every way a summary may name it."""

    shown: str
    raw: tuple[str, ...]
    is_host: bool = False

    def written(self, form: Form) -> str:
        """Write it in *form*."""
        text = self.shown
        if form >= Form.NO_DOMAIN and self.is_host:
            text = without_domain(text)
        if form >= Form.SHORT_POD and "-" in text:
            text = short_pod(text)
        if form >= Form.SHORT_PATH:
            text = short_path(text)
        return text


def without_domain(host: str) -> str:
    """Write a host without its domain: `db1.example.org` as `db1`; an address stays."""
    found = _HOST.fullmatch(host)
    return host if found is None else found[1] + (found[2] or "")


def short_pod(pod: str) -> str:
    """Write a pod without the hash of its ReplicaSet: `api-6c9f7d5b8c-x2x7q`."""
    found = _POD.fullmatch(pod)
    return pod if found is None else f"{found[1]}-..{found[2]}"


def short_path(path: str) -> str:
    """Write a path by its ends: `/var/lib/kubelet/pods/x` as `/var/../x`."""
    if not path.startswith("/"):
        return path
    steps = path.removeprefix("/dev/").split("/")
    return (
        "/".join((*steps[:2], "..", steps[-1])) if len(steps) > 4 else "/".join(steps)
    )


def values(
    labels: Labels,
    *,
    severity_label: str = "severity",
    read: Callable[[object], str] = str,
    leave_out: str = "",
) -> list[Value]:
    """Find the values that say where, what helps most first, none of them twice.

    *read* makes a label's value fit for a text; *leave_out* is a label that the name
    of the alert says already.
    """
    found: list[Value] = []
    for value in _all_values(labels, severity_label, read, leave_out):
        if not _repeats(value.shown, [other.shown for other in found]):
            found.append(value)
            if len(found) == MOST_VALUES:
                break
    return found


def place(
    found: list[Value], *, said: str = "", form: Form = Form.FULL, limit: int = 80
) -> str:
    """Name where it is in *limit* characters, without what *said* says already."""
    words: list[str] = []
    for value in found:
        if said and any(says(said, raw) for raw in (value.shown, value.raw[0])):
            continue
        shown = value.written(form)
        if len(" ".join((*words, shown))) > limit:
            # The values come in the order of what helps most: keep whole ones.
            return " ".join(words) if words else shorten(shown, limit)
        words.append(shown)
    return " ".join(words)


def shorten(text: str, limit: int) -> str:
    """Take the middle out of *text* beyond *limit* (at least 10) characters.

    Machine-made names differ at both ends: `payments-api-...-x2x7q`.
    """
    if len(text) <= limit:
        return text
    kept = limit - len(ELLIPSIS)
    tail = kept // 3
    return text[: kept - tail].rstrip() + ELLIPSIS + text[len(text) - tail :].lstrip()


def _all_values(
    labels: Labels, severity_label: str, read: Callable[[object], str], leave_out: str
) -> list[Value]:
    found: list[Value] = []
    namespace = None
    for name in _known(labels, severity_label, leave_out):
        raw = str(labels[name])[:500]
        if ":/" in raw and (url := _WHOLE_URL.fullmatch(raw)) is not None:
            raw = url[1]
        raw = read(raw)
        parts: tuple[str, ...] = (raw,)
        if name in _OWNED and namespace is not None:
            outer = found.pop(namespace).shown
            parts = (f"{outer}/{raw}", raw, outer) if outer else parts
            namespace = None
        elif name == "namespace":
            namespace = len(found)
        shown = parts[0]
        is_host = name in _HOSTS
        if is_host:
            if name == "instance":
                shown = _EXPORTER_PORT.sub("", shown)
            shown = _DULL_DOMAIN.sub("", shown)
        found.append(Value(shown, parts, is_host))
    return [value for value in found if value.shown]


_HOSTS = frozenset((*_MACHINES, "instance", "target", "url"))
_OWNED = frozenset((*_OBJECTS, "service"))


def is_telling(name: str) -> bool:
    """Say whether a label may tell two alerts of one name apart."""
    return not is_hidden(name) and name not in _NEVER


def telling(name: str) -> tuple[int, str]:
    """Order labels by how much they tell: the scrape job is the last resort."""
    return _RANK.get(name, len(_RANK) + (name == "job")), name


def _known(labels: Labels, severity_label: str, leave_out: str) -> list[str]:
    """The labels to read out, in their order."""
    known = [n for n in labels if n in _RANK and labels[n] and n != leave_out]
    known.sort(key=_RANK.__getitem__)
    if not _NAMED.isdisjoint(known):
        known = [name for name in known if name != "instance"]
    if not _MOUNTS.isdisjoint(known):
        known = [name for name in known if name != "device"]
    if known:
        return known
    return sorted(
        name
        for name in labels
        if labels[name]
        and not is_hidden(name)
        and name not in _NEVER
        and name not in (severity_label, "job", leave_out)
    ) or [name for name in ("job",) if labels.get(name)]


def _repeats(value: str, words: list[str]) -> bool:
    """Say whether an earlier word is this one, or its short host name."""
    return any(value == word or value.startswith(word + ".") for word in words)
