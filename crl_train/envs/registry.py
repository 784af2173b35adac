"""The one table of environments: it feeds the factory, the choices of both command lines and the tests.

An entry is a family of names. A factory runs only when ``make_env`` is first called with a name of its family, and
imports what it needs then: listing names builds nothing and costs no JAX.
"""

import dataclasses
import difflib
import functools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from crl_train.device import first_device
from crl_train.envs.maze_layouts import LAYOUTS
from crl_train.errors import ConfigError
from crl_train.parsing import shortened

if TYPE_CHECKING:
    from crl_train.envs.goal_env import GoalEnv

EnvFactory: TypeAlias = Callable[..., "GoalEnv"]


@dataclasses.dataclass(frozen=True, eq=False)
class EnvFamily:
    """Environments made by one factory; their names differ in parameters.

    Attributes:
        form: How the names are built, with parameters in angle brackets, such as ``point_<layout>``. A single
            environment is a family whose form is its name.
        factory: Builds a member; called with the parameters of its name as keyword arguments, each a string.
        names: Members to list. Others may exist, where a parameter is a number.
        summary: One line about all of them.
        parameters: Regular expression of every parameter.
    """

    form: str
    factory: EnvFactory
    names: tuple[str, ...]
    summary: str
    parameters: Mapping[str, str]

    @functools.cached_property
    def _pattern(self) -> re.Pattern[str]:
        literals, placeholders = self._pieces[::2], self._pieces[1::2]
        groups = [f"(?P<{name}>{self.parameters[name]})" for name in placeholders]
        return re.compile("".join(map("".join, zip(map(re.escape, literals), [*groups, ""], strict=True))))

    @property
    def _pieces(self) -> list[str]:
        """The form as literal text and names of parameters in turn."""
        return re.split(r"<(\w+)>", self.form)

    def __post_init__(self) -> None:
        if set(self._pieces[1::2]) != set(self.parameters):
            raise ConfigError(
                f"form {self.form!r} is not usable with the parameters {', '.join(self.parameters) or 'none'}: every "
                "name in angle brackets needs one regular expression."
            )
        if odd := [name for name in self.names if self.parse(name) is None]:
            raise ConfigError(
                f"environment name {odd[0]!r} is not usable: it does not have the form {self.form!r} of its family. "
                "Change the name or the regular expression of a parameter."
            )

    def parse(self, name: str) -> dict[str, str] | None:
        """Read the parameters out of a name; None if it is no member."""
        match = self._pattern.fullmatch(name)
        return None if match is None else match.groupdict()


_FAMILIES: list[EnvFamily] = []


def register_env(name: str, factory: EnvFactory, summary: str = "") -> None:
    """Add an environment under a new name.

    Args:
        name: What users type, such as ``cheetah``.
        factory: Builds the environment; called without arguments, the first time it is needed.
        summary: One line for ``crl-train envs``.
    Raises:
        ConfigError: If the name is taken.
    Source: ours.
    """
    register_family(name, factory, names=(name,), summary=summary, parameters={})


def register_family(
    form: str, factory: EnvFactory, names: Iterable[str], summary: str, parameters: Mapping[str, str]
) -> None:
    """Add a family of environments whose names carry parameters.

    Args:
        form: How its names are built, such as ``arm_grasp_<noise>``.
        factory: Builds a member; called with the parameters of its name as keyword arguments, each a string.
        names: Members to list; others that have the form can be made too.
        summary: One line for ``crl-train envs``.
        parameters: Regular expression of every parameter in the form.
    Raises:
        ConfigError: If form, parameters and names do not fit together, or a name is taken.

    Example:
        >>> register_family(
        ...     "arm_grasp_<noise>", make_arm_grasp, names=["arm_grasp_0.1", "arm_grasp_0.3"],
        ...     summary="a Franka arm grasps a cube that starts within some noise", parameters={"noise": r"[0-9.]+"},
        ... )
        >>> make_env("arm_grasp_0.25")  # calls make_arm_grasp(noise="0.25")

    Source: ours.
    """
    new = EnvFamily(form, factory, tuple(names), summary, dict(parameters))
    for known in _FAMILIES:
        taken = [name for name in new.names if known.parse(name) is not None]
        taken += [name for name in known.names if new.parse(name) is not None]
        if taken:
            raise ConfigError(
                f"environment {taken[0]!r} is already registered: a name means one thing. Choose another name."
            )
    _FAMILIES.append(new)


def make_env(name: str) -> "GoalEnv":
    """The environment of a name, built when it is first needed: environments are pure, so all may share one object.

    Raises:
        ConfigError: If there is no such environment; the message offers the nearest names. Or if JAX has no device.
    Source: ours.
    """
    for family in _FAMILIES:
        if family.parse(name) is not None:
            return _build(family, name)
    known = dict.fromkeys((*list_envs(), *(family.form for family in _FAMILIES)))
    nearest = difflib.get_close_matches(name[:80], known, n=3)
    hint = f"Did you mean {' or '.join(map(repr, nearest))}? " if nearest else ""
    raise ConfigError(f"unknown environment {shortened(name)}: no such name is registered. {hint}See: crl-train envs.")


# One object for one name, so that functions compiled for it serve every run that names it.
@functools.cache
def _build(family: EnvFamily, name: str) -> "GoalEnv":
    first_device()  # all that uses JAX builds an environment first
    return family.factory(**(family.parse(name) or {}))


def list_envs() -> tuple[str, ...]:
    """Listed names of all environments, in the order of registration."""
    return tuple(name for family in _FAMILIES for name in family.names)


def list_families() -> tuple[EnvFamily, ...]:
    """All families, in the order of registration."""
    return tuple(_FAMILIES)


def _make_point_maze(layout: str) -> "GoalEnv":
    from crl_train.envs.maze_geometry import Maze
    from crl_train.envs.point_maze import CELL_SIZE, PointMaze

    return PointMaze(Maze.from_layout(layout, cell_size=CELL_SIZE))


register_family(
    "point_<layout>",
    _make_point_maze,
    names=[f"point_{layout}" for layout in LAYOUTS],
    summary="a point is pushed through a maze; in pure JAX, with exact geodesic distances",
    parameters={"layout": "|".join(LAYOUTS)},
)
