"""Which runs can be compared: runs of one environment that differ only in the factors of the study and the seed."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from crl_probe.runs.agent import Agent
from crl_probe.runs.factors import (
    DEFAULT,
    check_factors,
    factor_levels,
    factors_of_settings,
    level_order,
    level_words,
    settings_of_factors,
)
from crl_train.errors import ConfigError

Run = TypeVar("Run", bound=Agent)

# Settings that do not change the agent. A difference in any other one could be mistaken for an effect of the factor.
_MAY_DIFFER: Final = {"seed", "policy_every", "resume_every"}


def by_level(run: Agent, by: Sequence[str] = DEFAULT) -> tuple[object, ...]:
    """Sort key by level, such as from shallow to deep, then by seed, then by checkpoint."""
    return (level_order(factor_levels(run.settings, by)), run.settings["seed"], run.name, run.env_steps)


def group_by_env(runs: Iterable[Run], by: Sequence[str] = DEFAULT) -> dict[str, list[Run]]:
    """Group runs by environment, each group ordered by level, then seed.

    Args:
        runs: Agents of any environments.
        by: The factors that they are compared by.

    Raises:
        ConfigError: If runs of an environment cannot be compared by these factors: two have the same name, the same
            parameters, or the same level and seed, or they differ in other settings.
    """
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.env.name, []).append(run)
    for env, group in groups.items():
        check_factors(by, group)
        group.sort(key=lambda run: by_level(run, by))
        _check_comparable(env, group, by)
    return groups


def _check_comparable(env: str, group: Sequence[Agent], by: Sequence[str]) -> None:
    names: dict[str, Agent] = {}
    contents: dict[str, Agent] = {}
    places: dict[tuple[object, ...], Agent] = {}
    for run in group:
        # Several checkpoints of one run are allowed: they are compared as stages of its training.
        if run.name in names and names[run.name].path != run.path:
            raise ConfigError(
                f"two runs of {env} are named {run.name!r}: a comparison tells runs apart by name. Rename one folder."
            )
        if run.content_hash in contents:
            raise ConfigError(
                f"runs {contents[run.content_hash].name!r} and {run.name!r} of {env} hold the same parameters: one run "
                "would count as two seeds. Give it once."
            )
        names[run.name] = contents[run.content_hash] = run
    # Settings are checked first: a setting that differs also explains why two runs have the same level and seed.
    _check_settings(env, group, by)
    for run in group:
        level = factor_levels(run.settings, by)
        place = (level_words(level), run.settings["seed"])
        if place in places and places[place].path != run.path:
            raise ConfigError(
                f"runs {places[place].name!r} and {run.name!r} of {env} have the same {' and '.join(by)} and seed: "
                "they would count as two seeds. Compare them in two reports."
            )
        places[place] = run


def _check_settings(env: str, group: Sequence[Agent], by: Sequence[str]) -> None:
    may_differ = _MAY_DIFFER | settings_of_factors(by)
    first = group[0]
    for run in group[1:]:
        other = [
            name
            for name in dict.fromkeys([*first.settings, *run.settings])
            if name not in may_differ and first.settings.get(name) != run.settings.get(name)
        ]
        if other:
            values = ", ".join(
                f"{name}={first.settings.get(name)!r} and {run.settings.get(name)!r}" for name in other[:3]
            )
            values += f" and {len(other) - 3} more" if len(other) > 3 else ""
            also = factors_of_settings(other)
            raise ConfigError(
                f"runs {first.name!r} and {run.name!r} of {env} also differ in {', '.join(also)} ({values}): a "
                f"difference between them need not come from {' and '.join(by)}. Add --by {','.join((*by, *also))}, or "
                "compare them in two reports."
            )
