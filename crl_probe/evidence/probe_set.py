"""The shared probe set: the same states, actions and goals for every agent, pooled evenly from all of them.

Numbers on an agent's own episodes mix behaviour and representation; numbers on a shared set isolate the
representation. For numbers, the set holds single points, spread evenly over agents and positions. For projections, it
holds whole episodes, so that a path can be followed through embedding space. ``probe_set_sampling`` draws it.

On disk it is one file, which may come from anywhere: all of it is checked when it is read.
"""

import dataclasses
import hashlib
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from jaxtyping import Float, Int

from crl_probe.runs.run_info import RunInfo
from crl_probe.store.results import ResultError, load_result, register_nested, save_result
from crl_probe.store.showing import Shown
from crl_train.errors import ConfigError
from crl_train.local_path import local_path
from crl_train.parsing import one_line, shortened

if TYPE_CHECKING:
    from crl_train.envs.goal_env import GoalEnv

_PLAIN: Final = (str, int, float, bool, type(None))


@register_nested
@dataclasses.dataclass(frozen=True, repr=False)
class Points(Shown):
    """State-actions and where they come from, one a row.

    Attributes:
        states: (points, state_dim)
        actions: Taken in these states by the agent of the episode. (points, action_dim)
        commanded_goals: Goal of the episode. (points, goal_dim)
        future_goals: A goal that the same episode achieved k steps later, drawn with P ∝ γ^k. (points, goal_dim)
        episode: Number of the episode, from 0. (points,)
        time: Step within the episode, from 0. (points,)
        source: Index of the agent of the episode. (points,)
    """

    states: Float[np.ndarray, "points state_dim"]
    actions: Float[np.ndarray, "points action_dim"]
    commanded_goals: Float[np.ndarray, "points goal_dim"]
    future_goals: Float[np.ndarray, "points goal_dim"]
    episode: Int[np.ndarray, " points"]
    time: Int[np.ndarray, " points"]
    source: Int[np.ndarray, " points"]

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            is_row = field.name in ("states", "actions", "commanded_goals", "future_goals")
            _check_array(
                field.name, getattr(self, field.name), *((2, np.floating) if is_row else (1, np.signedinteger))
            )
        lengths = {field.name: len(getattr(self, field.name)) for field in dataclasses.fields(self)}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise ConfigError(f"points have fields of different lengths ({listed}): each has one entry a point.")

    def __len__(self) -> int:
        return len(self.states)

    def rows(self, chosen: np.ndarray) -> "Points":
        """The chosen rows, by index or mask."""
        return Points(**{field.name: getattr(self, field.name)[chosen] for field in dataclasses.fields(self)})


@dataclasses.dataclass(frozen=True, repr=False)
class ProbeSet(Shown):
    """The states, actions and goals on which all agents of a comparison are measured.

    Attributes:
        env: Name of the environment.
        sources: The agents whose episodes were pooled.
        points: Single state-actions, evenly over agents and, within each, over achieved goals.
        paths: Whole episodes, evenly over agents, in order of episode and time.
        goals: Shared goals, spread over where goals can be. (goals, goal_dim)
        recipe: The settings that it was made with: seed, discount, counts.
    """

    env: str
    sources: tuple[RunInfo, ...]
    points: Points
    paths: Points
    goals: Float[np.ndarray, "goals goal_dim"]
    recipe: Mapping[str, Any]

    def __post_init__(self) -> None:
        types = {"env": str, "sources": tuple, "points": Points, "paths": Points, "recipe": Mapping}
        for name, kind in types.items():
            if not isinstance(getattr(self, name), kind):
                raise ConfigError(
                    f"{name} of a probe set is {shortened(getattr(self, name))}: it is a {kind.__name__}."
                )
        if not self.sources or not all(isinstance(source, RunInfo) for source in self.sources):
            raise ConfigError(f"sources of a probe set are {shortened(self.sources)}: they are agents, at least one.")
        _check_array("goals", self.goals, 2, np.floating)
        lengths = {"points": len(self.points), "paths": len(self.paths), "goals": len(self.goals)}
        for name, length in lengths.items():
            if not length:
                raise ConfigError(f"{name} of a probe set are empty: there is at least one.")
        for name, table in {"points": self.points, "paths": self.paths}.items():
            sizes = [
                array.shape[1] for array in (table.states, table.actions, table.commanded_goals, table.future_goals)
            ]
            shared = [
                self.points.states.shape[1],
                self.points.actions.shape[1],
                self.goals.shape[1],
                self.goals.shape[1],
            ]
            if sizes != shared:
                raise ConfigError(
                    f"{name} of a probe set have entries of sizes {sizes}: points and goals have {shared}."
                )
            if min(table.episode.min(), table.time.min(), table.source.min()) < 0:
                raise ConfigError(f"{name} of a probe set have a negative episode, time or source: they count from 0.")
            if table.source.max() >= len(self.sources):
                last = len(self.sources) - 1
                raise ConfigError(f"{name} of a probe set have source {table.source.max()}: the last one is {last}.")
        episode, time = np.diff(self.paths.episode), np.diff(self.paths.time)
        if not np.all((episode > 0) | ((episode == 0) & (time > 0))):
            raise ConfigError("paths of a probe set are in no order: they go by episode, and within it by time.")

    @property
    def all_states(self) -> Float[np.ndarray, "states state_dim"]:
        """The states of the points, then those of the episodes."""
        return np.concatenate([self.points.states, self.paths.states])


