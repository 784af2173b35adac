"""MuJoCo Warp: MuJoCo for NVIDIA graphics cards, called from inside JAX programs.

MuJoCo XLA compiles contacts into one large program, which takes minutes for an arm; MuJoCo Warp has kernels of its own.
It runs on a CPU too, slowly, which is enough to test it.
"""

import dataclasses
import functools
from typing import TYPE_CHECKING, Any, Final

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from crl_train.envs.silence import silence
from crl_train.envs.simulations import SimulationState
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    import mujoco

# Room for each copy. Contacts of all copies share theirs; no copy can have more rows of constraints, of which a contact
# takes four and a limit one.
CONTACTS: Final = 64
ROWS: Final = 256


class Warp:
    """Simulations of one model by MuJoCo Warp, as many at once as a program asks for.

    As with :class:`~crl_train.envs.simulations.Simulations`, states stay in the JAX program, and every call depends on
    its arguments alone: what Warp keeps beside a state is made anew for each control step.

    Args:
        model: The compiled model.
        substeps: Steps of MuJoCo in one step.

    Raises:
        ConfigError: If MuJoCo Warp is not installed.
    """

    def __init__(self, model: "mujoco.MjModel", substeps: int) -> None:
        from mujoco import mjx

        try:
            import warp
        except ImportError as error:
            raise ConfigError(
                "backend='warp' is not usable: MuJoCo Warp is not installed. Install it with "
                "`pip install 'mujoco-mjx[warp]'`, or choose another backend."
            ) from error
        warp.config.quiet = True  # it would print each kernel that it compiles
        with silence():
            on_device = mjx.put_model(model, impl="warp")
        # As MuJoCo, it goes on where its solver has used up its iterations, but it would say so at every step. What it
        # says of contacts that have no room stays.
        from mujoco.mjx.third_party.mujoco_warp import OverflowType

        theirs = on_device.opt._impl
        quiet = theirs.replace(warn_overflow=theirs.warn_overflow & ~int(OverflowType.ITERATIONS))
        self._on_device = on_device.replace(opt=on_device.opt.replace(_impl=quiet))
        self.model, self.substeps = model, substeps

    def init(self, q: Float[Array, " q"], qd: Float[Array, " qd"]) -> SimulationState:
        """The state of a pose and velocities."""
        return self._called(0, q, qd, jnp.zeros(self.model.nv), jnp.zeros(self.model.nu))

    def step(self, state: SimulationState, control: Float[Array, " actuators"]) -> SimulationState:
        """Advance by all substeps under one control."""
        after = self._called(self.substeps, state.q, state.qd, state.warmstart, control)
        failed = ~(jnp.isfinite(after.q).all(axis=-1) & jnp.isfinite(after.qd).all(axis=-1))
        zero = jnp.zeros_like(state.qd)
        still = dataclasses.replace(state, qd=zero, warmstart=zero)
        kept = jax.tree.map(lambda old, new: jnp.where(failed, old, new), still, after)
        return dataclasses.replace(kept, failed=failed)

    def _called(self, substeps: int, *given: Float[Array, " _"]) -> SimulationState:
        """Run one copy, or all that a program maps this call over."""
        result = self._of_batch(1, substeps)(*(array[None] for array in given))
        return jax.tree.map(lambda leaf: leaf[0], result)

    def _of_batch(self, copies: int, substeps: int) -> Any:
        """A function of arrays with a leading axis of copies; mapped, it is one of more copies, which share room."""

        @jax.custom_batching.custom_vmap
        def run(*given: Float[Array, "copies _"]) -> SimulationState:
            return jax.vmap(functools.partial(self._run, copies, substeps))(*given)

        @run.def_vmap
        def run_more(axis_size: int, in_batched: list[bool], *given: Array) -> tuple[SimulationState, Any]:
            full = [
                array if batched else jnp.broadcast_to(array, (axis_size, *array.shape))
                for array, batched in zip(given, in_batched, strict=True)
            ]
            flat = [array.reshape(axis_size * copies, *array.shape[2:]) for array in full]
            result = self._of_batch(axis_size * copies, substeps)(*flat)
            split = jax.tree.map(lambda leaf: leaf.reshape(axis_size, copies, *leaf.shape[1:]), result)
            return split, jax.tree.map(lambda _: True, split)

        return run

    def _run(
        self,
        copies: int,
        substeps: int,
        q: Float[Array, " q"],
        qd: Float[Array, " qd"],
        warmstart: Float[Array, " qd"],
        control: Float[Array, " actuators"],
    ) -> SimulationState:
        from brax.base import Motion, Transform
        from mujoco import mjx

        fresh = mjx.make_data(self.model, impl="warp", naconmax=copies * CONTACTS, njmax=ROWS)
        data = fresh.replace(qpos=q, qvel=qd, qacc_warmstart=warmstart, ctrl=control)
        step = functools.partial(mjx.step, self._on_device)
        data = jax.lax.fori_loop(0, substeps, lambda _, one: step(one), data)
        data = mjx.forward(self._on_device, data)  # poses and velocities of this very state
        angular, linear = data.cvel[1:, :3], data.cvel[1:, 3:]
        offset = data.xpos[1:] - data.subtree_com[self.model.body_rootid[1:]]
        return SimulationState(
            data.qpos,
            data.qvel,
            data.qacc_warmstart,
            Transform(pos=data.xpos[1:], rot=data.xquat[1:]),
            Motion(vel=linear + jnp.cross(angular, offset), ang=angular),
            jnp.zeros((), bool),
        )
