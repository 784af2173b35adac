"""One function applied to every agent, in parallel processes where cores allow.

A small network cannot use two cores, and compiling cannot either; two agents can. Workers open the agents from disk
by themselves and keep them open, so only numbers travel between processes.
"""

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from crl_probe.loading import LoadedRun

Number = TypeVar("Number")


def usable_workers(num_runs: int) -> int:
    """How many processes pay off: one for each core, never more than agents, and a single one beside an accelerator.

    Processes on one accelerator would fight over its memory, and one of them fills it with work anyway.
    """
    import jax

    if jax.default_backend() != "cpu":
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, num_runs))


def map_runs(
    function: Callable[..., Number], runs: Sequence["LoadedRun"], arguments: Sequence[Sequence[Any]], workers: int
) -> Iterator[Number]:
    """Call ``function(run, *arguments[i])`` for every run, and give the results in the order of the runs.

    Args:
        function: A module-level function of an agent and picklable arguments.
        runs: The agents.
        arguments: For each agent what else the function takes.
        workers: Processes; 1 calls here and now.
    """
    if workers == 1:
        for run, own in zip(runs, arguments, strict=True):
            yield function(run, *own)
        return
    from joblib import Parallel, delayed

    calls = (delayed(_call)(function, run.path, run.env_steps, own) for run, own in zip(runs, arguments, strict=True))
    yield from Parallel(n_jobs=workers, backend="loky", return_as="generator")(calls)


def _call(function: Callable[..., Number], path: Path, env_steps: int, arguments: Sequence[Any]) -> Number:
    return function(_opened(path, env_steps), *arguments)


@functools.cache
def _opened(path: Path, env_steps: int) -> "LoadedRun":
    from crl_probe.loading import load_run

    return load_run(path, env_steps)
