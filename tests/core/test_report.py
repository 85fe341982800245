"""What is known of a message does not depend on how its reports travelled (D2, D4)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.recipient import Msisdn
from alertbridge.core.report import Delivery, DeliveryReport, fold

T0 = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
ANNA = Msisdn("+46701740605")

Fold = Callable[[DeliveryReport | None, DeliveryReport], DeliveryReport]


def report(
    delivery: Delivery, *, final: bool = True, at: float | None = 0, code: str = ""
) -> DeliveryReport:
    """One report about one message, *at* seconds after the first."""
    return DeliveryReport(
        provider_id="5bc8",
        reference="ref-1",
        number=ANNA,
        delivery=delivery,
        final=final,
        code=code,
        at=None if at is None else T0 + timedelta(seconds=at),
    )


REPORTS = st.builds(
    report,
    st.sampled_from(Delivery),
    final=st.booleans(),
    at=st.sampled_from([None, 0, 1, 2]),
    code=st.sampled_from(["", "112", "201"]),
)


def folded(reports: Iterable[DeliveryReport], by: Fold = fold) -> DeliveryReport | None:
    """What is known after all of *reports*, in their order."""
    known: DeliveryReport | None = None
    return reduce(by, reports, known)


@given(st.lists(REPORTS, min_size=1, max_size=6), st.data())
def test_neither_order_nor_copies_matter(
    reports: Sequence[DeliveryReport], data: st.DataObject
) -> None:
    """A callback that is repeated ten times, in any order, changes nothing."""
    copies = data.draw(st.lists(st.sampled_from(reports), max_size=6))
    shuffled = data.draw(st.permutations([*reports, *copies]))

    assert folded(shuffled) == folded(reports)


@given(st.lists(REPORTS, min_size=1, max_size=6))
def test_a_delivery_is_never_lost(reports: Sequence[DeliveryReport]) -> None:
    """Whatever else came, a message that once arrived has arrived."""
    known = folded(reports)

    assert known is not None
    arrived = any(one.delivery is Delivery.DELIVERED for one in reports)
    assert (known.delivery is Delivery.DELIVERED) is arrived


@given(st.lists(REPORTS, min_size=1, max_size=6))
def test_a_late_pending_overwrites_no_end(reports: Sequence[DeliveryReport]) -> None:
    """It stays pending only while nobody said anything else."""
    known = folded(reports)

    assert known is not None
    only_pending = all(one.delivery is Delivery.PENDING for one in reports)
    assert (known.delivery is Delivery.PENDING) is only_pending


@given(REPORTS, REPORTS)
def test_what_is_known_is_one_of_the_reports(
    one: DeliveryReport, other: DeliveryReport
) -> None:
    """Nothing is made up of two of them."""
    assert fold(one, other) in (one, other)


@pytest.mark.parametrize(
    ("known", "new", "stays"),
    [
        pytest.param(
            report(Delivery.FAILED),
            report(Delivery.DELIVERED),
            False,
            id="5xx-then-201",
        ),
        pytest.param(
            report(Delivery.DELIVERED),
            report(Delivery.FAILED, at=9),
            True,
            id="201-then-5xx",
        ),
        pytest.param(
            report(Delivery.DELIVERED),
            report(Delivery.PENDING, final=False, at=9),
            True,
            id="201-then-111",
        ),
        pytest.param(
            report(Delivery.FAILED, final=False),
            report(Delivery.EXPIRED, at=None),
            False,
            id="a-final-failure-beats-one-that-is-not",
        ),
        pytest.param(
            report(Delivery.EXPIRED),
            report(Delivery.FAILED, final=False, at=9),
            True,
            id="a-failure-that-may-pass-does-not-reopen-one-that-is-final",
        ),
        pytest.param(
            report(Delivery.PENDING, final=False, code="111"),
            report(Delivery.PENDING, final=False, code="112", at=1),
            False,
            id="between-equals-the-later",
        ),
        pytest.param(
            report(Delivery.PENDING, final=False, at=1, code="111"),
            report(Delivery.PENDING, final=False, at=None, code="112"),
            True,
            id="no-time-is-earlier-than-any",
        ),
    ],
)
def test_the_stronger_word_counts(
    known: DeliveryReport, new: DeliveryReport, stays: bool
) -> None:
    """The table of the lattice."""
    assert fold(known, new) == (known if stays else new)


def last_wins(known: DeliveryReport | None, new: DeliveryReport) -> DeliveryReport:
    """A fold that forgets what it knew."""
    del known
    return new


def first_wins(known: DeliveryReport | None, new: DeliveryReport) -> DeliveryReport:
    """A fold that learns nothing."""
    return known or new


def latest_wins(known: DeliveryReport | None, new: DeliveryReport) -> DeliveryReport:
    """A fold that believes the gateway's clock."""
    if known is None or known.at is None or (new.at is not None and new.at > known.at):
        return new
    return known


@pytest.mark.parametrize("mutant", [last_wins, first_wins, latest_wins])
def test_the_claims_catch_a_wrong_fold(mutant: Fold) -> None:
    """Each of these would lose a delivery, or page twice for one."""
    reports = (
        report(Delivery.FAILED, at=2),
        report(Delivery.DELIVERED, at=1),
        report(Delivery.PENDING, final=False, at=1),
    )

    assert folded(reports, mutant) != folded(reports)
