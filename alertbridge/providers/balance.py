"""What an account holds, read with suspicion, and in one line of ours."""

from math import isfinite
from typing import assert_never

from alertbridge.core.balance import Balance, BalanceUnknown


def read_balance(amount: object, currency: object) -> Balance | BalanceUnknown:
    """Take an answer's fields for a balance, whatever the gateway wrote in them."""
    if (
        isinstance(amount, bool)
        or not isinstance(amount, int | float)
        or not isfinite(amount)
        or not isinstance(currency, str)
    ):
        return BalanceUnknown("the answer does not say")
    # It goes to a terminal, and into a text: nothing but three letters.
    is_code = currency.isascii() and currency.isalpha() and len(currency) == 3
    return Balance(float(amount), currency.upper() if is_code else "")


def balance_line(balance: Balance | BalanceUnknown) -> str:
    """Say it for `check-config --online`."""
    match balance:
        case BalanceUnknown(detail=detail):
            return f"balance: not known ({detail})"
        case Balance(amount=amount):
            low = ", so only an invoiced account can send" if amount <= 0 else ""
            return f"balance: {balance}{low}"
        case _:
            assert_never(balance)
