"""Signals go to the block's handler while it runs, and to that of before afterwards, however the block ends."""

import contextlib
import signal

import pytest

from crl_train.interrupt import on_interrupt


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
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
