"""A description that could not work, or would give secrets away, is a config error."""

import pytest
from pydantic import ValidationError

from alertbridge.core.secret import Secret
from alertbridge.providers.http_options import HttpOptions

CANARY = "canary-9c1e"
FORM = {"to": "{{ number }}", "text": "{{ text }}"}
GOOD: dict[str, object] = {
    "url": "https://sms.example.org/send",
    "form": FORM,
    "answer": {"accepted": {"status": [200]}},
}


def build(**changes: object) -> HttpOptions:
    """Make options with *changes*; None takes a key out."""
    given = {**GOOD, **changes}
    return HttpOptions.model_validate({k: v for k, v in given.items() if v is not None})


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="plain"),
        pytest.param({"url": "http://127.0.0.1:9710/sms"}, id="loopback"),
        pytest.param(
            {"url": "http://192.168.1.20:8080/m", "allow_plain_http": True}, id="lan"
        ),
        pytest.param(
            {"url": "http://[fd00::1]:8080/m", "allow_plain_http": True}, id="lan-ipv6"
        ),
        pytest.param({"url": "https://h/{{ sender }}?a={{ digits }}"}, id="places"),
        pytest.param(
            {"form": None, "json": {"a": "{{ text }}{{ number }}"}}, id="json"
        ),
        pytest.param(
            {"method": "GET", "form": None, "query": dict(FORM)}, id="all-in-the-query"
        ),
        *(
            pytest.param(
                {
                    "form": None,
                    "body": {"text": text, "content_type": "a/b", "escape": escape},
                },
                id=f"body-in-{escape}",
            )
            for escape, text in (
                ("json", '{"a": "{{ number }}", "b": ["{{ text }}"]}'),
                (
                    "xml",
                    '<?xml version="1.0"?><a b="{{ number }}">{{ text }}</a>',
                ),
                ("url", "a={{ number }}&b={{ text }}"),
            )
        ),
        pytest.param(
            {
                "secrets": {"a": Secret("s")},
                "headers": {"X-A": "{{ secrets.a }}"},
                "form": FORM,
            },
            id="secret",
        ),
    ],
)
def test_descriptions_that_are_taken(changes: dict[str, object]) -> None:
    """Each says where the text and the number go."""
    assert build(**changes).answer.accepted.status == (200,)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"url": "http://192.168.1.20/m"}, "in clear", id="lan-unasked"),
        pytest.param(
            {"url": "http://sms.example.org", "allow_plain_http": True},
            "in clear",
            id="plain-http-to-a-name",
        ),
        pytest.param(
            {"url": "http://203.0.113.1", "allow_plain_http": True},
            "in clear",
            id="plain-http-to-the-world",
        ),
        pytest.param(
            {"url": "http://169.254.169.254/", "allow_plain_http": True},
            "in clear",
            id="metadata-service",
        ),
        pytest.param({"url": "https://{{ number }}/"}, "host", id="host"),
        pytest.param({"url": "https://h{{ number }}/"}, "host", id="half-a-host"),
        pytest.param({"url": "https://h:8{{ digits }}/"}, "URL", id="port"),
        pytest.param({"url": "{{ sender }}://h/"}, "URL|host", id="scheme"),
        pytest.param({"url": f"https://u:{CANARY}@h/"}, "basic_auth", id="userinfo"),
        pytest.param({"url": "https://h/#{{ number }}"}, "#", id="fragment"),
        pytest.param({"url": "https://h/{{ text }}"}, "query", id="text-in-the-path"),
        pytest.param({"url": "https://h/{{ nmber }}"}, "not known", id="typo"),
        pytest.param({"url": "https://h/a b"}, "characters", id="space"),
        pytest.param({"form": {"to": "{{ number }}"}}, "text", id="no-text"),
        pytest.param({"form": {"a": "{{ text }}"}}, "number", id="no-number"),
        pytest.param({"json": {"a": "{{ text }}"}}, "more than one", id="two-bodies"),
        pytest.param({"method": "GET"}, "POST", id="body-in-a-get"),
        pytest.param({"headers": {"X": "{{ text }}"}}, "header", id="text-in-a-header"),
        pytest.param({"headers": {"X\r\nY": "a"}}, "header", id="header-name"),
        pytest.param({"headers": {"X": "a\r\nY: b"}}, "header", id="header-value"),
        pytest.param({"headers": {"Host": "other"}}, "header", id="host-header"),
        pytest.param({"headers": {"Content-Length": "1"}}, "header", id="length"),
        pytest.param({"headers": {"X": "{{ secrets.a }}"}}, "secrets", id="no-secret"),
        pytest.param(
            {
                "secrets": {"a": Secret(f"{CANARY}é")},
                "headers": {"X": "{{ secrets.a }}"},
            },
            "header",
            id="secret-that-no-header-holds",
        ),
        pytest.param(
            {"secrets": {"a": Secret(f"{CANARY}\x1b")}}, "print", id="secret-escape"
        ),
        pytest.param({"secrets": {"a b": Secret(CANARY)}}, "name", id="secret-name"),
        pytest.param({"secrets": {"a": CANARY}}, "secrets", id="secret-in-clear"),
        pytest.param({"sender": "a\nb"}, "sender", id="sender"),
        pytest.param(
            {"basic_auth": {"username": "a:b", "password": Secret(CANARY)}},
            "colon",
            id="username",
        ),
        pytest.param(
            {
                "basic_auth": {"username": "a", "password": Secret(CANARY)},
                "headers": {"authorization": "x"},
            },
            "two ways",
            id="two-authorizations",
        ),
        pytest.param({"answer": None}, "answer", id="no-answer"),
        pytest.param({"answer": {}}, "accepted", id="nothing-accepted"),
        pytest.param(
            {"answer": {"accepted": {}}}, "every answer", id="everything-accepted"
        ),
        pytest.param(
            {"answer": {"accepted": {"status": [99]}}}, "status", id="no-status"
        ),
        pytest.param(
            {"answer": {"accepted": {"status": [200]}, "id": "a..b"}}, "path", id="path"
        ),
        pytest.param(
            {"report": {"status": "s", "delivered": ["d"]}}, "which message", id="no-id"
        ),
        pytest.param(
            {"report": {"id": "i", "status": "s", "delivered": []}},
            "delivered",
            id="nothing-delivered",
        ),
        pytest.param(
            {
                "form": None,
                "body": {
                    "text": "{{ number }}:{{ text }}",
                    "content_type": "text/plain",
                    "escape": "plain",
                },
            },
            "change the body",
            id="plain-text-with-something-around-it",
        ),
        *(
            pytest.param(
                {
                    "form": None,
                    "body": {"text": text, "content_type": "a/b", "escape": escape},
                },
                words,
                id=name,
            )
            for name, escape, text, words in (
                ("bare", "json", '{"a": "{{ number }}", "b": {{ text }}}', "not JSON"),
                ("cut", "json", '{"a": "{{ number }}", "b": "{{ text }}"', "not JSON"),
                ("attribute", "xml", "<a b={{ text }}>{{ number }}</a>", "not XML"),
                ("open", "xml", "<a>{{ text }}{{ number }}", "not XML"),
                ("fixed", "plain", "hello", "change the body"),
            )
        ),
    ],
)
def test_descriptions_that_are_refused(changes: dict[str, object], words: str) -> None:
    """With what is wrong, and without a secret."""
    with pytest.raises(ValidationError, match=words) as caught:
        build(**changes)

    assert CANARY not in str(caught.value)
