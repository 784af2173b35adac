"""Coverage of bootstrap intervals over few seeds: a 95 % interval should contain the truth in 95 of 100 studies.

The percentile bootstrap reaches that from about 10 seeds on. The truth is the mean of the aggregate over many simulated
studies of the same size. Verdicts rest on other intervals: see ``false_words.py``.
"""

from collections.abc import Callable

import numpy as np

from crl_probe.metrics.statistics import aggregate_over_seeds, interquartile_mean

SEEDS = (3, 5, 10, 20)
STUDIES = 1_000
STUDIES_FOR_TRUTH = 200_000

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


def main() -> None:
    """Print one row for each number of seeds."""
    generator = np.random.default_rng(0)
    print(f"{STUDIES:,} simulated studies for each cell; skewed noise is lognormal with sigma 1")
    print(" | ".join(["seeds", *NOISES]))
    for seeds in SEEDS:
        cells = [f"{coverage(generator, noise, seeds):.1%}".rjust(len(name)) for name, noise in NOISES.items()]
        print(" | ".join([str(seeds).rjust(5), *cells]), flush=True)


if __name__ == "__main__":
    main()
