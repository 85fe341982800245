"""SMS Server Tools 3 (smsd): a modem driven through the files of its spool.

The format is http://smstools3.kekekasvi.com/index.php?p=fileformat; the tests run the
real smsd 3.1.21 against a modem on a pseudo-terminal. What smsd does with a file: it
copies it from `outgoing` to `checked` and from there to `sent` or `failed`, under the
same name (`keep_filename = yes`, its default), and adds headers. It leaves hidden files
alone. A header `From` means nothing to it: the handset shows the number of the SIM.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from aiohttp import ClientSession
from pydantic import Field, Strict

from alertbridge.core.message import DataCoding, Submission
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.report import Delivery
from alertbridge.providers.options import ProviderOptions
from alertbridge.providers.spool import Spool
from alertbridge.providers.spool_folders import Layout, stem_of
from alertbridge.providers.spool_news import Status
from alertbridge.providers.spool_options import FileMode, Folder, PerSecond, StuckAfter

SHORTEST_VALIDITY = 5
"""Minutes: the least that an SMS can carry (3GPP TS 23.040, 9.2.3.12)."""

LONGEST_VALIDITY = 63 * 7 * 24 * 60
"""Minutes: the most that it can."""

MARK = "SMS STATUS REPORT"

_FAILURE = re.compile(r"[^\x20-\x7e]+")


class SmstoolsOptions(ProviderOptions):
    """A spool of SMS Server Tools 3; the defaults are Debian's folders."""

    outgoing: Folder = Field(
        default="/var/spool/sms/outgoing", description="Where smsd takes files from."
    )
    checked: Annotated[tuple[Folder, ...], Strict(strict=False)] = Field(
        default=("/var/spool/sms/checked",),
        min_length=1,
        description="Where smsd keeps what it has taken; with `[queues]` in its config,"
        " all of their folders.",
    )
    sent: Folder = Field(
        default="/var/spool/sms/sent",
        description="Where smsd puts what it has sent; its config must name it, too.",
    )
    failed: Folder = Field(
        default="/var/spool/sms/failed",
        description="Where smsd puts what it could not send; its config must name it,"
        " too.",
    )
    reports: Folder | None = Field(
        default=None,
        description="Where smsd puts status reports: its `report`, or else its"
        " `incoming`. null: none are asked for. If set, a critical page that is not"
        " reported as delivered in time goes another way.",
    )
    mode: FileMode = Field(
        default="0660", description="The mode of our files: smsd must read them."
    )
    stuck_after_seconds: StuckAfter = Field(
        default=120,
        description="So long may files wait with none leaving; then pages go another"
        " way.",
    )
    requests_per_second: PerSecond = Field(
        default=10, description="How many files are written in a second."
    )


class SmstoolsFiles:
    """What smsd reads, and what it writes."""

    def __init__(self, options: SmstoolsOptions) -> None:
        self.layout = Layout(
            daemon="smsd",
            group="smsd",
            outgoing=Path(options.outgoing),
            taken=tuple(Path(folder) for folder in options.checked),
            sent=Path(options.sent),
            failed=Path(options.failed),
            mode=int(options.mode, 8),
        )
        self.reports = None if options.reports is None else Path(options.reports)

    def name_of(self, submission: Submission, number: Msisdn) -> str:
        """Name the file by our reference."""
        return stem_of(submission.reference, number, len(submission.numbers))

    def write(self, submission: Submission, number: Msisdn) -> bytes:
        """Write headers, an empty line, and the text.

        `UTF-8` is turned into the GSM alphabet by smsd if it fits, which ours does;
        a text that does not is written as the UCS-2 that goes over the air.
        """
        is_gsm = submission.text.coding is DataCoding.GSM
        left = int((submission.closes_at - submission.began_at).total_seconds() // 60)
        headers = {
            "To": number.removeprefix("+"),
            "Alphabet": "UTF-8" if is_gsm else "UCS",
            "Autosplit": "3",
            "Report": "no" if self.reports is None else "yes",
            "Validity": f"{min(max(left, SHORTEST_VALIDITY), LONGEST_VALIDITY)} min",
        }
        if submission.urgent:
            headers["Priority"] = "High"
        head = "".join(f"{name}: {value}\n" for name, value in headers.items())
        encoding = "utf-8" if is_gsm else "utf-16-be"
        body = submission.text.body.encode(encoding, "surrogatepass")
        return head.encode() + b"\n" + body

    def number_in(self, content: bytes) -> str:
        """Whom a file of ours is for, or a report is about."""
        headers = _headers(content)
        return headers.get("To") or headers.get("From", "")

    def key_in(self, content: bytes) -> str | None:
        """The network's id of the message, or of its last part; it needs the number.

        It is one octet, and begins anew after 255.
        """
        headers = _headers(content)
        ids = [word for word in headers.get("Message_id", "").split() if word.isdigit()]
        return f"{headers.get('To', '')} {ids[-1]}" if ids else None

    def reason_in(self, content: bytes) -> str:
        """What smsd says, such as `+CMS ERROR: 38 (Network out of order)`."""
        reason = _headers(content).get("Fail_reason", "")
        return _FAILURE.sub(" ", reason).strip()[:100]

    def status_in(self, content: bytes) -> Status | None:
        """Read what the network says of a message (TP-ST, 3GPP TS 23.040, 9.2.3.15)."""
        head, _, body = content.partition(b"\n\n")
        if not body.startswith(MARK.encode()):
            return None
        number = _headers(head).get("From", "")
        fields = _headers(body.partition(b"\n")[2])
        code, _, words = fields.get("Status", "").partition(",")
        if not code.isdigit() or not fields.get("Message_id", "").isdigit():
            return None
        words = _FAILURE.sub(" ", words).strip()[:100]
        return Status(
            f"{number} {fields['Message_id']}",
            delivery_of(int(code)),
            f"{code} {words}".strip(),
        )


VALIDITY_OVER = 0x46


def delivery_of(status: int) -> Delivery:
    """What a TP-ST octet means; what is reserved says nothing yet."""
    if status == 0:
        return Delivery.DELIVERED
    if status == VALIDITY_OVER:
        return Delivery.EXPIRED
    if 0x40 <= status < 0x80:
        # Permanent, or temporary and the network has stopped trying.
        return Delivery.FAILED
    # 1 and 2: passed on without a word back, replaced; 0x20 on: still trying.
    return Delivery.PENDING


def smstools3(
    name: ProviderName,
    options: SmstoolsOptions,
    session: ClientSession,
    *,
    report_url: str | None = None,
) -> Spool:
    """Make a provider for a spool on this machine."""
    # Nobody is asked over the network, and reports are files.
    del session, report_url
    return Spool(
        name,
        SmstoolsFiles(options),
        per_second=options.requests_per_second,
        stuck_after=options.stuck_after_seconds,
    )


def _headers(content: bytes) -> Mapping[str, str]:
    """Lines of the form `Name: value`, up to the first empty one."""
    head = content.partition(b"\n\n")[0].decode("utf-8", "replace")
    pairs = (line.partition(":") for line in head.splitlines())
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}
