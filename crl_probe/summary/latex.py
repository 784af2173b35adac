r"""Tables of numbers as LaTeX: booktabs tables that are as wide as a column of a paper.

A table has a row for each metric and a column for each level, at most four, with each interval below its number. What
pdfLaTeX cannot print is replaced by what it can, such as ``U+1F389`` in place of an emoji.
"""

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from crl_probe.metrics import DEFINITIONS
from crl_probe.summary.estimates import titled
from crl_probe.summary.numbers import UNDEFINED, latex_number
from crl_probe.summary.rows import Row
from crl_probe.summary.tables import (
    ONE_SEED,
    Line,
    Section,
    Table,
    format_of,
    interval_words,
    line_texts,
    tables_of,
)
from crl_train.console import printable
from crl_train.version import __version__

MOST_COLUMNS: Final = 4
# By number of columns: the size of intervals, and the characters that a number or interval may have, so that a table
# fits a column of a two-column article (229 pt). Beyond them it has fewer decimals.
_SIZES: Final = {1: (r"\scriptsize", 24), 2: (r"\scriptsize", 24), 3: (r"\scriptsize", 16), 4: (r"\tiny", 14)}
_MOST_ROWS: Final = 24  # of a table, which cannot be longer than a page; a name may take several lines of a row
_WORDS: Final = 12  # characters of a line of a heading

_HEAD: Final = rf"""% Made by crl-probe {__version__}. Needs \usepackage{{booktabs,tabularx}}.
% Each table is as wide as \columnwidth. This sets an interval below its number:
\providecommand{{\withinterval}}[2]{{\begin{{tabular}}[t]{{@{{}}r@{{}}}}#1\\[-0.5ex]\intervalsize #2\end{{tabular}}}}
"""


def latex_text(rows: Iterable[Row], *, together: bool = False) -> str:
    r"""One booktabs table for each section, under a comment that says what it holds and what its intervals are.

    Args:
        rows: Numbers of levels, and of runs if each seed is to have a row.
        together: Whether all metrics share one table, as :func:`crl_probe.summary.tables.tables_of` has it.

    Example:
        >>> print(latex_text(rows))                                                               # doctest: +SKIP
        % Made by crl-probe 0.1.0. Needs \usepackage{booktabs,tabularx}.
        ...
        % point_u_maze: success (on-policy). Intervals of a depth (95 %) are a bootstrap over its 3 seeds.
        \begingroup\footnotesize\setlength{\tabcolsep}{3pt}\let\intervalsize\scriptsize
        \noindent\begin{tabularx}{\columnwidth}{@{}>{\raggedright\arraybackslash\hspace{0pt}}X*{2}{r}@{}}
        \toprule
         & depth 4 & depth 16 \\
         & 3 seeds & 3 seeds \\
        \midrule
        Success rate & \withinterval{$41\,\%$}{$[33, 52]$} & \withinterval{$60\,\%$}{$[51, 66]$} \\
        \bottomrule
        \end{tabularx}
        \endgroup
    """
    parts = [part for table in tables_of(rows, together=together) for part in table.in_parts(MOST_COLUMNS)]
    return "\n".join([_HEAD, *(_tabular(part, section) for part in parts for section in part.sections)])


def escaped(text: str) -> str:
    r"""Text that pdfLaTeX prints as it is, whatever it holds and wherever it stands.

    Letters with accents become commands. What pdfLaTeX cannot print, such as an emoji, is written as its code point.

    Example:
        >>> print(escaped("[50 %] a_b"), escaped("é–🎉"))
        {[}50 \%{]} a\_b \'{e}--U+1F389
    """
    composed = unicodedata.normalize("NFC", printable(text))
    # Two of these signs in a row would be joined to one.
    apart = re.sub(r"([-',])(?=\1)", "\\1\0", composed)
    return "".join(map(_escaped_char, apart))


_LETTERS: Final = {
    "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}",
    "å": r"\aa{}", "Å": r"\AA{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}",
}  # fmt: skip
_SIGNS: Final = {
    "\0": "{}",
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "`": r"\textasciigrave{}",
    "·": r"\textperiodcentered{}",
    "–": "--",
    "φ": r"$\phi$",
    "ψ": r"$\psi$",
    # Behind \\ these would be read as an argument of it.
    **{sign: f"{{{sign}}}" for sign in "[]*"},
    **{sign: rf"\{sign}" for sign in "&%$#_{}"},
}
_COMBINING: Final = "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327"
_ACCENTS: Final = dict(zip(_COMBINING, "`'^~=u.\"rHvc", strict=True))


