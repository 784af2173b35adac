"""A run whose numbers are no longer finite stops, says where, and keeps its last good checkpoint."""

import dataclasses
from pathlib import Path

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.compiled_steps import compiled_steps
from crl_train.errors import NonFiniteError
from crl_train.progress import check_finite
from crl_train.run_dir import RunDir
from crl_train.run_record import read_metrics
from crl_train.training import train
from tests.crl_train.helpers import FakeObserver, new_run, policy_of, tiny_config, train_run, train_until


def after_learning(monkeypatch, spoil):
    """Let a function change the state and metrics that every call of ``learn`` returns."""

    def spoiled_steps_of(*args, **options):
        steps = compiled_steps(*args, **options)
        return dataclasses.replace(steps, learn=lambda state: spoil(*steps.learn(state)))

    monkeypatch.setattr("crl_train.training.compiled_steps", spoiled_steps_of)


def test_nan_stops_the_run_with_metric_and_update_named_and_the_last_good_checkpoint_kept(tmp_path, monkeypatch):
    def diverge_at_row_80(state, metrics):
        if state.replay.rows_written < 80:
            return state, metrics
        return state, {**metrics, "critic/loss": metrics["critic/loss"].at[1].set(np.nan)}

    after_learning(monkeypatch, diverge_at_row_80)
    run = new_run(tmp_path / "run", tiny_config())
    # 20 rows of prefill and four unrolls of 10 in the first epoch; the second unroll of the second epoch brings row 80.
    # Before it 4·3 + 3 = 15 updates were made, so the second one of it is number 17, at step 8·80 = 640.
    message = (
        rf"^critic/loss became nan at update 17 \(env step 640\): training cannot go on from there\. "
        rf"The last good checkpoint is '{run.policy / '480'}'\. Try smaller"
    )
    with pytest.raises(NonFiniteError, match=message):
        train(run, FakeObserver())
    assert run.policy_steps() == run.resume_steps() == (480,)
    assert policy_of(run, 480)
    assert len(read_metrics(run)) == 1


def test_learning_rate_that_blows_up_is_told_with_its_metric(tmp_path):
    with pytest.raises(NonFiniteError, match=r"^\w+/\w+ became \S+ at update \d+ .* No checkpoint was made yet"):
        train_run(tmp_path / "run", tiny_config(critic_lr=1e30, actor_lr=1e30))


@settings(max_examples=30)
@given(st.integers(0, 6), st.integers(0, 6), st.sampled_from([np.nan, np.inf, -np.inf]))
def test_first_metric_that_is_not_finite_is_named(at_a, at_b, value):
    metrics = {"a": np.zeros(7), "b": np.zeros(7)}
    metrics["a"][at_a:], metrics["b"][at_b:] = value, value
    first, at = ("a", at_a) if at_a <= at_b else ("b", at_b)
    with pytest.raises(NonFiniteError, match=rf"^{first} became {value} at update {100 + at + 1} "):
        check_finite(metrics, 100, 5000, RunDir(Path("nowhere")))


def test_parameters_ruined_by_the_last_update_are_neither_evaluated_nor_saved(tmp_path, monkeypatch):
    run = new_run(tmp_path / "run", tiny_config())
    train_until(run, 4)

    def ruin(state, metrics):
        head = state.learner.params["actor"]["head"]
        params = {**state.learner.params, "actor": {**state.learner.params["actor"], "head": jax.tree.map(_nan, head)}}
        return dataclasses.replace(state, learner=dataclasses.replace(state.learner, params=params)), metrics

    after_learning(monkeypatch, ruin)
    # Metrics of an update precede its effect, so those of one that ruins the actor are finite themselves.
    monkeypatch.setattr("crl_train.progress.check_finite", lambda *_: None)
    with pytest.raises(NonFiniteError, match=r"^parameter actor/.* became NaN or infinite at update 24 "):
        train(run, FakeObserver())
    assert run.policy_steps() == (480,)
    assert [row["epoch"] for row in read_metrics(run)] == [1]


def _nan(leaf):
    return leaf * float("nan")
