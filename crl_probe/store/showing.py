"""Short texts for what a notebook or a debugger shows: one line for any result, however large its arrays."""

import dataclasses
import html
from collections.abc import Iterable, Sequence
from typing import Any, cast

import numpy as np

_LONGEST = 60  # characters of a text inside of a line


class Shown:
    """A frozen dataclass, made with ``repr=False``, whose ``repr`` is one line.

    Plain values are written out; of arrays it has the sizes of their axes, by the names that annotations give these.
    """

    def __repr__(self) -> str:
        told: dict[str, str] = {}
        for field in dataclasses.fields(cast(Any, self)):
            if not field.repr:
                continue
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                for axis, size in zip(_axes(field.type), value.shape, strict=False):
                    told.setdefault(axis, str(size))
            elif isinstance(value, str | int | float) or dataclasses.is_dataclass(value):
                told.setdefault(field.name, _short(value))
            elif isinstance(value, tuple) and all(map(dataclasses.is_dataclass, value)):
                told.setdefault(field.name, str(len(value)))
        named = (f"{name}={text}" for name, text in told.items() if name.isidentifier() and not name.endswith("_dim"))
        return f"{type(self).__name__}({', '.join(named)})"


def html_table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table for notebooks; every text is escaped.

    Example:
        >>> html_table("a < b", ["run"], [["one"]])
        '<table><caption>a &lt; b</caption><tr><th>run</th></tr><tr><td>one</td></tr></table>'
    """
    lines = [("th", head), *(("td", row) for row in rows)]
    body = "".join(
        f"<tr>{''.join(f'<{tag}>{html.escape(text)}</{tag}>' for text in texts)}</tr>" for tag, texts in lines
    )
    return f"<table><caption>{html.escape(caption)}</caption>{body}</table>"


def _axes(annotation: Any) -> list[str]:
    return getattr(annotation, "dim_str", "").split()


def _short(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
