"""How an error is written down: by what it is and where, never by what it says."""


def type_and_place(error: BaseException) -> str:
    """Name an error and where it was raised.

    Its message may quote a body, a header or a number, which are other people's data.
    """
    place = ""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f" in {code.co_qualname}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return type(error).__name__ + place
