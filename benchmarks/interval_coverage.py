"""Coverage of intervals over few seeds, and the rate of false verdicts and jumps for equal depths.

A 95 % interval should contain the truth in 95 of 100 studies, and two equal depths should get "supported" or
"contradicted" in 5 of 100. The percentile bootstrap reaches these rates from about 10 seeds at each depth on. This
benchmark prints the rates for fewer seeds, and how often skewed noise counts as a jump. The truth is the mean of the
aggregate over many simulated studies of the same size.
"""

from collections.abc import Callable

import numpy as np

from crl_probe.metrics.comparison import UNDECIDED, aggregate_difference, critical_depth, verdict
from crl_probe.metrics.statistics import aggregate_over_seeds, interquartile_mean

SEEDS = (3, 5, 10, 20)
STUDIES = 4_000
STUDIES_FOR_TRUTH = 200_000
STUDIES_OF_JUMPS = 1_000
DEPTHS = (2, 3, 5)

Noise = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
NOISES: dict[str, Noise] = {
    "normal": lambda generator, shape: generator.normal(size=shape),
    "skewed": lambda generator, shape: generator.lognormal(size=shape),
}


def coverage(generator: np.random.Generator, noise: Noise, seeds: int) -> float:
    """Share of studies in which the interval of one depth's aggregate contains the truth."""
    truth = float(interquartile_mean(noise(generator, (STUDIES_FOR_TRUTH, seeds))).mean())
    estimates = (aggregate_over_seeds(values) for values in noise(generator, (STUDIES, seeds)))
    return sum(estimate.low <= truth <= estimate.high for estimate in estimates) / STUDIES


def false_verdicts(generator: np.random.Generator, noise: Noise, seeds: int) -> float:
    """Share of studies of two equal depths in which the verdict is not ``undecided``."""
    depths = zip(noise(generator, (STUDIES, seeds)), noise(generator, (STUDIES, seeds)), strict=True)
    differences = (aggregate_difference(deep, shallow) for deep, shallow in depths)
    return sum(verdict(difference.low, difference.high) != UNDECIDED for difference in differences) / STUDIES


def false_jumps(generator: np.random.Generator, depths: int, seeds: int) -> float:
    """Share of studies of equal depths, with skewed noise, in which a critical depth is found."""
    found = 0
    for values in NOISES["skewed"](generator, (STUDIES_OF_JUMPS * depths, seeds)).reshape(-1, depths, seeds):
        found += critical_depth({2 ** (2 + number): row for number, row in enumerate(values)}) is not None
    return found / STUDIES_OF_JUMPS


def main() -> None:
    """Print one row for each number of seeds."""
    generator = np.random.default_rng(0)
    print(f"{STUDIES:,} simulated studies for each cell; skewed noise is lognormal with sigma 1")
    titles = [f"{what}, {name}" for what in ("coverage", "false verdicts") for name in NOISES]
    print(" | ".join(["seeds at each depth", *titles]))
    for seeds in SEEDS:
        shares = [
            measure(generator, noise, seeds) for measure in (coverage, false_verdicts) for noise in NOISES.values()
        ]
        cells = [f"{share:.1%}".rjust(len(title)) for share, title in zip(shares, titles, strict=True)]
        print(" | ".join([str(seeds).rjust(19), *cells]), flush=True)
    print(f"\n{STUDIES_OF_JUMPS:,} studies of equal depths for each cell, skewed noise: a critical depth is found in")
    titles = [f"{depths} depths" for depths in DEPTHS]
    print(" | ".join(["seeds at each depth", *titles]))
    for seeds in SEEDS:
        cells = [f"{false_jumps(generator, depths, seeds):.1%}".rjust(8) for depths in DEPTHS]
        print(" | ".join([str(seeds).rjust(19), *cells]), flush=True)


if __name__ == "__main__":
    main()
