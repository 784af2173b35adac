"""Open trained contrastive-RL agents and measure what depth did to them.

Reading order: ``loading`` (a run from disk), ``collect`` and ``probe_set`` (the evidence), ``metrics`` (the numbers),
``probes`` (numbers and arrays per question), ``figures`` and ``report``. Importing this package loads nothing heavy.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crl_probe.runs.loading import LoadedRun, load_run

__all__ = ["LoadedRun", "load_run"]


def __getattr__(name: str) -> Any:
    # Loading brings JAX; `from crl_probe import metrics` must not.
    if name in __all__:
        from crl_probe.runs import loading

        return getattr(loading, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
