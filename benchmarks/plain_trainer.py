"""Whole training against the straightforward way to write it, on the same environment, in one process.

The straightforward way, after the description of the trainer of arXiv 2503.14858: layers one by one, so that programs
grow with depth; a replay that is rolled to make room; windows of whole episodes in which every row looks at every later
one; all windows relabelled and shuffled for the few batches that are used; each loss with its own passes. It is written
here to be plain and not to be slow: nothing in it waits, and it is compiled as one program for each step.

    python benchmarks/plain_trainer.py
    python benchmarks/plain_trainer.py --env ant --depths 4,64 --set num_envs=512 --set batch_size=512 --json plain.json
"""

import json
import statistics
import time
from pathlib import Path
from typing import Any, NamedTuple

import click
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from crl_train.bench import benchmark
from crl_train.cli_options import explained, parse_depths
from crl_train.config import TrainConfig, make_config
from crl_train.parsing import parse_yaml
from crl_train.run_envs import training_env

SETTINGS = {
    **{"env": "reacher", "width": 256, "batch_size": 256, "num_envs": 256, "unroll_length": 62},
    **{"updates_per_unroll": 40, "max_replay_size": 2000, "min_replay_size": 1000, "episode_length": 1000},
}
BARS = {4: 8.0, 16: 4.0}  # times the env steps per second, by depth, with these settings on two cores
UNROLLS = 3
LOG_STD_RANGE = (-5.0, 2.0)


