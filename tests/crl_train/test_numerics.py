"""Global flags of JAX do not change a run unless it says so."""

import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crl_probe
import crl_train
from crl_probe.runs.loading import load_run
from crl_train.evaluation import collect_episodes
from crl_train.numerics import key_from_data, random_key, single_precision
from tests.crl_train.helpers import FakeObserver, new_run, policy_of, timeless_metrics, tiny_config, train, train_until


@pytest.fixture
def double_precision():
    """Everything in the test as under ``JAX_ENABLE_X64=1``."""
    with jax.enable_x64(True):
        yield


def test_training_in_a_session_of_double_precision_gives_the_same_run(finished_run, tmp_path, double_precision):
    run = new_run(tmp_path / "run", tiny_config())
    train_until(run, 6)
    train(run, FakeObserver())
    assert policy_of(run, 1120).content_hash == policy_of(finished_run, 1120).content_hash
    assert timeless_metrics(run) == timeless_metrics(finished_run)


def test_checkpoint_is_read_and_answers_in_single_precision(finished_run, double_precision):
    run = load_run(finished_run.path)
    with jax.enable_x64(False):
        before = load_run(finished_run.path)
        expected = before.energy([4.0, 4.0, 0.1, 0.2], [0.3, -0.3], [4.0, 12.0])
    found = run.energy(np.array([4.0, 4.0, 0.1, 0.2]), np.array([0.3, -0.3]), np.array([4.0, 12.0]))
    assert run.content_hash == before.content_hash
    assert found.dtype == jnp.float32
    assert found == expected
    assert {leaf.dtype for leaf in jax.tree.leaves(run.params)} == {jnp.dtype("float32")}


@pytest.mark.parametrize("mode", ["mean", "sample"])
def test_episodes_are_the_same_in_double_precision(finished_run, double_precision, mode):
    run = load_run(finished_run.path)
    found = collect_episodes(run.env, run.policy(mode), random_key(3), 4, 15)
    with jax.enable_x64(False):
        expected = collect_episodes(run.env, run.policy(mode), random_key(3), 4, 15)
    for name, array in vars(expected).items():
        np.testing.assert_array_equal(getattr(found, name), array)
        assert getattr(found, name).dtype == array.dtype


def test_decorator_ends_with_its_function(double_precision):
    @single_precision
    def number():
        return jnp.zeros(()).dtype

    assert number() == jnp.float32
    assert jnp.zeros(()).dtype == jnp.float64


@given(st.integers(0, 2**32 - 1))
def test_another_default_generator_changes_no_key(seed):
    expected = jax.random.key_data(random_key(seed)).tolist()
    with jax.default_prng_impl("rbg"):
        key = random_key(seed)
        assert jax.random.key_data(key).tolist() == expected
        assert jax.random.key_data(key_from_data(jax.random.key_data(key))).tolist() == expected


@pytest.fixture
def seed_offset():
    """A function that sets the offset that JAX adds to every seed; it is as before after the test."""
    before = jax.config.jax_random_seed_offset
    yield lambda offset: jax.config.update("jax_random_seed_offset", offset)
    jax.config.update("jax_random_seed_offset", before)


@pytest.mark.parametrize("offset", [5, 1, 1000, -3, 2**31 - 1])
@pytest.mark.parametrize("double", [False, True])
def test_an_offset_to_all_seeds_changes_no_key(seed_offset, offset, double):
    seeds = (0, 1, 7, 2**31, 2**32 - 1)
    with jax.enable_x64(double):
        expected = [jax.random.key_data(random_key(seed)).tolist() for seed in seeds]
        seed_offset(offset)
        assert [jax.random.key_data(random_key(seed)).tolist() for seed in seeds] == expected


def test_run_goes_on_under_an_offset_to_all_seeds(finished_run, tmp_path, seed_offset):
    seed_offset(5)
    run = new_run(tmp_path / "run", tiny_config())
    train_until(run, 2)
    seed_offset(0)
    train(run, FakeObserver())
    assert policy_of(run, 1120).content_hash == policy_of(finished_run, 1120).content_hash


def test_run_goes_on_where_types_may_not_be_promoted(finished_run, tmp_path):
    run = new_run(tmp_path / "run", tiny_config())
    with jax.numpy_dtype_promotion("strict"):
        train_until(run, 2)
    train(run, FakeObserver())
    assert policy_of(run, 1120).content_hash == policy_of(finished_run, 1120).content_hash


def test_episodes_are_the_same_where_types_may_not_be_promoted(finished_run):
    expected = collect_episodes((run := load_run(finished_run.path)).env, run.policy("sample"), random_key(3), 4, 15)
    with jax.numpy_dtype_promotion("strict"):
        run = load_run(finished_run.path)
        found = collect_episodes(run.env, run.policy("sample"), random_key(3), 4, 15)
    for name, array in vars(expected).items():
        np.testing.assert_array_equal(getattr(found, name), array)


def test_run_goes_on_under_another_default_generator(finished_run, tmp_path):
    run = new_run(tmp_path / "run", tiny_config())
    train_until(run, 2)
    with jax.default_prng_impl("unsafe_rbg"):
        train(run, FakeObserver())
    assert policy_of(run, 1120).content_hash == policy_of(finished_run, 1120).content_hash


def test_no_key_is_made_without_its_generator():
    makes_key = re.compile(r"random\.(key|PRNGKey|wrap_key_data)\(")
    for package in (crl_train, crl_probe):
        for source in Path(str(package.__file__)).parent.rglob("*.py"):
            assert source.name == "numerics.py" or not makes_key.search(source.read_text()), source
