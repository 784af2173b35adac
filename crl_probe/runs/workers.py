"""Apply one function to every agent, in parallel processes if there are several cores.

Neither a small network nor compilation can use two cores, but two agents can. Each worker loads the agents from disk
and keeps them in memory, so that only results are sent between processes.
"""

import contextlib
import functools
import itertools
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from crl_probe.runs.errors import ProbeError

if TYPE_CHECKING:
    from crl_probe.runs.agent import Agent
    from crl_probe.runs.loaded_run import LoadedRun

Number = TypeVar("Number")

_SECONDS_TO_END = 5.0
_POOLS: dict[int, ProcessPoolExecutor] = {}  # by number of workers; each lives until the program ends or it fails


def usable_workers(num_runs: int) -> int:
    """The best number of processes: one for each core, at most one for each agent, and one alone on an accelerator.

    Several processes would compete for the memory of an accelerator, and a single one keeps it busy.
    """
    import jax

    if jax.default_backend() != "cpu":
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, num_runs))


def map_runs(
    function: Callable[..., Number], runs: Sequence["Agent"], arguments: Sequence[Sequence[Any]], workers: int
) -> Iterator[Number]:
    """Call ``function(run, *arguments[i])`` for every run, and yield the results in the order of the runs.

    Args:
        function: A module-level function of an agent and picklable arguments.
        runs: The agents; agents that are not on disk are measured in this process.
        arguments: For each agent the other arguments of the function.
        workers: Number of processes; 1 computes in this process. A script that uses more needs the usual
            ``if __name__ == "__main__"`` guard, because new processes import it.

    Raises:
        ProbeError: If a process was killed, and whatever the function raises.
    """
    # Workers load agents from disk, so they cannot measure one that was changed in memory.
    if workers == 1 or not all(run.is_on_disk for run in runs):
        return (function(run, *own) for run, own in zip(runs, arguments, strict=True))
    places = [(function, run.path, run.env_steps, run.content_hash) for run in runs]
    return map_calls(_call, [(*place, own) for place, own in zip(places, arguments, strict=True)], workers)


def map_calls(function: Callable[..., Number], arguments: Iterable[Sequence[Any]], workers: int) -> Iterator[Number]:
    """Call ``function(*arguments[i])`` for every i, and yield the results in that order.

    With several workers all calls are submitted immediately, and the caller can do other work before it takes the
    results. With one worker each call is made when its result is taken.

    Args:
        function: A module-level function.
        arguments: For each call its arguments; picklable for several workers.
        workers: Number of processes, as in :func:`map_runs`.

    Raises:
        ProbeError: If a process was killed, and whatever the function raises.
    """
    if workers == 1:
        return itertools.starmap(function, arguments)
    pool = _pool(workers)
    return _results([pool.submit(function, *own) for own in arguments])


def stop_workers() -> None:
    """Terminate all worker processes; the next call starts new ones."""
    children = multiprocessing.active_children()
    for child in children:
        child.terminate()
    for child in children:
        child.join(_SECONDS_TO_END)
    while _POOLS:
        # Wait here, so that the pool does not delay the end of the program.
        _POOLS.popitem()[1].shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def no_stragglers() -> Iterator[None]:
    """Terminate all worker processes if the block fails: their results are no longer needed."""
    try:
        yield
    except BaseException:
        stop_workers()
        raise


def _results(calls: Sequence[Future[Number]]) -> Iterator[Number]:
    try:
        for call in calls:
            yield call.result()
    except BrokenProcessPool:
        _POOLS.clear()
        raise ProbeError(
            "a worker process was killed: most likely there was not enough memory. Try again with --workers 1."
        ) from None
    except Exception:
        for call in calls:
            call.cancel()
        raise
    except BaseException:
        # After Ctrl-C the remaining results are not needed.
        stop_workers()
        raise


def _pool(workers: int) -> ProcessPoolExecutor:
    if workers not in _POOLS:
        # JAX must not be forked: the child would have the locks of its threads without the threads.
        spawn = multiprocessing.get_context("spawn")
        _POOLS[workers] = ProcessPoolExecutor(workers, mp_context=spawn, initializer=_ignore_interrupts)
    return _POOLS[workers]


def _ignore_interrupts() -> None:
    # Ctrl-C reaches every process of the terminal; the main process handles it and terminates the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _call(
    function: Callable[..., Number], path: Path, env_steps: int, content_hash: str, arguments: Sequence[Any]
) -> Number:
    return function(_opened(path, env_steps, content_hash), *arguments)


@functools.cache
def _opened(path: Path, env_steps: int, content_hash: str) -> "LoadedRun":
    from crl_probe.runs.loading import load_run

    run = load_run(path, env_steps)
    if run.content_hash != content_hash:
        raise ProbeError(f"checkpoint {env_steps} of {str(path)!r} was replaced while it was probed. Probe it again.")
    return run
