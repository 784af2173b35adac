"""Tables for papers: as wide as a column, whatever names runs have."""

import re
import shutil
import string
import subprocess
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser
from matplotlib.textpath import TextToPath

from crl_probe.metrics import DEFINITIONS
from crl_probe.probes.samples import metric_samples
from crl_probe.summary.latex import _by_page, escaped, latex_text
from crl_probe.summary.rows import rows_of
from tests.crl_probe.summary.examples import SAMPLES, info, successes

COLUMN = 229.5  # points, of a two-column article
SIZES = {"footnotesize": (8, 1.06), "scriptsize": (7, 1.14), "tiny": (5, 1.36)}  # points, and width relative to 10 pt
EVIL = [
    r"50%_of\run#1{a}~^$&",
    "[0pt]",
    "*",
    "maze[lr=0.001]",
    "🎉 日本 ü ß ő ï ñ ﬁ",
    "a--b---c ''d'' ,,e <<f>> ?`g |h \"i\" `j`",
    "x\n\\end{tabular}\x1b[31m\udcff",
]


def every_metric(*runs):
    return [
        entry
        for run in runs
        for name in DEFINITIONS
        for part in ("", "to depth 4")
        for entry in metric_samples(run, name, "shared", "goals", np.array([-0.5, 1.0, 0.25]), part)
    ]


def levels(count):
    return [info(depth, seed) for depth in (4, 16, 64, 256, 1024)[:count] for seed in (0, 1, 2)]


def tabulars(text):
    """Number of columns, and rows of each table."""
    found = re.findall(r"X\*\{(\d)\}\{r\}@\{\}\}\n(.*?)\\end\{tabularx\}", text, flags=re.DOTALL)
    return [(int(count), [row for row in body.splitlines() if row.endswith(r"\\")]) for count, body in found]


def test_metrics_are_rows_and_levels_are_columns():
    text = latex_text(rows_of(SAMPLES, ["level"]))
    assert "% maze: success (on-policy). Intervals of a depth (95 %) are a bootstrap over its 2 seeds." in text
    (count, (*head, success)), (_, (*_, phi, _)) = tabulars(text)
    assert count == 2
    assert head == [r" & depth 4 & depth 16 \\", r" & 2 seeds & 1 seed \\"]
    assert success == (
        r"Success rate & \withinterval{$50\,\%$}{$[25, 75]$} & \withinterval{$100\,\%$}{$[100, 100]$} \\"
    )
    assert phi == r"Effective rank, $\phi$ (dimensions) & $3.50^\dagger$ & -- \\"


def test_picked_metrics_are_one_table_that_tells_their_sources():
    text = latex_text(rows_of(SAMPLES, ["level"]), together=True)
    ((_, rows),) = tabulars(text)
    assert [row.partition(" &")[0] for row in rows[2:]] == [
        "Success rate (on-policy)",
        r"Effective rank, $\phi$ (shared, dimensions)",
        r"Effective rank, $\psi$ (shared, dimensions)",
    ]


def test_seeds_are_rows_below_their_metric():
    ((_, rows), _) = tabulars(latex_text(rows_of(SAMPLES)))
    assert [row.partition(" &")[0] for row in rows[2:]] == ["Success rate", r"\quad seed 0", r"\quad seed 1"]


def test_long_names_of_runs_may_be_broken():
    twice = [*successes(info(name="point_u4_maze_first"), 1, 1), *successes(info(name="short"), 1, 0)]
    ((_, rows),) = tabulars(latex_text(rows_of(twice, ["run"])))
    assert rows[3].startswith(r"\quad point\_\allowbreak{}u4\_maz\allowbreak{}e\_firs\allowbreak{}t & ")
    assert rows[4].startswith(r"\quad short & ")


def test_all_that_is_in_math_mode_is_math():
    parse = MathTextParser("path").parse
    for formula in set(re.findall(r"\$[^$]*\$", latex_text(rows_of(every_metric(*levels(3)))))):
        parse(formula)


def test_signs_are_in_math_mode():
    gains = metric_samples(info(), "topology_gain", "grid", "goals", np.array([-0.5, -0.25]))
    assert r"\withinterval{$-0.38$}{$[-0.50, -0.25]$}" in latex_text(rows_of(gains, ["run"]))


def test_more_than_four_levels_are_split():
    entries = [
        entry
        for depth in range(4, 40, 4)
        for entry in metric_samples(info(depth), "cka", "shared", "runs", np.array([0.5]))
    ]
    text = latex_text(rows_of(entries))
    assert [count for count, _ in tabulars(text)] == [3, 3, 3]
    assert text.count("0.500") == 9


def test_heads_of_two_factors_are_stacked():
    text = latex_text(rows_of(successes(info(16, actor=4), 1, 0), ["level"]))
    assert tabulars(text)[0][1][:3] == [r" & actor 4 \\", r" & critic 16 \\", r" & 1 seed \\"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[a]", "{[}a{]}"),
        ("*a", "{*}a"),
        (r"\ { } $ & # ^ _ ~ %", r"\textbackslash{} \{ \} \$ \& \# \textasciicircum{} \_ \textasciitilde{} \%"),
        ("a--b ---", "a-{}-b -{}-{}-"),
        ("é ï ç ő ß", r"\'{e} \\"[:7] + r'"{\i} \c{c} \H{o} \ss{}'),
        ("e\u0301", r"\'{e}"),
        ("🎉日", "U+1F389U+65E5"),
        ("a\nb\x07\udcff", r"a\textbackslash{}nb\textbackslash{}x07\textbackslash{}xff"),
        ("<a|b>", r"\textless{}a\textbar{}b\textgreater{}"),
    ],
)
def test_names_are_printed_as_they_are(text, shown):
    assert escaped(text) == shown


