"""No link of a stranger can be tapped: written so that no phone makes one of it.

A phone offers for a tap what has a scheme, what begins with `www.`, and a host with a
path. Of those the scheme and the `www.` go, and the dots of the host become commas:
`https://evil.example/x` reads `evil,example/x`, and is never longer than it was. A bare
host name says where something is, and stays as it is.
"""

import re

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,31}:/{2,}(?P<host>[^\s/?#]*)", re.IGNORECASE)
_WWW = re.compile(r"(?<![\w-])www\.(?P<host>[\w.-]*)", re.IGNORECASE)
_BARE = re.compile(
    r"(?<![\w-])(?P<host>(?:[\w-]+\.)+[^\W\d_][\w-]*)(?=(?::[0-9]{1,5})?[/?#])"
)
_ADDRESS = re.compile(
    # Not 10.0.0.0/8: a network is no page.
    r"(?<![\w.])(?P<host>[0-9]{1,3}(?:\.[0-9]{1,3}){3})"
    r"(?=(?::[0-9]{1,5})?[/?#](?![0-9]{1,2}(?![\w/.?#])))"
)
_PATHS = frozenset("/?#")
_OWN = re.compile(
    r"(?<![a-z0-9+.-])https?://(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::[0-9]{1,5})?"
    # Nothing that makes the host the name of a user, or of another host.
    r"(?![\w@:\\%-]|\.\w)(?:[/?#](?:(?![a-z]+:/)[\w./?=&%#~+:-])*)?",
    re.IGNORECASE,
)


def defang(text: str, linked_hosts: frozenset[str] = frozenset()) -> str:
    """Write *text* so that no link in it can be tapped, but those to *linked_hosts*.

    A link to one of them, or to a sub-domain, by http or https, stays whole.
    """
    if "." not in text and ":/" not in text:
        return text
    parts: list[str] = []
    end = 0
    if linked_hosts:
        for found in _OWN.finditer(text):
            if is_linked(found["host"], linked_hosts):
                parts += (
                    _defang_all(text[end : found.start()], linked_hosts),
                    found[0],
                )
                end = found.end()
    parts.append(_defang_all(text[end:], linked_hosts))
    return "".join(parts)


def is_linked(host: str, linked_hosts: frozenset[str]) -> bool:
    """Say whether *host* is one of *linked_hosts*, or below one."""
    host = host.casefold()
    return any(
        host == linked or host.endswith("." + linked)
        for linked in (name.casefold() for name in linked_hosts)
    )


def _defang_all(text: str, linked_hosts: frozenset[str]) -> str:
    # One may hide another, hthttp://tp://evil, or be made by it: a:/www./evil.
    while ":/" in text or "www." in text.lower():
        shown = _WWW.sub(_host, _SCHEME.sub(_host, text))
        if shown == text:
            break
        text = shown
    if _PATHS.isdisjoint(text):
        return text

    def bare(found: re.Match[str]) -> str:
        return found[0] if is_linked(found["host"], linked_hosts) else _host(found)

    return _ADDRESS.sub(_host, _BARE.sub(bare, text))


def _host(found: re.Match[str]) -> str:
    """Write the host with commas; a `www.` in front is of no use to a reader."""
    host = found["host"]
    return re.sub(r"^www\.", "", host, flags=re.IGNORECASE).replace(".", ",")
