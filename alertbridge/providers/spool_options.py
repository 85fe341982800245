"""Options that the spools of all SMS daemons have."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

_MODE = re.compile(r"0?6[046]0")


def _check_folder(folder: str) -> str:
    if not folder.startswith("/") or not folder.isprintable() or "/../" in folder:
        raise ValueError(
            "is not an absolute path; write it from the root, as /var/spool/sms/sent"
        )
    return folder.rstrip("/") or "/"


def _check_mode(mode: str) -> str:
    if not _MODE.fullmatch(mode):
        raise ValueError(
            'is not a mode for files with phone numbers in them; write "0660", or'
            ' "0640" if the daemon need only read them'
        )
    return mode


Folder = Annotated[str, AfterValidator(_check_folder)]
"""The absolute path of a folder."""

FileMode = Annotated[str, AfterValidator(_check_mode)]
"""Octal, in quotes: ours and the group's to read, and nobody else's."""

StuckAfter = Annotated[int, Field(ge=30, le=3600)]
"""Seconds: shorter than the pauses of the daemons would call a healthy one dead."""

PerSecond = Annotated[int, Field(ge=1, le=1000)]
