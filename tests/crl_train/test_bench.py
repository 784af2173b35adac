"""The benchmark counts what an update multiplies, times what it says it times, and keeps nothing."""

import dataclasses
import json

import jax
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crl_train import bench
from crl_train.bench import Benchmark, benchmark, matmul_rate, update_operations
from crl_train.cli_bench import combinations
from crl_train.compiled_steps import compiled_steps
from crl_train.config import make_config
from crl_train.networks import Sizes
from tests.crl_train.helpers import invoke, refused, tiny_config

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


def test_what_is_timed_is_compiled_anew_though_the_process_has_used_the_disk_before():
    asked = []

    def listen(event, **_):
        if event == "/jax/compilation_cache/compile_requests_use_cache":
            asked.append(event)

    def times_asked(factor):
        before = len(asked)
        jax.jit(lambda x: factor * x).lower(1.0).compile()
        return len(asked) - before

    jax.monitoring.register_event_listener(listen)
    try:
        assert times_asked(2.0) == 1
        with bench._nothing_from_disk():
            assert times_asked(3.0) == 0
        assert times_asked(5.0) == 1  # and others find their programs again
    finally:
        jax.monitoring.unregister_event_listener(listen)


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


def test_combinations_by_hand():
    varying, rows = combinations("4,16", ["width=64,128", "precision=float32,bfloat16"], {"repr_dim": 32})
    assert varying == ("width", "precision")
    assert [(depth, given["width"], given["precision"]) for depth, given in rows] == [
        (4, 64, "float32"), (4, 64, "bfloat16"), (4, 128, "float32"), (4, 128, "bfloat16"),
        (16, 64, "float32"), (16, 64, "bfloat16"), (16, 128, "float32"), (16, 128, "bfloat16"),
    ]  # fmt: skip
    assert {given["repr_dim"] for _, given in rows} == {32}


@given(
    st.sets(st.integers(1, 300), min_size=1, max_size=4),
    st.sets(st.integers(2, 300), min_size=1, max_size=4),
    st.sets(st.integers(1, 10), min_size=1, max_size=3),
)
def test_every_combination_is_there_once(widths, batches, blocks):
    depths = ",".join(str(4 * one) for one in blocks)
    vary = [f"width={','.join(map(str, widths))}", f"batch-size={','.join(map(str, batches))}"]
    _, rows = combinations(depths, vary, {})
    found = [(depth // 4, given["width"], given["batch_size"]) for depth, given in rows]
    assert len(found) == len(set(found)) == len(widths) * len(batches) * len(blocks)
    assert set(found) <= {(block, width, batch) for block in blocks for width in widths for batch in batches}


def test_a_row_says_what_varies_and_the_title_what_does_not(monkeypatch, tmp_path):
    def measure(config, unrolls, mesh=None):
        return dataclasses.replace(MEASURED, width=config.width, num_envs=config.num_envs, update_ms=1652.3)

    monkeypatch.setattr(bench, "benchmark", measure)
    file = tmp_path / "bench.json"
    vary = ("--vary", "width=64,128", "--vary", "num_envs=32,32", "--vary", "unroll_length=50")
    done = invoke("bench", "point_u_maze", "--depths", "4", *vary, "--json", file)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].startswith("point_u_maze on cpu: depth 4, batch 256, medians of 5")
    assert [line.split()[:4] for line in lines[1:4]] == [
        ["width", "envs", "unroll_length", "compile"],
        ["64", "32", "50", "3.2"],
        ["128", "32", "50", "3.2"],  # what is there twice is measured once
    ]
    assert " 1,652 ms " in lines[2]
    assert [(one["width"], one["num_envs"], one["unroll_length"]) for one in json.loads(file.read_text())] == [
        (64, 32, 50),
        (128, 32, 50),
    ]


def test_actor_and_critic_vary_apart(monkeypatch):
    monkeypatch.setattr(bench, "benchmark", lambda config, unrolls, mesh: MEASURED)
    done = invoke("bench", "point_u_maze", "--depths", "4", "--vary", "critic-depth=4,16")
    assert [line.split()[0] for line in done.stdout.splitlines() if " ms " in line] == ["4", "a4c16"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("nowhere",), "unknown environment 'nowhere'"),
        (("--depths", "6"), "--depths '6' is not usable: 6 is no depth"),
        (("--vary", "depth=4,8"), "--vary 'depth=4,8' is not usable: depths have an option of their own. Use --depths"),
        (("--vary", "widht=4,8"), "no setting is called 'widht'. Did you mean 'width'?"),
        (("--vary", "width"), "--vary 'width' is not usable: a setting is followed by its values. Write width=A,B."),
        (("--vary", "width=4,"), "a setting is followed by its values"),
        (("--vary", "seed=1,2"), "seed does not vary here: no time depends on it"),
        (("--vary", "width=4", "--vary", "width=8"), "width is there twice. Give all its values in one list"),
        (("--vary", "width=4", "--width", "8"), "--width 8 sets it, too. Leave one of them out"),
        (("--vary", "width=64,wide"), "width='wide' is not usable: "),
        (("--vary", "width={a: 1}"), "width={'a': 1} is not usable: "),
        (("--vary", "width=[4,8"), "--vary 'width=[4,8' is not valid YAML"),
        (("--vary", "batch_size=16,512", "--num-envs", "1", "--min-replay-size", "100"), "batch_size=512 is more than"),
        (("--depths", "4,1024", "--vary", "width=64,32768"), "this run"),
        (("--vary", f"seed_{9**99}=1"), "no setting is called 'seed_2"),
        (
            ("--vary", f"width={','.join(map(str, range(1, 120)))}", "--vary", "batch_size=" + ",".join(["9"] * 99)),
            "--depths and --vary make 23,562 rows: at most 10,000 are measured",
        ),
    ],
)
def test_what_cannot_be_timed_is_refused_before_anything_is(args, words, monkeypatch):
    monkeypatch.setattr(bench, "benchmark", lambda *_, **__: pytest.fail("measured"))
    env = () if args == ("nowhere",) else ("point_u_maze",)
    assert words in refused("bench", *env, *args)
