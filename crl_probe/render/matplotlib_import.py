"""The first import of matplotlib, which fails where the environment names a backend that is not installed.

Notebooks and remote editors set ``MPLBACKEND`` for all programs that they start. Files are drawn without a backend, so
its absence is no reason to draw none.
"""

import contextlib
import os
import sys
from types import ModuleType

_NAMED_BY = "MPLBACKEND"


def import_matplotlib() -> ModuleType:
    """Import matplotlib, whatever backend the environment names.

    The named backend stays that of pyplot if it is installed, so that a notebook shows figures as it always does. Where
    the caller has imported matplotlib before, nothing changes.
    """
    if "matplotlib" in sys.modules:
        return sys.modules["matplotlib"]
    named = os.environ.pop(_NAMED_BY, None)
    try:
        import matplotlib
    finally:
        if named is not None:
            os.environ[_NAMED_BY] = named
    if named:
        # One that is not installed: pyplot chooses another one if it is ever needed.
        with contextlib.suppress(ValueError):
            matplotlib.rcParams["backend"] = named
    return matplotlib
