"""The error of a probe that is not possible."""

from crl_train.errors import CrlError


class ProbeError(CrlError, ValueError):
    """A probe is not possible for these runs; other probes may be."""
