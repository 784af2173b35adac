"""Which runs may stand side by side: same environment, and nothing but depth and seed between them."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from crl_probe.runs.run_info import RunInfo
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from crl_probe.runs.loading import LoadedRun

# What runs of one comparison may differ in; anything else would pass for an effect of depth or of the seed.
_MAY_DIFFER = {"seed", "actor_depth", "critic_depth", "policy_every", "resume_every"}


def by_depth(run: "LoadedRun") -> tuple[int, int, int, str, int]:
    """Sort key that puts runs from shallow to deep, then by seed, then by checkpoint."""
    return (run.config.critic_depth, run.config.actor_depth, run.config.seed, run.name, run.env_steps)


def run_infos(runs: Sequence["LoadedRun"]) -> tuple[RunInfo, ...]:
    """Name agents for results and tables; where some have several checkpoints, all carry their steps."""
    several = len({run.path for run in runs}) < len(runs)
    return tuple(_run_info(run, several) for run in runs)


def _run_info(run: "LoadedRun", several: bool) -> RunInfo:
    return RunInfo(
        name=f"{run.name}@{run.env_steps}" if several else run.name,
        label=f"{run.label} · {run.env_steps:,} steps" if several else run.label,
        env=run.config.env,
        actor_depth=int(run.config.actor_depth),
        critic_depth=int(run.config.critic_depth),
        seed=int(run.config.seed),
        env_steps=int(run.env_steps),
        content_hash=str(run.content_hash),
        config_hash=hashlib.sha256(repr(sorted(vars(run.config).items())).encode()).hexdigest()[:16],
    )


def group_by_env(runs: Iterable["LoadedRun"]) -> dict[str, list["LoadedRun"]]:
    """Put runs of one environment together, ordered by depth, then seed: numbers of two environments never mix.

    Raises:
        ConfigError: If runs of an environment cannot be compared as depths and seeds: the same name, the same
            parameters or the same depth and seed twice, or other settings that differ.
    """
    groups: dict[str, list["LoadedRun"]] = {}
    for run in runs:
        groups.setdefault(run.config.env, []).append(run)
    for env, group in groups.items():
        group.sort(key=by_depth)
        _check_comparable(env, group)
    return groups


def _check_comparable(env: str, group: Sequence["LoadedRun"]) -> None:
    names: dict[str, LoadedRun] = {}
    contents: dict[str, LoadedRun] = {}
    places: dict[tuple[int, int, int], LoadedRun] = {}
    for run in group:
        # Several checkpoints of one run are welcome: they stand side by side as stages of its training.
        if run.name in names and names[run.name].path != run.path:
            raise ConfigError(
                f"two runs of {env} are named {run.name!r}: a comparison tells runs apart by name. Rename one folder."
            )
        if run.content_hash in contents:
            raise ConfigError(
                f"runs {contents[run.content_hash].name!r} and {run.name!r} of {env} hold the same parameters: one run "
                "counted twice would feign a second seed. Give it once."
            )
        place = (run.config.actor_depth, run.config.critic_depth, run.config.seed)
        if place in places and places[place].path != run.path:
            raise ConfigError(
                f"runs {places[place].name!r} and {run.name!r} of {env} have the same depth and seed: they would count "
                "as two seeds. Compare them in two reports."
            )
        names[run.name] = contents[run.content_hash] = places[place] = run
        first = vars(group[0].config)
        other = [name for name, value in vars(run.config).items() if name not in _MAY_DIFFER and first[name] != value]
        if other:
            told = ", ".join(f"{name}={first[name]!r} and {vars(run.config)[name]!r}" for name in other[:3])
            told += f" and {len(other) - 3} more" if len(other) > 3 else ""
            raise ConfigError(
                f"runs {group[0].name!r} and {run.name!r} of {env} differ in more than depth and seed ({told}): their "
                "difference could not be laid to depth. Compare them in two reports."
            )
