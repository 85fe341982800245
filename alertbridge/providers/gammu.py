"""Gammu SMSD with its FILES backend: a modem driven through a folder of files.

Formats are those of gammu-smsd-files(7) and gammu-smsbackup(5); the tests run the real
gammu-smsd 1.42 on gammu's dummy phone. Files are written in the backup format: it says
how a text is coded, where a plain text file is at the mercy of `TransmitFormat`. Of the
name of such a file gammu reads nothing but `OUT` and the ending, and takes files in the
order of their names; a file is renamed to the folder of sent or of failed messages.

Not there: a time to live, for which the format has no field; and delivery reports, as
nothing in the folders says which message one is about.
"""

from collections.abc import Iterator
from hashlib import blake2s
from pathlib import Path

from aiohttp import ClientSession
from pydantic import Field

from alertbridge.core.encoding import split
from alertbridge.core.message import DataCoding, Submission
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.providers.options import ProviderOptions
from alertbridge.providers.spool import Spool
from alertbridge.providers.spool_folders import Layout, stem_of
from alertbridge.providers.spool_options import FileMode, Folder, PerSecond, StuckAfter

CODINGS = {
    DataCoding.GSM: "Default_No_Compression",
    DataCoding.UCS2: "Unicode_No_Compression",
}

LINE = 200
"""Hexadecimal digits in one line of text, as gammu itself writes them."""


class GammuOptions(ProviderOptions):
    """A spool of Gammu SMSD's FILES backend; the defaults are Debian's folders."""

    outbox: Folder = Field(
        default="/var/spool/gammu/outbox", description="gammu-smsd's `OutboxPath`."
    )
    sent: Folder = Field(
        default="/var/spool/gammu/sent",
        description="gammu-smsd's `SentSMSPath`; its config must name it, too.",
    )
    error: Folder = Field(
        default="/var/spool/gammu/error",
        description="gammu-smsd's `ErrorSMSPath`; its config must name it, too.",
    )
    mode: FileMode = Field(
        default="0660", description="The mode of our files: gammu-smsd must read them."
    )
    stuck_after_seconds: StuckAfter = Field(
        default=120,
        description="So long may files wait with none leaving; then pages go another"
        " way.",
    )
    requests_per_second: PerSecond = Field(
        default=10, description="How many files are written in a second."
    )


class GammuFiles:
    """What gammu-smsd reads; it writes nothing into our files."""

    reports: Path | None = None

    def __init__(self, options: GammuOptions) -> None:
        self.layout = Layout(
            daemon="gammu-smsd",
            group="gammu",
            outgoing=Path(options.outbox),
            taken=(),
            sent=Path(options.sent),
            failed=Path(options.error),
            mode=int(options.mode, 8),
        )

    def name_of(self, submission: Submission, number: Msisdn) -> str:
        """Name the file by priority and reference, so that the oldest goes first."""
        priority = "A" if submission.urgent else "M"
        stem = stem_of(submission.reference, number, len(submission.numbers))
        return f"OUT{priority}_{stem}.smsbackup"

    def write(self, submission: Submission, number: Msisdn) -> bytes:
        """Write a section for each part, with the header that joins them."""
        parts = split(submission.text.body)
        coding = submission.text.coding
        series = blake2s(submission.reference.encode(), digest_size=1).hexdigest()
        lines: list[str] = []
        for index, part in enumerate(parts):
            lines += [f"[SMSBackup{index:03}]", "PDU = Submit", "State = UnSent"]
            lines += [f'Number = "{number}"', f"NumberUnicode = {_hex(number)}"]
            if len(parts) > 1:
                joined = f"050003{series}{len(parts):02X}{index + 1:02X}"
                lines.append(f"UDH = {joined.upper()}")
            lines += _text_lines(part)
            units = len(part.encode("utf-16-be", "surrogatepass")) // 2
            lines += [f"Coding = {CODINGS[coding]}", "Folder = 1", f"Length = {units}"]
            lines += ["Class = -1", "ReplySMSC = False", "RejectDuplicates = False"]
            # No MessageReference: gammu would rewrite the file in place while it sends.
            lines += ["ReplaceMessage = 0", ""]
        return "\n".join(lines).encode("ascii")

    def number_in(self, content: bytes) -> str:
        """Whom a file of ours is for."""
        for line in content.decode("ascii", "replace").splitlines():
            name, _, value = line.partition(" = ")
            if name == "Number":
                return value.strip('"')
        return ""

    def key_in(self, content: bytes) -> None:
        """Nothing in the folders names a message."""
        del content

    def reason_in(self, content: bytes) -> str:
        """Gammu tells its log why, and not the folder."""
        del content
        return ""

    def status_in(self, content: bytes) -> None:
        """A report in the inbox does not say which message it is about."""
        del content


def _text_lines(part: str) -> Iterator[str]:
    digits = _hex(part)
    for index, start in enumerate(range(0, len(digits), LINE)):
        yield f"Text{index:02} = {digits[start : start + LINE]}"


def _hex(text: str) -> str:
    return text.encode("utf-16-be", "surrogatepass").hex().upper()


def gammu_smsd(
    name: ProviderName,
    options: GammuOptions,
    session: ClientSession,
    *,
    report_url: str | None = None,
) -> Spool:
    """Make a provider for a spool on this machine."""
    # Nobody is asked over the network, and nobody reports.
    del session, report_url
    return Spool(
        name,
        GammuFiles(options),
        per_second=options.requests_per_second,
        stuck_after=options.stuck_after_seconds,
    )
