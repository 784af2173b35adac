"""Where this user's results, figures and compiled programs are kept, to be used again."""

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path

from crl_train.local_path import local_path


def cache_directory() -> Path:
    """``$CRL_PROBE_CACHE`` if set, else ``crl-probe`` in the user's cache directory (``$XDG_CACHE_HOME``).

    A user without a home directory, as in some containers, has a temporary one that ends with the process.

    Raises:
        ConfigError: If a variable holds a URL or another path that cannot be read as a local one.
    """
    named, of_user = os.environ.get("CRL_PROBE_CACHE"), os.environ.get("XDG_CACHE_HOME")
    if named:
        return local_path(named, "CRL_PROBE_CACHE")
    try:
        above = local_path(of_user, "XDG_CACHE_HOME") if of_user else Path.home() / ".cache"
        return above / "crl-probe"
    except RuntimeError:
        return _temporary_directory()


@functools.cache
def _temporary_directory() -> Path:
    temporary = tempfile.mkdtemp(prefix="crl-probe-")
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    return Path(temporary)
