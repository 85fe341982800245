"""Addresses, URLs and sizes of a config."""

from collections.abc import Callable

import pytest

from alertbridge.config import ConfigError, Loaded
from alertbridge.config.address import Listen, parse_listen

LoadText = Callable[..., Loaded]


@pytest.mark.parametrize(
    ("text", "listen"),
    [
        pytest.param("127.0.0.1:10876", Listen("127.0.0.1", 10876), id="ipv4"),
        pytest.param("[::1]:80", Listen("::1", 80), id="ipv6"),
        pytest.param(":80", Listen("", 80), id="every-interface"),
        pytest.param("host.example.org:0", Listen("host.example.org", 0), id="name"),
    ],
)
def test_an_address_to_listen_on(text: str, listen: Listen) -> None:
    """HOST:PORT, with brackets around an IPv6 host."""
    assert parse_listen(text) == listen


@pytest.mark.parametrize(
    "text",
    ["localhost", "::1:80", "[::1", "[x]:80", "a b:80", "a:65536", "a:-1", "a:٨", ""],
    ids=repr,
)
def test_what_is_no_address_is_refused(
    text: str, minimal: str, load_text: LoadText
) -> None:
    """A start on the wrong port would look like a start."""
    with pytest.raises(ConfigError, match="not an address to listen on"):
        load_text(minimal + f"server: {{listen: '{text}'}}\n")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        pytest.param("http://[::1", "not a URL", id="broken"),
        pytest.param("http://a:99999/", "not a URL", id="port"),
        pytest.param("ftp://a/", "not an http or https URL", id="scheme"),
        pytest.param("https:///path", "not an http or https URL", id="no-host"),
        pytest.param("http://a/b c", "a URL with characters", id="space"),
        pytest.param("http://a/é", "a URL with characters", id="not-ascii"),
        pytest.param("http://[fe80::1]/", "a link-local address", id="link-local"),
    ],
)
def test_a_url_that_we_will_not_call(
    url: str, problem: str, minimal: str, load_text: LoadText
) -> None:
    """Each is told, and none is repeated: it may hold a password."""
    with pytest.raises(ConfigError) as caught:
        load_text(minimal + f"heartbeat: {{url: '{url}'}}\n")

    (found,) = caught.value.problems
    assert found.problem.startswith(problem)
    assert url not in str(found)


def test_a_url_loses_the_slash_at_its_end(minimal: str, load_text: LoadText) -> None:
    """Paths are put behind it."""
    loaded = load_text(minimal + "server: {external_url: https://a.example/b/}\n")

    assert loaded.settings.server.external_url == "https://a.example/b"


@pytest.mark.parametrize(
    ("text", "size"), [("1MiB", 1024**2), ("64KiB", 65536), ("4096", 4096)]
)
def test_a_size(text: str, size: int, minimal: str, load_text: LoadText) -> None:
    """With a unit, or in bytes."""
    loaded = load_text(minimal + f"server: {{max_body: {text}}}\n")

    assert loaded.settings.server.max_body == size
