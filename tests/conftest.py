"""Set up what must precede the import of the packages under test, and what the workers of a session share."""

import functools
import shutil
import signal
import tempfile
import threading
from pathlib import Path

import pytest

from tests import compiled_programs, every_env
from tests.scheduling import ByModule, rank
from tests.sharing import Machine, made_once

compiled_programs.share()

import flax.struct  # noqa: E402
import hypothesis  # noqa: E402
from jaxtyping import jaxtyped  # noqa: E402

_dataclass = flax.struct.dataclass


def _dataclass_with_unchecked_fields(cls=None, **kwargs):
    """Make a dataclass whose ``__init__`` checks no shapes; functions that take or return it still check theirs.

    JAX and Orbax rebuild such a tree around placeholders that are no arrays: shapes, shardings, None.
    """
    if cls is None:
        return functools.partial(_dataclass_with_unchecked_fields, **kwargs)
    made = _dataclass(cls, **kwargs)
    made.__init__ = jaxtyped(typechecker=None)(made.__init__)
    return made


flax.struct.dataclass = _dataclass_with_unchecked_fields


# How long an example takes depends on the machine and on what else it does.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")

# --- one session, several workers ----------------------------------------------------------------------------

FOLDER = pytest.StashKey[Path]()
MACHINE = pytest.StashKey[Machine]()


def pytest_addoption(parser):
    parser.addoption(
        "--every-env",
        action="store_true",
        help="test every environment by name, not some, and what compiles for minutes",
    )


def pytest_generate_tests(metafunc):
    """Give tests that take one of these arguments some environments, or all with ``--every-env``."""
    for argument, some in every_env.SOME.items():
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, every_env.names() if metafunc.config.getoption("--every-env") else some)


def pytest_report_header(config):
    if not config.getoption("--every-env"):
        return f"environments: a few of {len(every_env.names())}; all with --every-env"


def pytest_configure(config):
    """Give the session a folder of its own, which the controller makes and its workers are told of."""
    if hasattr(config, "workerinput"):
        folder = Path(config.workerinput["session_folder"])
    else:
        compiled_programs.tidy_up()
        folder = Path(tempfile.mkdtemp(prefix="crl-probe-tests-"))
        config.add_cleanup(functools.partial(shutil.rmtree, folder, ignore_errors=True))
    config.stash[FOLDER] = folder
    config.stash[MACHINE] = Machine(folder)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    node.workerinput["session_folder"] = str(node.config.stash[FOLDER])


def pytest_collection_modifyitems(config, items):
    items.sort(key=lambda item: rank(item.nodeid))
    if not config.getoption("--every-env"):
        for item in items:
            if item.get_closest_marker("every_env"):
                item.add_marker(pytest.mark.skip(reason="takes minutes: --every-env"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return ByModule(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    with item.config.stash[MACHINE].beside_others():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    if not item.get_closest_marker("timing"):
        return (yield)
    with item.config.stash[MACHINE].alone():
        return (yield)


# --- signals -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def _no_stop_signal_is_ignored():
    """A session in the background, or under nohup, starts with some ignored, and so would all that it starts."""
    from crl_train.interrupt import STOP_SIGNALS

    if threading.current_thread() is threading.main_thread():
        for number in STOP_SIGNALS:
            if signal.getsignal(number) is signal.SIG_IGN:
                signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


# --- unexpected exceptions -----------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def _no_failure_is_kept():
    """Let an unexpected exception of a part of a report fail the test: it would only be told in the report."""
    from crl_probe.runs import failures

    def raise_it(error):
        raise error

    keep_it = failures.failure_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(failures, "failure_of", raise_it)
        yield keep_it


@pytest.fixture
def failures_kept(monkeypatch, _no_failure_is_kept):
    """Let unexpected exceptions be kept, as they are outside of tests."""
    from crl_probe.runs import failures

    monkeypatch.setattr(failures, "failure_of", _no_failure_is_kept)


# --- trained once for all tests that only need a run ---------------------------------------------------------


@pytest.fixture(scope="session")
def session_folder(request):
    """A folder that all workers share."""
    return request.config.stash[FOLDER]


@pytest.fixture(scope="session")
def finished_run(session_folder):
    """The tiny run, trained to its end without interruption. Read only: tests that change it change a copy."""
    return _trained(session_folder / "runs" / "finished")


@pytest.fixture(scope="session")
def second_run(session_folder):
    """The tiny run with another seed. Read only."""
    return _trained(session_folder / "runs" / "second", seed=1)


def _trained(path, **changes):
    from crl_train.run_dir import RunDir
    from tests.crl_train.helpers import tiny_config, train_run

    return RunDir(made_once(path, lambda path: train_run(path, tiny_config(**changes))))
