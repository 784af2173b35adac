"""Every probe by name, and one way to run them: from the cache where possible, and none stops the rest."""

import dataclasses
import importlib
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from crl_probe.metrics import DEFINITIONS, MetricError
from crl_probe.store.cache import cached
from crl_train.errors import ConfigError, CrlError

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence
    from crl_probe.probes.samples import MetricSamples

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Probe:
    """One probe; its module ``crl_probe.probes.<name>`` has ``run``, and is imported when first used.

    Attributes:
        name: Name of the module.
        title: Its name for people.
        class_name: Its result is a ``<class_name>Result``, its settings are ``<class_name>Settings``.
        metrics: Names of the metrics it measures.
        in_log: Whether it reads the run's log, which the hash of a checkpoint does not cover: never cached.
    """

    name: str
    title: str
    class_name: str
    metrics: tuple[str, ...]
    in_log: bool = False

    def result_type(self) -> type:
        return cast(type, getattr(self._module(), f"{self.class_name}Result"))

    def settings_type(self) -> type:
        return cast(type, getattr(self._module(), f"{self.class_name}Settings"))

    def settings(self, evidence: "Evidence", **options: Any) -> Any:
        """Settings of the probe about this evidence."""
        if any(field.name == "evidence" for field in dataclasses.fields(self.settings_type())):
            options["evidence"] = evidence.settings
        return self.settings_type()(**options)

    def run(self, evidence: "Evidence", settings: Any) -> Any:
        """The result for these runs, from the cache if it is there.

        Raises:
            ProbeError: If the probe cannot be done for these runs.
        """
        seed = evidence.settings.seed

        def compute() -> Any:
            evidence.progress.computing()
            return self._module().run(evidence.runs, settings, np.random.default_rng(seed), evidence=evidence)

        return cached(
            self.name,
            self.result_type(),
            evidence.infos,
            settings,
            seed,
            compute,
            enabled=evidence.use_cache and not self.in_log,
        )

    def _module(self) -> Any:
        return importlib.import_module(f"crl_probe.probes.{self.name}")


def _of_group(*groups: str) -> tuple[str, ...]:
    return tuple(name for name, definition in DEFINITIONS.items() if definition.group in groups)


# In the order of reports.
_PROBES = (
    Probe("success", "success", "Success", _of_group("success")),
    Probe("learning_curves", "learning curves", "LearningCurves", (), in_log=True),
    Probe("q_landscape", "Q-landscapes", "QLandscape", _of_group("landscape")),
    Probe("embedding_trajectory", "embedding trajectories", "EmbeddingTrajectory", _of_group("trajectory")),
    Probe("goal_clusters", "spread around the goal", "GoalClusters", _of_group("spread")),
    Probe("geometry", "geometry", "Geometry", ("effective_rank", "cka", "linear_decodability")),
    Probe("residual_stream", "residual stream", "ResidualStream", ("dormant_fraction", "residual_contribution")),
    Probe("retrieval", "retrieval", "Retrieval", ("retrieval_accuracy", "infonce_bound")),
    Probe("depth_lens", "depth lens", "DepthLens", ("readable_depth",)),
    Probe("rollouts", "rollouts", "Rollouts", ()),
)
PROBES: dict[str, Probe] = {probe.name: probe for probe in _PROBES}


@dataclasses.dataclass(frozen=True)
class Measured:
    """What the probes gave.

    Attributes:
        results: By name of the probe, in the order of ``PROBES``.
        missing: By name of the probe why it gave nothing.
    """

    results: Mapping[str, Any]
    missing: Mapping[str, str]

    @property
    def samples(self) -> tuple["MetricSamples", ...]:
        """All numbers of all runs."""
        return tuple(
            sample for result in self.results.values() if hasattr(result, "samples") for sample in result.samples()
        )


def measure(
    evidence: "Evidence",
    names: Iterable[str] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    heading: str = "",
) -> Measured:
    """Run probes one after the other; one that cannot be done for these runs is named with its reason.

    Args:
        evidence: The runs and what is recorded about them.
        names: Names of probes; None runs all.
        options: By name of a probe the settings of its own, beside the evidence.
        heading: What is measured, for whoever watches; the environment's name if empty.

    Raises:
        ConfigError: If a name or an option is unknown, or an option or goal has a value that it cannot have.

    Example:
        >>> measured = measure(evidence, ["q_landscape"], {"q_landscape": {"fine_cells": 128}})   # doctest: +SKIP
        >>> measured.results["q_landscape"].scores["geodesic_rank"].mean(axis=1)                  # doctest: +SKIP
    """
    wanted = list(PROBES) if names is None else [name for name in PROBES if name in set(names)]
    unknown = sorted((set(names or ()) | set(options or ())) - set(PROBES))
    if unknown:
        raise ConfigError(f"unknown probe {unknown[0]!r}: probes are {', '.join(PROBES)}.")
    results, missing = {}, {}
    evidence.progress.planned(heading or evidence.env.name, [PROBES[name].title for name in wanted])
    for name in wanted:
        probe = PROBES[name]
        settings = probe.settings(evidence, **(options or {}).get(name, {}))
        evidence.progress.began(probe.title)
        try:
            results[name] = probe.run(evidence, settings)
        except ConfigError:
            raise  # asked for something that cannot be: not this probe's affair alone
        except (CrlError, MetricError) as error:
            logger.warning("%s cannot be measured: %s", probe.title, error)
            missing[name] = str(error)
        evidence.progress.ended(probe.title, missing.get(name, ""))
    return Measured(results, missing)


def probes_of(metrics: Iterable[str]) -> list[str]:
    """Names of the probes that measure these metrics, in the order of ``PROBES``."""
    wanted = set(metrics)
    return [name for name, probe in PROBES.items() if wanted & set(probe.metrics)]
