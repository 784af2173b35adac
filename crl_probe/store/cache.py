"""The cache of probe results on disk: a report is rendered again in seconds, and an interrupted one continues.

The key contains everything that determines a result: the content of the checkpoints, the settings, the code, and the
numerical libraries and flags. Entries are written atomically, so two processes can safely use the cache together.
"""

import functools
import hashlib
import importlib.metadata
import json
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import crl_probe
import crl_train
from crl_probe.runs.run_info import RunInfo
from crl_probe.store.results import ResultError, load_result, save_result, with_runs
from crl_train.cache_folder import cache_directory
from crl_train.compiled_programs import FOLDER as PROGRAMS
from crl_train.envs.outside import source_hash

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

# The code that determines a number. Drawing, tables, verdicts and commands do not, so changes there leave the cache
# valid. Training does only through the checkpoint, whose content is in the key.
_NUMERICAL = {
    crl_probe: (
        "metrics",
        "evidence",
        "probes",
        "runs/blocks.py",
        "runs/encode.py",
        "runs/loaded_run.py",
        "runs/loading.py",
    ),
    crl_train: (
        "envs",
        "config.py",
        "checkpoint.py",
        "networks.py",
        "initial_params.py",
        "numerics.py",
        "energy.py",
        "policy.py",
        "rollout.py",
        "evaluation.py",
        "run_envs.py",
        "goal_metrics.py",
        "array_likes.py",
        "relabel.py",
    ),
}
_NUMERICAL_LIBRARIES = (
    *("jax", "jaxlib", "flax", "brax", "mujoco", "mujoco-mjx"),
    *("numpy", "scipy", "scikit-learn", "umap-learn", "numba", "pynndescent"),
)
# Flags of JAX that change the numbers of the same program.
_NUMERIC_FLAGS = (
    "jax_default_matmul_precision",
    "jax_default_prng_impl",
    "jax_enable_x64",
    "jax_numpy_dtype_promotion",
    "jax_threefry_partitionable",
)


def clear_cache() -> int:
    """Delete every stored result and figure, and return their number; what is kept compiled goes too."""
    directory = cache_directory() / "results"
    count = len(list(directory.glob("*.npz"))) if directory.is_dir() else 0
    for folder in (directory, cache_directory() / "numba", cache_directory() / PROGRAMS):
        shutil.rmtree(folder, ignore_errors=True)
    return count


def cached(
    name: str,
    result_type: type[Result],
    runs: Sequence[RunInfo],
    question: Mapping[str, Any],
    compute: Callable[[], Result],
    *,
    enabled: bool = True,
) -> Result:
    """Return the stored result for these agents and settings, or compute and store it.

    Agents are identified by content, so a stored result is returned with their current names. A damaged entry is
    logged, computed again and replaced. If the cache cannot be written, this is logged and the result still returned.

    Args:
        name: Name of the result, such as that of its probe; part of the key and of the file's name.
        result_type: Frozen dataclass that ``compute`` returns.
        runs: The agents, in order.
        question: Everything else that determines the result, as plain values: settings, records, seeds.
        compute: Computes the result.
        enabled: False computes without reading or writing the cache.
    """
    if not enabled:
        return compute()
    entry = f"{name}-{cache_key(name, runs, question)}"
    stored = read_entry(entry, result_type, f"computing {name} again")
    if stored is not None:
        return with_runs(stored, runs)
    result = compute()
    write_entry(entry, result, f"result of {name}")
    return result


def read_entry(entry: str, result_type: type[Result], remedy: str) -> Result | None:
    """An entry of the cache; None if there is none, or if it is damaged, which is logged.

    Args:
        entry: Name of the entry: of what it is, and a hash of all that determines it.
        result_type: Frozen dataclass that was stored.
        remedy: What the caller does if it is damaged, for the log.
    """
    try:
        return load_result(_path_of(entry), result_type)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ResultError as error:
        logger.warning("%s: %s", remedy, error)
        return None


def write_entry(entry: str, result: Any, words: str) -> None:
    """Store a frozen dataclass as an entry of the cache. If that is not possible, it is logged.

    Args:
        entry: Name of the entry, as in :func:`read_entry`.
        result: What is stored.
        words: What it is, for the log.
    """
    path = _path_of(entry)
    try:
        save_result(result, path)
    except OSError as error:
        logger.warning("%s is not cached: %s cannot be written (%s)", words, path, error)


def _path_of(entry: str) -> Path:
    return cache_directory() / "results" / f"{entry}.npz"


def cache_key(name: str, runs: Sequence[RunInfo], question: Mapping[str, Any]) -> str:
    """Hash of everything that determines a result, without names and labels; 32 hexadecimal digits."""
    import jax

    identity = {
        "name": name,
        "agents": [[run.env, run.content_hash, run.config_hash] for run in runs],
        "question": dict(question),
        "code": [code_hash(), source_hash()],
        "device": jax.default_backend(),
        "flags": {flag: str(getattr(jax.config, flag)) for flag in _NUMERIC_FLAGS},
        "libraries": {library: importlib.metadata.version(library) for library in _NUMERICAL_LIBRARIES},
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:32]


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
