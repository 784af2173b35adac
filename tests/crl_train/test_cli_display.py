"""Ctrl-C stops a run cleanly whatever is displayed: once after the unroll, twice at once."""

import signal

import pytest

from crl_train.cli_display import make_display
from tests.crl_train.helpers import new_run, tiny_config


@pytest.mark.parametrize("quiet", [True, False], ids=["quiet", "plain"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_first_signal_waits_for_the_unroll_and_the_second_does_not(tmp_path, capsys, quiet, number):
    before = signal.getsignal(number)
    with make_display(new_run(tmp_path / "run", tiny_config()), quiet) as display:
        assert not display.wants_stop()
        signal.raise_signal(number)
        assert display.wants_stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) is before
    assert capsys.readouterr().out.startswith("Stopping after this unroll, then saving. Press Ctrl-C again")
