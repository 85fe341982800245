"""How long a span of the config may be, and how short."""

from datetime import timedelta

from pydantic import AfterValidator

from alertbridge.config.section import refusal


def at_least(shortest: timedelta, said: str) -> AfterValidator:
    """Refuse what is shorter; *said* is how the config would write it."""

    def check(span: timedelta | None) -> timedelta | None:
        if span is not None and span < shortest:
            raise refusal(f"shorter than {said}", f"write {said} or more")
        return span

    return AfterValidator(check)


def at_most(longest: timedelta, said: str, beside: str) -> AfterValidator:
    """Refuse what is longer; *beside* is what to write besides."""

    def check(span: timedelta) -> timedelta:
        if span > longest:
            raise refusal(f"longer than {said}", f"write {said} or less{beside}")
        return span

    return AfterValidator(check)
