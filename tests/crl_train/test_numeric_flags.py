"""A run records the flags that decide its numbers, and goes on under no others."""

import jax
import pytest

from crl_train.errors import ConfigError
from crl_train.numeric_flags import check_flags, deciding_flags
from crl_train.run_record import read_record
from tests.crl_train.helpers import FakeObserver, new_run, tiny_config, train


def test_flags_that_decide_numbers_stand_in_the_record(finished_run):
    _, record = read_record(finished_run)
    assert record["flags"] == deciding_flags()
    assert record["flags"]["jax_threefry_partitionable"] is True


def test_run_is_not_continued_under_flags_that_give_other_numbers(tmp_path):
    run = new_run(tmp_path / "run", tiny_config())
    with (
        jax.threefry_partitionable(False),
        pytest.raises(
            ConfigError,
            match=r"run' was trained with jax_threefry_partitionable=True, which is False now: it would go on with "
            r"other numbers\. Set JAX_THREEFRY_PARTITIONABLE=1\.$",
        ),
    ):
        train(run, FakeObserver())
    with (
        jax.default_matmul_precision("highest"),
        pytest.raises(ConfigError, match=r"=None, which is highest now: .* Unset JAX_DEFAULT_MATMUL_PRECISION\.$"),
    ):
        train(run, FakeObserver())


def test_flag_that_an_older_version_did_not_record_is_not_compared():
    check_flags({}, "run")
    with pytest.raises(ConfigError, match="Set JAX_DEFAULT_MATMUL_PRECISION=highest"):
        check_flags({"jax_default_matmul_precision": "highest"}, "run")
