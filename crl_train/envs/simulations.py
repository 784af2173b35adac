"""MuJoCo's own simulations on the CPU: copies of a model that its C++ threads step, called from inside JAX programs.

MuJoCo XLA computes the same for accelerators, and is tens of times slower on a CPU (docs/performance.md).
"""

import functools
import math
import os
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Bool, Float

from crl_train.envs.silence import silence

if TYPE_CHECKING:
    import mujoco
    from mujoco.batch import Batch

# Programs run in threads of their own. One batch at a time has all cores, and what MuJoCo is told of warnings holds for
# the whole process.
_LOCK: Final = threading.Lock()
_MOST_SIZES: Final = 8  # numbers of copies whose memory is kept: training, evaluation, and pools of resets


@struct.dataclass
class SimulationState:
    """All that decides how a simulation goes on, and where its bodies are. Names are those of brax's states.

    Attributes:
        q: Generalized positions.
        qd: Generalized velocities.
        warmstart: Accelerations that the solver begins from.
        x: Poses of all bodies but the world, of ``q``: a ``brax.base.Transform``.
        xd: Velocities of their frames, of ``qd``: a ``brax.base.Motion``.
        failed: Whether the simulation diverged: it stands still where it last was.
    """

    q: Float[Array, "*batch q"]
    qd: Float[Array, "*batch qd"]
    warmstart: Float[Array, "*batch qd"]
    x: Any
    xd: Any
    failed: Bool[Array, "*batch"]


class Simulations:
    """Simulations of one model, as many at once as a program asks for.

    Every call depends on its arguments alone: states stay in the JAX program. Numbers are kept in single precision
    there and computed in double precision here, so results are the same to the bit at any number of threads.

    Args:
        model: The compiled model.
        substeps: Steps of MuJoCo in one step.
        threads: How many step copies at the same time; None takes one for each core that this process may use.
    """

    def __init__(self, model: "mujoco.MjModel", substeps: int, threads: int | None = None) -> None:
        import mujoco

        # A simulation that diverges would begin again at the initial pose, as if nothing had happened.
        model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET
        self.model, self.substeps = model, substeps
        self.threads = threads or len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else [0])
        self._batch_of = functools.lru_cache(_MOST_SIZES)(self._new_batch)

    def init(self, q: Float[Array, " q"], qd: Float[Array, " qd"]) -> SimulationState:
        """The state of a pose and velocities."""
        return self._called(self._place, q, qd)

    def step(self, state: SimulationState, control: Float[Array, " actuators"]) -> SimulationState:
        """Advance by all substeps under one control."""
        return self._called(self._advance, state.q, state.qd, state.warmstart, control)

    def _called(self, work: Callable[..., None], *given: Float[Array, " _"]) -> SimulationState:
        """Run work on the CPU for all copies at once, from wherever in a program."""
        with silence():
            from brax.base import Motion, Transform

        nq, nv, bodies = self.model.nq, self.model.nv, self.model.nbody - 1
        sizes = ((nq,), (nv,), (nv,), (bodies, 3), (bodies, 4), (bodies, 3), (bodies, 3), ())
        results = [jax.ShapeDtypeStruct(size, jnp.float32) for size in sizes]
        q, qd, warmstart, pos, rot, vel, ang, failed = call_host(work, results, *given)
        return SimulationState(q, qd, warmstart, Transform(pos=pos, rot=rot), Motion(vel=vel, ang=ang), failed > 0)

    def _place(self, out: list[np.ndarray], q: np.ndarray, qd: np.ndarray) -> None:
        with _LOCK:
            batch = self._loaded(q, qd)
            _read(batch, out, self._run(batch.forward, len(q)))

    def _advance(
        self, out: list[np.ndarray], q: np.ndarray, qd: np.ndarray, warmstart: np.ndarray, control: np.ndarray
    ) -> None:
        with _LOCK:
            batch = self._loaded(q, qd)
            batch.qacc_warmstart[:] = warmstart
            batch.ctrl[:] = control
            warned = batch.warning[:, :, 1].copy()
            failed = self._run(functools.partial(batch.step, nstep=self.substeps), len(q))
            failed |= (batch.warning[:, _bad_numbers(), 1] > warned[:, _bad_numbers()]).any(axis=1)
            failed |= ~(np.isfinite(batch.qpos).all(axis=1) & np.isfinite(batch.qvel).all(axis=1))
            if failed.any():
                batch.qpos[failed], batch.qvel[failed], batch.qacc_warmstart[failed] = q[failed], 0.0, 0.0
                self._run(functools.partial(batch.forward, np.flatnonzero(failed)), len(q))
            _read(batch, out, failed)

    def _loaded(self, q: np.ndarray, qd: np.ndarray) -> "Batch":
        """Simulations at given poses and velocities; all else of them is as at the start."""
        batch = self._batch_of(len(q))
        batch.state[:] = self._at_start
        batch.qpos[:], batch.qvel[:] = q, qd
        return batch

    def _new_batch(self, count: int) -> "Batch":
        from mujoco.batch import Batch

        batch = Batch(self.model, count, min(self.threads, count))
        for field in ("xpos", "xquat", "cvel", "subtree_com"):
            batch.bind(field)
        return batch

    @functools.cached_property
    def _at_start(self) -> np.ndarray:
        """The row of a simulation that has just been made."""
        from mujoco.batch import Batch

        return Batch(self.model, 1, 1).state[0].copy()

    def _run(self, call: Callable[..., None], count: int) -> Bool[np.ndarray, " copies"]:
        """Call the simulations, up to the velocities of their bodies; which of them MuJoCo gave up."""
        import mujoco
        from mujoco.batch import SimulationError

        failed = np.zeros(count, dtype=bool)
        theirs = mujoco.get_mju_user_warning()
        mujoco.set_mju_user_warning(lambda text: None)  # it would write a file MUJOCO_LOG.TXT
        try:
            call(stage=int(mujoco.mjtStage.mjSTAGE_VEL))
        except SimulationError as error:
            failed[error.ids] = True
        finally:
            mujoco.set_mju_user_warning(theirs)
        return failed


