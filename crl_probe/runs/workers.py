"""One function applied to every agent, in parallel processes where cores allow.

A small network cannot use two cores, and compiling cannot either; two agents can. Workers open the agents from disk
by themselves and keep them open, so only numbers travel between processes.
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
    from crl_probe.runs.loading import LoadedRun

Number = TypeVar("Number")

_SECONDS_TO_END = 5.0
_POOLS: dict[int, ProcessPoolExecutor] = {}  # by number of workers; each lives until the program ends or it fails


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
    function: Callable[..., Number], runs: Sequence["Agent"], arguments: Sequence[Sequence[Any]], workers: int
) -> Iterator[Number]:
    """Call ``function(run, *arguments[i])`` for every run, and give the results in the order of the runs.

    Args:
        function: A module-level function of an agent and picklable arguments.
        runs: The agents; for several workers they must be on disk.
        arguments: For each agent what else the function takes.
        workers: Processes; 1 calls here and now. A script that asks for more needs the usual
            ``if __name__ == "__main__"`` guard, because new processes import it.

    Raises:
        ProbeError: If a process was killed, and whatever the function raises.
    """
    # An agent that was cut or changed in memory is not what workers would find on disk.
    if workers == 1 or not all(run.is_on_disk for run in runs):
        return (function(run, *own) for run, own in zip(runs, arguments, strict=True))
    places = [(function, run.path, run.env_steps, run.content_hash) for run in runs]
    return map_calls(_call, [(*place, own) for place, own in zip(places, arguments, strict=True)], workers)


def map_calls(function: Callable[..., Number], arguments: Iterable[Sequence[Any]], workers: int) -> Iterator[Number]:
    """Call ``function(*arguments[i])`` for every i, and give the results in that order.

    With several workers the calls begin at once, and the caller may do other work before it takes the results; with
    one, each is made when its result is taken.

    Args:
        function: A module-level function.
        arguments: For each call what the function takes; picklable for several workers.
        workers: Processes, as in :func:`map_runs`.

    Raises:
        ProbeError: If a process was killed, and whatever the function raises.
    """
    if workers == 1:
        return itertools.starmap(function, arguments)
    pool = _pool(workers)
    return _results([pool.submit(function, *own) for own in arguments])


def stop_workers() -> None:
    """End all processes, whatever they are doing; the next call starts others."""
    children = multiprocessing.active_children()
    for child in children:
        child.terminate()
    for child in children:
        child.join(_SECONDS_TO_END)
    while _POOLS:
        # Waited for, so that nothing of it is left to the end of the program.
        _POOLS.popitem()[1].shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def no_stragglers() -> Iterator[None]:
    """End all processes if the block fails: whatever they would still do is of no use, and may be in the way."""
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
            "a worker process was killed, most likely for want of memory. Try again with --workers 1."
        ) from None
    except Exception:
        for call in calls:
            call.cancel()
        raise
    except BaseException:
        # After Ctrl-C nobody waits for what is still being computed.
        stop_workers()
        raise


def _pool(workers: int) -> ProcessPoolExecutor:
    if workers not in _POOLS:
        # JAX must not be forked: its threads would be gone and their locks would stay.
        spawn = multiprocessing.get_context("spawn")
        _POOLS[workers] = ProcessPoolExecutor(workers, mp_context=spawn, initializer=_ignore_interrupts)
    return _POOLS[workers]


def _ignore_interrupts() -> None:
    # Ctrl-C reaches every process of the terminal; the one that was called decides and ends the others.
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
