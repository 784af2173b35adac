"""Paths as people write them: ``~`` is expanded, and what is no local path is refused before anything is made."""

import os
import re
from pathlib import Path

from crl_train.errors import ConfigError

# A drive letter of Windows has one letter. `Path` makes one slash of two.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")


def local_path(given: str | os.PathLike[str], name: str = "path") -> Path:
    """Read a path that a user gave, on a command line, in a variable of the environment or from Python.

    What it returns can be given to it again: it stays as it is.

    Args:
        given: The path; ``~`` and ``~user`` at its beginning stand for home folders.
        name: What the path is of, such as an option's name; errors begin with it.

    Raises:
        ConfigError: If it is a URL such as ``gs://bucket/runs``, is empty or holds a null character, or if its user is
            unknown.

    Example:
        >>> local_path("checkpoints/maze_d4_s0")
        PosixPath('checkpoints/maze_d4_s0')
    """
    text = os.fsdecode(given)
    if not text or "\0" in text:
        what = "holds a null character" if text else "is empty"
        raise ConfigError(f"{name} {text!r} is not usable: it {what}. Give a local path; was a variable not set?")
    if _SCHEME.match(text):
        raise ConfigError(
            f"{name} {text!r} is not usable: it is a URL, and files are read and written locally alone. Give a local "
            "path, such as one in a mounted bucket, and copy what is there with the tools of the storage service."
        )
    path = Path(os.path.expanduser(text))
    if text.startswith("~") and str(path).startswith("~"):
        raise ConfigError(
            f"{name} {text!r} is not usable: {path.parts[0]} names no user with a home folder here. Write the folder "
            f"out; a file of this very name is './{text}'."
        )
    # Here a leading ./ told a file's name from a user or a scheme, and `Path` has dropped it.
    return path.absolute() if str(path).startswith("~") or _SCHEME.match(str(path)) else path
