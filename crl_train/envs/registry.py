"""The one table of environments: it feeds the factory, the choices of both command lines and the tests.

An entry is a family of names. A factory runs only when ``make_env`` is first called with a name of its family, and
imports what it needs then: listing names builds nothing and costs no JAX.
"""

import dataclasses
import difflib
import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from crl_train.device import first_device
from crl_train.envs.options import OURS, EnvOptions
from crl_train.envs.outside import load_outside
from crl_train.errors import ConfigError
from crl_train.parsing import shortened

if TYPE_CHECKING:
    from crl_train.envs.env_spec import EnvSpec
    from crl_train.envs.goal_env import GoalEnv

EnvFactory: TypeAlias = Callable[..., "GoalEnv"]
SpecFactory: TypeAlias = Callable[..., "EnvSpec"]

_LAYOUT = "layout"  # the parameter that names a maze
_MAZE_NAME = r"[A-Za-z0-9_]{1,60}"  # what a maze given as text can be called


@dataclasses.dataclass(frozen=True, eq=False)
class EnvFamily:
    """Environments made by one factory; their names differ in parameters.

    Attributes:
        form: How the names are built, with parameters in angle brackets, such as ``point_<layout>``. A single
            environment is a family whose form is its name.
        factory: Builds a member; called with the parameters of its name and the options that are set as keyword
            arguments, each a string.
        names: Members to list. Others may exist, where a parameter is a number.
        summary: One line about all of them.
        parameters: Regular expression of every parameter.
        spec: The facts about a member without building it; called as the factory is.
        references: Reference trainers that its members can follow.
        reference_layouts: Layouts that such a trainer has, if it lacks some.
        backends: Physics that its members can use, the default first; none if there is no choice.
        on_accelerators: The one that is the default where JAX computes on an accelerator, if it is another.
        takes_maze: Whether a maze given as text can take the place of the parameter ``layout``.
    """

    form: str
    factory: EnvFactory
    names: tuple[str, ...]
    summary: str
    parameters: Mapping[str, str]
    spec: SpecFactory | None = None
    references: tuple[str, ...] = ()
    reference_layouts: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    backends: tuple[str, ...] = ()
    on_accelerators: str = ""
    takes_maze: bool = False

    def _pattern(self, parameters: Mapping[str, str]) -> re.Pattern[str]:
        literals, placeholders = self._pieces[::2], self._pieces[1::2]
        groups = [f"(?P<{name}>{parameters[name]})" for name in placeholders]
        return re.compile("".join(map("".join, zip(map(re.escape, literals), [*groups, ""], strict=True))))

    @functools.cached_property
    def _of_names(self) -> re.Pattern[str]:
        return self._pattern(self.parameters)

    @functools.cached_property
    def _of_own_mazes(self) -> re.Pattern[str]:
        return self._pattern({**self.parameters, _LAYOUT: _MAZE_NAME})

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
        if self.takes_maze and _LAYOUT not in self.parameters:
            raise ConfigError(
                f"form {self.form!r} is not usable for mazes given as text: their name takes the place of <{_LAYOUT}>, "
                "which it does not have."
            )
        if odd := [name for name in self.names if self.parse(name) is None]:
            raise ConfigError(
                f"environment name {odd[0]!r} is not usable: it does not have the form {self.form!r} of its family. "
                "Change the name or the regular expression of a parameter."
            )

    def parse(self, name: str, with_maze: bool = False) -> dict[str, str] | None:
        """Read the parameters out of a name; None if it is no member.

        Args:
            name: What users type.
            with_maze: Whether a maze is given as text, whose name then takes the place of a layout's.
        """
        if with_maze and not self.takes_maze:
            return None
        match = (self._of_own_mazes if with_maze else self._of_names).fullmatch(name)
        return None if match is None else match.groupdict()

    def check(self, name: str, options: EnvOptions) -> None:
        """Refuse options that the members of this family do not have.

        Raises:
            ConfigError: If one is set that they do not have, or to another value than those they have.
        """
        has = {"reference": self.references, "backend": self.backends}
        for option, values in has.items():
            value = getattr(options, option)
            if value is not None and value not in values:
                choices = f"it has {' and '.join(values)}" if values else f"it has no choice of {option}"
                raise ConfigError(f"{option}={value!r} is not usable with environment {name!r}: {choices}.")
        reference = options.reference
        if reference is not None and options.maze is None and reference not in self.references_of(name):
            raise ConfigError(
                f"reference={reference!r} is not usable with environment {name!r}: of {self.form}, {reference} has the "
                f"layouts {', '.join(self.reference_layouts[reference])}."
            )

    def references_of(self, name: str) -> tuple[str, ...]:
        """Reference trainers that have this member."""
        layout = (self.parse(name) or {}).get(_LAYOUT, "")
        return tuple(one for one in self.references if layout in self.reference_layouts.get(one, (layout,)))

    def facts(self, name: str, options: EnvOptions = OURS) -> "EnvSpec | None":
        """Sizes, tolerance and length of a member without building it; None if the family does not tell."""
        if self.spec is None:
            return None
        return self.spec(**(self.parse(name, options.maze is not None) or {}), **options.given())


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
    form: str,
    factory: EnvFactory,
    names: Iterable[str],
    summary: str,
    parameters: Mapping[str, str],
    *,
    spec: SpecFactory | None = None,
    references: Sequence[str] = (),
    reference_layouts: Mapping[str, Sequence[str]] | None = None,
    backends: Sequence[str] = (),
    on_accelerators: str = "",
    takes_maze: bool = False,
) -> None:
    """Add a family of environments whose names carry parameters.

    Args:
        form: How its names are built, such as ``arm_grasp_<noise>``.
        factory: Builds a member; called with the parameters of its name, and the options that are set, as keyword
            arguments, each a string.
        names: Members to list; others that have the form can be made too.
        summary: One line for ``crl-train envs``.
        parameters: Regular expression of every parameter in the form.
        spec: The facts about a member without building it, for ``crl-train envs``; called as the factory is.
        references: Reference trainers that its members can follow: values of the option ``reference``.
        reference_layouts: Values of the parameter ``layout`` that such a trainer has, if it lacks some.
        backends: Values of the option ``backend``, the default first.
        on_accelerators: The default where JAX computes on an accelerator, if it is another.
        takes_maze: Whether the factory takes ``maze``, the text of a maze; ``layout`` is then the maze's name.
    Raises:
        ConfigError: If form, parameters and names do not fit together, or a name is taken.

    Example:
        >>> register_family(
        ...     "hopper_<height>", make_hopper, names=["hopper_0.1", "hopper_0.3"],
        ...     summary="a leg hops over a step of some height", parameters={"height": r"[0-9.]+"},
        ... )
        >>> make_env("hopper_0.25")  # calls make_hopper(height="0.25")

    Source: ours.
    """
    new = EnvFamily(
        form,
        factory,
        tuple(names),
        summary,
        dict(parameters),
        spec=spec,
        references=tuple(references),
        reference_layouts=dict(reference_layouts or {}),
        backends=tuple(backends),
        on_accelerators=on_accelerators,
        takes_maze=takes_maze,
    )
    for known in _FAMILIES:
        taken = [name for name in new.names if known.parse(name) is not None]
        taken += [name for name in known.names if new.parse(name) is not None]
        if taken:
            raise ConfigError(
                f"environment {taken[0]!r} is already registered: a name means one thing. Choose another name."
            )
    _FAMILIES.append(new)


