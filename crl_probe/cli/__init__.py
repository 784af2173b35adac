"""The ``crl-probe`` command line: one file for each command group."""

from crl_probe.cli.main import main

__all__ = ["main"]
