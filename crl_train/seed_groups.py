"""Runs that differ in seed alone and are trained in one program: who belongs together, and where they go on from.

All seeds of a program keep their lanes until its end, whether they still train or not: programs of other sizes round
differently, and a continuation is exact to the bit only in the program that was interrupted.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

import jax

from crl_train.checkpoint import read_progress
from crl_train.progress import Progress, progress_of
from crl_train.run_dir import RunDir
from crl_train.run_record import read_record

Points: TypeAlias = Mapping[int, Progress]
"""What stands beside each resume point of a run, by its environment steps."""


@dataclasses.dataclass(frozen=True)
class SeedGroup:
    """Runs that are trained in one program.

    Attributes:
        seeds: Seeds of all its lanes, in order.
        runs: The runs that train, by seed.
        env_steps: Of the resume point that they go on from; 0 if they begin.
    """

    seeds: tuple[int, ...]
    runs: Mapping[int, RunDir]
    env_steps: int

    @property
    def is_alone(self) -> bool:
        """Whether it is one run as any other."""
        return len(self.seeds) == 1

    def lane_of(self, run: RunDir, tree: Any) -> Any:
        """A run's part of arrays that have a leading axis of seeds; those of a run alone have none."""
        if self.is_alone:
            return tree
        lane = next(self.seeds.index(seed) for seed, each in self.runs.items() if each == run)
        return jax.tree.map(lambda leaf: leaf[lane], tree)


def alone(run: RunDir) -> SeedGroup:
    """The group of a single run, from its newest resume point."""
    seed = read_record(run)[0].seed
    return SeedGroup((seed,), {seed: run}, max(run.resume_steps(), default=0))


def seed_groups(runs: Iterable[RunDir]) -> list[SeedGroup]:
    """Sort runs of one level, none of them complete, into groups.

    Runs that were trained together go on together, those that were trained alone go on alone, and those that have not
    begun begin together.

    Raises:
        CheckpointError: If a run or what stands beside a resume point cannot be read.
    """
    by_seed = {read_record(run)[0].seed: run for run in runs}
    points = {seed: _points(run) for seed, run in by_seed.items()}
    return [
        SeedGroup(plan.program, {seed: by_seed[seed] for seed in plan.training}, plan.env_steps)
        for plan in plans(points)
    ]


class Plan(NamedTuple):
    """A group before its runs are looked up.

    Attributes:
        program: Seeds of all lanes.
        training: Those that train.
        env_steps: Of the resume point that they go on from; 0 if they begin.
    """

    program: tuple[int, ...]
    training: tuple[int, ...]
    env_steps: int


def plans(points: Mapping[int, Points]) -> list[Plan]:
    """Which seeds go on together, and from where, by the resume points of each.

    Example:
        >>> together = Progress(env_steps=100, seeds=(0, 1))
        >>> plans({0: {100: together}, 1: {100: together}, 2: {}})
        [Plan(program=(0, 1), training=(0, 1), env_steps=100), Plan(program=(2,), training=(2,), env_steps=0)]
    """
    found = []
    for program in dict.fromkeys(filter(None, map(_program, points.values()))):
        # One without a resume point was stopped before its first, or diverged before it.
        members = {
            seed: points[seed]
            for seed in program
            if seed in points and (not points[seed] or _program(points[seed]) == program)
        }
        env_steps, training = _common_point(members)
        found.append(Plan(program, training, env_steps))
    placed = {seed for plan in found for seed in plan.training}
    named = {seed for plan in found for seed in plan.program}
    fresh = tuple(seed for seed, own in points.items() if not own and seed not in named)
    if fresh:
        found.append(Plan(fresh, fresh, 0))
    others = [seed for seed in points if seed not in placed and seed not in fresh]
    return [*found, *(Plan((seed,), (seed,), max(points[seed], default=0)) for seed in others)]


def _points(run: RunDir) -> Points:
    return {step: progress_of(read_progress(run, step), run, step) for step in run.resume_steps()}


def _program(points: Points) -> tuple[int, ...]:
    """Seeds of the program that a run was last trained in; none if it was trained alone, or not at all."""
    return points[max(points)].seeds if points else ()


def _common_point(points: Mapping[int, Points]) -> tuple[int, tuple[int, ...]]:
    """The newest resume point that all have who trained until there, and who they are.

    Older ones are dropped only after all have saved, so one that was killed while its runs saved finds the one before;
    while they saved their first, the beginning.
    """
    for step in sorted({step for own in points.values() for step in own}, reverse=True):
        idle = next(own[step].idle for own in points.values() if step in own)
        training = tuple(seed for seed in points if seed not in idle)
        if all(step in points[seed] for seed in training):
            return step, training
    return 0, tuple(points)
