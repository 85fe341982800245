"""Faults come as scripted, repeat with their seed, and are never misread."""

from collections import Counter

import pytest

from alertbridge.simulator.gateway_faults import (
    Fault,
    FaultKind,
    FaultPlan,
    FaultPlanError,
    Faults,
    read_plan,
)


def kinds(faults: Faults, times: int) -> list[FaultKind]:
    """The fate of the next *times* POSTs."""
    return [faults.next_submit().kind for _ in range(times)]


def test_the_script_is_used_up_first() -> None:
    """Then the rates decide; without rates nothing goes wrong."""
    faults = Faults(read_plan({"script": ["reset", "none", "error"]}))

    assert kinds(faults, 4) == ["reset", "none", "error", "none"]


def test_reads_have_a_script_of_their_own() -> None:
    """A GET does not use up what was meant for a POST."""
    faults = Faults(read_plan({"script": ["error"], "reads": ["html"]}))

    assert faults.next_read().kind is FaultKind.HTML
    assert faults.next_submit().kind is FaultKind.ERROR


def test_rates_are_kept() -> None:
    """Over many requests each fault comes about as often as it was asked for."""
    plan = read_plan({"rates": {"error": 0.2, "throttle": 0.1}, "seed": 7})

    met = Counter(kinds(Faults(plan), 5000))

    assert 900 < met[FaultKind.ERROR] < 1100
    assert 420 < met[FaultKind.THROTTLE] < 580


def test_a_seed_repeats() -> None:
    """A failing run can be run again."""
    plan = read_plan({"rates": {"error": 0.5}, "seed": 7})

    assert kinds(Faults(plan), 50) == kinds(Faults(plan), 50)


def test_rated_faults_have_the_figures_that_were_set() -> None:
    """A throttle dealt by dice can carry a Retry-After."""
    plan = read_plan({"rates": {"throttle": 1}, "rated": {"retry_after": "2"}})

    assert Faults(plan).next_submit() == Fault(kind=FaultKind.THROTTLE, retry_after="2")


def test_what_was_met_is_counted() -> None:
    """Requests without a fault are not."""
    faults = Faults(read_plan({"script": ["error", "none", "error"]}))

    kinds(faults, 3)

    assert faults.met == {FaultKind.ERROR: 2}


def test_a_new_plan_starts_over() -> None:
    """What was left of the old script is gone."""
    faults = Faults(read_plan({"script": ["error", "error"]}))

    faults.replace(FaultPlan())

    assert kinds(faults, 1) == ["none"]


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param([], id="array"),
        pytest.param({"scripts": []}, id="unknown-key"),
        pytest.param({"script": "error"}, id="script-not-a-list"),
        pytest.param({"script": ["fire"]}, id="unknown-kind"),
        pytest.param({"script": [7]}, id="kind-a-number"),
        pytest.param({"script": [{"kind": "error", "code": 5}]}, id="unknown-field"),
        pytest.param({"script": [{"kind": "error", "status": "x"}]}, id="status"),
        pytest.param({"rates": {"fire": 0.1}}, id="unknown-rate"),
        pytest.param({"rates": {"error": True}}, id="rate-a-flag"),
        pytest.param({"rates": {"error": -0.1}}, id="negative-rate"),
        pytest.param({"rates": {"error": 0.6, "reset": 0.6}}, id="more-than-all"),
        pytest.param({"rates": []}, id="rates-an-array"),
        pytest.param({"lag": "5s"}, id="lag"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(plan: object) -> None:
    """A misspelt fault must not pass for a gateway without faults."""
    with pytest.raises(FaultPlanError):
        read_plan(plan)
