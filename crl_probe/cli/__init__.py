"""The ``crl-probe`` command line: one file a command group."""

from crl_probe.cli.program import main

__all__ = ["main"]
