"""What the providers that talk to no network owe their caller all the same.

The claims of `test_provider_contract` that are not about HTTP, for the spools and for
Apprise; each is tried on a provider as it is quickly written, and must fail for it.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession
from spool_sites import KINDS, make_site

from alertbridge.core.message import (
    Accepted,
    Deferred,
    Outcome,
    Outcomes,
    Rejected,
    Submission,
)
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.secret import Secret
from alertbridge.ports import Provider
from alertbridge.providers import PROVIDERS

MakeSubmission = Callable[..., Submission]
Make = Callable[[str], Provider]

TEXT = "CRITICAL DiskFull canary-text-7f3a"
TOKEN = "canary-token-5d20"
NUMBERS = (Msisdn("+46701740605"), Msisdn("+46701740606"))
SECRETS = (TOKEN, "canary-text-7f3a", "46701740605", "46701740606")


class World:
    """Where a provider's messages arrive, and how to break the way there."""

    def __init__(self, folder: Path, session: ClientSession) -> None:
        self._folder = folder
        self._session = session

    def make(self, kind: str) -> Provider:
        """Make one; the way is open."""
        if kind in KINDS:
            return make_site(kind, self._folder).provider
        options = PROVIDERS[kind].options.model_validate(
            # Port 9 of this machine: nobody listens there.
            {"url": Secret(f"json://u:{TOKEN}@127.0.0.1:9/{{{{ digits }}}}")}
        )
        return PROVIDERS[kind].make(ProviderName(kind), options, self._session)

    def break_it(self) -> None:
        """Nothing gets through any more."""
        outgoing = self._folder / "outgoing"
        if outgoing.exists():
            outgoing.rmdir()

    def arrived(self) -> int:
        """How many files are there."""
        return len(list(self._folder.glob("outgoing/*")))


@pytest.fixture
def world(tmp_path: Path, session: ClientSession) -> World:
    """An empty one."""
    return World(tmp_path / "spool", session)


@pytest.fixture(params=["apprise", *KINDS])
def provider(request: pytest.FixtureRequest, world: World) -> Provider:
    """Each type."""
    kind: str = request.param
    return world.make(kind)


def kinds_of(outcomes: Outcomes, numbers: tuple[Msisdn, ...] = NUMBERS) -> set[type]:
    """What became of the numbers."""
    return {type(outcomes.of(number)) for number in numbers}


async def test_a_way_that_is_surely_closed_is_deferred_and_leaks_nothing(
    provider: Provider, make_submission: MakeSubmission, world: World
) -> None:
    """It may be sent again, or by another; and the log holds no secret."""
    world.break_it()

    outcomes = await provider.submit(make_submission(*NUMBERS, body=TEXT))

    assert kinds_of(outcomes) == {Deferred}
    for outcome in (outcomes.all, *outcomes.by_number.values()):
        words = getattr(outcome, "detail", "")
        assert words
        assert not [secret for secret in SECRETS if secret in words]


async def test_a_bad_number_does_not_take_the_good_one_down(
    provider: Provider, make_submission: MakeSubmission, world: World
) -> None:
    """It is refused and blamed, and nothing of it stands in any name."""
    bad = Msisdn("+4670174060x/../../evil")

    outcomes = await provider.submit(make_submission(NUMBERS[0], bad))

    blamed = outcomes.of(bad)
    assert isinstance(blamed, Rejected)
    assert blamed.number_is_bad
    assert isinstance(outcomes.of(NUMBERS[0]), Accepted | Deferred)
    assert world.arrived() <= 1


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        pytest.param({"body": " \n"}, Rejected, id="blank"),
        pytest.param({"body": "x" * 5000}, Rejected, id="long"),
        pytest.param({"reference": "a\r\nX-Evil: 1"}, Rejected, id="reference"),
        pytest.param({"closes_in": timedelta(0)}, Deferred, id="too-late"),
    ],
)
async def test_what_cannot_be_sent_is_given_to_nobody(
    provider: Provider,
    make_submission: MakeSubmission,
    world: World,
    changes: dict[str, object],
    kind: type,
) -> None:
    """The same words as for a gateway on the network."""
    outcomes = await provider.submit(make_submission(*NUMBERS, **changes))

    assert kinds_of(outcomes) == {kind}
    assert world.arrived() == 0


async def test_half_a_surrogate_pair_does_not_stop_a_page(
    provider: Provider, make_submission: MakeSubmission
) -> None:
    """A label may hold one; nothing is raised."""
    outcomes = await provider.submit(make_submission(body="\ud83d half"))

    assert isinstance(outcomes.all, Accepted | Deferred)


async def test_a_second_try_is_no_second_message(
    provider: Provider, make_submission: MakeSubmission, world: World
) -> None:
    """Of a spool; Apprise cannot promise it, and was never told that it was there."""
    submission = make_submission(*NUMBERS[:1])

    first = await provider.submit(submission)
    arrived = world.arrived()
    second = await provider.submit(submission)

    assert second == first
    assert world.arrived() == arrived


def test_options_show_no_secret() -> None:
    """Neither `repr` nor a dump for people has one."""
    options = PROVIDERS["apprise"].options.model_validate(
        {"url": Secret(f"json://u:{TOKEN}@127.0.0.1:9/x")}
    )

    assert TOKEN not in f"{options!r} {options} {options.model_dump()}"


class Careless:
    """A spool as it is quickly written, with the mistakes these claims are for."""

    name = ProviderName("careless")
    requests_per_second = 1000
    most_numbers = 1000

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    async def submit(self, submission: Submission) -> Outcomes:
        """Write whatever comes under a new name each time; repeat what went wrong."""
        outcome: Outcome = Rejected(detail="nothing")
        for number in submission.numbers:
            self._count += 1
            try:
                name = f"sms-{self._count}"
                (self._folder / "outgoing" / name).write_text(submission.text.body)
                outcome = Accepted(provider_id=name)
            except OSError as exc:
                outcome = Deferred(detail=f"{exc} for {number}")
        return Outcomes(outcome)

    async def check(self) -> list[str]:
        """Nothing to say."""
        return []


@pytest.mark.parametrize(
    ("claim", "arguments"),
    [
        pytest.param(
            test_a_way_that_is_surely_closed_is_deferred_and_leaks_nothing,
            {"world": True},
            id="leaks",
        ),
        pytest.param(
            test_a_bad_number_does_not_take_the_good_one_down,
            {"world": True},
            id="bad-number",
        ),
        pytest.param(
            test_what_cannot_be_sent_is_given_to_nobody,
            {"world": True, "changes": {"body": " "}, "kind": Rejected},
            id="blank",
        ),
        pytest.param(
            test_what_cannot_be_sent_is_given_to_nobody,
            {"world": True, "changes": {"closes_in": timedelta(0)}, "kind": Deferred},
            id="too-late",
        ),
        pytest.param(
            test_half_a_surrogate_pair_does_not_stop_a_page, {}, id="surrogate"
        ),
        pytest.param(
            test_a_second_try_is_no_second_message, {"world": True}, id="twice"
        ),
    ],
)
async def test_the_claims_find_a_careless_provider(
    world: World,
    tmp_path: Path,
    make_submission: MakeSubmission,
    claim: Callable[..., Awaitable[None]],
    arguments: dict[str, object],
) -> None:
    """Each fails for it, so none of them is empty."""
    world.make("smstools3")
    given = {**arguments, **({"world": world} if "world" in arguments else {})}

    with pytest.raises((AssertionError, UnicodeEncodeError)):
        await claim(Careless(tmp_path / "spool"), make_submission, **given)
