"""How often the words of verdicts are wrong, and how often they find what is there: simulated studies.

A study has three depths, some seeds at each, and the metrics of all claims but the last: time at goal, what landscapes
score, spread. It is judged as a report is. Where nothing is planted all depths are drawn alike, and any word beside
``undecided`` is false, except that no step doubles time at goal: that is true. A planted effect lifts the deepest by
two standard deviations; a planted jump multiplies its time at goal.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Float

from crl_probe.metrics.comparison import CONTRADICTED, SUGGESTIVE, SUPPORTED
from crl_probe.probes.samples import MetricSamples
from crl_probe.runs.run_info import RunInfo
from crl_probe.summary.verdicts import judge

SEEDS = (3, 5, 10, 20)
STUDIES = 1_000
DEPTHS = (4, 16, 64)
EFFECT = 2.0  # standard deviations
RATIOS = (1.8, 2.5, 4.0)
MEAN_TIME = 6.0  # of time at goal, in its standard deviations: without it a jump would be lost in the noise

Noise = Callable[[np.random.Generator, tuple[int, ...]], Float[np.ndarray, "..."]]
NOISES: Mapping[str, Noise] = {  # each of mean 0 and standard deviation 1
    "normal": lambda generator, shape: generator.normal(size=shape),
    "lognormal": lambda generator, shape: (generator.lognormal(size=shape) - np.exp(0.5)) / np.sqrt((np.e - 1) * np.e),
    "heavy-tailed": lambda generator, shape: generator.standard_t(2.5, size=shape) / np.sqrt(5),
}
SOURCES = {
    "time_at_goal": "on-policy",
    "geodesic_advantage": "grid",
    "wall_blind_rank": "grid",
    "wall_contrast": "grid",
    "spread_ratio": "shared",
}
CLAIMS = ("more_success", "jump", "follows_maze", "spreads")
TRUE_OF_EQUAL_DEPTHS = ("jump", CONTRADICTED)


def study(
    generator: np.random.Generator, noise: Noise, seeds: int, effect: float = 0.0, ratio: float = 1.0
) -> list[MetricSamples]:
    """Samples of all runs of one study."""
    shape = (len(DEPTHS), seeds)
    lift = effect * (np.arange(len(DEPTHS)) == len(DEPTHS) - 1)[:, None]
    jump = np.where(np.arange(len(DEPTHS)) == len(DEPTHS) - 1, ratio, 1.0)[:, None]
    values = {name: noise(generator, shape) + lift for name in SOURCES}
    values["time_at_goal"] = np.abs(MEAN_TIME + values["time_at_goal"]) * jump
    values["wall_contrast"] = 1 + values["wall_contrast"]
    # What walls explain beyond a blind critic is geodesic rank less wall-blind rank, with noise of its own.
    values["wall_blind_rank"] = -values["wall_blind_rank"]
    of_rank = noise(generator, shape) + lift
    values["wall_blind_rank"] += of_rank
    samples = []
    for (place, depth), seed in itertools.product(enumerate(DEPTHS), range(seeds)):
        run = RunInfo(f"d{depth}_s{seed}", f"depth {depth}", "maze", depth, depth, seed, 1, "")
        samples += [
            MetricSamples(run, name, SOURCES[name], "sets", np.array([of[place, seed]])) for name, of in values.items()
        ]
        samples.append(MetricSamples(run, "geodesic_rank", "grid", "sets", np.array([of_rank[place, seed]])))
    return samples


def words(samples: Sequence[MetricSamples]) -> dict[str, str]:
    """The word of each claim."""
    return {verdict.key: verdict.word for verdict in judge(samples) if verdict.key in CLAIMS}


def is_false(claim: str, word: str) -> bool:
    """Whether a word is wrong where all depths are equal."""
    return word in (SUPPORTED, SUGGESTIVE, CONTRADICTED) and (claim, word) != TRUE_OF_EQUAL_DEPTHS


def print_table(titles: Sequence[str], rows: Sequence[tuple[str, int, Sequence[float]]]) -> None:
    """Print shares as a table in Markdown."""
    print("| " + " | ".join(["seeds are", "at each depth", *titles]) + " |")
    print("|---|" + "---|" * (len(titles) + 1))
    for name, seeds, shares in rows:
        print(f"| {name} | {seeds} | " + " | ".join(f"{share:.1%}".replace("%", " %") for share in shares) + " |")
    print(flush=True)


def main() -> None:
    """Print false words, power, and jumps."""
    generator = np.random.default_rng(0)
    false, power, jumps = [], [], []
    for (name, noise), seeds in itertools.product(NOISES.items(), SEEDS):
        found = [words(study(generator, noise, seeds)) for _ in range(STUDIES)]
        wrong = np.array([[is_false(claim, one[claim]) for claim in CLAIMS] for one in found])
        false.append((name, seeds, [wrong.any(axis=1).mean(), *wrong.mean(axis=0)]))
        found = [words(study(generator, noise, seeds, effect=EFFECT)) for _ in range(STUDIES)]
        right = [
            np.mean([one[claim] in (SUPPORTED, SUGGESTIVE) for one in found]) for claim in CLAIMS if claim != "jump"
        ]
        power.append((name, seeds, right))
        called = [
            np.mean(
                [
                    words(study(generator, noise, seeds, ratio=ratio))["jump"] in (SUPPORTED, SUGGESTIVE)
                    for _ in range(STUDIES)
                ]
            )
            for ratio in RATIOS
        ]
        jumps.append((name, seeds, called))
    print(f"{STUDIES:,} simulated studies for each cell, three depths\n")
    print("All depths equal, a false word on")
    print_table(["any claim", *CLAIMS], false)
    print(f"The deepest is {EFFECT:g} standard deviations above the others, supported or suggestive")
    print_table([claim for claim in CLAIMS if claim != "jump"], power)
    print("Time at goal jumps to the deepest, called a jump at a true ratio of")
    print_table([f"{ratio:g}" for ratio in RATIOS], jumps)


if __name__ == "__main__":
    main()
