"""Signals go to the block's handler while it runs, and become a request that says how a command is to end."""

import contextlib
import signal

import pytest

from crl_train.interrupt import STOP_SIGNALS, StopRequest, on_interrupt, stop_on_signals

SCHEDULERS = [number for number in STOP_SIGNALS if number != signal.SIGINT]


@pytest.mark.parametrize("number", STOP_SIGNALS)
@pytest.mark.parametrize("error", [None, KeyError], ids=["ends", "raises"])
def test_handler_is_called_within_the_block_and_the_one_of_before_is_back_after_it(number, error):
    outer, inner = [], []
    with on_interrupt(lambda signum, frame: outer.append(signum)):
        with contextlib.suppress(KeyError), on_interrupt(lambda signum, frame: inner.append(signum)):
            signal.raise_signal(number)
            if error is not None:
                raise error
        assert (inner, outer) == ([number], [])
        signal.raise_signal(number)
    assert (inner, outer) == ([number], [number])


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_signal_that_was_ignored_stays_ignored(number):
    before = signal.signal(number, signal.SIG_IGN)  # as nohup does with SIGHUP
    try:
        with stop_on_signals() as stop:
            signal.raise_signal(number)
            assert not stop
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("number", SCHEDULERS)
def test_signals_of_schedulers_ask_to_save_and_never_hurry(number):
    announced = []
    with stop_on_signals() as stop:
        assert not stop
        with stop.deferred(announced.append):
            for also in (number, *SCHEDULERS):
                signal.raise_signal(also)
    assert stop.signal is number
    assert stop.exit_code == 75
    assert announced == [number]


def test_ctrl_c_waits_within_deferred_once_and_nowhere_else():
    announced = []
    with stop_on_signals() as stop:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert not stop
        with stop.deferred(announced.append):
            signal.raise_signal(signal.SIGINT)
            assert (stop.exit_code, announced) == (130, [signal.SIGINT])
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)


def test_ctrl_c_after_another_signal_stops_at_once():
    stop = StopRequest()
    with stop.deferred(lambda by: None):
        stop.handle(signal.SIGTERM, None)
        with pytest.raises(KeyboardInterrupt):
            stop.handle(signal.SIGINT, None)
    assert stop.exit_code == 75


def test_signal_before_anything_can_be_saved_is_remembered():
    with stop_on_signals() as stop:
        signal.raise_signal(signal.SIGUSR1)
    assert stop.signal is signal.SIGUSR1
