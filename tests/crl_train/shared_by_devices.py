"""What a process with eight devices computes, for ``test_sharding``: they are forced on the processor when JAX starts.

Called with a folder for runs; prints JSON. Programs are those of the tiny run, so that one compilation serves all.
"""

import json
import math
import re
import signal
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from crl_train.checkpoint import content_hash
from crl_train.compiled_steps import compiled_steps
from crl_train.device_mesh import device_mesh
from crl_train.numerics import random_key
from crl_train.resuming import _with_key_data, restore_or_start
from crl_train.run_dir import RunDir
from crl_train.run_record import read_record
from crl_train.seed_groups import alone
from crl_train.training import Stopped, is_complete, train
from tests.crl_train.helpers import FakeObserver, invoke, new_run, stop_training_by, tiny_config

CONFIG = tiny_config(num_eval_episodes=8)
MESH = device_mesh("all")


def hash_of(state):
    return content_hash(_with_key_data(state))


def spread(one, other):
    """Largest difference of two trees' leaves, over the largest entry of the leaf."""
    pairs = zip(jax.tree.leaves(jax.device_get(one)), jax.tree.leaves(jax.device_get(other)), strict=True)
    return max(float(np.abs(a - b).max() / max(np.abs(a).max(), 1e-30)) for a, b in pairs)


def largest_gathered(program):
    """Entries of the largest array that all devices get whole."""
    found = re.findall(r"= \(?\w+\[([\d,]*)\][^=]* all-gather(?:-start)?\(", program.as_text())
    return max((math.prod(map(int, shape.split(","))) for shape in found if shape), default=0)


def compare_with_one_device():
    """A prefill of two unrolls, the first updates and an evaluation, on one device and on eight."""
    seen = {}
    for name, steps in {"one": compiled_steps(CONFIG), "eight": compiled_steps(CONFIG, mesh=MESH)}.items():
        key = random_key(0)
        collected = steps.collect(steps.collect(steps.init(key), True), False)
        replay = jax.device_get(collected.replay)
        slots = jax.device_get(collected.slots)
        where = collected.replay.transitions.state.sharding
        learned, metrics = steps.learn(collected)
        outcomes = steps.evaluate(learned.learner.params, key)
        seen[name] = ((replay, slots), metrics, learned.learner.params, outcomes, where)
    one, eight = seen["one"], seen["eight"]
    return {
        "collected": spread(one[0], eight[0]),
        "metrics": {name: spread(values, eight[1][name]) for name, values in one[1].items()},
        "params": spread(one[2], eight[2]),
        "distances": spread(one[3][0], eight[3][0]),
        "replay_part": eight[4].shard_shape((CONFIG.max_replay_size, CONFIG.num_envs, 4)),
    }


def look_at_programs():
    steps = compiled_steps(CONFIG, mesh=MESH)
    state = jax.eval_shape(steps.init, random_key(0))
    return {
        "replay": state.replay.last_row.size,
        "learn": largest_gathered(steps.learn.lower(state).compile()),
        "collect": largest_gathered(steps.collect.lower(state, False).compile()),
    }


def move(run, begin, end):
    """Train two unrolls on some devices, and to the end on others; whether the state that goes on is the saved one."""
    try:
        train(run, FakeObserver(stop_at=2), begin)
    except Stopped:
        (step,) = run.resume_steps()
    state, _ = restore_or_start(alone(run), {run: CONFIG}, compiled_steps(CONFIG, mesh=end))
    saved = json.loads((run.resume / str(step) / "manifest" / "metadata").read_text())["sha256"]
    if end is None:
        train(run, FakeObserver())
    else:
        result = invoke("resume", run.path, "--quiet", "--devices", "8")
        assert result.exit_code == 0, result.output + repr(result.exception)
    return {"same": hash_of(state) == saved, "complete": is_complete(run)}


def whole_run(out):
    settings = out / "settings.json"
    settings.write_text(CONFIG.model_dump_json(exclude={"env"}))
    args = ("run", "point_u_maze", "--config", settings, "--out", out, "--devices", "all", "--name")
    result = invoke(*args, "whole")
    assert result.exit_code == 0, result.output + repr(result.exception)
    with pytest.MonkeyPatch.context() as patch:
        stop_training_by(patch, signal.SIGTERM)
        stopped = invoke(*args, "stopped")
    return {
        "device": read_record(RunDir(out / "whole"))[1]["device"],
        "printed": result.output,
        "stopped": (stopped.exit_code, stopped.output.splitlines()[-1]),
    }


def main(out):
    found = {
        "compared": compare_with_one_device(),
        "programs": look_at_programs(),
        "from_eight_to_one": move(new_run(out / "first", CONFIG), MESH, None),
        "from_one_to_eight": move(new_run(out / "second", CONFIG), None, MESH),
        "whole_run": whole_run(out),
        "too_many": invoke("run", "point_u_maze", "--out", out / "none", "--devices", "9").stderr,
        "left": sorted(path.name for path in out.iterdir()),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
