"""The ``crl-probe`` command line: one file for each command group."""

from crl_probe.cli.program import main

__all__ = ["main"]
