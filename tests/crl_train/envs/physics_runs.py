"""Physics alone, without an environment around it, for comparison with numbers that were measured elsewhere."""

import jax
import jax.numpy as jnp
import numpy as np

from crl_train.envs.physics import Physics


def steps_under(physics: Physics, q: np.ndarray, qd: np.ndarray, controls: np.ndarray) -> np.ndarray:
    """Generalized positions after each control step. (steps, q)"""

    def step(state, control):
        state = physics.step(state, control)
        return state, state.q

    def run(q, qd, controls):
        return jax.lax.scan(step, physics.init(q, qd), controls)[1]

    return np.asarray(jax.jit(run)(*map(jnp.float32, (q, qd, controls))))


def seconds_of_a_step(physics: Physics) -> float:
    """What a control step takes, by the compiled model."""
    return round(float(physics.system.mj_model.opt.timestep) * physics.substeps, 12)
