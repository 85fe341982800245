"""What the receipts of a text's parts say of the text, in every order they come."""

import asyncio
from itertools import permutations

import pytest

from alertbridge.core.report import Delivery, DeliveryReport, fold
from alertbridge.providers.report_fields import make_report
from alertbridge.providers.smpp_parts import LongTexts, Whole


def report(part: str, delivery: Delivery) -> DeliveryReport:
    """Make a report about a part."""
    return make_report(part, delivery, code=delivery.value)


def long_texts(*ids: str, remembered: int = 100) -> LongTexts:
    """Remember a text whose parts got these ids."""
    long = LongTexts(12, remembered)
    whole = Whole(len(ids))
    for one in ids:
        long.took(whole, one)
    return long


def told(long: LongTexts, *reports: DeliveryReport) -> DeliveryReport | None:
    """What is known of the text after *reports*, as whoever keeps them folds them."""
    known: DeliveryReport | None = None
    for one in reports:
        new = long.read(one)
        if new is not None:
            assert new.provider_id == "1"
            known = fold(known, new)
    return known


ALL = [report(part, Delivery.DELIVERED) for part in "123"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_text_is_delivered_when_all_of_it_is(order: tuple[int, ...]) -> None:
    """And not a part before."""
    long = long_texts("1", "2", "3")
    first, second, last = (ALL[index] for index in order)

    assert told(long, first, second, first) is None
    known = told(long, last)
    assert known is not None
    assert known.delivery is Delivery.DELIVERED


@pytest.mark.parametrize("bad", [Delivery.FAILED, Delivery.EXPIRED])
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_text_of_which_a_part_failed_is_not_delivered(
    bad: Delivery, order: tuple[int, ...]
) -> None:
    """Half a page is none."""
    reports = [ALL[0], report("2", bad), ALL[2]]

    known = told(long_texts("1", "2", "3"), *(reports[index] for index in order))

    assert known is not None
    assert known.delivery is bad


def test_a_part_that_comes_after_it_was_given_up_completes_the_text() -> None:
    """A delivery that comes after a failure is believed, as ever."""
    reports = [ALL[0], report("2", Delivery.FAILED), ALL[2], ALL[1]]

    known = told(long_texts("1", "2", "3"), *reports)

    assert known is not None
    assert known.delivery is Delivery.DELIVERED


def test_a_short_text_is_its_own_part() -> None:
    """And so is what a process before us sent."""
    long = long_texts("1", "2")
    other = report("9", Delivery.DELIVERED)

    assert long.read(other) == other


def test_what_is_remembered_is_bounded() -> None:
    """The oldest is forgotten."""
    long = long_texts("1", "2", "3", remembered=2)

    assert long.read(ALL[0]) == ALL[0]
    assert long.read(ALL[1]) is None


async def test_a_receipt_waits_until_it_is_known_what_it_is_about() -> None:
    """It may come before the answer that tells the part's id."""
    long = LongTexts(12)
    long.began()
    knowing = asyncio.get_running_loop().create_future()

    async def know() -> None:
        await long.know("2")
        knowing.set_result(None)

    async with asyncio.TaskGroup() as group:
        group.create_task(know())
        await asyncio.sleep(0)
        assert not knowing.done()
        long.ended()
    assert knowing.done()


async def test_a_receipt_about_a_known_part_waits_for_nothing() -> None:
    """However many texts are under way."""
    long = long_texts("1", "2")
    long.began()

    async with asyncio.timeout(1):
        await long.know("2")
