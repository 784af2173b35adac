"""How often what is repeated: the reference trainer's numbers, and budgets that are too small."""

import dataclasses

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crl_train.config import make_config
from crl_train.errors import ConfigError
from crl_train.presets import PRESETS
from crl_train.step_counts import step_counts, with_budget
from tests.crl_train.helpers import tiny_config


def test_paper_preset_by_hand():
    # 512 · 62 = 31 744; ⌈1000/62⌉ = 17; ⌊(1e8 − 17 · 31 744) / (100 · 31 744)⌋ = 31; 31 · 800 = 24 800;
    # (17 + 3100) · 31 744 = 98 946 048; 3100 · 800 = 2 480 000
    counts = step_counts(make_config({"env": "humanoid"}, "paper"))
    assert dataclasses.astuple(counts) == (31_744, 17, 31, 24_800, 98_946_048, 2_480_000)


def test_tiny_run_by_hand():
    # 8 · 10 = 80; 20/10 = 2; (1120 − 160) / (3 · 80) = 4; 4 · 3 = 12; 14 · 80 = 1120; 12 · 3 = 36
    assert dataclasses.astuple(step_counts(tiny_config())) == (80, 2, 4, 12, 1120, 36)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_a_budget_that_suffices(preset):
    config = make_config({"env": "point_u_maze"}, preset)
    counts = step_counts(config)
    assert config.total_env_steps * 0.9 < counts.total_env_steps <= config.total_env_steps


@settings(max_examples=200)
@given(st.integers(1, 10**6), st.integers(1, 20), st.integers(1, 64), st.integers(1, 50), st.integers(20, 60))
def test_counts_add_up_and_leave_less_than_an_epoch(total, num_epochs, num_envs, unroll_length, min_replay_size):
    config = tiny_config(
        total_env_steps=total,
        num_epochs=num_epochs,
        num_envs=num_envs,
        unroll_length=unroll_length,
        min_replay_size=min_replay_size,
    )
    try:
        counts = step_counts(config)
    except ConfigError:
        assume(False)
    epoch = counts.unrolls_per_epoch * counts.env_steps_per_unroll
    prefill = counts.prefill_unrolls * counts.env_steps_per_unroll
    assert counts.total_env_steps == prefill + num_epochs * epoch <= total
    assert total - counts.total_env_steps < num_epochs * counts.env_steps_per_unroll
    assert counts.total_updates == num_epochs * counts.updates_per_epoch
    assert min_replay_size <= counts.prefill_unrolls * unroll_length < min_replay_size + unroll_length


def test_too_small_a_budget_is_refused_with_what_it_takes():
    # Two unrolls of prefill and one in each of three epochs, of 80 steps: 400.
    message = (
        r"^total_env_steps=399 is too small: prefill and 3 epochs of one unroll each take 400 steps\. "
        r"Raise it, or lower num_epochs, num_envs or unroll_length\.$"
    )
    with pytest.raises(ConfigError, match=message):
        step_counts(tiny_config(total_env_steps=399))
    assert step_counts(tiny_config(total_env_steps=400)).total_env_steps == 400


# --- another budget ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "planned"),
    [(1440, (1440, 4)), (1439, (1120, 3)), (2100, (2080, 6)), (1120, (1120, 3)), (800, (800, 2)), (480, (480, 1))],
)
def test_epochs_are_added_whole(total, planned):
    changed = with_budget(tiny_config(), total)
    assert (changed.total_env_steps, changed.num_epochs) == planned
    assert changed == tiny_config(total_env_steps=planned[0], num_epochs=planned[1])


@settings(max_examples=200)
@given(st.integers(400, 10**6), st.integers(1, 20), st.integers(400, 10**6))
def test_longer_and_shorter_runs_take_the_same_epochs(total, num_epochs, wanted):
    config = tiny_config(total_env_steps=total, num_epochs=num_epochs)
    try:
        before, changed = step_counts(config), with_budget(config, wanted)
    except ConfigError:
        assume(False)
    after = step_counts(changed)
    for name in ("env_steps_per_unroll", "prefill_unrolls", "unrolls_per_epoch", "updates_per_epoch"):
        assert getattr(before, name) == getattr(after, name)
    if wanted != total:
        assert after.total_env_steps <= wanted < after.total_env_steps + after.env_steps_per_epoch
    assert with_budget(changed, wanted) == changed  # asked for again, it is there


@pytest.mark.parametrize(
    ("trained", "total", "needed"), [(1120, 1119, 1440), (500, 799, 800), (480, 480, 800), (0, 5, 480)]
)
def test_budget_that_is_spent_is_refused_with_the_least_that_is_not(trained, total, needed):
    message = rf"^total_env_steps={total} is too small: {trained} steps are trained, .* Give {needed} or more\.$"
    with pytest.raises(ConfigError, match=message):
        with_budget(tiny_config(), total, trained)
    assert step_counts(with_budget(tiny_config(total_env_steps=9999, num_epochs=30), needed, trained))
