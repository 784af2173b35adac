"""Every environment trains as a user types it."""

import numpy as np
import pytest

from crl_train.run_dir import RunDir
from crl_train.run_record import read_metrics
from tests.crl_train.helpers import invoke


@pytest.mark.slow
def test_a_run_trains_and_is_evaluated(env_name, tmp_path):
    out = tmp_path / "runs"
    done = invoke("run", env_name, "--depth", 4, "--preset", "smoke", "--out", out)
    assert done.exit_code == 0, done.output
    rows = read_metrics(RunDir(out / f"{env_name}_d4_s0"))
    assert [row["epoch"] for row in rows] == [1, 2]
    assert rows[-1]["updates"] >= 8
    for row in rows:
        numbers = [value for value in row.values() if value is not None]
        assert np.isfinite(numbers).all()
