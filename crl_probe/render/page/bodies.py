"""The bodies of all agents in motion, side by side: solids that the reader looks at from any side."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from crl_probe.probes.bodies import BodiesResult
from crl_probe.render.bodies import (
    ASPECT,
    LENS,
    YAW,
    pin_of,
    stage_of,
    takes_tint,
)
from crl_probe.render.page.views import (
    UNEVEN_SEEDS,
    View,
    ViewControl,
    ViewPanel,
    choice,
    in_16_bits,
    run_data,
    seed_choice,
    seeds_are_uneven,
)
from crl_probe.render.palette import channels_of, depth_colours
from crl_probe.runs.run_info import levels_in_order

_LONGEST_PLAY = 12.0  # seconds


def bodies_view(result: BodiesResult) -> View:
    """A panel for each depth, with controls for the pair of start and goal, the seed, the camera and the time."""
    depths = levels_in_order(result.runs)
    stage = stage_of(result)
    cameras = (("follow", "follow the agent"), ("all", "all of it"))
    duration = float(result.steps[-1]) * result.seconds
    return View(
        "bodies",
        tuple(_panel(result, depth) for depth in depths),
        (
            choice("pair", "Start and goal", _pairs(result.way), chosen=str(len(result.way) - 1)),
            seed_choice(result.runs),
            ViewControl("camera", "Camera", cameras if stage.is_wide else cameras[1:]),
            ViewControl(
                "time",
                "Step",
                tuple((str(step), f"{step:,}") for step in result.steps.tolist()),
                form="slider",
                seconds=min(_LONGEST_PLAY, duration),
            ),
        ),
        {
            "runs": run_data(result.runs),
            "kinds": result.shapes.kind.astype(np.uint8),
            "bodies": result.shapes.body.astype(np.int32),
            "sizes": _float32(result.shapes.size),
            "places": _float32(result.shapes.position),
            "turns": _float32(result.shapes.rotation),
            "colours": _colours(result),
            "tints": {depth: _css(channels_of(colour)) for depth, colour in depth_colours(depths).items()},
            "frames": result.steps.astype(np.int32),
            "positions": in_16_bits(result.positions, stage.low, stage.high),
            "low": _float32(stage.low),
            "high": _float32(stage.high),
            "rotations": in_16_bits(result.rotations, np.full(4, -1.0), np.full(4, 1.0)),
            "goals": _float32(np.stack([pin_of(result, pair) for pair in range(len(result.goals))])),
            "floor": result.shapes.floor,
            "tolerance": result.tolerance,
            "distances": _float32(result.distances),
            "arrival": result.arrival.astype(np.int32),
            "taken": result.taken.astype(np.int32),
            "unit": "m",
            "lens": {"yaw": YAW, "pitch": stage.pitch, "length": LENS, "near": stage.near, "far": stage.far},
        },
        marks="Pin: goal; the ball around it has the radius of the tolerance.",
        hint="Drag a picture to turn all of them; + and − come nearer and go away; play, or drag the step.",
        caption=UNEVEN_SEEDS if seeds_are_uneven(result.runs) else "",
    )


def _panel(result: BodiesResult, depth: str) -> ViewPanel:
    mine = [i for i, run in enumerate(result.runs) if run.level == depth]
    arrivals: Int[np.ndarray, "seeds pairs"] = result.arrival[mine]
    text = f"{np.count_nonzero(arrivals)} of {arrivals.size} episodes shown"
    alt = f"Bodies of {depth} in motion; reached {text}"
    return ViewPanel(depth, alt, depth=depth, aspect=ASPECT, scores=(("Reached", text),))


def _pairs(way: Float[np.ndarray, " pairs"]) -> tuple[tuple[str, str], ...]:
    return tuple((str(k), f"{k + 1} · {length:.2g} m") for k, length in enumerate(way))


def _colours(result: BodiesResult) -> list[str]:
    """Of each shape; empty for those that have the colour of their depth."""
    tinted = takes_tint(result)
    return ["" if own else _css(_channels(colour)) for own, colour in zip(tinted, result.shapes.colour, strict=True)]


def _channels(colour: Float[np.ndarray, "4"]) -> list[int]:
    return [round(255 * float(part)) for part in colour[:3]]


def _css(channels: Sequence[int]) -> str:
    return f"rgb({' '.join(map(str, channels))})"


def _float32(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, dtype=np.float32)