def call_host(work: Callable[..., None], results: list[jax.ShapeDtypeStruct], *given: Array) -> list[Array]:
    """Call Python from a JAX program, with NumPy arrays that have one leading axis of copies, however it is mapped.

    On CPUs the arrays are those of the program itself: work reads and writes them in place. ``jax.pure_callback`` would
    copy them by programs of JAX, which wait for threads that may wait for this very call.
    """

    given_sizes, sizes = [array.shape for array in given], [one.shape for one in results]

    def batch_of(arrays: Sequence[np.ndarray]) -> tuple[int, ...]:
        return arrays[0].shape[: arrays[0].ndim - len(given_sizes[0])]

    def flat(arrays: Sequence[np.ndarray], sizes: Sequence[tuple[int, ...]], count: int) -> list[np.ndarray]:
        return [array.reshape(count, *size) for array, size in zip(arrays, sizes, strict=True)]

    def run(out: Sequence[np.ndarray], args: Sequence[np.ndarray]) -> None:
        count = math.prod(batch_of(args))
        work(flat(out, sizes, count), *flat(args, given_sizes, count))

    if jax.default_backend() == "cpu":
        from jax.experimental.buffer_callback import buffer_callback

        def in_place(context: Any, out: list[Any], *args: Any) -> None:
            run([np.asarray(one) for one in out], [np.asarray(one) for one in args])

        return list(buffer_callback(in_place, results, vmap_method="broadcast_all")(*given))

    def with_copies(*args: Array) -> list[np.ndarray]:
        arrays = [np.asarray(one) for one in args]
        out = [np.empty((*batch_of(arrays), *one.shape), one.dtype) for one in results]
        run(out, arrays)
        return out

    return list(jax.pure_callback(with_copies, results, *given, vmap_method="broadcast_all"))


def _read(batch: "Batch", out: list[np.ndarray], failed: Bool[np.ndarray, " copies"]) -> None:
    """Copy what a state is made of."""
    root = batch.model.body_rootid[1:]
    angular, linear = batch.cvel[:, 1:, :3], batch.cvel[:, 1:, 3:]
    # MuJoCo has the velocity at the centre of mass of the whole tree that a body belongs to.
    offset = batch.xpos[:, 1:] - batch.subtree_com[:, root]
    values = (
        *(batch.qpos, batch.qvel, batch.qacc_warmstart, batch.xpos[:, 1:], batch.xquat[:, 1:]),
        *(linear + np.cross(angular, offset), angular, failed),
    )
    for array, value in zip(out, values, strict=True):
        array[...] = value


@functools.cache
def _bad_numbers() -> tuple[int, ...]:
    """MuJoCo's warnings that a state is no longer one."""
    from mujoco import mjtWarning

    return tuple(int(one) for one in (mjtWarning.mjWARN_BADQPOS, mjtWarning.mjWARN_BADQVEL, mjtWarning.mjWARN_BADQACC))