def field_with_bad_numbers(probe_set: ProbeSet) -> str:
    """Name of the first field that holds NaN or infinite numbers, such as ``points.states``; empty if none does."""
    tables = {"points": vars(probe_set.points), "paths": vars(probe_set.paths), "": {"goals": probe_set.goals}}
    for table, fields in tables.items():
        for name, array in fields.items():
            if not np.isfinite(array).all():
                return f"{table}.{name}".lstrip(".")
    return ""


def check_fits(probe_set: ProbeSet, env: "GoalEnv") -> None:
    """Refuse a set that the agents of an environment cannot be measured on.

    Raises:
        ConfigError: If it is of another environment, has other sizes, or holds numbers that are not finite.
    """
    if probe_set.env != env.name:
        raise ConfigError(
            f"the probe set is of {one_line(probe_set.env)} and the runs are of {env.name}: both must be of one "
            "environment. Make a set from these runs with `crl-probe probe-set`."
        )
    if field := field_with_bad_numbers(probe_set):
        raise ConfigError(
            f"the probe set holds NaN or infinite numbers in {field}. Make it again with `crl-probe probe-set`."
        )
    sizes = (probe_set.points.states.shape[1], probe_set.points.actions.shape[1], probe_set.goals.shape[1])
    if sizes != (env.state_dim, env.action_dim, env.goal_dim):
        raise ConfigError(
            f"the probe set has states, actions and goals of sizes {sizes}: {env.name} has "
            f"{(env.state_dim, env.action_dim, env.goal_dim)}. Make it again with `crl-probe probe-set`."
        )


def content_of(probe_set: ProbeSet) -> str:
    """Hash of all its arrays."""
    digest = hashlib.sha256()
    for table in (probe_set.points, probe_set.paths):
        for field in dataclasses.fields(table):
            digest.update(np.ascontiguousarray(getattr(table, field.name)).tobytes())
    digest.update(np.ascontiguousarray(probe_set.goals).tobytes())
    return digest.hexdigest()[:32]


def save_probe_set(probe_set: ProbeSet, path: str | os.PathLike[str]) -> None:
    """Write the set, with its recipe, to one ``.npz`` file."""
    save_result(probe_set, local_path(path, "probe set"))


def load_probe_set(path: str | os.PathLike[str]) -> ProbeSet:
    """Read a set that :func:`save_probe_set` wrote, and check it whole: sizes, types, numbers and where they belong.

    Raises:
        ResultError: If the file is no probe set, or one of its arrays cannot be part of one.
        FileNotFoundError: If there is none.
    """
    place = local_path(path, "probe set")
    try:
        probe_set = load_result(place, ProbeSet)
        _check_texts(probe_set)
        if field := field_with_bad_numbers(probe_set):
            raise ResultError(f"{field} holds NaN or infinite numbers")
        return probe_set
    except FileNotFoundError:
        raise
    except Exception as error:  # whatever zip, zlib, NumPy and JSON do on a damaged file
        cause = error.__cause__ or error  # load_result says itself that the file cannot be read, and why
        reason = one_line(str(cause).removeprefix(str(place)).strip()) or type(cause).__name__
        raise ResultError(f"probe set {str(place)!r} cannot be read: {reason}. Make it again.") from error


def _check_texts(probe_set: ProbeSet) -> None:
    """Refuse names, numbers of runs and a recipe of other types than those that are written."""
    for run in probe_set.sources:
        for field in dataclasses.fields(RunInfo):
            value = getattr(run, field.name)
            if field.name == "factors":
                is_usable = isinstance(value, Mapping) and all(map(_is_level, value.values()))
            else:
                is_usable = type(value) is field.type
            if not is_usable:
                raise ResultError(f"a source has {field.name}={shortened(value)}")
    if not all(isinstance(value, _PLAIN) for value in probe_set.recipe.values()):
        raise ResultError(f"the recipe is {shortened(probe_set.recipe)}")


def _is_level(value: object) -> bool:
    """Whether this is the level of a factor: a plain value, or the depths of actor and critic."""
    pair = isinstance(value, tuple) and len(value) == 2 and all(isinstance(depth, int) for depth in value)
    return pair or isinstance(value, _PLAIN)


def _check_array(name: str, array: object, ndim: int, kind: type[np.generic]) -> None:
    """Refuse what is not an array of numbers of a kind, with at least one row."""
    if not isinstance(array, np.ndarray):
        raise ConfigError(f"{name}={shortened(array)} is not usable: it is an array.")
    if array.ndim != ndim or not np.issubdtype(array.dtype, kind) or 0 in array.shape[1:]:
        what = "floats, one row each" if ndim == 2 else "whole numbers"
        raise ConfigError(f"{name} is an array {array.shape} of {one_line(str(array.dtype))}: it holds {what}.")
