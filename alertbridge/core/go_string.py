"""Double-quoted string literals as Go writes and reads them (`strconv`)."""

_SIMPLE = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    '"': '"',
}
_QUOTED = {content: f"\\{letter}" for letter, content in _SIMPLE.items()}

_HEX_LENGTH = {"x": 2, "u": 4, "U": 8}
_OCTAL_LENGTH = 3


def quote(text: str) -> str:
    r"""Write *text* in double quotes; what does not print becomes an escape.

    >>> print(quote('say "hi"'))
    "say \"hi\""
    """
    return '"' + "".join(_escape(letter) for letter in text) + '"'


def _escape(letter: str) -> str:
    if letter in _QUOTED:
        return _QUOTED[letter]
    if letter.isprintable():
        return letter
    code = ord(letter)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def unquote(literal: str) -> str:
    r"""Read a literal, quotes included.

    `\xNN` and `\NNN` (octal) are bytes of UTF-8, `\uNNNN` and `\UNNNNNNNN` characters.

    Raises:
        ValueError: an unknown escape, a line feed, or bytes that are not UTF-8.
    """
    body = literal[1:-1]
    if "\n" in body:
        raise ValueError("a line break inside quotes")
    read = bytearray()
    index = 0
    while index < len(body):
        if body[index] != "\\":
            end = body.find("\\", index)
            end = len(body) if end < 0 else end
            read += body[index:end].encode("utf-8", "surrogatepass")
            index = end
            continue
        content, length = _read_escape(body[index + 1 :])
        read += content
        index += 1 + length
    try:
        return read.decode()
    except UnicodeDecodeError as error:
        raise ValueError("the escapes are not valid UTF-8") from error


def _read_escape(text: str) -> tuple[bytes, int]:
    """Read what follows a backslash; says how many characters that took."""
    letter = text[:1]
    if letter in _SIMPLE:
        return _SIMPLE[letter].encode(), 1
    if letter in _HEX_LENGTH:
        length = _HEX_LENGTH[letter]
        code = _number(text[1 : 1 + length], length, 16)
        if letter == "x":
            return bytes([code]), 1 + length
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise ValueError(f"\\{text[: 1 + length]} is no character")
        return chr(code).encode(), 1 + length
    if letter and letter in "01234567":
        code = _number(text[:_OCTAL_LENGTH], _OCTAL_LENGTH, 8)
        if code > 0xFF:
            raise ValueError(f"\\{text[:_OCTAL_LENGTH]} is more than a byte")
        return bytes([code]), _OCTAL_LENGTH
    raise ValueError(f"unknown escape \\{letter}")


def _number(digits: str, length: int, radix: int) -> int:
    known = "0123456789abcdef"[:radix]
    if len(digits) != length or any(digit not in known for digit in digits.lower()):
        raise ValueError(f"expected {length} digits in an escape, found {digits!r}")
    return int(digits, radix)
