"""Content that no file of a run ought to have, and how cases write it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

DIGITS: Final = "9" * 5000
DEEP: Final = "[" * 100_000 + "]" * 100_000
ESCAPE: Final = "\x1b[31mred\x07"

# Bytes that are no such file at all.
WHOLE: Final[Mapping[str, bytes]] = {
    "empty": b"",
    "only spaces": b"  \n \n",
    "one NUL": b"\0",
    "random bytes": bytes(range(256)) * 8,
    "an array": b"[1, 2]",
    "null": b"null",
    "a number": b"7",
    "a text": b'"text"',
    "5,000 digits": DIGITS.encode(),
    "100,000 brackets": DEEP.encode(),
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a gzip file": b"\x1f\x8b\x08\x00" + bytes(60),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(60),
    "HTML": b"<!DOCTYPE html><html></html>",
    "half a surrogate": b'{"a": "\\ud800"}',
}


def write(path: Path, content: Any) -> None:
    """Write bytes, text, or anything else as JSON."""
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_bytes(text.encode("utf-8", "surrogatepass"))


def short(value: Any) -> str:
    """The value in the name of a case."""
    text = value if isinstance(value, str) else json.dumps(value)
    return repr(text[:24])[1:-1] + (f"… ({len(text):,} characters)" if len(text) > 24 else "")
