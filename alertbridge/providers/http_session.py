"""The HTTP session that providers share: no proxy, no cookies, no reused socket."""

from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from alertbridge.providers.addresses import LastingResolver

MAX_CONNECTIONS = 64
"""Open requests over all providers; one request lasts 10 s at most, so 30 a second
against a gateway that hangs wait for a place, inside the connect timeout."""


def new_session() -> ClientSession:
    """Open a session whose every request gets a fresh connection.

    A page is rare: by the time the next one leaves, the far side has closed an idle
    connection, and a POST written into it is lost with no way to tell whether it was
    read. The handshake costs some 50 ms; a reused socket costs an Uncertain page.

    `HTTPS_PROXY` in the environment is ignored: a page must not depend on, nor its
    token travel through, what a shell happened to export.
    """
    return ClientSession(
        connector=TCPConnector(
            force_close=True, limit=MAX_CONNECTIONS, resolver=LastingResolver()
        ),
        cookie_jar=DummyCookieJar(),
        trust_env=False,
    )
