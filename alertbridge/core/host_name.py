"""The short name of a machine, as people say it: `db1` for `db1.example.org:9100`."""

import re

_ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|\[[0-9a-fA-F:.]{2,45}\]")
_NAME = re.compile(r"[\w-]+(?:\.[\w-]+)*\.?")
_PORT = re.compile(r":\d{1,5}$")
_EXPORTER_PORT = re.compile(r":9\d{3}$")
"""Prometheus hands out 9100 and up to exporters: the port of the thermometer, not of
the patient (as in `wording_place`). Other ports stay: two databases share a machine."""


def host_of(text: str) -> str:
    """Shorten a host name: no domain, no exporter's port; an address stays whole.

    What is no host name (a URL, a path, a sentence) is returned as it is.

    >>> [host_of(t) for t in ("db1.example.org:9100", "db1:5432", "10.20.30.41:9100")]
    ['db1', 'db1:5432', '10.20.30.41']
    """
    whole = text.strip()
    if whole.count(":") > 1 and not whole.startswith("["):
        # An IPv6 address without brackets: what follows its last colon is no port.
        return whole
    host = _PORT.sub("", whole)
    port = whole[len(host) :]
    if _EXPORTER_PORT.fullmatch(port):
        port = ""
    if _ADDRESS.fullmatch(host):
        return host + port
    if not _NAME.fullmatch(host):
        return text
    return host.partition(".")[0] + port
