"""Write and read the two kinds of Orbax checkpoints of a run: policies to probe and points to resume from.

Orbax writes into a temporary sibling and renames it when whole, so a step that is listed is complete. A policy also
carries the SHA-256 of its arrays, which tells a damaged checkpoint from a good one and names its content in reports.
"""

import contextlib
import hashlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import jax
import numpy as np
import orbax.checkpoint as ocp
from jaxtyping import Array, Float

from crl_train.errors import CheckpointError, RunNotFoundError
from crl_train.networks import Params
from crl_train.run_dir import FORMAT_VERSION, RunDir

T = TypeVar("T")

ARRAYS, MANIFEST = "arrays", "manifest"

# What Orbax and TensorStore raise on missing, truncated or garbled files, and on disks that are full or read-only.
_STORAGE_ERRORS = (OSError, ValueError, KeyError, TypeError, RuntimeError)


def save_policy(
    run: RunDir, env_steps: int, params: Mapping[str, Params], log_entropy_coefficient: Float[Array, ""]
) -> None:
    """Save the networks' parameters under ``policy/<env_steps>/``.

    Raises:
        CheckpointError: If they cannot be written; nothing half-written stays and older checkpoints are untouched.
    """
    arrays = {**params, "log_entropy_coefficient": log_entropy_coefficient}
    manifest = {"format_version": FORMAT_VERSION, "env_steps": env_steps, "sha256": content_hash(arrays)}
    _save(run.policy / str(env_steps), arrays, manifest)


def restore_policy(run: RunDir, env_steps: int, like: Mapping[str, Params]) -> tuple[dict[str, Any], str]:
    """Read a policy checkpoint back and verify it.

    Args:
        run: The run.
        env_steps: One of ``run.policy_steps()``.
        like: A tree with the names, shapes and dtypes that the run's config calls for.
    Returns:
        Parameters of the three networks plus ``log_entropy_coefficient``, and the SHA-256 of all arrays.
    Raises:
        RunNotFoundError: If there is no such checkpoint.
        CheckpointError: If it is damaged or does not fit the config.
    """
    steps = run.policy_steps()
    if env_steps not in steps:
        there = f"There are {', '.join(map(str, steps))}." if steps else "The run has none yet."
        raise RunNotFoundError(f"no checkpoint at step {env_steps} in {str(run.path)!r}: {there}")
    path = run.policy / str(env_steps)
    arrays, manifest = _restore(path, like, hint=_older_step_hint(env_steps, steps))
    found = content_hash(arrays)
    if found != manifest.get("sha256"):
        raise CheckpointError(
            f"checkpoint {str(path)!r} is corrupt: its arrays hash to {found[:12]}…, its manifest says "
            f"{str(manifest.get('sha256'))[:12]}…. {_older_step_hint(env_steps, steps)}"
        )
    return arrays, found


def save_resume_point(run: RunDir, env_steps: int, state: Any, progress: Mapping[str, Any]) -> None:
    """Save everything a continuation needs under ``resume/<env_steps>/``, then drop older resume points."""
    _save(run.resume / str(env_steps), state, {"format_version": FORMAT_VERSION, **progress})
    for step in run.resume_steps():
        if step != env_steps:
            shutil.rmtree(run.resume / str(step))


def restore_resume_point(run: RunDir, env_steps: int, like: T) -> tuple[T, dict[str, Any]]:
    """Read a resume point back.

    Returns:
        The state, and the progress that was saved with it.
    """
    path = run.resume / str(env_steps)
    hint = f"Start again under another --name, or probe the policies in {str(run.policy)!r}, which are untouched."
    state, manifest = _restore(path, like, hint)
    manifest.pop("format_version", None)
    return state, manifest


def discard_after(run: RunDir, env_steps: int) -> None:
    """Delete policies saved after a resume point (they will be made again) and what interrupted saves left behind."""
    for step in run.policy_steps():
        if step > env_steps:
            shutil.rmtree(run.policy / str(step))
    for folder in (run.policy, run.resume):
        if folder.is_dir():
            for entry in folder.iterdir():
                if not entry.name.isdecimal():
                    shutil.rmtree(entry)


