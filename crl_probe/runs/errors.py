"""The error of what cannot be measured."""

from crl_train.errors import CrlError


class ProbeError(CrlError, ValueError):
    """A probe cannot be done for these runs; others may."""
