"""Environments that are not of this project: registered by an installed package, or by a module that the user names.

A package announces the module that calls ``register_env`` in its ``pyproject.toml``::

    [project.entry-points."crl_train.envs"]
    my_robots = "my_package.envs"

Any other module is named with ``--env-module``, or in the variable ``CRL_ENV_MODULE``, which worker processes inherit.
A run never says which module to import: it may come from a stranger.
"""

import functools
import hashlib
import importlib
import importlib.metadata
import os
import sys
from pathlib import Path
from typing import Final

from crl_train.console import echo
from crl_train.errors import ConfigError
from crl_train.parsing import one_line, shortened

ENTRY_POINTS: Final = "crl_train.envs"
VARIABLE: Final = "CRL_ENV_MODULE"  # names of modules, separated by commas


def use_module(name: str) -> None:
    """Import a module that registers environments, here and in processes that this one starts.

    Args:
        name: Its dotted name; it may lie in the current directory.
    Raises:
        ConfigError: If it cannot be imported.
    """
    here = os.getcwd()
    if here not in sys.path:
        sys.path.append(here)  # a program that pip installed does not look there by itself
    _import(name, f"--env-module {name}")
    named = _named()
    if name not in named:
        os.environ[VARIABLE] = ",".join([*named, name])


@functools.cache
def load_outside() -> None:
    """Import, once, what installed packages announce and what the variable names.

    A package that fails to do so is told of and left out.

    Raises:
        ConfigError: If a module that the variable names cannot be imported.
    """
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        try:
            _import(point.module, f"installed package {point.name!r}")
        except ConfigError as error:
            echo(str(error), err=True, label="warning:")
    for name in _named():
        _import(name, f"{VARIABLE}={name}")


def source_hash() -> str:
    """Hash of the source files of these modules, which numbers depend on; empty if there are none."""
    names = [point.module for point in importlib.metadata.entry_points(group=ENTRY_POINTS)] + _named()
    digest = hashlib.sha256()
    for name in sorted(set(names)):
        source = getattr(sys.modules.get(name), "__file__", None)
        if source:
            digest.update(name.encode() + b"\0" + Path(source).read_bytes() + b"\0")
    return digest.hexdigest() if names else ""


def _named() -> list[str]:
    return [name for name in map(str.strip, os.environ.get(VARIABLE, "").split(",")) if name]


def _import(name: str, source: str) -> None:
    try:
        importlib.import_module(name)
    except Exception as error:  # whatever somebody else's code does wrong
        reason = one_line(f"{type(error).__name__}: {error}")
        is_missing = isinstance(error, ModuleNotFoundError) and error.name == name.partition(".")[0]
        hint = " Run from the folder it lies in, or add that to PYTHONPATH." if is_missing else ""
        raise ConfigError(
            f"{source} is not usable: module {shortened(name)} cannot be imported ({reason}).{hint}"
        ) from error
