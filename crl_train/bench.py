"""How fast training is on this machine, part by part, and how near an update comes to its matrix products."""

import contextlib
import dataclasses
import resource
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

import jax
import jax.numpy as jnp
from jax.experimental.compilation_cache.compilation_cache import reset_cache
from jax.sharding import Mesh

from crl_train.compiled_steps import new_steps
from crl_train.config import TrainConfig
from crl_train.device import first_device
from crl_train.device_mesh import num_devices
from crl_train.networks import Sizes, sizes_of
from crl_train.numerics import random_key, single_precision
from crl_train.run_envs import training_env
from crl_train.step_counts import step_counts

_PRODUCTS: Final = 64  # matrix products in a row, of which the machine's rate is measured
_ROUNDS_OF_PRODUCTS: Final = 15
# Forward, and back to the weights and to the input, in forward passes. The actor's loss needs no weights of φ.
_PASSES_OF_LEARNING, _PASSES_TO_ACTIONS = 3, 2


@dataclasses.dataclass(frozen=True)
class Benchmark:
    """Times of one config on one machine; medians over ``unrolls``.

    Attributes:
        env: Name of the environment.
        backend: Its physics; empty where it has equations of its own.
        actor_depth: Dense layers inside the actor's residual blocks.
        critic_depth: The same of each encoder.
        width: Units of a hidden layer.
        batch_size: Transitions of an update.
        num_envs: Parallel environments.
        compile_seconds: To trace and compile an unroll and its updates, without the cache on disk.
        update_ms: One update: drawing a batch, three losses, Adam.
        update_gflops: Rate of the matrix products of an update, 10⁹ operations a second; all else counts as time only.
        matmul_gflops: Rate of (batch, width) × (width, width) alone, in the config's precision, one after the other,
            measured in between. Of several devices each has its part of the batch; measured on one, times their number.
        collect_steps_per_second: Environment steps while collecting.
        steps_per_second: Environment steps of whole training, evaluations aside.
        updates_per_second: Updates of the same.
        peak_bytes: Most memory so far: of this process, or of the first accelerator.
        device: What computed.
        unrolls: How many were timed.
        precision: What the layers of residual blocks compute in.
    """

    env: str
    backend: str
    actor_depth: int
    critic_depth: int
    width: int
    batch_size: int
    num_envs: int
    compile_seconds: float
    update_ms: float
    update_gflops: float
    matmul_gflops: float
    collect_steps_per_second: float
    steps_per_second: float
    updates_per_second: float
    peak_bytes: int
    device: str
    unrolls: int
    precision: str = "float32"

    @property
    def share_of_matmul(self) -> float:
        """Rate of an update over that of its matrix products alone; 1 is the machine's limit."""
        return self.update_gflops / self.matmul_gflops


