"""Read JSON and YAML that anybody may have edited: whatever is wrong with it becomes one short line.

Parsers raise more than they document on damaged or hostile text, and quote as much of it as they like. Both functions
here turn all of that into one error, which names the file and, where it is known, the line.
"""

import functools
import json
import math
import reprlib
import stat
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any

from crl_train.console import printable
from crl_train.errors import ConfigError, CrlError

_LONGEST_VALUE = 160  # characters of an input that a message quotes
_LONGEST_REASON = 240
_MOST_DIGITS = 400  # the largest float has 309
_DIGITS_PER_BIT = math.log10(2)


def parse_json(text: str | bytes, source: str, error: type[CrlError] = ConfigError) -> Any:
    """Read strict JSON: no NaN or infinity, no number beyond a float, no key twice in one object.

    Args:
        text: The text; bytes are UTF-8.
        source: What messages call it, such as the file's name.
        error: The error to raise.

    Raises:
        error: If it is not JSON; one line.

    Example:
        >>> parse_json('{"width": 32}', "settings.json")
        {'width': 32}
    """
    return _parsed(_json, text, f"{source} is not valid JSON", error)


def parse_yaml(text: str | bytes, source: str, error: type[CrlError] = ConfigError) -> Any:
    """Read YAML of plain values; ``3e-4`` is a number, as in YAML 1.2. No key twice, and no aliases.

    A few lines of aliases can stand for more values than a machine holds, and settings need none.

    Args:
        text: The text; bytes are UTF-8.
        source: What messages call it, such as the file's name.
        error: The error to raise.

    Raises:
        error: If it is not YAML; one line.
    """
    return _parsed(_yaml, text, f"{source} is not valid YAML", error)


def read_bounded(path: Path, max_bytes: int, source: str, error: type[CrlError] = ConfigError) -> bytes:
    """Read a file that has a size in reason; whatever is larger, or endless, is no file of ours.

    Raises:
        OSError: If it cannot be read.
        error: If it is no regular file, or holds more than ``max_bytes``.
    """
    require_regular(path, source, error)
    with path.open("rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise error(f"{source} is too large: more than {max_bytes:,} bytes. Is it the right file?")
    return data


def require_regular(path: Path, source: str, error: type[CrlError] = ConfigError) -> None:
    """Refuse a pipe, a device or a socket: reading one may never end. A folder fails when it is read.

    Raises:
        OSError: If nothing is there.
        error: If it is neither a regular file nor a folder.
    """
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise error(f"{source} is a pipe, a device or a socket: give a regular file, such as one that it was saved to.")


def shortened(value: object) -> str:
    """``repr`` for messages: one line of at most 160 characters, made without writing out the whole value.

    Example:
        >>> shortened([[1, 2, 3, 4, 5], "word"]), shortened(10**5000)
        ("[[1, 2, 3, ...], 'word']", 'a number of about 5000 digits')
    """
    return _cut(_SHORT.repr(value), _LONGEST_VALUE)


def one_line(text: str) -> str:
    """A text of any origin as one printable line of at most 240 characters, without a full stop at its end.

    Example:
        >>> one_line("two\\n  lines.")
        'two lines'
    """
    return _cut(printable(" ".join(text.split())), _LONGEST_REASON).rstrip(".")


class _Unusable(ValueError):
    """What is wrong with a text, in a few words."""


class _Short(reprlib.Repr):
    """Writes out only as much of a value as a line holds."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 3
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = 3
        self.maxstring = self.maxother = 80

    def repr_int(self, value: int, level: int) -> str:
        # Python takes long to write out a long integer, and refuses beyond 4300 digits.
        digits = round(value.bit_length() * _DIGITS_PER_BIT)
        return repr(value) if digits < self.maxlong else f"a number of about {digits} digits"

    def repr_bytes(self, value: bytes, level: int) -> str:
        return self.repr1(str(value[: self.maxstring]), level)


_SHORT = _Short()


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _parsed(parse: Callable[[str], Any], text: str | bytes, problem: str, error: type[CrlError]) -> Any:
    try:
        return parse(text if isinstance(text, str) else text.decode("utf-8-sig"))
    except Exception as cause:  # whatever a parser does on hostile text: ValueError, RecursionError, TypeError, ...
        raise error(f"{problem}: {_reason(cause)}. Was it edited or cut short?") from None


def _reason(cause: Exception) -> str:
    """Where and what the mistake is, in one line."""
    mark = getattr(cause, "problem_mark", None)
    if isinstance(cause, json.JSONDecodeError):
        # What is one line is often a line of a larger file, whose number the caller knows.
        line = f"line {cause.lineno}, " if "\n" in cause.doc.rstrip() else ""
        text = f"{line}column {cause.colno}: {cause.msg}"
    elif mark is not None:
        text = f"line {mark.line + 1}, column {mark.column + 1}: {getattr(cause, 'problem', None) or 'a mistake'}"
    elif isinstance(cause, UnicodeDecodeError):
        text = f"byte {cause.start} is not UTF-8"
    elif isinstance(cause, RecursionError):
        text = "it is nested too deeply"
    else:
        text = str(cause) or type(cause).__name__
    return one_line(text)


def _json(text: str) -> Any:
    return json.loads(
        text, parse_int=_integer, parse_float=_float, parse_constant=_constant, object_pairs_hook=_without_repeats
    )


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise _Unusable(f"a number has {len(digits)} digits")
    return int(digits)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Unusable(f"{_cut(text, 40)} is beyond the largest float")
    return value


def _constant(name: str) -> float:
    raise _Unusable(f"{name} is no number in JSON")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        key, _ = pairs[_first_repeated([key for key, _ in pairs])]
        raise _Unusable(f"the key {shortened(key)} is given twice")
    return found


def _first_repeated(names: Sequence[Hashable]) -> int:
    """Index of the first that stands there for the second time."""
    seen: set[Hashable] = set()
    for index, name in enumerate(names):
        if name in seen:
            return index
        seen.add(name)
    raise ValueError("no name is repeated")


def _yaml(text: str) -> Any:
    import yaml

    return yaml.load(text, Loader=_yaml_loader())


@functools.cache
def _yaml_loader() -> Any:
    """The loader's class; YAML is imported only where a file of it is read."""
    import re

    import yaml
    from yaml.composer import ComposerError
    from yaml.constructor import ConstructorError

    class Loader(yaml.SafeLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                problem = "an alias (*name) is not read here, write the value out"
                raise ComposerError(None, None, problem, self.peek_event().start_mark)
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            keys = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            names = [(key.tag, key.value) for key in keys]
            if len(set(names)) < len(names):
                key = keys[_first_repeated(names)]
                raise ConstructorError(None, None, f"the key {shortened(key.value)} is given twice", key.start_mark)
            return super().construct_mapping(node, deep)

        def construct_object(self, node: Any, deep: bool = False) -> Any:
            try:
                return super().construct_object(node, deep)
            except (yaml.YAMLError, RecursionError):
                raise
            except Exception as cause:  # a value that its tag does not fit: an impossible date, !!int x, ...
                value = shortened(node.value) if isinstance(node, yaml.ScalarNode) else "a value"
                problem = f"{value} is not usable ({_cut(str(cause), 80)})"
                raise ConstructorError(None, None, problem, node.start_mark) from None

    exponent_without_dot = re.compile(r"^[-+]?[0-9]+[eE][-+]?[0-9]+$")
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", exponent_without_dot, list("-+0123456789"))
    return Loader
