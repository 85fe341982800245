"""A small world to load configs in: two provider types, secrets, a place for files."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from alertbridge.config import Loaded, load
from alertbridge.core.secret import Secret

TOKEN = "canary-4711"
MINIMAL = """\
sources: [{name: alertmanager, type: alertmanager}]
providers: [{name: main, type: gateway, token: {env: TOKEN}}]
recipients: {anna: {phones: ["+46701740605"]}}
route: {receiver: sre}
receivers: [{name: sre, recipients: [anna]}]
"""


class GatewayOptions(BaseModel):
    """A provider's options as another package would declare them."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True
    )

    token: Secret = Field(description="The token.")
    limit: int = Field(default=30, ge=1, le=100, description="A limit.")


class PrinterOptions(BaseModel):
    """A provider without options."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


LoadText = Callable[..., Loaded]


@pytest.fixture
def minimal() -> str:
    """The least that loads."""
    return MINIMAL


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with one secret in a variable and one in a credential."""
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    for name, secret in (("token", TOKEN), ("empty", "")):
        file = credentials / name
        file.write_text(secret)
        file.chmod(0o600)
    return {"TOKEN": TOKEN, "CREDENTIALS_DIRECTORY": str(credentials)}


@pytest.fixture
def load_text(tmp_path: Path, environ: dict[str, str]) -> LoadText:
    """Load a config from its text, under the name `alertbridge.yaml`."""

    def load_it(
        text: str,
        name: str = "alertbridge.yaml",
        *,
        mode: int = 0o600,
        secrets_from: Path | None = None,
    ) -> Loaded:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return load(
            path,
            provider_types={"gateway": GatewayOptions, "printer": PrinterOptions},
            source_types={"alertmanager", "grafana", "page"},
            environ=environ,
            secrets_from=secrets_from,
        )

    return load_it
