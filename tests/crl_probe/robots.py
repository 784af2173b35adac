"""An agent with a body: the arm, of which MuJoCo steps many copies without compiling."""

import jax.numpy as jnp

from crl_train.envs import EnvOptions, make_env
from tests.crl_probe.fakes import FakeRun

STEPS = 40


class FakeArm(FakeRun):
    """An arm that turns towards its goal about its base; deeper ones turn farther. It has no critic worth a look."""

    def __init__(self, env_name="arm_push_easy", depth=4, seed=0):
        super().__init__(depth=depth, seed=seed, name=f"{env_name}_d{depth}_s{seed}")
        self.env = make_env(env_name, EnvOptions(backend="mujoco"))
        self.episode_length = STEPS
        self._share = depth / 64

    def act(self, state, goal):
        goal = jnp.asarray(goal)
        turn = -self._share * jnp.sign(goal[..., :1])
        others = jnp.zeros((*goal.shape[:-1], self.env.action_dim - 1))
        return jnp.concatenate([turn, others], axis=-1)

    def policy(self, mode="mean"):
        return lambda state, goal, key: self.act(state, goal)
