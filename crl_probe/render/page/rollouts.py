"""The same starts and goals for every agent: their paths through the plane, to be played side by side."""

import numpy as np
from jaxtyping import Float, Int

from crl_probe.probes.rollouts import RolloutsResult
from crl_probe.render.page.views import (
    UNEVEN_SEEDS,
    View,
    ViewControl,
    ViewPanel,
    aspect_of,
    checkpoint_control,
    in_16_bits,
    limits_around,
    maze_of,
    run_data,
    seed_choice,
    seeds_are_uneven,
)
from crl_probe.render.palette import depth_colours
from crl_probe.runs.run_info import levels_in_order

_MOST_FRAMES = 300  # of one episode; more could not be told apart and would weigh on the page
_LATE_FRAMES = 30  # of them after the last arrival, when little happens
_LINGER = 5  # steps after the last arrival that are still shown one by one
_MARKS = "Ring: start. Star: goal. Dot: the agent on its way; a tick where it arrived, a cross where it never did."
_FRAMES_A_SECOND = 15
_LONGEST_PLAY = 8.0  # seconds


def rollout_view(result: RolloutsResult) -> View:
    """A panel for each depth, with controls for the pair of start and goal, the seed, and the time."""
    maze = maze_of(result.map_xs, result.map_ys, result.map_free)
    places = np.concatenate([result.positions.reshape(-1, 2), result.goals, result.starts])
    reach = np.concatenate([places - result.tolerance, places + result.tolerance])
    limits = maze["limits"] if maze else limits_around(reach)
    low, high = np.array(limits[::2]), np.array(limits[1::2])
    steps = result.positions.shape[2] - 1
    frames = _frames(result.arrival, steps)
    depths = levels_in_order(result.runs)
    captions = (UNEVEN_SEEDS if seeds_are_uneven(result.runs) else "", _left_out(frames, result.arrival))
    return View(
        "rollout",
        tuple(_panel(result, depth, aspect_of(limits)) for depth in depths),
        (
            ViewControl("pair", "Start and goal", _pairs(result), form="select"),
            seed_choice(result.runs),
            *checkpoint_control(result.runs),
            ViewControl(
                "time",
                "Step",
                tuple((str(frame), f"{frame:,}") for frame in frames.tolist()),
                form="slider",
                seconds=min(_LONGEST_PLAY, len(frames) / _FRAMES_A_SECOND),
            ),
        ),
        {
            "maze": maze,
            "limits": limits,
            "runs": run_data(result.runs),
            "colours": depth_colours(depths),
            "frames": frames.astype(np.int32),
            "paths": in_16_bits(result.positions[:, :, frames], low, high),
            "starts": result.starts.astype(np.float32),
            "goals": result.goals.astype(np.float32),
            # Of longer goals the plane shows two entries; how near they are cannot be seen in it.
            "tolerance": result.tolerance if result.goal_dim == 2 else 0.0,
            "arrival": result.arrival.astype(np.int32),
            "walked": _walked(result.positions, result.arrival),
        },
        marks=_MARKS,
        hint="Play, or drag the step; pick a star to follow one pair, a second time to see all.",
        caption=" ".join(filter(None, captions)),
    )


def _panel(result: RolloutsResult, depth: str, aspect: float) -> ViewPanel:
    # Of several checkpoints the last one of each seed counts.
    last = {
        run.seed: i for i, run in sorted(enumerate(result.runs), key=lambda at: at[1].env_steps) if run.level == depth
    }
    arrivals = result.arrival[list(last.values())]
    what = "pairs" if len(last) == 1 else f"episodes, {len(last)} seeds"
    text = f"{np.count_nonzero(arrivals)} of {arrivals.size} {what}"
    alt = f"Ways of {depth} from the shared starts to the shared goals; reached {text}"
    return ViewPanel(depth, alt, depth=depth, aspect=aspect, scores=(("Reached", text),))


def _pairs(result: RolloutsResult) -> tuple[tuple[str, str], ...]:
    where = "geodesic" if result.map_free.size else "away"
    of_each = ((str(k), f"{k + 1} · {way:.1f} m {where}") for k, way in enumerate(result.way))
    return (("all", "all pairs"), *of_each)


def _frames(arrival: Int[np.ndarray, "runs pairs"], steps: int) -> Int[np.ndarray, " frames"]:
    """The steps that are shown, from 0 to the last: each one while agents are on their way, fewer afterwards.

    Example:
        >>> _frames(np.array([[2, 0]]), 400)[[0, 1, 6, 7, 8, -1]]
        array([  0,   1,   6,   7,  21, 400])
    """
    eventful = int(arrival.max()) + _LINGER if arrival.any() else steps
    if eventful >= steps:
        return _evenly(0, steps, _MOST_FRAMES)
    return np.union1d(_evenly(0, eventful, _MOST_FRAMES - _LATE_FRAMES), _evenly(eventful, steps, _LATE_FRAMES))


def _left_out(frames: Int[np.ndarray, " frames"], arrival: Int[np.ndarray, "runs pairs"]) -> str:
    """Say which steps are not shown, if any."""
    last = int(arrival.max())
    if frames[-1] == len(frames) - 1:
        return ""
    if 0 < last < len(frames) and frames[last] == last:
        return "Steps after the last arrival are played faster."
    return "Not every step is shown."


def _evenly(first: int, last: int, most: int) -> Int[np.ndarray, " frames"]:
    return np.linspace(first, last, min(most, last - first + 1)).round().astype(int)


def _walked(
    positions: Float[np.ndarray, "runs pairs steps_and_start 2"], arrival: Int[np.ndarray, "runs pairs"]
) -> Float[np.ndarray, "runs pairs"]:
    """Length of each path up to arrival; of all of it if it never arrives."""
    lengths = np.linalg.norm(np.diff(positions, axis=2), axis=-1)
    until = np.where(arrival > 0, arrival, lengths.shape[-1])
    return np.where(np.arange(lengths.shape[-1]) < until[..., None], lengths, 0.0).sum(axis=-1).astype(np.float32)
