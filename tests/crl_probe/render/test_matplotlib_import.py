"""matplotlib is imported whatever backend the environment names, and the user's own choice stays."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest

import crl_probe
import crl_train
from crl_probe.render.matplotlib_import import import_matplotlib


@pytest.mark.parametrize(
    ("named", "used"),
    [
        ("module://matplotlib_inline.backend_inline", "auto"),  # of notebooks; not installed here
        ("no such backend", "auto"),
        ("tkagg", "tkagg"),  # installed, though no window can be opened
    ],
)
def test_figures_are_drawn_whatever_the_environment_names(named, used, tmp_path):
    # As the first import in a process; each way to it leads through one file of the package.
    code = f"""
from crl_probe.render.paper.saving import save_figure
import os, matplotlib
from matplotlib.figure import Figure
from pathlib import Path
save_figure(Figure(), Path({str(tmp_path / "a.pdf")!r}))
chosen = matplotlib.rcParams._get("backend")
print(chosen if isinstance(chosen, str) else "auto", os.environ["MPLBACKEND"], sep="\\n")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env={"MPLBACKEND": named}, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [used, named]
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


def test_who_has_imported_matplotlib_keeps_the_backend(monkeypatch):
    before = matplotlib.rcParams["backend"]
    monkeypatch.setenv("MPLBACKEND", "no such backend")
    assert import_matplotlib() is matplotlib
    assert matplotlib.rcParams["backend"] == before


def imports_on_load(source):
    """Names of the modules that a file imports when it is loaded."""
    for statement in ast.parse(source.read_text()).body:
        if isinstance(statement, ast.Import):
            yield from (one.name for one in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            yield statement.module


def test_matplotlib_is_imported_on_load_where_the_backend_is_seen_to_and_nowhere_else():
    for package in (crl_probe, crl_train):
        root = Path(package.__path__[0])
        for source in root.rglob("*.py"):
            if any(name.split(".")[0] == "matplotlib" for name in imports_on_load(source)):
                assert source.parent == root / "render" / "paper", source


@pytest.mark.parametrize("named", ["module://matplotlib_inline.backend_inline", "no such backend", "module://a.b"])
def test_the_example_runs_whatever_the_environment_names(named):
    example = Path(__file__).parents[3] / "examples" / "depth_figure.py"
    done = subprocess.run(
        [sys.executable, example, "--help"], env={**os.environ, "MPLBACKEND": named}, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "--episodes" in done.stdout
