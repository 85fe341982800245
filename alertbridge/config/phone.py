"""Phone numbers in a config: quoted E.164, and nothing that costs a fortune to page.

A number that is not possible is refused; one that is possible but not known to be
assigned is a warning only, since the list of what is assigned ages with the package.
"""

import re
from dataclasses import dataclass
from typing import Final

import phonenumbers

from alertbridge.core.recipient import Msisdn, mask

E164: Final = r"^\+[1-9][0-9]{7,14}$"
"""A plus, a country code, 8 to 15 digits in all (ITU-T E.164); ASCII digits only."""

_E164 = re.compile(E164, re.ASCII)
_SEPARATORS = re.compile(r"[\s().\-/]+")
_LOOKS_LIKE_PHONE = re.compile(r"[+(]?[\d][\d\s().\-/]*|\+.*")


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that can be paged. `doubt` is why it may be a typing error, or None."""

    number: Msisdn
    doubt: str | None = None


@dataclass(frozen=True, slots=True)
class NotAPhone:
    """Why it cannot be paged, and what to write; numbers in it are masked."""

    problem: str
    fix: str


def unquoted(text: str) -> NotAPhone:
    """Say what is wrong with a number that stands without quotes."""
    problem = "a phone number without quotes: YAML reads it as a number"
    if _E164.fullmatch(text):
        return NotAPhone(problem, f'quote it: "{mask(text)}"')
    return NotAPhone(problem, 'quote it, with its country code: "+…"')


def looks_like_phone(text: str) -> bool:
    """Whether somebody meant a number here rather than a name."""
    return _LOOKS_LIKE_PHONE.fullmatch(text.strip()) is not None


def parse_phone(text: str, *, region: str | None = None) -> Phone | NotAPhone:
    """Read a number.

    *region* (ISO 3166, such as `SE`) is only used to spell out the fix of a number
    that stands without its country code.
    """
    if not _E164.fullmatch(text):
        return _explain(text, region)
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return NotAPhone("no country has this code", "check the digits after the +")
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if written != text:
        # +46 0701…: the zero is dialled at home only, and the parser forgives it.
        fix = f'write it as "{mask(written)}"'
        return NotAPhone("a 0 after the country code", fix)
    kind = phonenumbers.number_type(number)
    if kind == phonenumbers.PhoneNumberType.PREMIUM_RATE:
        return NotAPhone("a premium-rate number", "write the person's own mobile")
    if not phonenumbers.is_possible_number(number):
        return NotAPhone("too short or too long for its country", "check the digits")
    if not phonenumbers.is_valid_number(number):
        return Phone(Msisdn(text), "not a number range known to be in use")
    if kind == phonenumbers.PhoneNumberType.FIXED_LINE:
        return Phone(Msisdn(text), "a fixed line, which seldom takes SMS")
    return Phone(Msisdn(text))


def region_of(number: Msisdn) -> str | None:
    """Say which country a number belongs to, as ISO 3166; None if no single one."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return None


def _explain(text: str, region: str | None) -> NotAPhone:
    digits = _SEPARATORS.sub("", text)
    if _E164.fullmatch(digits):
        fix = f'write it without spaces or signs: "{mask(digits)}"'
        return NotAPhone("spaces or signs in a phone number", fix)
    if re.fullmatch(r"[0-9]{3,6}", digits, re.ASCII):
        return NotAPhone("a short code is not a phone", "write a person's number")
    if re.fullmatch(r"00[1-9][0-9]{7,14}", digits, re.ASCII):
        return NotAPhone("a 00 prefix", f'write + for 00: "{mask("+" + digits[2:])}"')
    if re.fullmatch(r"0[0-9]{6,14}", digits, re.ASCII):
        return NotAPhone("a number without its country code", _national(digits, region))
    fix = 'write "+", the country code and the number: 8 to 15 digits'
    return NotAPhone("not a phone number in E.164", fix)


def _national(digits: str, region: str | None) -> str:
    code = phonenumbers.country_code_for_region(region) if region else 0
    if not code:
        return 'drop the leading 0 and put "+" and the country code before it'
    international = mask(f"+{code}{digits[1:]}")
    return f'for {region} write it as "{international}"'
