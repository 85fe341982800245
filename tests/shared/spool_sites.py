"""A spool in a folder of the test's own, and a provider that writes into it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from alertbridge.core.notification import ProviderName
from alertbridge.providers.gammu import GammuFiles, GammuOptions
from alertbridge.providers.smstools import SmstoolsFiles, SmstoolsOptions
from alertbridge.providers.spool import Format, Spool

KINDS = ("smstools3", "gammu-smsd")


@dataclass(slots=True)
class Site:
    """Folders as an installed daemon has them; `form` knows what goes into them."""

    kind: str
    root: Path
    form: Format
    provider: Spool

    @property
    def outgoing(self) -> Path:
        """Where we write."""
        return self.form.layout.outgoing

    @property
    def sent(self) -> Path:
        """Where the daemon puts what it has sent."""
        return self.form.layout.sent

    @property
    def failed(self) -> Path:
        """Where it puts what it could not send."""
        return self.form.layout.failed

    @property
    def queue(self) -> Path:
        """Where the daemon keeps what it has taken; the same folder if it has none."""
        return (*self.form.layout.taken, self.outgoing)[0]

    def files(self, folder: Path | None = None) -> list[str]:
        """What the daemon sees in a folder."""
        found = (folder or self.outgoing).iterdir()
        return sorted(one.name for one in found if not one.name.startswith("."))

    def move(self, to: Path, name: str | None = None) -> Path:
        """Do as the daemon does with a file once it has dealt with it."""
        file = self.outgoing / (name or self.files()[0])
        return Path(shutil.move(file, to / file.name))

    def again(self, stuck_after: float = 120, poll: float = 0.05) -> Spool:
        """Another provider on the same folders, as after a restart."""
        return Spool(
            ProviderName(self.kind),
            self.form,
            per_second=1000,
            stuck_after=stuck_after,
            poll=poll,
        )


def make_site(kind: str, root: Path, *, stuck_after: float = 120) -> Site:
    """Make the folders and a provider."""
    names = ("outgoing", "checked", "sent", "failed", "incoming")
    folders = {name: str(root / name) for name in names}
    for folder in folders.values():
        Path(folder).mkdir(parents=True, exist_ok=True)
    form: Format
    if kind == "smstools3":
        form = SmstoolsFiles(
            SmstoolsOptions(
                outgoing=folders["outgoing"],
                checked=(folders["checked"],),
                sent=folders["sent"],
                failed=folders["failed"],
                reports=folders["incoming"],
            )
        )
    else:
        form = GammuFiles(
            GammuOptions(
                outbox=folders["outgoing"],
                sent=folders["sent"],
                error=folders["failed"],
            )
        )
    provider = Spool(
        ProviderName(kind), form, per_second=1000, stuck_after=stuck_after, poll=0.05
    )
    return Site(kind, root, form, provider)
