"""A record as a row of a journal, the same in every database: run, address, body, checksum."""

import json
from zlib import crc32

import msgspec

from reconciler.core.record import NEEDS, Record

Row = tuple[str, str | None, str, int]
"""Run, address, body (JSON), and the checksum of the body's bytes."""

_read = msgspec.json.Decoder(Record).decode


def row(record: Record) -> Row:
    """The row that keeps `record`."""
    body = encode(record)
    return record.run, record.address, body.decode(), crc32(body)


def encode(record: Record) -> bytes:
    """The body of a record: what it says, without what it says nothing of."""
    fields = {name: value for name, value in msgspec.structs.asdict(record).items() if value is not None}
    try:
        return msgspec.json.encode(fields)
    except UnicodeEncodeError:
        # Half a surrogate pair in a platform's words: it must not keep this record, or its group, from the disk.
        return json.dumps(msgspec.to_builtins(fields), ensure_ascii=False).encode("utf-8", "replace")


def decode(body: bytes) -> Record:
    """The record of a body. Raises `msgspec.MsgspecError`, or `UnicodeError` where it is no text."""
    try:
        record = _read(body)
    except RecursionError as error:
        raise msgspec.ValidationError("it is nested too deeply") from error
    needed = NEEDS.get(record.kind, ())
    for name in needed:
        if getattr(record, name) is None:
            missing = " and ".join(each for each in needed if getattr(record, each) is None)
            raise msgspec.ValidationError(f"{record.kind} without {missing}")
    return record