@single_precision
def benchmark(config: TrainConfig, unrolls: int = 5, mesh: Mesh | None = None) -> Benchmark:
    """Train for a few unrolls, and time each part.

    Args:
        config: What is trained.
        unrolls: How many are timed, after one that compiles.
        mesh: The devices that share the work, if there are several.
    """
    env, counts, devices = training_env(config), step_counts(config), num_devices(mesh)
    steps = new_steps(config, mesh=mesh)
    with _nothing_from_disk():
        key = random_key(config.seed)
        jax.eval_shape(steps.init, key)  # traced before it is timed what needs its shapes
        compiling = _Stopwatch()
        steps.compile(key)
        compile_seconds = compiling.seconds()
        state = jax.block_until_ready(steps.init(key))
    for _ in range(counts.prefill_unrolls):
        state = steps.collect(state, config.prefill == "uniform")
    state = jax.block_until_ready(steps.learn(state)[0])  # memory is touched for the first time
    collecting, learning, products = [], [], []
    for _ in range(unrolls):
        watch = _Stopwatch()
        state = jax.block_until_ready(steps.collect(state, False))
        collecting.append(watch.seconds())
        watch = _Stopwatch()
        state = jax.block_until_ready(steps.learn(state)[0])
        learning.append(watch.seconds())
        products.append(devices * matmul_rate(config.batch_size // devices, config.width, config.precision))
    collect_seconds, learn_seconds = statistics.median(collecting), statistics.median(learning)
    both = collect_seconds + learn_seconds
    update = learn_seconds / config.updates_per_unroll
    device = first_device()
    return Benchmark(
        env=config.env,
        backend=env.spec.backend,
        actor_depth=config.actor_depth,
        critic_depth=config.critic_depth,
        width=config.width,
        batch_size=config.batch_size,
        num_envs=config.num_envs,
        compile_seconds=compile_seconds,
        update_ms=1e3 * update,
        update_gflops=update_operations(config, sizes_of(env)) / update / 1e9,
        matmul_gflops=statistics.median(products),
        collect_steps_per_second=counts.env_steps_per_unroll / collect_seconds,
        steps_per_second=counts.env_steps_per_unroll / both,
        updates_per_second=config.updates_per_unroll / both,
        peak_bytes=_peak_bytes(device),
        device=", ".join(dict.fromkeys((device.platform, device.device_kind))) + (f" × {devices}" if mesh else ""),
        unrolls=unrolls,
        precision=config.precision,
    )


def update_operations(config: TrainConfig, sizes: Sizes) -> int:
    """Floating-point operations of an update's matrix products.

    A product of (B, n) and (n, m) has 2·B·n·m. Each network that learns is passed three times: forward, back to its
    weights, and back to its input; φ once more forward and back to the actions, for the actor. The energies of all
    pairs are passed three times.
    """

    def trunk(inputs: int, depth: int, outputs: int) -> int:
        return 2 * config.batch_size * config.width * (inputs + depth * config.width + outputs)

    phi = trunk(sizes.state + sizes.action, config.critic_depth, config.repr_dim)
    psi = trunk(sizes.goal, config.critic_depth, config.repr_dim)
    actor = trunk(sizes.state + sizes.goal, config.actor_depth, 2 * sizes.action)
    pairs = 2 * config.batch_size**2 * config.repr_dim
    return _PASSES_OF_LEARNING * (phi + psi + actor + pairs) + _PASSES_TO_ACTIONS * phi


def matmul_rate(batch: int, width: int, precision: str = "float32") -> float:
    """Rate of (batch, width) × (width, width), each of the result of the one before: 10⁹ operations a second."""
    x, weights = (one.astype(precision) for one in _products_of(batch, width))
    jax.block_until_ready(_multiply(x, weights))
    seconds = []
    for _ in range(_ROUNDS_OF_PRODUCTS):
        watch = _Stopwatch()
        jax.block_until_ready(_multiply(x, weights))
        seconds.append(watch.seconds())
    return _PRODUCTS * 2 * batch * width**2 / statistics.median(seconds) / 1e9


def _products_of(batch: int, width: int) -> tuple[Any, Any]:
    """Matrices that neither grow nor shrink what they are multiplied with."""
    keys = jax.random.split(random_key(0))
    return (
        jax.random.normal(keys[0], (batch, width)),
        jax.random.normal(keys[1], (_PRODUCTS, width, width)) / width**0.5,
    )


@jax.jit
def _multiply(x: Any, weights: Any) -> Any:
    return jax.lax.scan(lambda x, one: (jnp.matmul(x, one), None), x, weights)[0]


@contextlib.contextmanager
def _nothing_from_disk() -> Iterator[None]:
    """Compile anew, whatever is kept on disk."""
    before = jax.config.values["jax_enable_compilation_cache"]
    _use_disk(False)
    try:
        yield
    finally:
        _use_disk(before)


def _use_disk(allowed: bool) -> None:
    jax.config.update("jax_enable_compilation_cache", allowed)
    reset_cache()  # JAX looks at the setting once, with the first program of the process, such as one of an environment


class _Stopwatch:
    def __init__(self) -> None:
        self._start = time.perf_counter()

    def seconds(self) -> float:
        return time.perf_counter() - self._start


def _peak_bytes(device: Any) -> int:
    stats = None if device.platform == "cpu" else device.memory_stats()
    if stats and "peak_bytes_in_use" in stats:
        return int(stats["peak_bytes_in_use"])
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