COMMANDS = re.compile(r"\\(?:[a-zA-Z]+\{\}|[&%$#_{}]|[`'^~=u.\"rHvc]\{\\?[a-zA-Z]\}|[a-zA-Z]+(?=\}))|\$\\(?:phi|psi)\$")


@given(st.text(st.characters(codec=None, categories=None)))
@example("".join(EVIL))
def test_whatever_a_name_holds_nothing_of_it_is_a_command(text):
    shown = escaped(text)
    assert shown.isascii()
    assert len(shown.splitlines()) <= 1
    rest = COMMANDS.sub("", shown).replace("{[}", "").replace("{]}", "").replace("{*}", "").replace("{}", "")
    assert set(rest) <= set(string.printable) - set(r"\{}$&#^_~%[]*<>|`" + '"')


@pytest.mark.parametrize("name", EVIL)
def test_rows_keep_their_cells_whatever_runs_are_called(name):
    twice = [*successes(info(name=name), 1, 0), *successes(info(name=f"{name}2"), 1, 1), *successes(info(16), 1, 0)]
    for count, rows in tabulars(latex_text(rows_of(twice))):
        assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {count}
        assert not any(row.lstrip()[:1] in ("[", "*") for row in rows)


def width(text, size):
    """Points of a text without commands in Computer Modern."""
    points, relative = SIZES[size]
    plain = re.sub(r"\\[a-z]+", "m", text.replace(r"\,", "").replace(r"\%", "%")).translate(
        str.maketrans("", "", "${}")
    )
    plain = plain.replace("-", "+")  # a minus is as wide as a plus
    font = FontProperties(family="cmr10", size=points)
    return relative * TextToPath().get_text_width_height_descent(plain, font, ismath=False)[0]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_table_of_four_levels_is_as_wide_as_a_column(count):
    text = latex_text(rows_of(every_metric(*levels(count))))
    size = re.search(r"\\let\\intervalsize\\(\w+)", text)[1]
    (columns, rows), *_ = tabulars(text)
    assert columns == count
    cells = [row.removesuffix(r" \\").split(" & ") for row in rows]
    widths = []
    for column in zip(*(row[1:] for row in cells), strict=True):
        values = [re.match(r"\\withinterval\{(.*)\}\{(.*)\}$", cell) for cell in column]
        widths.append(max(max(width(m[1], "footnotesize"), width(m[2], size)) for m in values if m))
    label = COLUMN - sum(widths) - 6 * count
    words = [word for row in cells for part in row[0].split() for word in part.split("-")]
    longest = max(words, key=lambda word: width(word, "footnotesize"))
    # Words may be broken in two.
    assert label > 0.6 * width(longest, "footnotesize"), (label, longest)


def test_tables_compile_and_fit(tmp_path):
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed: that the tables compile and fit is not checked here")
    evil = [
        entry for name in EVIL for seed in (0, 1) for entry in successes(info(seed=seed, name=f"{name}{seed}"), 1, 0)
    ]
    samples = [*every_metric(*levels(4)), *successes(info(name="[x]"), 1, 0), *evil]
    tables = latex_text(rows_of(every_metric(*levels(4)), ["level"])) + latex_text(rows_of(samples))
    document = (
        r"\documentclass[twocolumn]{article}\usepackage{booktabs,tabularx}\begin{document}"
        f"\n{tables}\n" + r"\end{document}"
    )
    (tmp_path / "tables.tex").write_text(document, encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-halt-on-error", "tables.tex"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout
    assert (tmp_path / "tables.pdf").stat().st_size > 0


def test_the_example_report_s_tables_fit_a_column():
    text = (Path(__file__).parents[3] / "reports" / "example" / "tables.tex").read_text()
    heads = re.findall(r"\\begin\{tabularx\}(\{.*?\}).*X\*\{(\d)\}\{r\}@\{\}\}\n", text)
    assert len(heads) == text.count(r"\begin{tabularx}") > 3
    assert {width for width, _ in heads} == {r"{\columnwidth}"}
    assert max(int(levels) for _, levels in heads) <= 4


@pytest.mark.parametrize(
    ("metrics", "pages"),
    [
        ([10, 10, 10], [20, 10]),  # a metric stays whole
        ([24, 1], [24, 1]),
        ([50], [24, 24, 2]),  # unless it is longer than a page by itself
        ([], []),
    ],
)
def test_a_table_is_no_longer_than_a_page(metrics, pages):
    rows = [[f"{metric}.{row}" for row in range(count)] for metric, count in enumerate(metrics)]
    found = list(_by_page(rows))
    assert [len(page) for page in found] == pages
    assert [row for page in found for row in page] == [row for metric in rows for row in metric]
