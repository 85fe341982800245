"""Numbers that can be paged, and the words for those that cannot."""

import phonenumbers
import pytest

from alertbridge.config.phone import (
    NotAPhone,
    Phone,
    looks_like_phone,
    parse_phone,
    region_of,
)
from alertbridge.core.recipient import Msisdn

NUMBER = "+46701740605"


def example(region: str, kind: int) -> str:
    """An example number of a kind, from the package's own data."""
    number = phonenumbers.example_number_for_type(region, kind)
    assert number is not None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@pytest.mark.parametrize("last", range(605, 700))
def test_the_fictional_range_is_accepted_in_silence(last: int) -> None:
    """The numbers of the examples and tests raise no doubt."""
    assert parse_phone(f"+46701740{last}") == Phone(Msisdn(f"+46701740{last}"))


@pytest.mark.parametrize("region", ["SE", "GB", "DE", "TH", "FR"])
def test_a_premium_rate_number_is_refused(region: str) -> None:
    """A storm to such a number would cost a fortune."""
    number = example(region, phonenumbers.PhoneNumberType.PREMIUM_RATE)

    phone = parse_phone(number)

    assert isinstance(phone, NotAPhone)
    assert phone.problem == "a premium-rate number"


def test_a_fixed_line_is_doubted() -> None:
    """It may take SMS in some countries, so it is no error."""
    phone = parse_phone(example("SE", phonenumbers.PhoneNumberType.FIXED_LINE))

    assert isinstance(phone, Phone)
    assert phone.doubt == "a fixed line, which seldom takes SMS"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("+460" + NUMBER[3:], "a 0 after the country code", id="zero"),
        pytest.param("+999" + NUMBER[3:], "no country has this code", id="no-country"),
        pytest.param(
            NUMBER + "0000", "too short or too long for its country", id="too-long"
        ),
        pytest.param(NUMBER + "00000", "not a phone number in E.164", id="16-digits"),
        pytest.param(NUMBER + "\n", "spaces or signs in a phone number", id="newline"),
        pytest.param(NUMBER + ";ext=5", "not a phone number in E.164", id="extension"),
        pytest.param("tel:" + NUMBER, "not a phone number in E.164", id="uri"),
        pytest.param(
            "１２３４５６７８９", "not a phone number in E.164", id="full-width"
        ),
        pytest.param("iP1", "not a phone number in E.164", id="a-sender"),
    ],
)
def test_what_is_no_number_is_told_why(text: str, problem: str) -> None:
    """Each way to write a number wrong has its own words."""
    phone = parse_phone(text)

    assert isinstance(phone, NotAPhone)
    assert phone.problem == problem


def test_a_national_number_is_spelled_out_for_a_known_region() -> None:
    """The fix shows the number as it must be written, masked."""
    phone = parse_phone("070-174 06 05", region="SE")

    assert isinstance(phone, NotAPhone)
    assert phone.fix == 'for SE write it as "+467*****605"'


def test_the_region_of_a_number() -> None:
    """Another number of the file says which country people live in."""
    assert region_of(Msisdn(NUMBER)) == "SE"
    assert region_of(Msisdn("nonsense")) is None


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        (NUMBER, True),
        ("0701740605", True),
        ("070-174 06 05", True),
        ("+x", True),
        ("anna", False),
        ("2nd-line", False),
        ("", False),
    ],
)
def test_a_number_is_told_from_a_name(text: str, looks: bool) -> None:
    """What begins as a number and holds no letter was meant as one."""
    assert looks_like_phone(text) is looks
