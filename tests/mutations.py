"""Damaged and hostile versions of a good input, and the check that a reader reads or explains each of them.

``mutations(valid, seed)`` is endless, and the same for the same arguments. ``archive_mutations`` also damages what is
inside a zip archive, such as an ``.npz`` file, so that its checksums fit. ``check_reader`` runs a reader on many.
"""

import contextlib
import io
import itertools
import json
import random
import signal
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator

from crl_train.errors import CrlError

LONGEST_MESSAGE = 1_000
SECONDS = 10.0  # far more than any reader takes on any machine; what hangs takes longer

_TOKENS = [
    *(
        b"",
        b"0",
        b"-1",
        b"1e999",
        b"NaN",
        b"-Infinity",
        b"null",
        b"true",
        b"[]",
        b"{}",
        b'""',
        b"'",
        b'"',
        b"\\",
        b"\n",
    ),
    *(
        b"\x00",
        b"\x1b[31m",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\\ud800",
        b"\xe2\x80\xae",
        "\N{ARABIC-INDIC DIGIT THREE}".encode(),
    ),
    *(
        b"&a [*a,*a]",
        b"*a",
        b"<<: *a",
        b"!!int x",
        b"!!python/object:os.system",
        b"%YAML 9.9\n---\n",
        b"? ",
        b"- ",
        b": ",
    ),
    *(b"2024-99-99", b"1:1:1", b"1_000", b"2147483648", b"1" + b"0" * 30, b"-0.0", b"5e-324"),
    *(b"9" * 5_000, b"0x" + b"f" * 5_000, b"[" * 3_000, b'{"a":' * 3_000),
]
_VALUES: list[object] = [
    *(None, True, False, 0, -1, 1.0, 1.5, 10**12, 10**30, 2**31, 2**53 + 1, 1e300),
    *("", "text", "\x1b[2J", "a\nb", "\ud800", "x" * 5_000, [], [1], {}, {"a": None}, [[[[]]]]),
]


def mutations(valid: bytes, seed: int) -> Iterator[bytes]:
    """Endless damaged versions of an input: bits, cuts, repeats, hostile tokens, and JSON values of other types."""
    draw = random.Random(seed)
    ways = [_flip, _truncate, _delete, _repeat, _insert, _replace_word, _swap_words, _change_json]
    while True:
        mutated = valid
        for _ in range(draw.choice([1, 1, 1, 2, 4])):
            mutated = draw.choice(ways)(mutated, draw)
        yield mutated


def archive_mutations(valid: bytes, seed: int) -> Iterator[bytes]:
    """Endless damaged versions of a zip archive: of the file itself, and of its entries under true checksums."""
    outer, inner = mutations(valid, seed), entry_mutations(valid, seed)
    for number in itertools.count():
        yield next(inner if number % 3 else outer)


