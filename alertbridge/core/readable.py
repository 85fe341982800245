"""An alert's name in words: `KubeAPIErrorBudgetBurn` as `Kube API error budget burn`.

Names are written for programs. A person at night reads words; what was words already,
or is written in another script, stays as it is.
"""

import re

PRODUCTS = (
    *("CockroachDB", "PostgreSQL", "ClickHouse", "PersistentVolume", "StatefulSet"),
    *("ReplicaSet", "DaemonSet", "PgBouncer", "OpenSearch", "ZooKeeper", "DynamoDB"),
    *("WireGuard", "RabbitMQ", "InfluxDB", "MariaDB", "MongoDB", "CouchDB", "CoreDNS"),
    *("HAProxy", "OpenVPN", "GitHub", "GitLab", "SQLite", "StatsD", "MySQL", "NoSQL"),
    *("DevOps", "OAuth", "IPv4", "IPv6", "NVMe", "IPsec", "QoS"),
)
"""Words with capitals inside."""

_ACRONYMS = (
    "acl ai api arp aws bgp ca cdn ci cpu crl csi css db dhcp dns ecc ecs eks etl "
    "fd fs gc gcp gke gpu hdd hpa html http https iam icmp id imap io iops ip ipmi "
    "jmx json jvm jwt kms lan lb ldap led lvm mfa mq mtu nas nat nfs nic ntp oid "
    "oom os pdb pdu pid pleg psu pv pvc raid ram rds rpc rpo rss rto s3 saml san sd "
    "sla sli slo smtp snmp sql sqs ssd ssh ssl sso tcp tls tsdb ttl udp ups uri url "
    "usb uuid vip vm vpc vpn vrrp waf wal wan xml zfs"
)
ACRONYMS = frozenset(_ACRONYMS.split())
"""Written in capitals, however a name writes them: `KubeHpaMaxedOut`."""

PROPER = frozenset(("kubernetes", "prometheus", "alertmanager", "grafana", "kafka"))
"""Names of things, which keep their capital."""

_UPPER, _LOWER = "A-ZÀ-ÖØ-Þ", "a-zß-öø-ÿ"
_MACHINE_MADE = re.compile(rf"[{_UPPER}{_LOWER}0-9_-]+")
_WORD = re.compile(
    "|".join(
        (
            *PRODUCTS,
            rf"[{_UPPER}]{{2,}}s(?![{_LOWER}])",
            rf"[{_UPPER}][0-9]+[{_LOWER}]*",
            rf"[{_UPPER}]{{2,}}[0-9]*(?![{_LOWER}])",
            # Utf8Names; but Disk90Percent is three words.
            rf"[{_UPPER}][{_LOWER}]+[0-9](?![0-9{_LOWER}])",
            rf"[{_UPPER}][{_LOWER}]+",
            rf"[0-9]+[{_LOWER}]*",
            rf"[{_LOWER}]+[0-9]*",
            rf"[{_UPPER}]",
        )
    )
)
_AS_WRITTEN = frozenset(PRODUCTS)


def readable(name: str) -> str:
    """Write the *name* of an alert in words, the first as it is written."""
    if not _MACHINE_MADE.fullmatch(name):
        return name
    if "-" in name and any(character.isdigit() for character in name):
        # web-01-down: a host, not three words.
        return name.replace("_", " ").strip() or name
    shouted = name.isupper() and ("_" in name or "-" in name)
    words = _WORD.findall(name.lower() if shouted else name)
    if not words:
        return name
    first, *rest = words
    return " ".join((_first(first), *map(_inner, rest)))


def _first(word: str) -> str:
    return word.upper() if word.lower() in ACRONYMS else word


def _inner(word: str) -> str:
    if word in _AS_WRITTEN or word.lower().removesuffix("s") in PROPER | _AS_WRITTEN:
        return word
    if word.lower() in ACRONYMS:
        return word.upper()
    capitals = sum(character.isupper() for character in word)
    if capitals > 1 or (capitals and not word.isalpha()):
        return word
    return word.lower() if len(word) > 1 else word


def words_of(text: str) -> list[str]:
    """Take *text* apart into the words it is made of, for comparing: `crash`, `loop`.

    Without case, without the plural's s; a CamelCase word is several.
    """
    found: list[str] = []
    for run in _RUN.findall(text):
        parts = _WORD.findall(run) if _MACHINE_MADE.fullmatch(run) else [run]
        found += (_singular(part.casefold()) for part in parts)
    return found


_RUN = re.compile(r"\w+")


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word
