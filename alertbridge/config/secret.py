"""Secrets: named in the config, never in it.

`{file: PATH}`, `{env: NAME}` and `{credential: NAME}` (a file in systemd's
`$CREDENTIALS_DIRECTORY`) are followed at load and at every reload.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alertbridge.config.file_reading import Unreadable, read_regular
from alertbridge.config.problems import did_you_mean, shown
from alertbridge.core.secret import Secret

MAX_BYTES = 64 * 1024
"""No token is longer; a larger file is the wrong file."""

FORMS: Final = ("file", "env", "credential")

THREE_FORMS: Final = "write {file: PATH}, {env: NAME} or {credential: NAME}"

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_CREDENTIAL_NAME = re.compile(r"[A-Za-z0-9_.@-]+", re.ASCII)

SECRET_SCHEMA: Final[Mapping[str, object]] = {
    "description": "Where a secret is; never the secret itself.",
    "oneOf": [
        {
            "type": "object",
            "properties": {form: {"type": "string", "minLength": 1}},
            "required": [form],
            "additionalProperties": False,
        }
        for form in FORMS
    ],
}
"""JSON Schema of a reference to a secret."""


@dataclass(frozen=True, slots=True)
class Found:
    """A secret, and what is careless about the place it was in."""

    secret: Secret
    warning: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class NotFound:
    """Why there is no secret; the text itself is in neither word."""

    problem: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretPlaces:
    """Where secrets may come from: the config's own directory, and the environment."""

    directory: Path
    environ: Mapping[str, str]

    def find(self, reference: object) -> Found | NotFound:
        """Follow one reference as it stands in the config."""
        if not isinstance(reference, Mapping):
            return NotFound("a secret must not stand in the config", THREE_FORMS)
        if len(reference) != 1:
            return NotFound("not exactly one place for a secret", THREE_FORMS)
        form, name = next(iter(reference.items()))
        if form not in FORMS:
            fix = did_you_mean(str(form), FORMS, THREE_FORMS)
            return NotFound("not a place for a secret", fix)
        if not isinstance(name, str) or not name:
            return NotFound(f"{form} needs a name in text", THREE_FORMS)
        match form:
            case "env":
                return self._in_environment(name)
            case "credential":
                return self._in_credentials(name)
            case _:
                return _in_file(self.directory / name, name)

    def _in_environment(self, name: str) -> Found | NotFound:
        if not _ENV_NAME.fullmatch(name):
            # Not repeated: whoever writes this may have put the secret itself here.
            return NotFound("not the name of an environment variable", THREE_FORMS)
        value = self.environ.get(name)
        if value is None:
            problem = f"the environment has no {shown(name)}"
            return NotFound(problem, "set it where the daemon starts")
        return _checked(value, f"the environment variable {shown(name)}")

    def _in_credentials(self, name: str) -> Found | NotFound:
        if not _CREDENTIAL_NAME.fullmatch(name) or name in {".", ".."}:
            return NotFound("not the name of a credential", THREE_FORMS)
        directory = self.environ.get("CREDENTIALS_DIRECTORY")
        if not directory:
            fix = f"start under systemd with LoadCredential={name}:PATH, or use file"
            return NotFound("no $CREDENTIALS_DIRECTORY", fix)
        return _in_file(Path(directory) / name, name)


def _in_file(path: Path, name: str) -> Found | NotFound:
    content = read_regular(path, MAX_BYTES)
    if isinstance(content, Unreadable):
        problem = f"the secret's file {shown(name)} is of no use: {content.reason}"
        return NotFound(problem, "name a file with nothing but the secret in it")
    try:
        text = content.data.decode("utf-8")
    except UnicodeDecodeError:
        problem = f"the secret's file {shown(name)} is not UTF-8 text"
        return NotFound(problem, "name a file with nothing but the secret in it")
    found = _checked(text, f"the secret's file {shown(name)}")
    if isinstance(found, Found) and content.others_read:
        problem = f"everybody may read the secret's file {shown(name)}"
        return Found(found.secret, (problem, "chmod 0600 it"))
    return found


def _checked(text: str, where: str) -> Found | NotFound:
    # Editors end a file with a newline that is no part of the secret: one, not all.
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        return NotFound(f"{where} is empty", "put the secret there")
    if any(char in text for char in "\r\n\0"):
        return NotFound(f"{where} has more than one line", "leave only the secret")
    return Found(Secret(text))
