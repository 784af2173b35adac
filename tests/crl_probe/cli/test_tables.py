"""Tables in the terminal: as wide as it is, whatever numbers and names they hold."""

import io
import re

import numpy as np
import pytest

from crl_probe.cli.tables import fitting
from crl_probe.metrics import DEFINITIONS
from crl_probe.probes.samples import metric_samples
from crl_probe.summary.rows import rows_of
from crl_probe.summary.tables import tables_of
from crl_train.console import make_console
from tests.crl_probe.summary.examples import SAMPLES, info, successes


def drawn(samples, width, kinds=("level",), together=False):
    """The lines of the only table, without trailing spaces."""
    content = io.StringIO()
    console = make_console(file=content, width=width)
    (table,) = tables_of(rows_of(samples, kinds), together=together)
    for part in fitting(table, width):
        console.print(part)
    return [line.rstrip() for line in content.getvalue().splitlines()]


def every_metric(*runs):
    return [
        entry
        for place, run in enumerate(runs)
        for name in DEFINITIONS
        for entry in metric_samples(run, name, "shared", "goals", np.array([-0.5, 1.0, 0.25]) + 0.0113 * place)
    ]


def levels(count):
    return [info(depth, seed) for depth in (4, 16, 64, 256, 1024, 2048)[:count] for seed in (0, 1, 2)]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("width", [80, 100, 120])
def test_four_levels_fit_side_by_side(count, width):
    lines = drawn(every_metric(*levels(count)), width)
    assert max(map(len, lines)) <= width
    assert lines[0] == "maze"
    assert len(re.findall("depth", lines[1])) == count
    for name in DEFINITIONS:  # each once, as everywhere
        assert len([line for line in lines if re.match(rf"{name}\b", line)]) == 1
    assert all(line.count("[") == line.count("]") for line in lines)
    assert sum(line.count("[") for line in lines) == count * len(DEFINITIONS)
    assert "…" not in "".join(lines)


def test_more_levels_follow_below():
    lines = drawn(every_metric(*levels(6)), 80)
    assert max(map(len, lines)) <= 80
    heads = [line for line in lines if line.startswith("success (shared)")]
    assert [len(re.findall("depth", head)) for head in heads] == [3, 3]
    assert lines.count("maze") == 1


def test_an_interval_is_beside_its_number_or_below_it_and_numbers_lose_no_digit_they_need_not():
    ranks = [
        entry
        for run in levels(3)
        for name in ("geodesic_rank", "time_at_goal")
        for entry in metric_samples(run, name, "shared", "goals", np.array([0.7413 + 0.01 * run.seed, 0.8042]))
    ]
    # As wide as it likes, numbers end below each other and their intervals begin below each other.
    assert drawn(ranks, 120, together=True)[3:] == [
        f"{name:<19}{3 * '  0.7778 [0.7727, 0.7828]'}" for name in ("time_at_goal, steps", "geodesic_rank")
    ]
    # In 72 columns the interval has room below, in 66 with a digit less.
    for width, number, interval in ((72, "0.7778", "[0.7727, 0.7828]"), (66, "0.778", "[0.773, 0.783]")):
        lines = [line.split(maxsplit=1) for line in drawn(ranks, width, together=True)[3:]]
        assert lines[0] == ["time_at_goal", *lines[0][1:]]
        assert [name for name, _ in lines[:3]] == ["time_at_goal", "steps", "geodesic_rank"]
        assert lines[0][1].split() == [number] * 3
        assert lines[1][1].count(interval) == 3


def test_seeds_are_below_their_metric():
    assert drawn(SAMPLES[:3], 80, ("level", "run")) == [
        "maze",
        "success (on-policy)  depth 4           depth 16",
        "                     2 seeds           1 seed",
        "success_rate          50 % [25, 75]    100 % [100, 100]",
        "  seed 0              25 % [0, 75]",
        "  seed 1              75 % [25, 100]",
    ]
    assert drawn(SAMPLES[:3], 80, ("run",))[3] == "success_rate                           100 % [100, 100]"


def test_names_are_printed_whole_and_their_control_characters_shown():
    name = "[red]x[/red]\x1b[31m_" + 40 * "long"
    twice = [*successes(info(name=f"a{name}"), 1, 1), *successes(info(name=f"b{name}"), 1, 0)]
    lines = drawn(twice, 80, ("level", "run"))
    assert max(map(len, lines)) <= 80
    names = "".join(line[:19].strip() for line in lines)
    assert "\x1b" not in names
    assert rf"a[red]x[/red]\x1b[31m_{40 * 'long'}" in names
