"""Apprise against servers on loopback: what its yes and its no are worth."""

import asyncio
import io
import logging
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator

import pytest
from aiohttp import ClientSession
from pydantic import ValidationError

from alertbridge.config import UNREADABLE
from alertbridge.core.message import Accepted, Deferred, Submission, Uncertain
from alertbridge.core.notification import ProviderName
from alertbridge.core.secret import Secret
from alertbridge.providers import apprise as ours
from alertbridge.providers.apprise import (
    AppriseOptions,
    AppriseService,
    surely_not_sent,
)

MakeSubmission = Callable[..., Submission]
Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
TOKEN = "canary-token-5d20"
NUMBER = "+46701740605"


class Raw:
    """What the tests use of the raw server in the conftest."""

    requests: list[bytes]


ServeRaw = Callable[[Answer], Awaitable[tuple[Raw, str]]]
Make = Callable[[str], AppriseService]


@pytest.fixture
def make(session: ClientSession) -> Make:
    """Make a provider for an Apprise URL."""

    def make(url: str) -> AppriseService:
        options = AppriseOptions(url=Secret(url), requests_per_second=1000)
        return AppriseService(ProviderName("chat"), options, session)

    return make


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the root logger, which is ours, gets at its most talkative."""
    said = io.StringIO()
    root, handler = logging.getLogger(), logging.StreamHandler(said)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield said
    root.setLevel(level)
    root.removeHandler(handler)


def say(status: int) -> Answer:
    """Answer with a status."""

    async def respond(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status} -\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()

    return respond


async def hang_up(_: bytes, writer: asyncio.StreamWriter) -> None:
    """Read the request, and say nothing."""
    writer.close()


async def test_a_yes_is_accepted_and_the_number_stands_in_the_url(
    make: Make, make_submission: MakeSubmission, serve_raw: ServeRaw
) -> None:
    """Quoted: a plus in a URL would be a space."""
    raw, url = await serve_raw(say(200))
    target = url.replace("http://", "json://")

    outcomes = await make(f"{target}/{{{{ number }}}}/{{{{digits}}}}").submit(
        make_submission(NUMBER, body="DiskFull *db1* €")
    )

    assert outcomes.all == Accepted(provider_id="")
    (request,) = raw.requests
    assert request.startswith(b"POST /+46701740605/46701740605 ")
    assert b"DiskFull *db1* \\u20ac" in request


@pytest.mark.parametrize(
    "answer", [say(500), say(404), say(429), hang_up], ids=["500", "404", "429", "mute"]
)
async def test_a_no_may_have_been_sent(
    make: Make, make_submission: MakeSubmission, serve_raw: ServeRaw, answer: Answer
) -> None:
    """The request was read by somebody; Apprise does not say what came of it."""
    raw, url = await serve_raw(answer)
    target = url.replace("http://", f"json://u:{TOKEN}@")

    outcomes = await make(f"{target}/").submit(make_submission(NUMBER))

    assert isinstance(outcomes.all, Uncertain)
    assert len(raw.requests) == 1
    assert TOKEN not in outcomes.all.detail


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("json://127.0.0.1:{port}/", id="refused"),
        pytest.param("json://nobody.invalid/", id="no-such-host"),
        pytest.param(
            "mailto://127.0.0.1:{port}?from=a@x.example&to=b@x.example",
            id="smtp-refused",
        ),
    ],
)
async def test_without_a_connection_it_surely_was_not_sent(
    make: Make, make_submission: MakeSubmission, unused_tcp_port: int, target: str
) -> None:
    """A site without internet waits, or takes another way; nobody is dead."""
    outcomes = await make(target.format(port=unused_tcp_port)).submit(
        make_submission(NUMBER)
    )

    assert isinstance(outcomes.all, Deferred)


async def test_of_two_targets_one_may_have_got_it(
    make: Make,
    make_submission: MakeSubmission,
    serve_raw: ServeRaw,
    unused_tcp_port: int,
) -> None:
    """A refused connection is no proof while another target was served."""
    _, url = await serve_raw(say(200))
    lines = [
        "Sent JSON POST notification.",
        "Socket Exception: (Caused by NewConnectionError(refused))",
    ]

    assert not surely_not_sent(lines)
    assert surely_not_sent(lines[1:])
    assert url


@pytest.mark.parametrize(
    ("lines", "sure"),
    [
        pytest.param([], False, id="nothing-said"),
        pytest.param(["Throttling for 5s..."], False, id="something-else"),
        pytest.param(
            ["Socket Exception: ('Connection aborted.', RemoteDisconnected('x'))"],
            False,
            id="cut-off",
        ),
        pytest.param(
            ["Socket Exception: (Caused by ReadTimeoutError('x'))"], False, id="silent"
        ),
        pytest.param(
            [
                "Socket Exception: (Caused by NewConnectionError('x'))",
                "Socket Exception: (Caused by ReadTimeoutError('x'))",
            ],
            False,
            id="one-of-each",
        ),
        pytest.param(
            [
                "Socket Exception: (Caused by NewConnectionError('x'))",
                "Failed to send JSON POST notification: error=500.",
            ],
            False,
            id="another-was-answered",
        ),
        pytest.param(
            ["JSON Payload: NewConnectionError("], False, id="words-in-a-text"
        ),
        pytest.param(
            ["Socket Exception: (Caused by ConnectTimeoutError('x'))"], True, id="far"
        ),
    ],
)
def test_only_what_leaves_no_doubt_counts(lines: list[str], *, sure: bool) -> None:
    """Deferred is a promise that nothing was sent."""
    assert surely_not_sent(lines) is sure


async def test_a_service_that_says_nothing_is_not_waited_for(
    make: Make, make_submission: MakeSubmission, serve_raw: ServeRaw
) -> None:
    """Its own limit of four seconds, or ours of ten."""
    end = asyncio.Event()

    async def wait(_: bytes, writer: asyncio.StreamWriter) -> None:
        await end.wait()

    _, url = await serve_raw(wait)
    try:
        async with asyncio.timeout(12):
            outcomes = await make(url.replace("http://", "json://")).submit(
                make_submission(NUMBER)
            )
    finally:
        end.set()

    assert isinstance(outcomes.all, Uncertain)


@pytest.mark.parametrize(
    "url", [f"nosuch://{TOKEN}", f"not a {TOKEN}", TOKEN, f"tgram://{TOKEN}"]
)
def test_a_url_that_apprise_does_not_know_is_refused_and_not_repeated(
    url: str, log: io.StringIO
) -> None:
    """When the config is read; Apprise would have written it to the log."""
    with pytest.raises(ValidationError) as caught:
        AppriseOptions(url=Secret(url))

    assert "is no URL that Apprise takes" in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert log.getvalue() == ""


async def test_nothing_of_a_message_gets_into_our_log(
    make: Make, make_submission: MakeSubmission, serve_raw: ServeRaw, log: io.StringIO
) -> None:
    """Apprise and what it stands on log payloads and addresses, tokens and all."""
    _, url = await serve_raw(say(500))

    await make(url.replace("http://", "json://") + "/{{ digits }}").submit(
        make_submission(NUMBER, body="canary-text-7f3a")
    )

    said = [line for line in log.getvalue().splitlines() if "asyncio" not in line]
    assert said == []


def test_a_secret_that_could_not_be_read_stops_no_start() -> None:
    """The daemon takes webhooks meanwhile, and says what is wrong."""
    assert AppriseOptions(url=Secret(UNREADABLE)).url.reveal() == ours.STAND_IN


async def test_a_secret_that_could_not_be_read_sends_nothing(
    make: Make, make_submission: MakeSubmission
) -> None:
    """And loses nothing."""
    outcomes = await make(ours.STAND_IN).submit(make_submission(NUMBER))

    assert isinstance(outcomes.all, Deferred)
    assert "check-config" in outcomes.all.detail


WITHOUT = """
import sys
sys.modules["apprise"] = None
from pydantic import ValidationError
from alertbridge.core.secret import Secret
from alertbridge.providers import PROVIDERS
try:
    PROVIDERS["apprise"].options(url=Secret("json://127.0.0.1:9/x"))
except ValidationError as exc:
    print(exc)
"""


def test_without_the_extra_the_config_check_says_what_to_install() -> None:
    """Everything else works without it."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert "pip install 'alertbridge[apprise]'" in done.stdout


def test_a_start_does_not_load_it() -> None:
    """It takes a tenth of a second and 190 plugins, for those who use it."""
    code = "import sys, alertbridge.providers; sys.exit('apprise' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)

    assert done.returncode == 0


async def test_check_promises_no_more_than_it_knows(make: Make) -> None:
    """There is nothing to ask without a message leaving."""
    (line,) = await make("json://127.0.0.1:9/").check()

    assert "only a message shows" in line
