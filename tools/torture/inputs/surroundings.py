"""Environments, terminals and limits in which good commands are given: each in a process of its own."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Final

from tools.torture.inputs.case import EPOCHS, EVAL, PROBING, Base, Case, linked
from tools.torture.judge import DONE, EITHER, Right
from tools.torture.runs import settings, train_command

_EVAL: Final = ("crl-probe", "eval", "victim", *EVAL)
_REPORT: Final = ("crl-probe", "report", "victim", *PROBING, "--sections", "success", "--out", "out")
_FIGURE: Final = ("crl-probe", "geometry", "victim", *PROBING, "--save", "a.pdf")
_PROJECTION: Final = ("crl-probe", "report", "victim", *PROBING, "--sections", "trajectories", "--out", "out")
_TRAIN: Final = train_command("r", settings(EPOCHS, seed=1), "out")

_VARIABLES: Final[Mapping[str, tuple[Mapping[str, str], tuple[tuple[str, ...], ...], Right]]] = {
    "64 bits": ({"JAX_ENABLE_X64": "1"}, (_EVAL, _TRAIN), DONE),
    "another generator": ({"JAX_DEFAULT_PRNG_IMPL": "rbg"}, (_EVAL, _TRAIN), DONE),
    "unpartitionable keys": ({"JAX_THREEFRY_PARTITIONABLE": "0"}, (_EVAL, _TRAIN), EITHER),
    "strict ranks": ({"JAX_NUMPY_RANK_PROMOTION": "raise"}, (_EVAL, _TRAIN), EITHER),
    "NaN checks": ({"JAX_DEBUG_NANS": "1"}, (_TRAIN,), EITHER),
    "no compilation": ({"JAX_DISABLE_JIT": "1"}, (("crl-train", "info", "victim"),), DONE),
    "no such platform": ({"JAX_PLATFORMS": "nothing"}, (_EVAL, _TRAIN), EITHER),
    "no GPU": ({"JAX_PLATFORMS": "cuda"}, (_EVAL, _TRAIN), EITHER),
    "a notebook's drawing": ({"MPLBACKEND": "module://matplotlib_inline.backend_inline"}, (_FIGURE,), DONE),
    "no such drawing": ({"MPLBACKEND": "nothing"}, (_FIGURE,), DONE),
    "no settings for matplotlib": ({"MPLCONFIGDIR": "/proc/x", "HOME": "/proc/x"}, (_FIGURE,), DONE),
    "a home that is none": ({"HOME": "/proc/x", "XDG_CACHE_HOME": "/proc/y", "CRL_PROBE_CACHE": ""}, (_REPORT,), DONE),
    "numba without a place": ({"NUMBA_CACHE_DIR": "/proc/x", "HOME": "/proc/x"}, (_PROJECTION,), DONE),
    "no temporary folder": ({"TMPDIR": "/nowhere"}, (_EVAL,), DONE),
    "ASCII": ({"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}, (_EVAL, _REPORT, _TRAIN), DONE),
    "Latin-1": ({"PYTHONIOENCODING": "latin-1"}, (_REPORT, _TRAIN), DONE),
    "no columns": ({"COLUMNS": "1", "LINES": "1"}, (_REPORT, ("crl-probe", "metrics", "victim", *PROBING)), DONE),
    "a terminal of nobody": ({"TERM": "nothing", "FORCE_COLOR": "0"}, (_REPORT,), DONE),
}

# Good commands whose output goes nowhere, or that meet a limit: with `{}` for the command.
_SHELLS: Final[Mapping[str, tuple[str, tuple[tuple[str, ...], ...], tuple[int, ...]]]] = {
    "stdout is full": ("{} > /dev/full", (_EVAL, _REPORT, _TRAIN), (0, 2)),
    "stdout is closed": ("{} >&-", (_EVAL, _REPORT, _TRAIN), (0, 2)),
    "stderr is closed": ("{} 2>&-", (_EVAL, _REPORT, _TRAIN), (0, 2)),
    "both are closed": ("{} >&- 2>&-", (_REPORT, _TRAIN), (0, 2)),
    "stdin is closed": ("{} <&-", (_EVAL, _REPORT, _TRAIN), (0,)),
    "the reader goes away": ("{} | head -c 1 >/dev/null; exit ${{PIPESTATUS[0]}}", (_EVAL, _REPORT, _TRAIN), (0, 2)),
    "files of at most 4 kB": ("ulimit -f 4; {}", (_REPORT, _TRAIN, _FIGURE), (2,)),
    "files of at most 0 bytes": ("ulimit -f 0; {}", (_EVAL, _TRAIN), (0, 2)),
    "16 open files": ("ulimit -n 16; {}", (_EVAL, _TRAIN), (0, 2)),
    "a real terminal in Latin-1": (
        "PYTHONIOENCODING=latin-1 script -qec {quoted} /dev/null",
        (_REPORT, _TRAIN),
        (0,),
    ),
}
# A file system without locks, as some clusters have.
_LOCKS: Final = ("ENOSYS", "ENOLCK", "EOPNOTSUPP")
_WITHOUT_LOCKS: Final = """
import errno, fcntl, os, sys
def flock(file, operation): raise OSError(errno.{error}, os.strerror(errno.{error}))
fcntl.flock = fcntl.lockf = flock
from crl_train.cli import main
main(prog_name="crl-train")
"""
_SECONDS: Final = 300.0


def cases(base: Base) -> Iterator[Case]:
    """All cases of surroundings."""
    door = "surroundings"
    lay_out = linked(base, "victim")
    for name, (variables, commands, right) in _VARIABLES.items():
        for command in commands:
            told = f"{name}: {command[0]} {command[1]}"
            yield Case(door, told, lay_out, command, right, variables=variables, seconds=_SECONDS, is_alone=True)
    for name, (line, commands, codes) in _SHELLS.items():
        for command in commands:
            typed = shlex.join(command)
            words = ("bash", "-c", line.format(typed, quoted=shlex.quote(typed)))
            # Colours of a real terminal are control characters that are meant.
            right = Right(codes, any_characters="terminal" in name)
            yield Case(
                door, f"{name}: {command[0]} {command[1]}", lay_out, words, right, seconds=_SECONDS, is_alone=True
            )
    for error in _LOCKS:
        words = ("bash", "-c", shlex.join(["python", "-c", _WITHOUT_LOCKS.format(error=error), *_TRAIN[1:]]))
        yield Case(door, f"no locks: {error}", lay_out, words, EITHER, seconds=_SECONDS, is_alone=True)
