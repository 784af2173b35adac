"""One trained run for the whole session; tests that change it change a copy."""

import pytest

from crl_train.run_dir import RunDir
from tests.crl_train.helpers import tiny_config, train_run


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory) -> RunDir:
    """The tiny run, trained to its end without interruption. Read only."""
    return train_run(tmp_path_factory.mktemp("runs") / "finished", tiny_config())
