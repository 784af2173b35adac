"""Open trained contrastive-RL agents and measure what depth did to their representations.

What a program or a notebook needs is here: ``load_run`` and ``load_runs`` open agents, ``Study`` compares them, and
``metrics``, ``plots``, ``probes`` and ``report`` are the parts that it is made of. Everything is imported when it is
first used: this package itself costs nothing, and ``crl_probe.metrics`` never loads JAX.

Example:
    >>> from crl_probe import Study                                                               # doctest: +SKIP
    >>> study = Study("checkpoints/point_u4_maze_*").measure("success", "q_landscape")            # doctest: +SKIP
    >>> study.estimates()                                                                         # doctest: +SKIP
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from crl_probe import metrics, plots, probes, report
    from crl_probe.report.study import Study
    from crl_probe.runs.loading import load_run, load_runs

__all__ = ["Study", "load_run", "load_runs", "metrics", "plots", "probes", "report"]

_DEFINED_IN: Final = {
    "Study": "crl_probe.report.study",
    "load_run": "crl_probe.runs.loading",
    "load_runs": "crl_probe.runs.loading",
}


def __getattr__(name: str) -> Any:
    if name in _DEFINED_IN:
        return getattr(importlib.import_module(_DEFINED_IN[name]), name)
    if name in __all__:
        return importlib.import_module(f"crl_probe.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}: it has {', '.join(__all__)}.")


def __dir__() -> list[str]:
    return __all__