def content_hash(arrays: Any) -> str:
    """SHA-256 over the names, dtypes, shapes and bytes of all leaves."""
    digest = hashlib.sha256()
    for path, leaf in jax.tree_util.tree_leaves_with_path(arrays):
        array = np.ascontiguousarray(jax.device_get(leaf))
        digest.update(f"{_leaf_name(path)}:{array.dtype}:{array.shape};".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _save(path: Path, arrays: Any, manifest: Mapping[str, Any]) -> None:
    def write() -> None:
        with ocp.Checkpointer(ocp.CompositeCheckpointHandler()) as checkpointer:
            checkpointer.save(
                path.absolute(),
                args=ocp.args.Composite(
                    **{ARRAYS: ocp.args.StandardSave(arrays), MANIFEST: ocp.args.JsonSave(dict(manifest))}
                ),
            )

    try:
        write()
    except _STORAGE_ERRORS as error:
        for leftover in path.parent.glob(f"{path.name}.*") if path.parent.is_dir() else ():
            shutil.rmtree(leftover, ignore_errors=True)
        raise CheckpointError(
            f"checkpoint {str(path)!r} could not be written: {_first_line(error)}. Earlier checkpoints are untouched. "
            "Make room or fix permissions, then continue the run with crl-train resume."
        ) from error


def _restore(path: Path, like: Any, hint: str) -> tuple[Any, dict[str, Any]]:
    """Read arrays and manifest, checking every leaf against ``like`` first."""
    # Whatever device wrote the checkpoint, it is read onto this one.
    here = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    target = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=here), like)

    def read() -> tuple[Any, dict[str, Any]]:
        with contextlib.closing(ocp.StandardCheckpointHandler()) as handler:
            _check_leaves(path, handler.metadata(path.absolute() / ARRAYS), target)
        with ocp.Checkpointer(ocp.CompositeCheckpointHandler(ARRAYS, MANIFEST)) as checkpointer:
            restored = checkpointer.restore(
                path.absolute(),
                args=ocp.args.Composite(**{ARRAYS: ocp.args.StandardRestore(target), MANIFEST: ocp.args.JsonRestore()}),
            )
        return restored[ARRAYS], restored[MANIFEST]

    return _explained(read, path, hint)


def _explained(read: Callable[[], T], path: Path, hint: str) -> T:
    try:
        return read()
    except _STORAGE_ERRORS as error:
        raise CheckpointError(f"checkpoint {str(path)!r} is corrupt: {_first_line(error)}. {hint}") from error


def _check_leaves(path: Path, stored: Any, target: Any) -> None:
    """Compare names and shapes before reading, so that a mismatch is told by leaf."""
    found = {_leaf_name(key): tuple(leaf.shape) for key, leaf in jax.tree_util.tree_leaves_with_path(stored.tree)}
    for key, leaf in jax.tree_util.tree_leaves_with_path(target):
        name = _leaf_name(key)
        if name not in found:
            raise CheckpointError(
                f"checkpoint {str(path)!r} has no leaf {name}: config.json and arrays disagree. Was the run edited?"
            )
        if found[name] != tuple(leaf.shape):
            raise CheckpointError(
                f"checkpoint {str(path)!r}: leaf {name} has shape {found[name]}, expected {tuple(leaf.shape)}: "
                "config.json and arrays disagree. Was the run edited?"
            )


def _leaf_name(path: Any) -> str:
    """Name a leaf the way a file would be, whatever kinds of node lead to it."""
    return jax.tree_util.keystr(path, simple=True, separator="/")


def _older_step_hint(env_steps: int, steps: tuple[int, ...]) -> str:
    older = [step for step in steps if step < env_steps]
    return f"An older one is there: use --step {older[-1]}." if older else "The run has no older one."


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")[:300]