class Network(nn.Module):
    """A stem, residual blocks of four layers, and linear heads; every layer is its own piece of the program."""

    depth: int
    width: int
    heads: tuple[int, ...]

    @nn.compact
    def __call__(self, x: jax.Array) -> list[jax.Array]:
        def layer(x: jax.Array) -> jax.Array:
            return nn.swish(nn.LayerNorm()(nn.Dense(self.width)(x)))

        x = layer(x)
        for _ in range(self.depth // 4):
            skip = x
            for _ in range(4):
                x = layer(x)
            x = x + skip
        return [nn.Dense(size)(x) for size in self.heads]


class State(NamedTuple):
    """All that changes: parameters, moments, environments, and what they went through."""

    params: Any
    moments: Any
    log_alpha: jax.Array
    alpha_moments: Any
    envs: Any
    episode: jax.Array
    age: jax.Array
    replay: dict[str, jax.Array]
    key: jax.Array


class PlainTrainer:
    """The trainer for one config."""

    def __init__(self, config: TrainConfig) -> None:
        self.config, self.env = config, training_env(config)
        size = self.env.action_dim
        self.networks = {
            "actor": Network(config.actor_depth, config.width, (size, size)),
            "phi": Network(config.critic_depth, config.width, (config.repr_dim,)),
            "psi": Network(config.critic_depth, config.width, (config.repr_dim,)),
        }
        self.adam = optax.adam(3e-4)

    def start(self, key: jax.Array) -> State:
        """Fresh parameters, environments at their starts, an empty replay."""
        config, env = self.config, self.env
        sizes = {"actor": env.state_dim + env.goal_dim, "phi": env.state_dim + env.action_dim, "psi": env.goal_dim}
        keys = dict(zip(sizes, jax.random.split(key, 3), strict=True))
        params = {name: net.init(keys[name], jnp.zeros((1, sizes[name]))) for name, net in self.networks.items()}
        groups = {"actor": params["actor"], "critic": {"phi": params["phi"], "psi": params["psi"]}}
        rows, count = config.max_replay_size, config.num_envs
        return State(
            params=params,
            moments={name: self.adam.init(group) for name, group in groups.items()},
            log_alpha=jnp.zeros(()),
            alpha_moments=self.adam.init(jnp.zeros(())),
            envs=jax.vmap(env.reset)(jax.random.split(key, count)),
            episode=jnp.zeros(count, jnp.int32),
            age=jnp.zeros(count, jnp.int32),
            replay={
                "state": jnp.zeros((rows, count, env.state_dim)),
                "action": jnp.zeros((rows, count, env.action_dim)),
                "episode": jnp.zeros((rows, count), jnp.int32),
            },
            key=key,
        )

    def collect(self, state: State) -> State:
        """Steps in all environments, whose records push the oldest out of the replay."""
        first = jax.vmap(self.env.reset)(jax.random.split(state.key, self.config.num_envs))

        def step(carry: Any, key: jax.Array) -> tuple[Any, Any]:
            envs, episode, age = carry
            observed, goal = self.env.split_observation(envs.obs)
            action, _ = self.act(state.params["actor"], observed, goal, key)
            after, age = jax.vmap(self.env.step)(envs, action), age + 1
            over = (after.done > 0) | (age >= self.config.episode_length)
            envs = jax.tree.map(lambda new, old: jnp.where(_wide(over, new), new, old), first, after)
            record = {"state": observed, "action": action, "episode": episode}
            return (envs, episode + over, jnp.where(over, 0, age)), record

        key, unroll_key = jax.random.split(state.key)
        keys = jax.random.split(unroll_key, self.config.unroll_length)
        (envs, episode, age), records = jax.lax.scan(step, (state.envs, state.episode, state.age), keys)

        def pushed(old: jax.Array, new: jax.Array) -> jax.Array:
            return jnp.roll(old, -len(new), axis=0).at[-len(new) :].set(new)

        replay = jax.tree.map(pushed, state.replay, records)
        return state._replace(envs=envs, episode=episode, age=age, replay=replay, key=key)

    def learn(self, state: State) -> State:
        """Relabel a window of each environment, shuffle all of it, and make updates on the first batches."""
        config = self.config
        key, window_key, goal_key, shuffle_key, update_key = jax.random.split(state.key, 5)
        starts = jax.random.randint(
            window_key, (config.num_envs,), 0, config.max_replay_size - config.episode_length + 1
        )

        def window(rows: jax.Array, start: jax.Array) -> jax.Array:
            return jax.lax.dynamic_slice_in_dim(rows, start, config.episode_length, axis=0)

        windows = jax.tree.map(lambda leaf: jax.vmap(window, (1, 0))(leaf, starts), state.replay)
        batch = jax.vmap(self.relabelled)(windows, jax.random.split(goal_key, config.num_envs))
        flat = jax.tree.map(lambda leaf: leaf.reshape(-1, leaf.shape[-1]), batch)
        order = jax.random.permutation(shuffle_key, len(flat["state"]))[: config.updates_per_unroll * config.batch_size]
        batches = jax.tree.map(lambda leaf: leaf[order].reshape(config.updates_per_unroll, config.batch_size, -1), flat)
        keys = jax.random.split(update_key, config.updates_per_unroll)
        return jax.lax.scan(
            lambda one, given: (self.update(one, *given), None), state._replace(key=key), (batches, keys)
        )[0]

    def relabelled(self, window: dict[str, jax.Array], key: jax.Array) -> dict[str, jax.Array]:
        """A goal for each row: a later state of its episode, sooner ones more likely."""
        time_of = jnp.arange(len(window["episode"]))
        ahead = time_of[None] - time_of[:, None]
        same = window["episode"][None] == window["episode"][:, None]
        weight = jnp.where((ahead > 0) & same, self.config.discount ** ahead.astype(jnp.float32), 0.0)
        weight = weight + 1e-5 * jnp.eye(len(time_of))  # the last row of an episode is its own goal
        later = jax.random.categorical(key, jnp.log(weight), axis=1)
        goal = window["state"][later][:, jnp.asarray(self.env.goal_indices)]
        return {"state": window["state"], "action": window["action"], "goal": goal}

    def update(self, state: State, batch: dict[str, jax.Array], key: jax.Array) -> State:
        """One step of Adam on the losses of critic, actor and entropy coefficient."""
        params = state.params
        critic = {"phi": params["phi"], "psi": params["psi"]}
        critic_grads = jax.grad(self.critic_loss)(critic, batch)
        actor_grads, log_prob = jax.grad(self.actor_loss, has_aux=True)(
            params["actor"], critic, jnp.exp(state.log_alpha), batch, key
        )
        surplus = jnp.mean(-log_prob) + 0.5 * self.env.action_dim
        alpha_grad = jnp.exp(state.log_alpha) * surplus
        critic, critic_moments = self.stepped(critic_grads, state.moments["critic"], critic)
        actor, actor_moments = self.stepped(actor_grads, state.moments["actor"], params["actor"])
        log_alpha, alpha_moments = self.stepped(alpha_grad, state.alpha_moments, state.log_alpha)
        return state._replace(
            params={"actor": actor, **critic},
            moments={"actor": actor_moments, "critic": critic_moments},
            log_alpha=log_alpha,
            alpha_moments=alpha_moments,
        )

    def stepped(self, grads: Any, moments: Any, params: Any) -> tuple[Any, Any]:
        """One step of Adam."""
        updates, moments = self.adam.update(grads, moments, params)
        return optax.apply_updates(params, updates), moments

    def critic_loss(self, critic: Any, batch: dict[str, jax.Array]) -> jax.Array:
        """InfoNCE over the goals of a batch, and its penalty."""
        phi, psi = self.phi(critic, batch["state"], batch["action"]), self.psi(critic, batch["goal"])
        # No epsilon under the root in the reference; without one a distance of exactly 0 has no derivative.
        logits = -jnp.sqrt(jnp.sum((phi[:, None] - psi[None]) ** 2, axis=-1) + 1e-12)
        total = jax.nn.logsumexp(logits, axis=1)
        return jnp.mean(total - jnp.diagonal(logits)) + self.config.logsumexp_penalty * jnp.mean(total**2)

    def actor_loss(
        self, actor: Any, critic: Any, alpha: jax.Array, batch: dict[str, jax.Array], key: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """Distance to the goal, and entropy."""
        action, log_prob = self.act(actor, batch["state"], batch["goal"], key)
        away = self.phi(critic, batch["state"], action) - self.psi(critic, batch["goal"])
        distance = jnp.sqrt(jnp.sum(away**2, axis=-1) + 1e-12)
        return jnp.mean(alpha * log_prob + distance), log_prob

    def act(self, actor: Any, state: jax.Array, goal: jax.Array, key: jax.Array) -> tuple[jax.Array, jax.Array]:
        """A tanh-Gaussian action and its log-probability."""
        mean, raw = self.networks["actor"].apply(actor, jnp.concatenate([state, goal], axis=-1))
        low, high = LOG_STD_RANGE
        log_std = low + 0.5 * (high - low) * (jnp.tanh(raw) + 1)
        noise = jax.random.normal(key, mean.shape)
        action = jnp.tanh(mean + jnp.exp(log_std) * noise)
        log_prob = -0.5 * noise**2 - log_std - 0.5 * jnp.log(2 * jnp.pi) - jnp.log(1 - action**2 + 1e-6)
        return action, log_prob.sum(axis=-1)

    def phi(self, critic: Any, state: jax.Array, action: jax.Array) -> jax.Array:
        """Representations of state-actions."""
        return self.networks["phi"].apply(critic["phi"], jnp.concatenate([state, action], axis=-1))[0]

    def psi(self, critic: Any, goal: jax.Array) -> jax.Array:
        """Representations of goals."""
        return self.networks["psi"].apply(critic["psi"], goal)[0]


def _wide(mask: jax.Array, leaf: jax.Array) -> jax.Array:
    return mask.reshape(-1, *[1] * (leaf.ndim - 1))


def plain_rate(config: TrainConfig, unrolls: int) -> tuple[float, float]:
    """Env steps per second of whole training, and the seconds until collecting and learning are compiled."""
    trainer = PlainTrainer(config)
    state = jax.jit(trainer.start)(jax.random.key(0))
    started = time.perf_counter()
    collect = jax.jit(trainer.collect, donate_argnums=0).lower(state).compile()
    learn = jax.jit(trainer.learn, donate_argnums=0).lower(state).compile()
    compiled = time.perf_counter() - started
    for _ in range(config.max_replay_size // config.unroll_length + 1):
        state = collect(state)
    state = jax.block_until_ready(learn(state))
    seconds = []
    for _ in range(unrolls):
        started = time.perf_counter()
        state = jax.block_until_ready(learn(collect(state)))
        seconds.append(time.perf_counter() - started)
    return config.num_envs * config.unroll_length / statistics.median(seconds), compiled


@click.command()
@click.option("--env", default=SETTINGS["env"], show_default=True)
@click.option("--depths", default="4,16", show_default=True)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting, such as num_envs=512.")
@click.option("--unrolls", type=click.IntRange(1), default=UNROLLS, show_default=True, help="Unrolls that are timed.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="File for all numbers.")
def main(env: str, depths: str, settings: tuple[str, ...], unrolls: int, json_file: Path | None) -> None:
    """Print both rates for each depth, and their ratio."""
    with explained():
        given = {
            name: parse_yaml(value, f"--set {name}") for name, _, value in (one.partition("=") for one in settings)
        }
        configs = [
            make_config({**SETTINGS, **given, "env": env, "actor_depth": depth, "critic_depth": depth})
            for depth in parse_depths(depths)
        ]
        rows = [compared(config, unrolls, has_bar=not given and env == SETTINGS["env"]) for config in configs]
        if json_file is not None:
            json_file.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def compared(config: TrainConfig, unrolls: int, has_bar: bool) -> dict[str, Any]:
    """Measure and print both trainers, and return the numbers."""
    ours = benchmark(config, unrolls)
    plain, compiled = plain_rate(config, unrolls)
    ratio, depth = ours.steps_per_second / plain, config.actor_depth
    bar = BARS.get(depth) if has_bar else None
    judged = "" if bar is None else f"; bar: {bar:g} x: {'PASS' if ratio >= bar else 'MISS'}"
    print(
        f"{config.env}, depth {depth}: {ours.steps_per_second:,.0f} env steps/s, {ratio:.1f} x the plain trainer "
        f"({plain:,.0f}{judged}); compiled in {ours.compile_seconds:.0f} s, the plain one in {compiled:.0f} s",
        flush=True,
    )
    return {
        "env": config.env,
        "depth": depth,
        "steps_per_second": ours.steps_per_second,
        "plain_steps_per_second": plain,
        "ratio": ratio,
        "compile_seconds": ours.compile_seconds,
        "plain_compile_seconds": compiled,
    }


if __name__ == "__main__":
    main()
