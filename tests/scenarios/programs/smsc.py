"""An SMSC for tests, as a program: SMPP 3.4 on asyncio and struct, and nothing of ours.

It writes what it takes into a journal, each line synced, before it answers; and it
misbehaves as it is told over a second port: one JSON object a line in, one out.

    {"bind": [14]}                 the next bind is refused with that status
    {"bind": ["silent"]}           the next bind is not answered
    {"submit": ["drop_after"]}     the next submit_sm is taken, and the line cut
    {"enquire": ["silent"]}        the next enquire_link is not answered
    {"receipts": "late"}           how a receipt comes: none, late, early, twice
    {"off": ["46701740605"]}       phones about which receipts say UNDELIV
    {"single": true}               a second bind is refused
    {"deliver": {...}}             send a deliver_sm to whoever is bound
    {"flood": [{...}, 500]}        send as many
    {"raw": "ff"}                  send octets to whoever is connected
    {}                             nothing; says how many are bound

A submit_sm's fault is a status, or one of: drop_before, drop_after, silent, slow,
no_id, garbage, other, nack. Lists are used up; an empty one is good behaviour.
"""

import argparse
import asyncio
import json
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path

import gsmcodecs  # noqa: F401  registers the codec by being imported

HEADER = struct.Struct(">IIII")
SUBMIT, DELIVER, UNBIND, BIND, ENQUIRE = 0x04, 0x05, 0x06, 0x09, 0x15
ANSWER = 0x80000000
GARBAGE = b"\xff" * 64


@dataclass(slots=True)
class Session:
    """One connection of an ESME."""

    writer: asyncio.StreamWriter
    bound: bool = False
    sequence: int = 0

    def write(
        self, command: int, status: int, sequence: int, body: bytes = b""
    ) -> None:
        """Write one PDU."""
        length = HEADER.size + len(body)
        self.writer.write(HEADER.pack(length, command, status, sequence) + body)

    def deliver(self, body: bytes) -> None:
        """Send a deliver_sm."""
        self.sequence += 1
        self.write(DELIVER, 0, self.sequence, body)


@dataclass(slots=True)
class Smsc:
    """What it took, and how it is to misbehave."""

    journal: Path
    system_id: str
    password: str
    bind: list[int | str] = field(default_factory=list)
    submit: list[int | str] = field(default_factory=list)
    enquire: list[int | str] = field(default_factory=list)
    receipts: str = "none"
    off: list[str] = field(default_factory=list)
    hex_ids: bool = False
    single: bool = False
    taken: int = 0
    sessions: list[Session] = field(default_factory=list)
    parts: dict[tuple[str, int, int], dict[int, str]] = field(default_factory=dict)

    def note(self, kind: str, **facts: object) -> None:
        """Write a line of the journal, and make sure of it."""
        with self.journal.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps({"kind": kind, **facts}) + "\n")
            journal.flush()
            os.fsync(journal.fileno())

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Talk to one ESME until it is gone."""
        session = Session(writer)
        self.sessions.append(session)
        self.note("connected")
        try:
            while not writer.is_closing():
                head = await reader.readexactly(HEADER.size)
                length, command, status, sequence = HEADER.unpack(head)
                body = await reader.readexactly(length - HEADER.size)
                await self.take(session, command, status, sequence, body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.sessions.remove(session)
            self.note("disconnected")
            writer.close()

    async def take(
        self, session: Session, command: int, status: int, sequence: int, body: bytes
    ) -> None:
        """Take one PDU."""
        match command:
            case 0x09:
                self.take_bind(session, sequence, body)
            case 0x04:
                await self.take_submit(session, sequence, body)
            case 0x15:
                self.note("enquired")
                if not (self.enquire and self.enquire.pop(0) == "silent"):
                    session.write(ENQUIRE | ANSWER, 0, sequence)
            case 0x06:
                self.note("unbound")
                session.write(UNBIND | ANSWER, 0, sequence)
                await session.writer.drain()
                session.writer.close()
            case 0x80000005:
                self.note("receipt_answered", status=status)
            case 0x80000015:
                self.note("enquiry_answered")
            case 0x80000000:
                self.note("nacked", status=status, sequence=sequence)
            case _:
                self.note("unknown", command=command)

    def take_bind(self, session: Session, sequence: int, body: bytes) -> None:
        """Let an ESME in, or not."""
        system_id, password, _ = body.split(b"\0", 2)
        fault = self.bind.pop(0) if self.bind else 0
        status = fault if isinstance(fault, int) else 0
        if self.single and any(one.bound for one in self.sessions):
            status = 0x05
        if not status and system_id.decode() != self.system_id:
            status = 0x0F
        if not status and password.decode() != self.password:
            status = 0x0E
        self.note("bind", status=status)
        if fault == "silent":
            return
        if fault == "drop":
            session.writer.close()
            return
        session.bound = not status
        # A refusal has no body; TLV 0x0210 is the version, which may be left out.
        body = b"" if status else b"smsc\0" + struct.pack(">HHB", 0x0210, 1, 0x34)
        session.write(BIND | ANSWER, status, sequence, body)

    async def take_submit(self, session: Session, sequence: int, body: bytes) -> None:
        """Take a message, or do what the script says."""
        fault = self.submit.pop(0) if self.submit else 0
        if isinstance(fault, int) and fault:
            self.note("refused", status=fault)
            session.write(SUBMIT | ANSWER, fault, sequence)
            return
        if fault == "drop_before":
            session.writer.close()
            return
        if fault == "nack":
            session.write(ANSWER, 0x03, sequence)
            return
        self.taken += 1
        number = 1000 + self.taken
        message_id = f"{number:08X}" if self.hex_ids else str(number)
        to = self.keep(message_id, body)
        word = "UNDELIV" if to in self.off else "DELIVRD"
        receipt = receipt_of(str(number), to, word)
        if self.receipts == "early":
            session.deliver(receipt)
        match fault:
            case "drop_after":
                session.writer.close()
                return
            case "silent":
                return
            case "garbage":
                session.writer.write(GARBAGE)
                return
            case "other":
                session.write(ENQUIRE | ANSWER, 0, sequence)
                return
            case "slow":
                await asyncio.sleep(1)
            case _:
                pass
        given = b"" if fault == "no_id" else message_id.encode() + b"\0"
        session.write(SUBMIT | ANSWER, 0, sequence, given)
        for _ in range({"late": 1, "twice": 2}.get(self.receipts, 0)):
            session.deliver(receipt)

    def keep(self, message_id: str, body: bytes) -> str:
        """Write down what was submitted, and the text once it is whole."""
        fields = read_submit(body)
        self.note("submit", id=message_id, **fields)
        to, octets = str(fields["to"]), bytes.fromhex(str(fields["octets"]))
        total = index = 1
        tie = -1 - self.taken
        if int(str(fields["esm_class"])) & 0x40:
            length, element, size, tie, total, index = octets[:6]
            assert (length, element, size) == (5, 0, 3), "not a header of parts"
            octets = octets[6:]
        ucs2 = fields["data_coding"] == 8
        text = octets.decode("utf-16-be" if ucs2 else "gsm23.038")
        parts = self.parts.setdefault((to, tie, total), {})
        parts[index] = text
        if len(parts) == total:
            whole = "".join(parts[one] for one in sorted(parts))
            self.note("message", to=to, text=whole, parts=total)
            del self.parts[to, tie, total]
        return to

    async def control(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Do as a test says."""
        while line := await reader.readline():
            for name, value in json.loads(line).items():
                if name == "deliver":
                    for session in self.sessions:
                        if session.bound:
                            session.deliver(deliver_of(**value))
                elif name == "flood":
                    for session in self.sessions:
                        for _ in range(value[1]):
                            session.deliver(deliver_of(**value[0]))
                elif name == "raw":
                    for session in self.sessions:
                        session.writer.write(bytes.fromhex(value))
                else:
                    setattr(self, name, value)
            bound = sum(session.bound for session in self.sessions)
            writer.write(json.dumps({"bound": bound}).encode() + b"\n")
            await writer.drain()
        writer.close()


