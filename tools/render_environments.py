"""Draw the robots and what they live in, as ``crl-probe render`` draws them, at the start of an episode.

Run it from the root of the project as:

    python -m tools.render_environments docs/images/environments
"""

import sys
from pathlib import Path

import jax
import numpy as np
from PIL import Image

from crl_probe.evidence.body_motion import shapes_of, without_body
from crl_probe.probes.bodies import BodiesResult, goal_places
from crl_probe.render.bodies import ASPECT, Stage, stage_of
from crl_probe.render.film.offscreen import drawing
from crl_probe.render.film.picture import Picture, labelled, side_by_side
from crl_probe.render.film.scene import Scene
from crl_train.envs import make_env
from crl_train.envs.goal_env import GoalEnv
from tools.draw_environments import PICTURES

WIDTH = 420  # pixels
TINT = "#445dd0"
SEED = 1
STEEP = 0.95  # radians, from which a maze is seen whole


def main(folder: Path) -> None:
    """Draw and save a picture of each family that has bodies."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, members in PICTURES.items():
        envs = [make_env(member) for member in members]
        if any(without_body(env) for env in envs):
            continue
        picture_of_all(envs).save(folder / f"{name}.png", optimize=True)


def picture_of_all(envs: list[GoalEnv]) -> Image.Image:
    """One picture of some environments."""
    images = [labelled(picture_of(env), env.name, "") for env in envs]
    return Image.fromarray(side_by_side(images, columns=len(images)))


def picture_of(env: GoalEnv) -> Picture:
    """The picture of one episode's start, with its goal."""
    result = start_of(env)
    stage = stage_of(result) if env.maze is None else whole(env, result)
    size = (WIDTH, round(WIDTH / ASPECT))
    scene = Scene(result, stage, TINT, 0, follow=env.maze is None and stage.is_wide, size=size)
    with drawing([scene.model], *size) as (canvas,):
        return canvas.draw(*scene.at(0, 0))


def start_of(env: GoalEnv) -> BodiesResult:
    """Where all parts are at the start of an episode, as a result of no agent with one moment."""
    start = jax.jit(env.reset)(jax.random.key(SEED))
    state, goal = map(np.asarray, env.split_observation(start.obs))
    pose = start.pipeline_state.x
    away = float(np.linalg.norm(state[list(env.goal_indices)] - goal))
    return BodiesResult(
        runs=(),
        shapes=shapes_of(env),
        steps=np.zeros(1, int),
        seconds=float(env.spec.dt),
        way=np.array([away]),
        goals=goal_places(env.spec.goal_axes, goal[None]),
        tolerance=float(env.spec.tolerance),
        positions=np.asarray(pose.pos)[None, None, None],
        rotations=np.asarray(pose.rot)[None, None, None],
        distances=np.array([[[away]]]),
        arrival=np.zeros((1, 1), int),
        taken=np.zeros((1, 1), int),
        drift=np.zeros(1),
    )


def whole(env: GoalEnv, result: BodiesResult) -> Stage:
    """A maze seen from above."""
    x_min, x_max, y_min, y_max = env.maze.extent
    low, high = np.array([x_min, y_min, 0.0]), np.array([x_max, y_max, 0.0])
    reach = 0.5 * float(np.hypot(x_max - x_min, y_max - y_min))
    return Stage(low, high, stage_of(result).size, reach, STEEP)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
