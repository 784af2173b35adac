"""Write and read the two kinds of Orbax checkpoints of a run: policies to probe and points to resume from.

A checkpoint is written beside its place, read back and moved there in one step, and moved away before it is removed:
one that is listed is whole, whenever the process was killed. Its manifest carries the SHA-256 of its arrays, which
tells a damaged checkpoint from a good one and names its content in reports, and the settings of its run, which tell a
checkpoint that was moved here from another one.
"""

import contextlib
import dataclasses
import errno
import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import jax
import numpy as np
import orbax.checkpoint as ocp
from jaxtyping import Array, Float

from crl_train.atomic_file import remove_unfinished
from crl_train.config import TrainConfig
from crl_train.errors import CheckpointError, RunNotFoundError
from crl_train.event_loop import draining_event_loops
from crl_train.manifest import check_manifest, make_manifest
from crl_train.networks import Params
from crl_train.parsing import one_line
from crl_train.plain_path import plain_path
from crl_train.run_dir import RunDir

T = TypeVar("T")

ARRAYS, MANIFEST = "arrays", "manifest"

# Ends of the names of folders that are no checkpoints yet, or no longer, and what Orbax calls its own unfinished ones.
_UNFINISHED, _REMOVED = ".unfinished", ".removed"
_LEFTOVERS = (f".[0-9]*{_UNFINISHED}*", f".[0-9]*{_REMOVED}", "*.orbax-checkpoint-tmp*")


@dataclasses.dataclass(frozen=True)
class RestoredPolicy:
    """A policy checkpoint that was read back and verified.

    Attributes:
        params: Parameters of the three networks plus ``log_entropy_coefficient``.
        content_hash: SHA-256 of all arrays.
        names_its_run: Whether the manifest names the settings of its run. Older manifests do not: which run their
            arrays are of cannot be verified.
    """

    params: dict[str, Any]
    content_hash: str
    names_its_run: bool


def save_policy(
    run: RunDir,
    config: TrainConfig,
    env_steps: int,
    params: Mapping[str, Params],
    log_entropy_coefficient: Float[Array, ""],
) -> None:
    """Save the networks' parameters under ``policy/<env_steps>/``.

    A continued run replaces the checkpoints that it makes again.

    Raises:
        CheckpointError: If they cannot be written; nothing half-written stays and older checkpoints are untouched.
    """
    arrays = {**params, "log_entropy_coefficient": log_entropy_coefficient}
    _save(run.policy / str(env_steps), config, arrays)


def restore_policy(run: RunDir, config: TrainConfig, env_steps: int, like: Mapping[str, Params]) -> RestoredPolicy:
    """Read a policy checkpoint back and verify it.

    Args:
        run: The run.
        config: The run's config.
        env_steps: One of ``run.policy_steps()``.
        like: A tree with the names, shapes and dtypes that the run's config calls for.

    Raises:
        RunNotFoundError: If there is no such checkpoint.
        CheckpointError: If it is damaged, is of another step or run, does not fit the config, or holds numbers that
            are not finite.
    """
    steps = run.policy_steps()
    if env_steps not in steps:
        there = f"There are {', '.join(map(str, steps))}." if steps else "The run has none yet."
        raise RunNotFoundError(f"no checkpoint at step {env_steps} in {str(run.path)!r}: {there}")
    older = [step for step in steps if step < env_steps]
    hint = f"An older one is there: use --step {older[-1]}." if older else "The run has no older one."
    arrays, manifest = _restore(run.policy / str(env_steps), config, like, hint)
    for key, leaf in jax.tree_util.tree_leaves_with_path(arrays):
        if not np.isfinite(leaf).all():
            raise CheckpointError(
                f"checkpoint {str(run.policy / str(env_steps))!r} holds NaN or infinite numbers in {_leaf_name(key)}: "
                f"such a network says nothing. {hint}"
            )
    return RestoredPolicy(arrays, manifest["sha256"], "settings" in manifest)


def save_resume_point(
    run: RunDir, config: TrainConfig, env_steps: int, state: Any, progress: Mapping[str, Any]
) -> None:
    """Save everything a continuation needs under ``resume/<env_steps>/``; older resume points stay.

    Args:
        run: The run.
        config: The run's config.
        env_steps: Where it stands.
        state: Arrays of a continuation.
        progress: Plain values to keep beside them.

    Raises:
        CheckpointError: If it cannot be written.
    """
    _save(run.resume / str(env_steps), config, state, progress=dict(progress))


def drop_other_resume_points(run: RunDir, env_steps: int) -> None:
    """Remove all resume points but one."""
    for step in run.resume_steps():
        if step != env_steps:
            # One that cannot be removed does no harm: the newest is the one to go on from.
            with contextlib.suppress(OSError):
                _remove(run.resume / str(step))