def read_submit(body: bytes) -> dict[str, object]:
    """Take a submit_sm's body apart."""
    service_type, rest = body.split(b"\0", 1)
    from_ton, from_npi = rest[:2]
    sender, rest = rest[2:].split(b"\0", 1)
    to_ton, to_npi = rest[:2]
    to, rest = rest[2:].split(b"\0", 1)
    esm_class, _, priority = rest[:3]
    _, validity, rest = rest[3:].split(b"\0", 2)
    registered, _, data_coding, _, length = rest[:5]
    octets, rest = rest[5 : 5 + length], rest[5 + length :]
    tags = []
    while rest:
        tag, size = struct.unpack(">HH", rest[:4])
        tags.append(tag)
        if tag == 0x0424:
            octets = rest[4 : 4 + size]
        rest = rest[4 + size :]
    return {
        "service_type": service_type.decode(),
        "from": [sender.decode(), from_ton, from_npi],
        "to": to.decode(),
        "to_type": [to_ton, to_npi],
        "esm_class": esm_class,
        "priority": priority,
        "validity": validity.decode(),
        "registered": registered,
        "data_coding": data_coding,
        "octets": octets.hex(),
        "tags": tags,
    }


def receipt_of(message_id: str, to: str, word: str) -> bytes:
    """Write a receipt as appendix B has it."""
    text = (
        f"id:{message_id} sub:001 dlvrd:001 submit date:2601150930"
        f" done date:2601150931 stat:{word} err:000 text:-"
    )
    return deliver_of(source=to, text=text, esm_class=4)


def deliver_of(
    *, source: str, text: str, esm_class: int = 0, tlvs: str = "", data_coding: int = 0
) -> bytes:
    """Write a deliver_sm's body; *tlvs* is hexadecimal."""
    octets = text.encode("latin-1")
    return (
        b"\0\1\1"
        + source.encode()
        + b"\0\5\0Bridge\0"
        + bytes((esm_class, 0, 0, 0, 0, 0, 0, data_coding, 0, len(octets)))
        + octets
        + bytes.fromhex(tlvs)
    )


async def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--system-id", required=True)
    parser.add_argument("--password", required=True)
    given = parser.parse_args()
    smsc = Smsc(given.journal, given.system_id, given.password)
    # Ids go on where the last run ended, as a real one's do.
    if given.journal.exists():
        smsc.taken = given.journal.read_text("utf-8").count('"kind": "submit"')
    await asyncio.start_server(smsc.control, "127.0.0.1", given.control)
    server = await asyncio.start_server(smsc.serve, "127.0.0.1", given.port)
    print("listening", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
