"""A GSM modem on a pseudo-terminal: enough of 3GPP TS 27.005 for a real smsd.

It takes SMS in PDU mode, remembers them, and reports each as delivered if one asks.
"""

import os
import re
import select
import threading
import tty
from types import TracebackType
from typing import Self

_SUBMIT = re.compile(r"AT\+CMGS=(\d+)")
_READ = re.compile(r"AT\+CMG([RD])=(\d+)")


class AtModem:
    """A modem that listens on `device` until it is closed; `sent` has the PDUs.

    `refuses` makes it answer every SMS with an error of the network, `is_dead` makes it
    answer nothing at all.
    """

    def __init__(self) -> None:
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self.device = os.ttyname(self._theirs)
        self.sent: list[str] = []
        self.heard: list[str] = []
        self.refuses = False
        self.is_dead = False
        self._stored: dict[int, str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up."""
        self._stop.set()
        self._thread.join(10)
        os.close(self._ours)
        os.close(self._theirs)

    def _serve(self) -> None:
        """Answer line by line; after `AT+CMGS` a PDU comes, up to its Ctrl-Z."""
        waiting, wants_pdu = b"", False
        while not self._stop.is_set():
            if not select.select([self._ours], [], [], 0.05)[0]:
                continue
            waiting += os.read(self._ours, 4096)
            while True:
                end = b"\x1a" if wants_pdu else b"\r"
                line, found, rest = waiting.partition(end)
                if not found:
                    break
                waiting = rest
                said = line.decode("ascii", "replace").strip()
                if not said or self.is_dead:
                    continue
                if wants_pdu:
                    wants_pdu = False
                    self._say(self._take(said))
                    continue
                self.heard.append(said)
                wants_pdu = _SUBMIT.match(said) is not None
                self._say("\r\n> " if wants_pdu else self._answer(said))

    def _say(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def _take(self, pdu: str) -> str:
        if self.refuses:
            return "\r\n+CMS ERROR: 38\r\n"
        self.sent.append(pdu)
        reference = len(self.sent)
        if int(pdu[2:4], 16) & 0x20:
            # TP-SRR: it wants a report, which lies in the memory at once.
            length = int(pdu[6:8], 16)
            digits = length + length % 2
            address = pdu[6 : 10 + digits]
            time = "62112301300000"
            report = f"0006{reference:02X}{address}{time}{time}00"
            self._stored[len(self._stored) + 1] = report
        return f"\r\n+CMGS: {reference}\r\n\r\nOK\r\n"

    def _answer(self, command: str) -> str:
        ok = "\r\nOK\r\n"
        reading = _READ.match(command)
        if reading is not None:
            index = int(reading[2])
            if reading[1] == "D":
                self._stored.pop(index, None)
                return ok
            pdu = self._stored.get(index)
            if pdu is None:
                return "\r\n+CMS ERROR: 321\r\n"
            return f"\r\n+CMGR: 0,,{len(pdu) // 2 - 1}\r\n{pdu}\r\n{ok}"
        fixed = {
            "AT+CPIN?": "+CPIN: READY",
            "AT+CSQ": "+CSQ: 20,0",
            "AT+CREG?": "+CREG: 0,1",
            "AT+CPMS?": f'+CPMS: "SM",{len(self._stored)},10',
            "AT+CSCA?": '+CSCA: "+46701740699",145',
        }
        said = fixed.get(command)
        return ok if said is None else f"\r\n{said}\r\n{ok}"
