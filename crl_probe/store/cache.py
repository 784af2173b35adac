"""Results of probes kept on disk, so that a report is re-rendered in seconds and an interrupted one goes on.

The key is made of everything that decides a result: the content of the checkpoints, the settings, the seed, the code
and the libraries that do the numerics. Entries are written whole, so two processes at once cost time and nothing else.
"""

import dataclasses
import functools
import hashlib
import importlib.metadata
import json
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import crl_probe
import crl_train
from crl_probe.runs.run_info import RunInfo
from crl_probe.store.results import ResultError, load_result, save_result

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

# What decides a number. Drawing, tables, verdicts and commands do not, so work on those keeps the cache warm; training
# does only through the checkpoint, whose content is in the key already.
_NUMERICAL = {
    crl_probe: ("metrics", "evidence", "probes", "runs/blocks.py", "runs/encode.py", "runs/loading.py"),
    crl_train: (
        "envs",
        "config.py",
        "checkpoint.py",
        "networks.py",
        "energy.py",
        "policy.py",
        "rollout.py",
        "evaluation.py",
        "goal_metrics.py",
        "relabel.py",
    ),
}
_NUMERICAL_LIBRARIES = ("jax", "jaxlib", "flax", "numpy", "scipy", "scikit-learn", "umap-learn", "numba", "pynndescent")


def cache_directory() -> Path:
    """``$CRL_PROBE_CACHE`` if set, else ``crl-probe`` in the user's cache directory (``$XDG_CACHE_HOME``)."""
    named = os.environ.get("CRL_PROBE_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "crl-probe"


def clear_cache() -> int:
    """Delete every stored result and return how many there were."""
    directory = cache_directory() / "results"
    count = len(list(directory.glob("*.npz"))) if directory.is_dir() else 0
    shutil.rmtree(directory, ignore_errors=True)
    return count


def cached(
    probe_name: str,
    result_type: type[Result],
    runs: Sequence[RunInfo],
    settings: Any,
    rng_seed: int,
    compute: Callable[[], Result],
    *,
    enabled: bool = True,
) -> Result:
    """Return the stored result for this question, or compute and store it.

    A damaged entry is reported, computed again and replaced; a cache that cannot be written is reported and done
    without.

    Args:
        probe_name: Name of the probe; part of the key and of the file's name.
        result_type: Frozen dataclass that ``compute`` returns.
        runs: The agents probed, in order.
        settings: Frozen dataclass of plain values.
        rng_seed: Seed of the generator that ``compute`` uses.
        compute: Does the work.
        enabled: False computes without looking or storing.
    """
    if not enabled:
        return compute()
    path = cache_directory() / "results" / f"{probe_name}-{cache_key(probe_name, runs, settings, rng_seed)}.npz"
    try:
        return load_result(path, result_type)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except ResultError as error:
        logger.warning("computing %s again: %s", probe_name, error)
    result = compute()
    try:
        save_result(result, path)
    except OSError as error:
        logger.warning("result of %s is not cached: %s cannot be written (%s)", probe_name, path, error)
    return result


def cache_key(probe_name: str, runs: Sequence[RunInfo], settings: Any, rng_seed: int) -> str:
    """Hash of everything that decides a result; 32 hexadecimal digits."""
    import jax

    question = {
        "probe": probe_name,
        "runs": [dataclasses.asdict(run) for run in runs],
        "settings": dataclasses.asdict(settings),
        "seed": rng_seed,
        "code": code_hash(),
        "device": jax.default_backend(),
        "libraries": {name: importlib.metadata.version(name) for name in _NUMERICAL_LIBRARIES},
    }
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:32]


@functools.cache
def code_hash() -> str:
    """Hash of the source files that numbers depend on."""
    digest = hashlib.sha256()
    for package, names in _NUMERICAL.items():
        root = Path(str(package.__file__)).parent
        for source in sorted(root.rglob("*.py")):
            relative = source.relative_to(root)
            if relative.parts[0] in names or relative.as_posix() in names:
                digest.update(relative.as_posix().encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()