def entry_mutations(valid: bytes, seed: int) -> Iterator[bytes]:
    """Endless versions of a zip archive with one damaged entry each, under true checksums."""
    with zipfile.ZipFile(io.BytesIO(valid)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    draw = random.Random(seed)
    damaged = {name: mutations(data, seed) for name, data in entries.items()}
    while True:
        name = draw.choice(list(entries))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for other, data in entries.items():
                archive.writestr(other, next(damaged[name]) if other == name else data)
        yield packed.getvalue()


def reads_or_explains(read: Callable[[bytes], object], mutated: bytes, name: str = "") -> str:
    """Whether a reader ``read`` the input, or ``explained`` in one short line without control characters what is wrong.

    Args:
        read: Reads an input; may raise subclasses of ``CrlError`` alone.
        mutated: The input.
        name: What a failure calls it, such as its seed and number.

    Raises:
        AssertionError: If it did neither, or took longer than ``SECONDS``; it names the input.
    """
    began = time.monotonic()
    message = None
    try:
        with _alarm(SECONDS):
            read(mutated)
    except CrlError as error:
        message = str(error)
    except Exception as error:
        raise AssertionError(f"{_shown(name, mutated)} raised {type(error).__name__}: {str(error)[:500]}") from error
    seconds = time.monotonic() - began
    assert seconds < SECONDS, f"{_shown(name, mutated)} took {seconds:.0f} s"
    if message is None:
        return "read"
    assert message.isprintable(), f"{_shown(name, mutated)}: not one printable line: {message[:500]!r}"
    assert 0 < len(message) <= LONGEST_MESSAGE, f"{_shown(name, mutated)}: {len(message)} characters: {message[:500]!r}"
    return "explained"


def check_reader(
    read: Callable[[bytes], object],
    valid: bytes,
    count: int,
    seed: int = 0,
    mutate: Callable[[bytes, int], Iterator[bytes]] = mutations,
) -> Counter[str]:
    """Run a reader on many damaged versions of a good input, which it must read.

    Returns:
        How many were ``read`` and how many ``explained``.

    Raises:
        AssertionError: As :func:`reads_or_explains`; it names seed, number and input.
    """
    read(valid)
    inputs = itertools.islice(mutate(valid, seed), count)
    return Counter(
        reads_or_explains(read, mutated, f"seed {seed}, number {number}") for number, mutated in enumerate(inputs)
    )


def _shown(name: str, mutated: bytes) -> str:
    return f"input {name} ({len(mutated)} bytes: {mutated[:200]!r}{'…' if len(mutated) > 200 else ''})"


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """End what hangs; only the main thread gets signals, so that elsewhere it hangs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(signum: int, frame: object) -> None:
        raise TimeoutError(f"no answer after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# --- ways to damage an input ---------------------------------------------------------------------------------


def _flip(data: bytes, draw: random.Random) -> bytes:
    if not data:
        return data
    place = draw.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << draw.randrange(8)]) + data[place + 1 :]


def _truncate(data: bytes, draw: random.Random) -> bytes:
    return data[: draw.randint(0, len(data))]


def _slice(data: bytes, draw: random.Random) -> tuple[int, int]:
    start = draw.randint(0, len(data))
    return start, min(len(data), start + draw.choice([1, 3, 10, 100]))


def _delete(data: bytes, draw: random.Random) -> bytes:
    start, stop = _slice(data, draw)
    return data[:start] + data[stop:]


def _repeat(data: bytes, draw: random.Random) -> bytes:
    if draw.random() < 0.5:
        lines = data.splitlines(keepends=True) or [b""]
        place = draw.randrange(len(lines))
        return b"".join([*lines[: place + 1], *lines[place:]])
    start, stop = _slice(data, draw)
    return data[:stop] + data[start:]


def _insert(data: bytes, draw: random.Random) -> bytes:
    place = draw.randint(0, len(data))
    return data[:place] + draw.choice(_TOKENS) + data[place:]


def _words(data: bytes) -> list[bytes]:
    """The input cut between words, numbers and signs, so that joining gives it back."""
    return [bytes(group) for _, group in itertools.groupby(data, key=lambda byte: (chr(byte).isalnum(), byte == 32))]


def _replace_word(data: bytes, draw: random.Random) -> bytes:
    words = _words(data[:100_000]) or [b""]
    words[draw.randrange(len(words))] = draw.choice(_TOKENS)
    return b"".join(words) + data[100_000:]


def _swap_words(data: bytes, draw: random.Random) -> bytes:
    words = _words(data[:100_000]) or [b""]
    one, other = draw.randrange(len(words)), draw.randrange(len(words))
    words[one], words[other] = words[other], words[one]
    return b"".join(words) + data[100_000:]


def _change_json(data: bytes, draw: random.Random) -> bytes:
    """Another value somewhere in the JSON of the input, or of one of its lines; other inputs get a hostile token."""
    for whole in (True, False):
        lines = [data] if whole else data.splitlines(keepends=True)
        place = draw.randrange(len(lines)) if lines else 0
        try:
            changed = _changed(json.loads(lines[place]), draw)
            text = json.dumps(changed, indent=2 if whole else None).encode() + b"\n"
        except (ValueError, IndexError, RecursionError):
            continue
        return b"".join([*lines[:place], text, *lines[place + 1 :]])
    return _insert(data, draw)


def _changed(value: object, draw: random.Random) -> object:
    if isinstance(value, dict) and value and draw.random() < 0.9:
        key = draw.choice(list(value))
        way = draw.random()
        if way < 0.1:
            return {name: held for name, held in value.items() if name != key}
        if way < 0.2:
            return {**value, draw.choice(["", "new", "\x1b", key.upper()]): draw.choice(_VALUES)}
        return {**value, key: _changed(value[key], draw)}
    if isinstance(value, list) and value and draw.random() < 0.7:
        place = draw.randrange(len(value))
        return [*value[:place], _changed(value[place], draw), *value[place + 1 :]]
    return draw.choice(_VALUES)
