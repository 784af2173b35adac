"""A loop that is closed has no work left, so that nothing is heard of a read that was broken off."""

import asyncio
import contextlib
import shutil
import sys

import jax
import jax.numpy as jnp
import pytest

from crl_train.checkpoint import restore_policy, save_policy
from crl_train.errors import CheckpointError
from crl_train.event_loop import DrainingEventLoop, draining_event_loops
from crl_train.run_dir import RunDir
from tests.crl_train.test_checkpoint import COEFFICIENT, CONFIG


async def fail():
    raise ValueError("one of them")


def test_tasks_come_to_their_end_before_the_loop_closes():
    ended = []

    async def end_later(name):
        await asyncio.sleep(0.01)
        ended.append(name)

    async def all_at_once():
        await asyncio.gather(end_later("first"), fail(), end_later("second"), fail())

    with draining_event_loops():
        loop = asyncio.new_event_loop()
    with pytest.raises(ValueError, match="one of them"):
        loop.run_until_complete(all_at_once())
    assert not ended
    loop.close()
    assert ended == ["first", "second"]
    assert loop.is_closed()
    loop.close()  # as often as one likes


def test_loops_of_others_stay_as_they_are():
    with pytest.raises(ValueError, match="one of them"), draining_event_loops():
        raise ValueError("one of them")
    loop = asyncio.new_event_loop()
    loop.close()
    assert not isinstance(loop, DrainingEventLoop)


def empty(path):
    path.write_bytes(b"")


def halve(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zero(path):
    path.write_bytes(bytes(path.stat().st_size))


@pytest.mark.parametrize("damage", [empty, halve, zero])
def test_read_of_many_damaged_arrays_fails_once(tmp_path, monkeypatch, damage):
    params = {"actor": {f"layer_{number}": jnp.full((8, 8), 1.0 * number) for number in range(60)}}
    like = jax.eval_shape(lambda: {**params, "log_entropy_coefficient": COEFFICIENT})
    run = RunDir(tmp_path / "run")
    run.path.mkdir()
    save_policy(run, CONFIG, 100, params, COEFFICIENT)
    heard = []
    monkeypatch.setattr(sys, "unraisablehook", lambda failure: heard.append(failure.exc_value))
    data = [path.relative_to(run.path) for path in (run.policy / "100" / "arrays").rglob("d/*")]
    for number, name in enumerate(data):
        damaged = RunDir(shutil.copytree(run.path, tmp_path / str(number)))
        damage(damaged.path / name)
        with contextlib.suppress(CheckpointError):  # not every file is read
            restore_policy(damaged, CONFIG, 100, like)
    assert not heard