def _escaped_char(char: str) -> str:
    known = _SIGNS.get(char) or _LETTERS.get(char)
    if known or char.isascii():
        return known or char
    apart = unicodedata.normalize("NFD", char)
    letter, accent = apart[0], apart[1:]
    if letter.isascii() and letter.isalpha() and accent in _ACCENTS:
        # An accent above i stands on a letter without a dot.
        base = f"\\{letter}" if letter in "ij" else letter
        return rf"\{_ACCENTS[accent]}{{{base}}}"
    return f"U+{ord(char):04X}"


def _tabular(table: Table, section: Section) -> str:
    size, width = _SIZES[len(table.columns)]
    shown = Table(table.env, table.columns, (section,))
    title = ": ".join(filter(None, (table.env, section.title)))
    metrics = [_rows(line, section, table, width) for line in section.lines]
    comment = printable(f"% {title}. {interval_words([shown])}".rstrip())
    return "\n".join([comment, *(_page_of(rows, table, size) for rows in _by_page(metrics))])


def _by_page(metrics: Iterable[list[str]]) -> Iterator[list[str]]:
    """Rows that fit a page together: a metric stays whole if it can."""
    page: list[str] = []
    for rows in metrics:
        if page and len(page) + len(rows) > _MOST_ROWS:
            yield page
            page = []
        page += rows
        while len(page) > _MOST_ROWS:
            yield page[:_MOST_ROWS]
            page = page[_MOST_ROWS:]
    if page:
        yield page


def _page_of(rows: Iterable[str], table: Table, size: str) -> str:
    return "\n".join(
        [
            rf"\begingroup\footnotesize\setlength{{\tabcolsep}}{{3pt}}\let\intervalsize{size}",
            r"\noindent\begin{tabularx}{\columnwidth}"
            rf"{{@{{}}>{{\raggedright\arraybackslash\hspace{{0pt}}}}X*{{{len(table.columns)}}}{{r}}@{{}}}}",
            r"\toprule",
            *_head(table),
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabularx}",
            r"\endgroup",
            "",
        ]
    )


def _head(table: Table) -> list[str]:
    """The levels, in as many rows as the longest has lines, and below them how many seeds each has."""
    heads = [
        [*(line for part in column.label.split(" · ") for line in textwrap.wrap(part, _WORDS)), column.seeds_text]
        for column in table.columns
    ]
    height = max(map(len, heads))
    columns = [[*head[:-1], *[""] * (height - len(head)), head[-1]] for head in heads]
    return [_row("", map(escaped, row)) for row in zip(*columns, strict=True)]


def _rows(line: Line, section: Section, table: Table, width: int) -> list[str]:
    form = format_of(line).within(width, line.all_cells)
    title = titled(line.metric, line.part)
    details = (line.source if section.is_mixed else "", DEFINITIONS[line.metric].unit)
    beside = ", ".join(filter(None, details))
    names = {"": escaped(f"{title} ({beside})" if beside else title)}
    return [
        _row(names.get(name) or rf"\quad {_breakable(name)}", (_math(*text) for text in texts))
        for name, texts in line_texts(line, form, table.columns)
    ]


def _breakable(name: str) -> str:
    """The name of a seed, or of a run, which may be long and has no spaces: lines may end every few characters."""
    pieces = [name] if len(name) <= _WORDS else re.findall(f".{{1,{_WORDS // 2}}}", printable(name))
    return r"\allowbreak{}".join(map(escaped, pieces))


def _row(name: str, cells: Iterable[str]) -> str:
    return rf"{' & '.join([name, *cells])} \\"


def _math(value: str, interval: str) -> str:
    """A number in math mode, so that a minus is a minus and not a hyphen."""
    if value in ("", UNDEFINED):
        return latex_number(value)
    number, interval = (latex_number(text).replace(ONE_SEED, r"^\dagger") for text in (value, interval))
    if interval in ("", r"^\dagger"):
        return f"${number}{interval}$"
    return rf"\withinterval{{${number}$}}{{${interval}$}}"
