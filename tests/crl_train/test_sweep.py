"""Where a sweep stands: which run of how many, and what is left, as far as runs of the same depth have been timed."""

import pytest

from crl_train.errors import ConfigError
from crl_train.run_dir import RunDir
from crl_train.run_record import append_metrics
from crl_train.sweep import Place, TimeLeft, place_of, require_same_settings, runs_of, time_left
from tests.crl_train.helpers import new_run, tiny_config

DEPTHS, SEEDS = (4, 8, 16), (0, 1)


@pytest.fixture
def runs(tmp_path):
    configs = [tiny_config(actor_depth=depth, critic_depth=depth, seed=seed) for seed in SEEDS for depth in DEPTHS]
    return runs_of(tmp_path, configs)


def ended(runs, number, seconds, env_steps=1120):
    """Leave what a run leaves behind after so many steps."""
    run = list(runs)[number]
    new_run(run.path, runs[run])
    append_metrics(run, {"env_steps": env_steps, "time/seconds": seconds})
    return run


def place(runs, number):
    order = list(runs)
    return place_of([order[number]], runs, [[run] for run in order[number + 1 :]])


def test_nothing_is_known_at_first(runs):
    first = place(runs, 0)
    assert (first.number, first.total, first.own, first.after) == (1, 6, TimeLeft(untimed=1), TimeLeft(untimed=5))


def test_runs_are_timed_by_those_of_their_depths(runs):
    ended(runs, 0, 100.0)
    ended(runs, 1, 300.0)
    assert place(runs, 2).own == TimeLeft(untimed=1)
    assert place(runs, 2).after == TimeLeft(400.0, untimed=1)
    ended(runs, 2, 900.0)
    assert place(runs, 3).own == TimeLeft(100.0)
    assert place(runs, 3).after == TimeLeft(1200.0)


def test_complete_runs_to_come_take_no_time_and_unfinished_ones_teach_nothing(runs):
    ended(runs, 0, 100.0)
    ended(runs, 3, 200.0)
    ended(runs, 1, 50.0, env_steps=480)
    assert place(runs, 1).own == TimeLeft(untimed=1)
    assert place(runs, 1).after == TimeLeft(untimed=3)
    assert time_left([[tiny_config(seed=5)]], {(4, 4): 150.0}) == TimeLeft(150.0)
    assert place(runs, 0).own == TimeLeft(150.0)


def test_runs_of_one_program_take_the_time_of_one(runs):
    """Sweeps that train seeds together list depth after depth; here runs 1 and 4 are of depth 4."""
    first, _, _, second, *_ = runs
    together = place_of([first, second], runs, [list(runs)[1::3]])
    assert (str(together), together.own, together.after) == ("runs 1, 4 of 6", TimeLeft(untimed=2), TimeLeft(untimed=2))
    ended(runs, 2, 100.0)
    ended(runs, 5, 120.0)
    others = [list(runs)[2::3]]
    assert place_of([first, second], runs, others).after == TimeLeft()
    ended(runs, 1, 50.0)
    assert place_of(list(runs)[1::3], runs, []).own == TimeLeft(50.0)
    assert str(Place(2, 9, beside=(3, 4))) == "runs 2-4 of 9"


def test_damaged_curve_costs_its_estimate_alone(runs):
    run = ended(runs, 0, 100.0)
    run.metrics.write_text("{]\n")
    assert place(runs, 1).after == TimeLeft(untimed=4)


def test_other_settings_are_refused_before_anything_is_trained(tmp_path):
    run = new_run(tmp_path / "point_u_maze_d8_s0", tiny_config(actor_depth=8, critic_depth=8, width=24))
    configs = [tiny_config(actor_depth=depth, critic_depth=depth) for depth in (4, 8)]
    with pytest.raises(ConfigError, match=r"exists with other settings \(width=24 there\): a sweep does not mix them"):
        runs_of(tmp_path, configs)
    assert list(tmp_path.iterdir()) == [run.path]


def test_larger_budget_is_told_how_to_be_trained(tmp_path):
    run = new_run(tmp_path / "run", tiny_config())
    longer = r"To train it longer: crl-train resume .*run --total-env-steps 2080\.$"
    with pytest.raises(ConfigError, match=longer):
        require_same_settings(run, tiny_config(total_env_steps=2080, num_epochs=6))
    with pytest.raises(ConfigError, match=r"Choose another --out\.$"):
        require_same_settings(run, tiny_config(total_env_steps=2080, width=24))
    with pytest.raises(ConfigError, match=r"Choose another --out\.$"):
        require_same_settings(run, tiny_config(total_env_steps=800, num_epochs=2))
    assert require_same_settings(RunDir(run.path), tiny_config()) is None


@pytest.mark.parametrize("row", [{}, {"time/seconds": None}, {"time/seconds": -3.0}, {"seconds": 3.0}], ids=str)
def test_complete_run_that_does_not_say_its_time_is_not_timed(runs, row):
    run = next(iter(runs))
    new_run(run.path, runs[run])
    append_metrics(run, {"env_steps": 1120, **row})
    assert place(runs, 1).own == TimeLeft(untimed=1)
    assert place_of([run], runs, [[run]]).after == TimeLeft()
