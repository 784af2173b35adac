"""The agents of one environment, however they are given: directories, patterns, or loaded before."""

import os
from collections.abc import Iterable
from typing import Final, TypeAlias

from crl_probe.runs.agent import Agent
from crl_probe.runs.loading import Place, Step, load_runs
from crl_train.errors import ConfigError

Given: TypeAlias = Place | Agent | Iterable[Place | Agent]
"""Runs as people name them: a directory, a glob pattern, a loaded agent, or several of these."""

_RULE: Final = "give run directories, patterns such as checkpoints/point_u_maze_*, or loaded runs."


def open_agents(given: Given, step: Step = None) -> list[Agent]:
    """Open what is given by path, and take what is loaded.

    Args:
        given: Directories, patterns and agents.
        step: Checkpoint of what is given by path; see :func:`crl_probe.runs.loading.load_runs`.

    Raises:
        ConfigError: If something is none of these, there is nothing, or agents are of several environments.
        RunNotFoundError: If a pattern matches nothing, or a run has no such checkpoint.
        CheckpointError: If a checkpoint is damaged.
    """
    places: list[Place] = []
    agents: list[Agent] = []
    for entry in _entries(given):
        if isinstance(entry, str | os.PathLike):
            places.append(entry)
        elif isinstance(entry, Agent):
            agents.append(entry)
        else:
            raise ConfigError(f"runs has the entry {entry!r}: {_RULE}")
    if places:
        agents = [*load_runs(places, step), *agents]
    if not agents:
        raise ConfigError(f"there are no runs: {_RULE}")
    envs = sorted({agent.env.name for agent in agents})
    if len(envs) > 1:
        raise ConfigError(f"runs are of {' and '.join(envs)}: a study is about one environment. Make a study of each.")
    return agents


def _entries(given: object) -> Iterable[object]:
    if isinstance(given, str | os.PathLike | Agent):
        return [given]
    if isinstance(given, Iterable):
        return given
    raise ConfigError(f"runs={given!r} is not usable: {_RULE}")
