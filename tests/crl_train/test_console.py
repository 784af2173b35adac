"""Any text can be printed in any encoding, is never read as markup, and never commands the terminal."""

import ast
import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.progress import BarColumn, Progress, SpinnerColumn
from rich.table import Table
from rich.text import Text

from crl_train.console import accept_any_text, echo, make_console, printable, spinner_name, write
from crl_train.errors import ConfigError
from tests.flow import PROBE, TRAIN, modules

OURS = "· – − × ∞ … † ✓ 2.4×10⁻⁵"
BRACKETED = ["maze[lr=0.001]", "[red]x[/red]", "a[/]b", "[link=https://x.org]y", "[bold", ":smile:", r"a\[b]", "[/"]


def stream_of(encoding):
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")


def content_of(stream):
    stream.flush()
    return stream.buffer.getvalue().decode(stream.encoding)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", OURS),
        ("latin-1", "· - - × inf ~ * + 2.4×10^-5"),
        ("ascii", "- - - x inf ~ * + 2.4x10^-5"),
        ("koi8-r", "· - - x inf ~ * + 2.4x10^-5"),
    ],
)
def test_what_an_encoding_lacks_has_stand_ins(encoding, shown):
    stream = stream_of(encoding)
    make_console(file=stream, width=200).print(OURS)
    assert content_of(stream) == f"{shown}\n"


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_names_that_no_encoding_can_take_are_escaped(encoding):
    stream = stream_of(encoding)
    make_console(file=stream, width=200).print(Text("maze_日_\udcff"))
    assert content_of(stream) == ("maze_日_\\xff\n" if encoding == "utf-8" else "maze_\\u65e5_\\xff\n")


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_spinners_and_bars_are_drawn_in_any_encoding(encoding):
    stream = stream_of(encoding)
    console = make_console(file=stream, width=60, force_terminal=True)
    with Progress(SpinnerColumn(spinner_name(console)), BarColumn(), console=console) as bar:
        bar.add_task("x", total=10, completed=3)
    shown = content_of(stream)
    assert "\\u" not in shown
    assert "---" in shown
    assert spinner_name(make_console(file=stream_of("utf-8"))) == "dots"


@pytest.mark.parametrize("name", BRACKETED)
def test_names_are_printed_whole_in_lines_cells_headings_and_titles(name):
    content = io.StringIO()
    console = make_console(file=content, width=200)
    console.print(name)
    table = Table(title=name, box=None)
    table.add_column(name)
    table.add_row(name)
    console.print(table)
    assert content.getvalue().count(name) == 4


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("maze\x1b[31m", r"maze\x1b[31m"),
        ("a\x07b\r\nc", r"a\x07b\r\nc"),
        ("\x9b2J\x7f\x00", r"\x9b2J\x7f\x00"),
        ("abc\u202ecba\u2028", r"abc\u202ecba\u2028"),
        ("\udce9t\udce9", r"\xe9t\xe9"),
        ("tiefe ä 日本 🎉 a\\b", "tiefe ä 日本 🎉 a\\b"),
    ],
)
def test_control_characters_are_shown(text, shown):
    assert printable(text) == shown


@given(st.text(st.characters(codec=None, categories=None)))
def test_every_text_is_one_line_that_utf8_can_take(text):
    shown = printable(text)
    assert shown.encode().decode() == shown
    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown
    assert printable(shown) == shown


@given(st.text(), st.sampled_from(["ascii", "latin-1", "utf-8", "cp437", "shift_jis"]))
def test_every_text_can_be_written_in_every_encoding(text, encoding):
    stream = stream_of(encoding)
    accept_any_text(stream)
    stream.write(text)
    stream.flush()


@pytest.mark.parametrize(("err", "name"), [(False, "stdout"), (True, "stderr")])
def test_lines_go_through_the_same_door(monkeypatch, err, name):
    stream = stream_of("ascii")
    monkeypatch.setattr(sys, name, stream)
    echo("run a\x1b[2J\nb · [red]", err=err, label="error:")
    write("x,y\n1,–\n", err=err)
    assert content_of(stream) == "error: run a\\x1b[2J\\nb - [red]\nx,y\n1,-\n"


def test_a_closed_stream_is_told_where_a_result_belongs_and_else_prints_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    for print_line in (echo, write):
        with pytest.raises(ConfigError, match="stdout is closed: a command prints its result there"):
            print_line("line")
    make_console().print("line")
    monkeypatch.setattr(sys, "stderr", None)
    echo("line", err=True)


def calls_of(path):
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}


@pytest.mark.parametrize("path", [*modules(TRAIN), *modules(PROBE)], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_module_makes_a_console_of_its_own(path):
    if path.name != "console.py":
        assert not calls_of(path) & {"Console", "rich.console.Console", "print", "rich.print"}


@pytest.mark.parametrize("path", [*modules(TRAIN), *modules(PROBE)], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_line_goes_through_echo(path):
    if path.name != "console.py":
        assert not calls_of(path) & {"click.echo", "click.secho", "sys.stdout.write", "sys.stderr.write"}