def restore_resume_point(
    run: RunDir, config: TrainConfig, env_steps: int, like: T, layout: Any = None
) -> tuple[T, dict[str, Any]]:
    """Read a resume point back and verify it.

    Args:
        run: The run.
        config: The run's config.
        env_steps: One of ``run.resume_steps()``.
        like: A tree with the names, shapes and dtypes that the run's config calls for.
        layout: The same tree of shardings, if several devices share the run.

    Returns:
        The state, and the progress that was saved with it.
    Raises:
        CheckpointError: If it is damaged, is of another step or run, or does not fit the config.
    """
    hint = start_again(run)
    path = run.resume / str(env_steps)
    state, manifest = _restore(path, config, like, hint, layout)
    if not isinstance(manifest.get("progress"), dict):
        raise CheckpointError(f"checkpoint {str(path)!r} is corrupt: its manifest has no progress. {hint}")
    return state, manifest["progress"]


def read_progress(run: RunDir, env_steps: int) -> dict[str, Any]:
    """Read what stands beside a resume point, without its arrays; it is verified when they are read.

    Raises:
        CheckpointError: If it cannot be read.
    """
    path = run.resume / str(env_steps)
    try:
        handler = ocp.CompositeCheckpointHandler(MANIFEST)
        with plain_path(path) as plain, draining_event_loops(), ocp.Checkpointer(handler) as checkpointer:
            restored = checkpointer.restore(plain, args=ocp.args.Composite(**{MANIFEST: ocp.args.JsonRestore()}))
        return dict(restored[MANIFEST]["progress"])
    # Orbax raises what it meets: whatever it is, the file cannot be read.
    except Exception as error:
        raise CheckpointError(f"checkpoint {str(path)!r} is corrupt: {_cause(error)}. {start_again(run)}") from error


def remove_leftovers(run: RunDir, env_steps: int) -> None:
    """Delete what interrupted writes left behind, and all resume points but the one that training goes on from.

    Nothing else in the folders is touched. The caller holds the run's lock: what another process is writing would be
    taken for a leftover.
    """
    for file in (run.config, run.metrics):
        remove_unfinished(file)
    for folder in (run.policy, run.resume):
        _sweep(folder)
    drop_other_resume_points(run, env_steps)


