"""matplotlib is imported whatever backend the environment names, and the user's own choice stays."""

import subprocess
import sys

import matplotlib
import pytest

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
