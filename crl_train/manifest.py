"""What a checkpoint says about itself: its step, its run, and hashes of its arrays and of the manifest itself."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crl_train.config import TrainConfig
from crl_train.errors import CheckpointError
from crl_train.parsing import shortened
from crl_train.run_dir import FORMAT_VERSION

# Settings that a run may change while it goes on: a checkpoint made before is still one of this run.
_NOT_IDENTITY = ("total_env_steps", "num_epochs", "policy_every", "resume_every")


def make_manifest(config: TrainConfig, env_steps: int, content_hash: str, **facts: Any) -> dict[str, Any]:
    """The manifest of a checkpoint, as plain values for JSON.

    Args:
        config: The run's config.
        env_steps: Environment steps of the checkpoint.
        content_hash: SHA-256 of its arrays.
        facts: What else to keep beside the arrays.
    """
    manifest = {
        "format_version": FORMAT_VERSION,
        "env_steps": env_steps,
        "sha256": content_hash,
        "settings": _identity(config),
        **facts,
    }
    return {**manifest, "manifest_sha256": _hash(manifest)}


def check_manifest(path: Path, manifest: Mapping[str, Any], config: TrainConfig, content_hash: str, hint: str) -> None:
    """Refuse a checkpoint that is not what its folder and its run's config say.

    Manifests of older versions have neither settings nor a hash of their own, and these are not checked then.

    Args:
        path: Folder of the checkpoint, named by its step.
        manifest: What :func:`make_manifest` wrote.
        config: The run's config.
        content_hash: SHA-256 of the arrays that were read.
        hint: What the user can do instead, for the message.

    Raises:
        CheckpointError: If it is of another format version, damaged, renamed, or of another run.
    """
    named = f"checkpoint {str(path)!r}"
    version = manifest.get("format_version")
    if type(version) is not int or version != FORMAT_VERSION:  # True and 1.0 are equal to 1 in Python
        raise CheckpointError(
            f"{named} has format version {shortened(version)}: this version reads {FORMAT_VERSION}. {hint}"
        )
    unsigned = {key: value for key, value in manifest.items() if key != "manifest_sha256"}
    if manifest.get("manifest_sha256", _hash(unsigned)) != _hash(unsigned):
        raise CheckpointError(f"{named} is corrupt: its manifest is not as it was written. {hint}")
    promised = str(manifest.get("sha256"))
    if content_hash != promised:
        raise CheckpointError(
            f"{named} is corrupt: its arrays hash to {content_hash[:12]}…, its manifest says {promised[:12]}…. {hint}"
        )
    env_steps = manifest.get("env_steps")
    if not isinstance(env_steps, int) or str(env_steps) != path.name:
        raise CheckpointError(
            f"{named} is of step {shortened(env_steps)}: checkpoints are named by their step. Was it renamed? {hint}"
        )
    here, settings = _identity(config), manifest.get("settings", {})
    if not isinstance(settings, Mapping):
        raise CheckpointError(f"{named} is corrupt: its manifest has settings={shortened(settings)}. {hint}")
    for name, value in settings.items():
        # A setting that only one version of this program knows says nothing about the run.
        if name in here and here[name] != value:
            raise CheckpointError(
                f"{named} is of another run: it was trained with {name}={shortened(value)}, this run with "
                f"{name}={here[name]!r}. Was it moved here, or config.json edited? {hint}"
            )


def _identity(config: TrainConfig) -> dict[str, Any]:
    """The settings that make a run the one it is."""
    return config.model_dump(exclude=set(_NOT_IDENTITY))


def _hash(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
