"""The benchmark counts what an update multiplies, times what it says it times, and keeps nothing."""

import json

import jax
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crl_train import bench
from crl_train.bench import Benchmark, benchmark, matmul_rate, update_operations
from crl_train.compiled_steps import compiled_steps
from crl_train.config import make_config
from crl_train.networks import Sizes
from tests.crl_train.helpers import invoke, tiny_config

TINY = {"env": "point_u_maze", "actor_depth": 4, "critic_depth": 4, "width": 2, "batch_size": 2, "repr_dim": 2}
MEASURED = Benchmark(
    env="point_u_maze",
    backend="",
    actor_depth=4,
    critic_depth=4,
    width=128,
    batch_size=256,
    num_envs=256,
    compile_seconds=3.21,
    update_ms=12.345,
    update_gflops=60.0,
    matmul_gflops=80.0,
    collect_steps_per_second=123456.7,
    steps_per_second=2345.6,
    updates_per_second=78.9,
    peak_bytes=1_230_000_000,
    device="cpu",
    unrolls=5,
)


def test_operations_by_hand():
    """φ passes 2·2·2·(2 + 4·2 + 2) = 96 forward, ψ 88, the actor 96, all pairs 2·2²·2 = 16."""
    assert update_operations(make_config(TINY), Sizes(1, 1, 1)) == 3 * (96 + 88 + 96 + 16) + 2 * 96


@given(st.integers(1, 64), st.integers(1, 8), st.integers(1, 16))
def test_blocks_decide_at_large_widths(blocks, state, action):
    """A block of four layers more costs 4 × 2·B·W² in each of eleven passes."""
    sizes = Sizes(state, action, 2)
    settings = {**TINY, "width": 64}
    shallow, deep = (
        update_operations(make_config({**settings, "actor_depth": 4 * n, "critic_depth": 4 * n}), sizes)
        for n in (blocks, blocks + 1)
    )
    assert deep - shallow == 11 * 4 * 2 * 2 * 64**2


def test_products_keep_their_size():
    """Sixty-four products in a row neither vanish nor overflow, which would be timed differently."""
    x, weights = bench._products_of(32, 64)
    last = bench._multiply(x, weights)
    assert 0.1 < float(jax.numpy.std(last)) < 10
    assert matmul_rate(8, 16) > 0
    assert matmul_rate(8, 16, "bfloat16") > 0


@pytest.mark.slow
def test_a_tiny_run_is_timed():
    train_once = compiled_steps(tiny_config())  # that others have compiled it does not make it cheaper
    train_once.collect(train_once.init(jax.random.key(0)), False)
    measured = benchmark(tiny_config(), unrolls=2)
    assert (measured.env, measured.unrolls) == (tiny_config().env, 2)
    assert 0 < measured.share_of_matmul < 2  # a tiny network is far from the rate; the bound is one of sanity
    assert measured.compile_seconds > 0.05
    # Training is collecting and learning, one after the other.
    assert measured.steps_per_second < measured.collect_steps_per_second
    alone = 1e3 / measured.update_ms
    assert measured.updates_per_second < alone
    assert measured.peak_bytes > 100_000_000  # JAX alone takes as much


def test_the_command_prints_a_row_for_each_depth_and_writes_all_numbers(monkeypatch, tmp_path):
    asked = []

    def measure(config, unrolls, mesh):
        asked.append((config.actor_depth, config.width, unrolls))
        return MEASURED

    monkeypatch.setattr(bench, "benchmark", measure)
    file = tmp_path / "numbers" / "bench.json"
    done = invoke("bench", "point_u_maze", "--depths", "4,8", "--width", 64, "--unrolls", 3, "--json", file)
    assert done.exit_code == 0, done.output
    assert asked == [(4, 64, 3), (8, 64, 3)]
    lines = done.stdout.splitlines()
    assert lines[0].startswith("point_u_maze on cpu: 256 environments, width 128, batch 256, medians of 5")
    (row, _) = [line.split() for line in lines if " ms " in line]
    assert row == ["4", "3.2", "s", "12.3", "ms", "60", "75", "%", "123,457", "2,346", "78.9/s", "1.23", "GB"]
    assert max(map(len, lines)) <= 80
    numbers = json.loads(file.read_text())
    assert [one["share_of_matmul"] for one in numbers] == [0.75, 0.75]
    assert numbers[0]["compile_seconds"] == 3.21


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("bench", "nowhere"), "unknown environment 'nowhere'"),
        (("bench", "point_u_maze", "--depths", "6"), "--depths '6' is not usable: 6 is no depth"),
    ],
)
def test_what_cannot_be_timed_is_refused(args, words):
    done = invoke(*args)
    assert done.exit_code == 2
    assert words in done.stderr
