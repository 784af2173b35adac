"""Set up what must precede the import of the packages under test: compiled programs shared, array fields unchecked."""

import atexit
import os
import shutil
import tempfile

# One folder of compiled programs for the session: child processes and second runs of a config compile nothing. JAX
# reads these variables when it is imported, and children inherit them; a fixture would be too late for both.
_COMPILED = tempfile.mkdtemp(prefix="crl-probe-tests-")
atexit.register(shutil.rmtree, _COMPILED, ignore_errors=True)
os.environ["JAX_COMPILATION_CACHE_DIR"] = _COMPILED
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.3"

import flax.struct  # noqa: E402
import pytest  # noqa: E402
from jaxtyping import jaxtyped  # noqa: E402

_dataclass = flax.struct.dataclass


def _dataclass_with_unchecked_fields(cls, **kwargs):
    """Make a dataclass whose ``__init__`` checks no shapes; functions that take or return it still check theirs.

    JAX and Orbax rebuild such a tree around placeholders that are no arrays: shapes, shardings, None.
    """
    made = _dataclass(cls, **kwargs)
    made.__init__ = jaxtyped(typechecker=None)(made.__init__)
    return made


flax.struct.dataclass = _dataclass_with_unchecked_fields


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory):
    """The tiny run, trained to its end without interruption. Read only: tests that change it change a copy."""
    from tests.crl_train.helpers import tiny_config, train_run

    return train_run(tmp_path_factory.mktemp("runs") / "finished", tiny_config())
