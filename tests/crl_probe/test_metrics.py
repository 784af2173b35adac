"""The public list of metrics: complete, defined, and light to import."""

import subprocess
import sys

from crl_probe import metrics

HELPERS = {
    "DEFINITIONS",
    "Estimate",
    "MetricDefinition",
    "bootstrap_interval",
    "estimate_over_seeds",
    "first_arrival",
    "interquartile_mean",
    "steps_at_goal",
    "summarise_success",
}


def test_every_metric_has_a_definition_and_every_definition_a_metric():
    assert set(metrics.__all__) - HELPERS == set(metrics.DEFINITIONS)


def test_importing_metrics_loads_nothing_heavy():
    heavy = ("jax", "matplotlib", "umap", "sklearn", "plotly", "flax")
    program = f"import sys, crl_probe.metrics; print([name for name in {heavy} if name in sys.modules])"
    listed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert listed.stdout.strip() == "[]"