def content_hash(arrays: Any) -> str:
    """SHA-256 over the names, dtypes, shapes and bytes of all leaves."""
    digest = hashlib.sha256()
    for path, leaf in jax.tree_util.tree_leaves_with_path(jax.device_get(arrays)):
        array = np.ascontiguousarray(leaf)
        digest.update(f"{_leaf_name(path)}:{array.dtype}:{array.shape};".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _save(path: Path, config: TrainConfig, arrays: Any, **facts: Any) -> None:
    """Save arrays and a manifest under ``<folder>/<env_steps>``."""
    # Orbax writes arrays of NumPy more than twice as fast, and they carry no trace of the device that made them.
    arrays = jax.device_get(arrays)
    manifest = make_manifest(config, int(path.name), content_hash(arrays), **facts)
    arrays = jax.tree.map(_storable, arrays)
    items = {ARRAYS: ocp.args.StandardSave(arrays), MANIFEST: ocp.args.JsonSave(manifest)}
    unfinished = path.with_name(f".{path.name}{_UNFINISHED}")
    try:
        _require_room(path, sum(leaf.nbytes for leaf in jax.tree.leaves(arrays)))
        path.parent.mkdir(exist_ok=True)
        with plain_path(unfinished) as plain, draining_event_loops():
            with ocp.Checkpointer(ocp.CompositeCheckpointHandler()) as checkpointer:
                checkpointer.save(plain, args=ocp.args.Composite(**items), force=True)
            _read_back(plain, arrays, manifest)
        if path.exists():
            _remove(path)
        unfinished.rename(path)
    # Orbax and TensorStore raise what they meet, a bare Exception too: whatever it is, the save has failed.
    except Exception as error:
        _sweep(path.parent)
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(
            f"checkpoint {str(path)!r} could not be written: {_cause(error)}. Earlier checkpoints are untouched. "
            "Make room or fix permissions, then continue the run with crl-train resume."
        ) from error


def start_again(run: RunDir) -> str:
    """What can be done without a resume point."""
    return f"Start again under another --name, or probe the policies in {str(run.policy)!r}, which are untouched."


def _stored_shape(leaf: Any) -> tuple[int, ...]:
    """Orbax stores no array without entries, which physics may have: one entry stands for it."""
    return tuple(leaf.shape) if leaf.size else (1,)


def _storable(leaf: np.ndarray) -> np.ndarray:
    """The array as it is stored."""
    return leaf if leaf.size else np.zeros(_stored_shape(leaf), leaf.dtype)


def _as_it_was(stored: np.ndarray, like: Any) -> np.ndarray:
    """Undo :func:`_storable`."""
    return stored if like.size else np.empty(like.shape, like.dtype)


def _remove(path: Path) -> None:
    """Remove a checkpoint; it is listed until it is no longer in its place, and never in part.

    Raises:
        OSError: If it cannot be moved away; it is whole then.
    """
    removed = path.with_name(f".{path.name}{_REMOVED}")
    shutil.rmtree(removed, ignore_errors=True)
    path.rename(removed)
    shutil.rmtree(removed, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Delete what is no checkpoint yet, or no longer."""
    for pattern in _LEFTOVERS:
        for leftover in folder.glob(pattern):
            shutil.rmtree(leftover, ignore_errors=True)


def _require_room(path: Path, num_bytes: int) -> None:
    """Refuse a save that the disk cannot hold before it begins: TensorStore's threads fail at great length."""
    run_path = path.parent.parent
    free = shutil.disk_usage(run_path).free
    if free < num_bytes:
        raise CheckpointError(
            f"checkpoint {str(path)!r} could not be written: it takes {num_bytes / 1e6:.1f} MB and {free / 1e6:.1f} MB "
            "are free. Earlier checkpoints are untouched. Make room, then continue the run with crl-train resume."
        )


def _read_back(path: Path, arrays: Any, manifest: Mapping[str, Any]) -> None:
    """Read the manifest and the smallest array of a finished save, which must be there and equal.

    Raises:
        ValueError: If they differ.
    """
    leaves, structure = jax.tree.flatten(arrays)
    smallest = min(range(len(leaves)), key=lambda index: leaves[index].nbytes)
    target = [np.empty_like(leaf) if i == smallest else ocp.PLACEHOLDER for i, leaf in enumerate(leaves)]
    items = {ARRAYS: ocp.args.PyTreeRestore(jax.tree.unflatten(structure, target)), MANIFEST: ocp.args.JsonRestore()}
    with ocp.Checkpointer(ocp.CompositeCheckpointHandler()) as checkpointer:
        found = checkpointer.restore(path, args=ocp.args.Composite(**items))
    same = np.array_equal(jax.tree.leaves(found[ARRAYS])[smallest], leaves[smallest], equal_nan=True)
    if found[MANIFEST] != manifest or not same:
        raise ValueError("it was written, and other content was read back")


def _restore(path: Path, config: TrainConfig, like: Any, hint: str, layout: Any = None) -> tuple[Any, dict[str, Any]]:
    """Read arrays and manifest, checking every leaf against ``like`` first and both hashes afterwards."""
    try:
        with plain_path(path) as plain, draining_event_loops():
            stored = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(_stored_shape(leaf), leaf.dtype), like)
            with contextlib.closing(ocp.StandardCheckpointHandler()) as handler:
                _check_leaves(path, handler.metadata(plain / ARRAYS), stored)
            # Read into NumPy, whatever device wrote it: faster, and placed on a device only once it is verified.
            target = jax.tree.map(lambda leaf: np.empty(leaf.shape, leaf.dtype), stored)
            items = {ARRAYS: ocp.args.StandardRestore(target), MANIFEST: ocp.args.JsonRestore()}
            with ocp.Checkpointer(ocp.CompositeCheckpointHandler(ARRAYS, MANIFEST)) as checkpointer:
                restored = checkpointer.restore(plain, args=ocp.args.Composite(**items))
        arrays = jax.tree.map(_as_it_was, restored[ARRAYS], like)
        manifest = dict(restored[MANIFEST])
    except CheckpointError:
        raise
    # Orbax and TensorStore raise what they meet, a bare Exception too: whatever it is, the files cannot be read.
    except Exception as error:
        raise CheckpointError(f"checkpoint {str(path)!r} is corrupt: {_cause(error)}. {hint}") from error
    check_manifest(path, manifest, config, content_hash(arrays), hint)
    return jax.device_put(arrays, layout), manifest


def _check_leaves(path: Path, stored: Any, like: Any) -> None:
    """Compare names, shapes and dtypes before reading, so that a mismatch is told by leaf."""
    found = {_leaf_name(key): leaf for key, leaf in jax.tree_util.tree_leaves_with_path(stored.tree)}
    for key, leaf in jax.tree_util.tree_leaves_with_path(like):
        name = _leaf_name(key)
        if name not in found:
            raise CheckpointError(
                f"checkpoint {str(path)!r} has no leaf {name}: config.json and arrays disagree. Was the run edited?"
            )
        for what, is_there, expected in (
            ("shape", tuple(found[name].shape), tuple(leaf.shape)),
            ("dtype", np.dtype(found[name].dtype), leaf.dtype),
        ):
            if is_there != expected:
                raise CheckpointError(
                    f"checkpoint {str(path)!r}: leaf {name} has {what} {is_there}, expected {expected}: config.json "
                    "and arrays disagree. Was the run edited?"
                )


def _leaf_name(path: Any) -> str:
    """Name a leaf as a path, whatever kinds of node lead to it."""
    return jax.tree_util.keystr(path, simple=True, separator="/")


def _cause(error: BaseException) -> str:
    """What went wrong in a few words: the operating system's where a storage library quotes them at length."""
    text = " ".join(str(error).split()) or type(error).__name__
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EROFS):
        if os.strerror(number) in text:
            return os.strerror(number)
    return one_line(text)
