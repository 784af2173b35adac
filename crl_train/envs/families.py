"""The project's own environments, registered by name; what builds them is imported when it is first needed."""

import functools
import importlib
from collections.abc import Callable
from typing import Any

from crl_train.envs import facts
from crl_train.envs.maze_layouts import BALL_LAYOUTS, COMMON_LAYOUTS, CORRIDORS, KNOWN_LAYOUTS, LAYOUTS
from crl_train.envs.options import BACKENDS, FORMS_OF_MUJOCO, REFERENCES
from crl_train.envs.registry import register_family

_OF_BRAX = tuple(backend for backend in BACKENDS if backend not in ("mujoco", "warp"))
_LAYOUT = {"layout": "|".join(LAYOUTS)}


def _later(path: str) -> Callable[..., Any]:
    """A function of a module that is imported with the first call: ``later("crl_train.envs.ant:make_ant")``."""
    module, _, name = path.partition(":")
    return lambda **given: getattr(importlib.import_module(module), name)(**given)


register_family(
    "point_<layout>",
    _later("crl_train.envs.point_maze:make_point_maze"),
    names=[f"point_{layout}" for layout in LAYOUTS],
    summary="a point is pushed through a maze; in pure JAX, with exact geodesic distances",
    parameters=_LAYOUT,
    spec=facts.point_spec,
    takes_maze=True,
)

register_family(
    "reacher",
    _later("crl_train.envs.reacher:make_reacher"),
    names=("reacher",),
    summary="an arm of two links reaches for a point in the plane",
    parameters={},
    spec=facts.reacher_spec,
    references=REFERENCES,
    backends=_OF_BRAX,
)
register_family(
    "pusher_<kind>",
    _later("crl_train.envs.pusher:make_pusher"),
    names=("pusher_easy", "pusher_hard"),
    summary="an arm pushes an object over a table to a goal",
    parameters={"kind": "easy|hard"},
    spec=facts.pusher_spec,
    references=("jaxgcrl",),
    backends=("generalized", "mujoco", "warp"),
)
register_family(
    "cheetah",
    _later("crl_train.envs.cheetah:make_cheetah"),
    names=("cheetah",),
    summary="a two-legged cheetah runs to a goal 5 m ahead",
    parameters={},
    spec=facts.cheetah_spec,
    references=("jaxgcrl",),
    backends=FORMS_OF_MUJOCO,
    on_accelerators="mjx",
)
register_family(
    "ant",
    _later("crl_train.envs.ant:make_ant"),
    names=("ant",),
    summary="an ant walks to a goal 10 m away",
    parameters={},
    spec=facts.ant_spec,
    references=REFERENCES,
    backends=BACKENDS,
)
register_family(
    "ant_random_start",
    _later("crl_train.envs.ant:make_ant_random_start"),
    names=("ant_random_start",),
    summary="an ant walks to a goal 10 m away, and starts anywhere on a circle around it",
    parameters={},
    spec=functools.partial(facts.ant_spec, name="ant_random_start"),
    references=("jaxgcrl",),
    backends=BACKENDS,
)
register_family(
    "ant_<layout>",
    _later("crl_train.envs.ant:make_ant_maze"),
    names=[f"ant_{layout}" for layout in KNOWN_LAYOUTS],
    summary="an ant walks through a maze",
    parameters={"layout": "|".join(KNOWN_LAYOUTS)},
    spec=facts.ant_spec,
    references=REFERENCES,
    reference_layouts={"jaxgcrl": COMMON_LAYOUTS},
    backends=BACKENDS,
    takes_maze=True,
)
register_family(
    "ant_<layout>_gen_<config>",
    _later("crl_train.envs.ant:make_ant_corridor"),
    names=[f"ant_{layout}_gen_{config}" for layout in CORRIDORS for config in ("1f", "1f2f3f4f5f")],
    summary="an ant walks along a corridor to goals some cells ahead: 1f3f means one or three",
    parameters={"layout": "|".join(CORRIDORS), "config": r"(?:[1-9][0-9]?f)+"},
    spec=facts.ant_spec,
    references=("scaling-crl",),
    backends=BACKENDS,
)
register_family(
    "ant_ball",
    _later("crl_train.envs.ant_ball:make_ant_ball"),
    names=("ant_ball",),
    summary="an ant pushes a ball to a goal 5 m away",
    parameters={},
    spec=facts.ant_ball_spec,
    references=REFERENCES,
    backends=BACKENDS,
)
register_family(
    "ant_ball_<layout>",
    _later("crl_train.envs.ant_ball:make_ant_ball_maze"),
    names=[f"ant_ball_{layout}" for layout in BALL_LAYOUTS],
    summary="an ant pushes a ball through a maze",
    parameters={"layout": "|".join(BALL_LAYOUTS)},
    spec=facts.ant_ball_spec,
    references=("jaxgcrl",),
    backends=BACKENDS,
    takes_maze=True,
)
register_family(
    "ant_push",
    _later("crl_train.envs.ant_push:make_ant_push"),
    names=("ant_push",),
    summary="an ant pushes a box out of its way",
    parameters={},
    spec=facts.ant_push_spec,
    references=REFERENCES,
    backends=FORMS_OF_MUJOCO,
    on_accelerators="mjx",
)
register_family(
    "simple_<layout>",
    _later("crl_train.envs.simple_maze:make_simple_maze"),
    names=[f"simple_{layout}" for layout in LAYOUTS],
    summary="a ball is pushed through a maze by a force",
    parameters=_LAYOUT,
    spec=facts.simple_spec,
    references=("jaxgcrl",),
    reference_layouts={"jaxgcrl": COMMON_LAYOUTS},
    backends=("spring",),
    takes_maze=True,
)

