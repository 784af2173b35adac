"""A few numbers of a few runs, for tests of rows and tables."""

import numpy as np

from crl_probe.probes.samples import metric_samples
from crl_probe.runs.run_info import RunInfo


def info(depth=4, seed=0, env="maze", name=None, label=None, actor=None, steps=1000):
    label = label or (f"depth {depth}" if actor is None else f"actor {actor} · critic {depth}")
    return RunInfo(name or f"{env}_d{depth}_s{seed}", label, env, actor or depth, depth, seed, steps, "")


def successes(run, *outcomes):
    return metric_samples(run, "success_rate", "on-policy", "episodes", np.array(outcomes, dtype=float))


# Two seeds at depth 4 with values 0.25 and 0.75, one at depth 16 with 1.0.
SAMPLES = (
    *successes(info(16), 1, 1, 1, 1),
    *successes(info(4, seed=1), 1, 1, 1, 0),
    *successes(info(4, seed=0), 1, 0, 0, 0),
    *metric_samples(info(4), "effective_rank", "shared", "sets", np.array([3.5]), "phi"),
    *metric_samples(info(4), "effective_rank", "shared", "sets", np.array([2.5]), "psi"),
)
