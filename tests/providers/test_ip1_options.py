"""A wrong account is found when the config is read, and without showing its token."""

import pytest
from pydantic import ValidationError

from alertbridge.core.secret import Secret
from alertbridge.providers.ip1_options import Ip1Options

CANARY = "canary-9c1e"


def build(**changes: object) -> Ip1Options:
    """Make options as the config would, with *changes*."""
    return Ip1Options.model_validate(
        {"token": Secret(CANARY), "sender": "iP1"} | changes
    )


@pytest.mark.parametrize(
    "sender", ["iP1", "abc", "A1234567890", "46701740605", "123456789012345", "0AB"]
)
def test_senders_that_ip1_takes(sender: str) -> None:
    """3 to 11 letters and digits, or a number of up to 15."""
    assert build(sender=sender).sender == sender


@pytest.mark.parametrize(
    "sender",
    [
        pytest.param("AB", id="short"),
        pytest.param("A12345678901", id="12-characters"),
        pytest.param("larmé", id="accent"),
        pytest.param("1234567890123456", id="16-digits"),
        pytest.param("012345678901", id="leading-zero"),
        pytest.param("+46701740605", id="plus"),
        pytest.param("My Co", id="space"),
        pytest.param("iP1\n", id="line-break"),
        pytest.param("", id="empty"),
        pytest.param(46701740605, id="not-a-string"),
    ],
)
def test_senders_that_ip1_refuses(sender: object) -> None:
    """They are a config error, not a page that fails at night."""
    with pytest.raises(ValidationError, match="sender"):
        build(sender=sender)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.ip1sms.com",
        "https://gateway.example.org:8443/ip1",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "http://localhost:8080",
    ],
)
def test_base_urls_that_keep_the_token_safe(url: str) -> None:
    """TLS anywhere, or plain http to this machine."""
    assert build(base_url=url).base_url == url


def test_a_slash_at_the_end_is_dropped() -> None:
    """Paths are appended to it."""
    assert build(base_url="https://api.ip1sms.com/").base_url == (
        "https://api.ip1sms.com"
    )


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://api.ip1sms.com", id="plain-http"),
        pytest.param("http://169.254.169.254/", id="metadata-service"),
        pytest.param("http://localhost.example.org", id="not-localhost"),
        pytest.param("ftp://api.ip1sms.com", id="ftp"),
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("api.ip1sms.com", id="no-scheme"),
        pytest.param("https://", id="no-host"),
        pytest.param(f"https://u:{CANARY}@api.ip1sms.com", id="userinfo"),
        pytest.param("https://api.ip1sms.com?a=b", id="query"),
        pytest.param("https://api.ip1sms.com#a", id="fragment"),
        pytest.param("https://api.ip1sms.com:port", id="bad-port"),
        pytest.param("https://[::1", id="bad-ipv6"),
        pytest.param("https://api.ip1sms.com/a b", id="space"),
        pytest.param("https://api.ip1sms.com/\r\nX: y", id="line-break"),
    ],
)
def test_base_urls_that_are_refused(url: str) -> None:
    """Nothing that sends the token in clear, or somewhere unclear."""
    with pytest.raises(ValidationError, match="base_url") as caught:
        build(base_url=url)

    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param(f"{CANARY}\n", id="line-break"),
        pytest.param(f"{CANARY} x", id="space"),
        pytest.param(f"{CANARY}é", id="accent"),
    ],
)
def test_a_token_that_no_header_can_hold_is_refused(token: str) -> None:
    """And the message does not show it."""
    with pytest.raises(ValidationError, match="token") as caught:
        build(token=Secret(token))

    assert CANARY not in str(caught.value)


def test_a_token_in_clear_is_refused() -> None:
    """Only a resolved secret is taken, so that nothing prints it on the way."""
    with pytest.raises(ValidationError) as caught:
        build(token=CANARY)

    assert CANARY not in str(caught.value)


def test_options_do_not_show_the_token() -> None:
    """Neither `repr` nor a dump for people has it."""
    options = build()

    assert CANARY not in f"{options!r} {options} {options.model_dump()}"


@pytest.mark.parametrize("rate", [0, 1001, True, "30", 2.5])
def test_a_rate_outside_1_to_1000_is_refused(rate: object) -> None:
    """A whole number of requests, and at least one."""
    with pytest.raises(ValidationError, match="requests_per_second"):
        build(requests_per_second=rate)


def test_an_unknown_key_is_refused() -> None:
    """A misspelt option is not an option left at its default."""
    with pytest.raises(ValidationError, match="priority_for_critcal"):
        build(priority_for_critcal=True)
