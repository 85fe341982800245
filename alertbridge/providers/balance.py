"""What an account holds, in one line of ours, whatever the gateway wrote."""


def balance_line(amount: object, currency: object) -> str:
    """Say the balance; not known if the answer does not have one."""
    if (
        isinstance(amount, bool)
        or not isinstance(amount, int | float)
        or not isinstance(currency, str)
    ):
        return "balance: not known (the answer does not say)"
    low = ", so only an invoiced account can send" if amount <= 0 else ""
    # It goes to a terminal: nothing but three letters.
    unit = currency if currency.isalpha() and len(currency) == 3 else "units"
    return f"balance: {amount:.2f} {unit}{low}"
