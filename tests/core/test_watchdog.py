"""What a watchdog is, how its silence is counted, and that it pages nobody."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from round_trip import MakeAlert, MakeGroup

from alertbridge.core import watchdog as core
from alertbridge.core.alert import Alert, SourceName
from alertbridge.core.matcher import parse_matcher
from alertbridge.core.plan import Known, Verdict
from alertbridge.core.rules import Rules
from alertbridge.core.stand_in import plan_post
from alertbridge.core.watchdog import Watchdog, after_listening, silent_ones

AM, OTHER = SourceName("alertmanager"), SourceName("grafana")
MINUTE = timedelta(minutes=1)
EXPECTED = Watchdog((parse_matcher('alertname="Watchdog"'),), 15 * MINUTE)


@pytest.fixture
def watched(rules: Rules) -> Rules:
    """Alertmanager is expected to bark."""
    return replace(rules, watchdogs={AM: EXPECTED})


def test_it_pages_nobody_and_is_recorded(
    watched: Rules, alert: MakeAlert, group: MakeGroup, start: datetime
) -> None:
    """Beside it in the same post everything is as ever."""
    bark, disk = alert("Watchdog", severity="none"), alert()
    made = plan_post(group(bark, disk), watched, Known(), start)

    assert {fact.fingerprint for fact in made.facts} == {disk.fingerprint}
    assert [opens.alert.fingerprint for opens in made.opens] == [
        bark.fingerprint,
        disk.fingerprint,
    ]
    assert [(out.fingerprint, out.verdict) for out in made.left_out] == [
        (bark.fingerprint, Verdict.WATCHDOG)
    ]


def test_that_of_another_source_is_an_alert_like_any_other(
    watched: Rules, alert: MakeAlert, group: MakeGroup, start: datetime
) -> None:
    """It is not expected from there: somebody routed it here by mistake."""
    post = group(alert("Watchdog"), source=OTHER)

    assert len(plan_post(post, watched, Known(), start).facts) == 1


def test_its_end_means_nothing(
    watched: Rules, alert: MakeAlert, group: MakeGroup, start: datetime
) -> None:
    """It is neither told, nor recorded, nor heard."""
    post = group(alert("Watchdog", resolved=True))
    made = plan_post(post, watched, Known(), start)

    assert (made.opens, made.moves, made.facts, made.left_out) == ((), (), (), ())
    assert not EXPECTED.barks_in(post)


@pytest.mark.parametrize(
    ("names", "barks"),
    [
        pytest.param(["Watchdog"], True, id="alone"),
        pytest.param(["DiskFull", "Watchdog"], True, id="among-others"),
        pytest.param(["DiskFull"], False, id="something-else"),
        pytest.param(["Watchdogs"], False, id="another-name"),
    ],
)
def test_a_post_that_holds_it_is_heard(
    names: list[str], barks: bool, alert: MakeAlert, group: MakeGroup
) -> None:
    """However it is grouped."""
    alerts: list[Alert] = [alert(name) for name in names]

    assert EXPECTED.barks_in(group(*alerts)) is barks


def test_silence_grows_only_while_somebody_listens() -> None:
    """Two minutes of listening are two minutes, however much time passed."""
    silences = after_listening({AM: 5 * MINUTE}, {AM: EXPECTED}, 2 * MINUTE)

    assert silences == {AM: 7 * MINUTE}


def test_who_is_new_has_not_been_silent_yet() -> None:
    """Expected from now on; whom nobody expects any more is forgotten."""
    silences = after_listening({OTHER: 90 * MINUTE}, {AM: EXPECTED}, MINUTE)

    assert silences == {AM: timedelta(0)}


@pytest.mark.parametrize(
    ("minutes", "is_silent"), [(14.9, False), (15, True), (1000, True)]
)
def test_it_is_silent_from_its_limit_on(minutes: float, is_silent: bool) -> None:
    """Fifteen minutes are fifteen minutes."""
    silences = {AM: minutes * MINUTE}

    assert (silent_ones(silences, {AM: EXPECTED}) == (AM,)) is is_silent
    assert core.silent_ones(silences, {}) == ()
