"""The public list of metrics: complete, defined, explained by examples that run, and light to import."""

import doctest
import subprocess
import sys

import numpy as np
import pytest

from crl_probe import metrics
from crl_train.errors import ConfigError

HELPERS = {
    "DEFINITIONS",
    "DepthComparison",
    "Effect",
    "Estimate",
    "Gain",
    "MetricDefinition",
    "MetricError",
    "bootstrap_interval",
    "compare_depths",
    "critical_depth",
    "decodability_by_fold",
    "estimate_over_seeds",
    "first_arrival",
    "holm",
    "interquartile_mean",
    "mean_difference",
    "mean_effect",
    "mean_ratio",
    "optimality_gap",
    "performance_profile",
    "probability_of_improvement",
    "steps_at_goal",
    "summarise_success",
    "verdict",
}
GROUPS = {"success", "landscape", "distance", "spread", "trajectory", "geometry", "contrastive"}
FUNCTIONS = [name for name in metrics.__all__ if callable(getattr(metrics, name)) and name[0].islower()]


def test_every_metric_has_a_definition_and_every_definition_a_metric():
    assert set(metrics.__all__) - HELPERS == set(metrics.DEFINITIONS)
    assert {definition.group for definition in metrics.DEFINITIONS.values()} == GROUPS


@pytest.mark.parametrize("definition", metrics.DEFINITIONS.values(), ids=list(metrics.DEFINITIONS))
def test_every_definition_fits_into_a_table_of_any_format(definition):
    for words in (definition.title, definition.text, definition.formula, definition.unit_text, definition.source):
        assert words
        assert words.isascii()
        assert "\n" not in words
    assert definition.text.endswith(".")
    assert len(definition.formula) <= 100
    assert definition.higher_is in ("better", "worse", "")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_an_example_that_runs(name):
    function = getattr(metrics, name)
    names = {"np": np, **{public: getattr(metrics, public) for public in metrics.__all__}}
    # Without the module: the tests wrap functions to check shapes, and doctest would think them from elsewhere.
    (example,) = doctest.DocTestFinder(recurse=False).find(function, name, module=False, globs=names)
    assert "    Example:\n" in example.docstring
    said: list[str] = []
    outcome = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert outcome.attempted > 0
    assert outcome.failed == 0, "".join(said)


def test_a_metric_error_is_a_value_error():
    with pytest.raises(ValueError, match="number of points=1 is too few") as caught:
        metrics.effective_rank(np.zeros((1, 3)))
    assert type(caught.value) is metrics.MetricError


def test_importing_metrics_loads_nothing_heavy():
    heavy = ("jax", "matplotlib", "umap", "sklearn", "flax", "scipy")
    program = f"import sys, crl_probe.metrics; print([name for name in {heavy} if name in sys.modules])"
    listed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert listed.stdout.strip() == "[]"


def test_importing_metrics_takes_less_than_a_second():
    program = "import time; start = time.process_time(); import crl_probe.metrics; print(time.process_time() - start)"
    timed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(timed.stdout) < 1.0


def test_every_metric_takes_lists_and_says_what_it_cannot_take():
    assert metrics.effective_rank([[1, 1], [1, -1], [-1, 1], [-1, -1]]) == pytest.approx(2.0)
    assert metrics.success_rate([[3, 0.1, 2], [3, 2, 1]], 0.5) == 0.5
    assert metrics.compare_depths({4: [1, 2, 3], 64: [7, 8, 9]}).total.difference.estimate.value == 6.0
    with pytest.raises(metrics.MetricError, match=r"^points has shape \(2,\): it needs the axes \(points, dim\)\.$"):
        metrics.effective_rank([1.0, 2.0])
    with pytest.raises(ConfigError, match=r"^distances has shape \(1,\): it needs the axes \(episodes, steps\)\.$"):
        metrics.success_rate([1.0], 0.5)
