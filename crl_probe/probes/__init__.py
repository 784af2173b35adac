"""One question about representations a file: each probe is its settings, its result and how it is measured.

``PROBES`` has all of them by name, and ``measure`` runs some of them on evidence; ``crl_probe.Study`` does that in a
line.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crl_probe.probes.registry import COMMANDS, PROBES, Measurements, measure, probes_of

__all__ = ["COMMANDS", "PROBES", "Measurements", "measure", "probes_of"]


def __getattr__(name: str) -> Any:
    # The registry imports every probe, and each of them this package.
    if name in __all__:
        return getattr(importlib.import_module("crl_probe.probes.registry"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
