"""What ``crl-train envs`` prints: a table of the environments by family or by name, or what one is made of."""

import difflib
import fnmatch
import json
import shutil
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from crl_train.console import echo, write
from crl_train.envs.options import EnvOptions
from crl_train.envs.registry import EnvFamily
from crl_train.errors import ConfigError
from crl_train.parsing import shortened

if TYPE_CHECKING:
    from crl_train.envs.env_spec import EnvSpec
    from crl_train.envs.goal_env import GoalEnv

_HEADINGS: Final = ("environment", "names", "state", "goal", "action", "steps", "dt", "tolerance", "physics", "as in")
_UNKNOWN: Final = "?"  # of environments that register no facts
_NOT_ALIGNED_RIGHT: Final = ("environment", "tolerance", "physics", "as in")
_HINT: Final = (
    "crl-train envs 'ant_*' lists the names of that form, crl-train envs ant_u4_maze says what one is made of, --json "
    "prints all facts. `as in` has the reference trainers whose environment --reference reproduces; "
    "docs/environments.md says where ours differ."
)


def print_families(families: Sequence[EnvFamily]) -> None:
    """A row for every family, and what more there is to ask for."""
    _print_table([(family.form, str(len(family.names)), *_cells(family, family.names[0])) for family in families])
    width = min(110, shutil.get_terminal_size().columns)
    write("\n" + textwrap.fill(_HINT, width, break_on_hyphens=False, break_long_words=False) + "\n")


def print_names(members: Sequence[tuple[str, EnvFamily]]) -> None:
    """A row for every name."""
    _print_table([(name, "", *_cells(family, name)) for name, family in members])


def print_json(members: Iterable[tuple[str, EnvFamily]]) -> None:
    """All facts of every name, as a list of objects."""
    write(json.dumps([_record(name, family) for name, family in members], indent=2, ensure_ascii=False) + "\n")


def matching(families: Sequence[EnvFamily], pattern: str) -> list[tuple[str, EnvFamily]]:
    """The listed names that a pattern of a shell, such as ``ant_*``, or the form of a family stands for.

    Raises:
        ConfigError: If there are none; the message offers the nearest names.
    """
    members = [(name, family) for family in families for name in family.names]
    found = [(name, family) for name, family in members if family.form == pattern or fnmatch.fnmatchcase(name, pattern)]
    if not found:
        bare = pattern[:80].replace("*", "").replace("?", "")
        nearest = difflib.get_close_matches(bare, [name for name, _ in members], n=3, cutoff=0.4)
        hint = f"Near it: {', '.join(nearest)}. " if nearest else ""
        raise ConfigError(
            f"no environment matches {shortened(pattern)}: no listed name does. {hint}See: crl-train envs."
        )
    return found


def print_env(env: "GoalEnv", family: EnvFamily, name: str, options: EnvOptions) -> None:
    """What one environment is made of, a fact a line."""
    spec, maze = env.spec, env.maze
    facts = {
        "environment": spec.name,
        "": family.summary,
        "state": f"{env.state_dim} ({', '.join(f'{name} {size}' for name, size in spec.layout.segments.items())})",
        "goal": f"{env.goal_dim} ({', '.join(spec.goal_axes)})",
        "action": str(env.action_dim),
        "steps": f"{spec.episode_length} of {spec.dt:g} s",
        "tolerance": f"{spec.tolerance:g} {spec.unit}",
    }
    if spec.backend:
        others = [backend for backend in family.backends if backend != spec.backend]
        elsewhere = f" ({family.on_accelerators} on an accelerator)" if family.on_accelerators else ""
        facts["physics"] = spec.backend + elsewhere + (f"; --backend can be {', '.join(others)}" if others else "")
    if maze is not None:
        facts["goal cells"] = str(len(maze.goal_cells))
        facts["farthest goal"] = f"{maze.farthest_goal_distance:.1f} m by geodesic distance"
    if options.reference is None:
        for reference in family.references_of(name):
            facts[f"as in {reference}"] = _changes(spec, family.facts(name, EnvOptions(reference=reference)))
    width = 2 + max(map(len, facts))
    for fact, value in facts.items():
        if value:
            echo(f"{fact:<{width}}{value}")
    if maze is not None:
        write(textwrap.indent("\n".join(("", *maze.rows)), " " * width).rstrip(" ") + "\n")


def _cells(family: EnvFamily, name: str) -> tuple[str, ...]:
    spec = family.facts(name)
    if spec is None:
        return (_UNKNOWN,) * 6 + ("", "")
    return (
        str(spec.layout.dim),
        str(len(spec.goal_axes)),
        str(spec.action_dim),
        str(spec.episode_length),
        f"{spec.dt:g} s",
        f"{spec.tolerance:g} {spec.unit}",
        spec.backend,
        ", ".join(family.references_of(name)),
    )


def _record(name: str, family: EnvFamily) -> dict[str, Any]:
    return {
        "name": name,
        "family": family.form,
        "summary": family.summary,
        "facts": _facts(family.facts(name)),
        "backends": list(family.backends),
        "backend_on_accelerators": family.on_accelerators or None,
        "takes_maze": family.takes_maze,
        "as_in": {one: _facts(family.facts(name, EnvOptions(reference=one))) for one in family.references_of(name)},
    }


def _facts(spec: "EnvSpec | None") -> dict[str, Any] | None:
    if spec is None:
        return None
    return {
        "state": spec.layout.segments,
        "state_dim": spec.layout.dim,
        "goal": spec.goal_segment,
        "goal_axes": list(spec.goal_axes),
        "action_dim": spec.action_dim,
        "tolerance": spec.tolerance,
        "unit": spec.unit,
        "episode_length": spec.episode_length,
        "dt": spec.dt,
        "backend": spec.backend or None,
        "substeps": spec.substeps,
        "fixed_starts": spec.fixed_starts,
    }


def _changes(ours: "EnvSpec", theirs: "EnvSpec | None") -> str:
    """What of the facts is another one under a reference."""
    if theirs is None:
        return ""
    pairs = {
        "state": (ours.layout.dim, theirs.layout.dim),
        "dt": (f"{ours.dt:g} s", f"{theirs.dt:g} s"),
        "physics": (ours.backend, theirs.backend),
        "tolerance": (ours.tolerance, theirs.tolerance),
    }
    changes = [f"{name} {there}" for name, (here, there) in pairs.items() if here != there]
    if theirs.fixed_starts and not ours.fixed_starts:
        changes.append("one start and goal per slot for ever")
    return ", ".join(changes) or "the same sizes"


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns; one that is empty in every row is left out."""
    columns = [column for column in zip(_HEADINGS, *rows, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    for line in zip(*columns, strict=True):
        cells = [
            cell.ljust(width) if column[0] in _NOT_ALIGNED_RIGHT else cell.rjust(width)
            for cell, width, column in zip(line, widths, columns, strict=True)
        ]
        echo("  ".join(cells).rstrip())