def make_env(name: str, options: EnvOptions = OURS) -> "GoalEnv":
    """The environment of a name, built when it is first needed: environments are pure, so all may share one object.

    Args:
        name: What users type, such as ``ant_u4_maze``.
        options: Whose details it follows, its physics, and its maze if that is given as text.
    Raises:
        ConfigError: If there is no such environment; the message offers the nearest names. If it does not have an
            option that is set. Or if JAX has no device.
    Source: ours.
    """
    family = family_of(name, options)
    family.check(name, options)
    if options.backend is None and family.on_accelerators and first_device().platform != "cpu":
        options = dataclasses.replace(options, backend=family.on_accelerators)
    spec = family.facts(name, options)
    # Physics that is named and happens to be the environment's own makes no second environment.
    return _build(family, name, options if spec is None else dataclasses.replace(options, backend=spec.backend or None))


def family_of(name: str, options: EnvOptions = OURS) -> EnvFamily:
    """The family that a name belongs to.

    Raises:
        ConfigError: If there is none; the message offers the nearest names.
    """
    load_outside()
    with_maze = options.maze is not None
    found = [family for family in _FAMILIES if family.parse(name, with_maze) is not None]
    if found:
        # ``ant_ball_<layout>`` rather than ``ant_<layout>`` with a maze called ball_...
        return max(found, key=lambda family: len(family.form))
    if with_maze:
        forms = ", ".join(family.form for family in _FAMILIES if family.takes_maze)
        raise ConfigError(f"environment {shortened(name)} takes no maze given as text. These do: {forms}.")
    known = dict.fromkeys((*list_envs(), *(family.form for family in _FAMILIES)))
    nearest = difflib.get_close_matches(name[:80], known, n=3)
    hint = f"Did you mean {' or '.join(map(repr, nearest))}? " if nearest else ""
    raise ConfigError(
        f"unknown environment {shortened(name)}: no such name is registered. {hint}See: crl-train envs; "
        "one of your own needs --env-module."
    )


# One object for one name and its options, so that functions compiled for it serve every run that has the same.
@functools.cache
def _build(family: EnvFamily, name: str, options: EnvOptions) -> "GoalEnv":
    first_device()  # all that uses JAX builds an environment first
    parameters = family.parse(name, options.maze is not None) or {}
    env = family.factory(**parameters, **options.given())
    if options.reference is not None:  # another task: nothing measured on one may be taken for a number of the other
        env.spec = dataclasses.replace(env.spec, name=f"{env.spec.name} (as in {options.reference})")
    return env


def list_envs() -> tuple[str, ...]:
    """Listed names of all environments, in the order of registration."""
    return tuple(name for family in list_families() for name in family.names)


def list_families() -> tuple[EnvFamily, ...]:
    """All families, in the order of registration."""
    load_outside()
    return tuple(_FAMILIES)