register_family(
    "humanoid",
    _later("crl_train.envs.humanoid:make_humanoid"),
    names=("humanoid",),
    summary="a humanoid walks to a goal 1 to 5 m away",
    parameters={},
    spec=facts.humanoid_spec,
    references=REFERENCES,
    backends=BACKENDS,
)
register_family(
    "humanoid_<layout>",
    _later("crl_train.envs.humanoid:make_humanoid_maze"),
    names=[f"humanoid_{layout}" for layout in LAYOUTS],
    summary="a humanoid walks through a maze",
    parameters=_LAYOUT,
    spec=facts.humanoid_spec,
    references=REFERENCES,
    reference_layouts=dict.fromkeys(REFERENCES, COMMON_LAYOUTS),
    backends=BACKENDS,
    takes_maze=True,
)

register_family(
    "arm_reach",
    _later("crl_train.envs.arm:make_arm_reach"),
    names=("arm_reach",),
    summary="a Franka arm reaches for a point",
    parameters={},
    spec=functools.partial(facts.arm_spec, "reach"),
    references=REFERENCES,
    backends=FORMS_OF_MUJOCO,
    on_accelerators="mjx",
)
register_family(
    "arm_push_<kind>",
    functools.partial(_later("crl_train.envs.arm:make_arm_cube"), task="push"),
    names=("arm_push_easy", "arm_push_hard"),
    summary="a Franka arm pushes a cube over a table to a goal",
    parameters={"kind": "easy|hard"},
    spec=functools.partial(facts.arm_spec, "push"),
    references=REFERENCES,
    backends=FORMS_OF_MUJOCO,
    on_accelerators="mjx",
)
register_family(
    "arm_binpick_<kind>",
    functools.partial(_later("crl_train.envs.arm:make_arm_cube"), task="binpick"),
    names=("arm_binpick_easy", "arm_binpick_hard"),
    summary="a Franka arm carries a cube from one bin to another",
    parameters={"kind": "easy|hard"},
    spec=functools.partial(facts.arm_spec, "binpick"),
    references=REFERENCES,
    backends=FORMS_OF_MUJOCO,
    on_accelerators="mjx",
)
register_family(
    "arm_grasp",
    _later("crl_train.envs.arm:make_arm_grasp"),
    names=("arm_grasp",),
    summary="a Franka arm takes a cube between its fingertips",
    parameters={},
    spec=functools.partial(facts.arm_spec, "grasp"),
    references=REFERENCES,
    backends=FORMS_OF_MUJOCO,
    on_accelerators="mjx",
)
register_family(
    "arm_grasp_<noise>",
    _later("crl_train.envs.arm:make_arm_grasp"),
    names=("arm_grasp_0.1",),
    summary="the same with a cube that starts within so many metres of the middle",
    parameters={"noise": r"[0-9]+(?:\.[0-9]+)?"},
    spec=functools.partial(facts.arm_spec, "grasp"),
    references=REFERENCES,
    backends=FORMS_OF_MUJOCO,
    on_accelerators="mjx",
)
register_family(
    "arm_binpick_easy_EEF",
    _later("crl_train.envs.arm_hand:make_hand"),
    names=("arm_binpick_easy_EEF",),
    summary="a hand without an arm carries a cube from one bin to another",
    parameters={},
    spec=facts.hand_spec,
    references=("scaling-crl",),
    backends=FORMS_OF_MUJOCO,
    on_accelerators="mjx",
)
