"""Reports on analytic agents, made once for all tests that look at them in a browser."""

import contextlib
import copy
from pathlib import Path
from unittest import mock

from crl_probe.evidence.evidence import EvidenceSettings
from crl_probe.probes import embedding_trajectory
from crl_probe.report import ReportSettings
from crl_probe.report.build import Report, write_report
from tests.crl_probe.fakes import FakeRun
from tests.crl_probe.robots import STEPS, FakeArm

EVIDENCE = EvidenceSettings(episodes=8, episode_length=60, points=300, paths=6, goals=3)
ODD_NAMES = ("<script>alert(1)</script>", "<img src=x onerror=alert(2)>", "</title><script>alert(3)</script> & 'more'")


@contextlib.contextmanager
def quick_pictures():
    """UMAP takes longer than all the rest: two entries of each embedding stand in for its picture."""
    with mock.patch.object(embedding_trajectory, "draw", lambda spaces, *_, **__: [space[:, :2] for space in spaces]):
        yield


def settings(*sections, evidence=EVIDENCE, fine_cells=15, command="crl-probe report 'runs/*'"):
    """What makes a report within seconds; no section named means all."""
    return ReportSettings(
        evidence,
        sections=sections or None,
        options={"q_landscape": {"fine_cells": fine_cells}},
        figures=False,
        use_cache=False,
        command=command,
    )


@quick_pictures()
def ordinary(folder: Path) -> Report:
    """Every section, for two depths and two seeds of one maze; one seed sees less of the walls than the other."""
    runs = [blunted(FakeRun(depth=depth, seed=seed), 1 - seed / 2) for depth in (8, 64) for seed in (0, 1)]
    return write_report(runs, folder / "report", settings())


@quick_pictures()
def full_size(folder: Path) -> Report:
    """The landscapes, embeddings and rollouts of a study of three depths and three seeds: what weighs most."""
    runs = [blunted(FakeRun(depth=depth, seed=seed), 1 - seed / 4) for depth in (4, 16, 64) for seed in range(3)]
    names = ("success", "q_landscape", "embedding_trajectory", "rollouts")
    return write_report(runs, folder / "report", settings(*names, evidence=EvidenceSettings(), fine_cells=50))


def with_umap(folder: Path) -> Report:
    """Embeddings as they are drawn for people."""
    return write_report([FakeRun(depth=4), FakeRun(depth=64)], folder / "report", settings("embedding_trajectory"))


def arms(folder: Path) -> Report:
    """Two agents with bodies, of which only what they do is shown."""
    evidence = EvidenceSettings(episodes=4, episode_length=STEPS)
    return write_report(
        [FakeArm(depth=4), FakeArm(depth=64)], folder / "report", settings("success", "bodies", evidence=evidence)
    )


@quick_pictures()
def two_mazes(folder: Path) -> Report:
    """A run in each of two mazes, the first followed over training, with names that look like markup."""
    first, second, title = ODD_NAMES
    here, there = FakeRun(depth=64, name=first), FakeRun("point_u4_maze", depth=4, name=second)
    return write_report(
        [here, there],
        folder / "report",
        settings("success", "q_landscape", "embedding_trajectory", command=f"crl-probe report '{title}'"),
        earlier=[younger(here, 2_000), younger(here, 6_000)],
        title=title,
    )


def younger(run: FakeRun, env_steps: int) -> FakeRun:
    """An earlier checkpoint of an agent, which sees less of the walls."""
    earlier = blunted(copy.copy(run), env_steps / run.env_steps)
    earlier.env_steps = env_steps
    earlier.content_hash = f"{run.content_hash}{env_steps:x}"
    return earlier


def blunted(run: FakeRun, share: float) -> FakeRun:
    """The same agent with only a share of what it sees of the walls."""
    run._detours = share * run._detours
    return run
