"""Every probe by name, and how probes are run: from the cache if possible, and a failed probe does not stop others."""

import dataclasses
import importlib
import logging
import pkgutil
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import crl_probe.probes
from crl_probe.evidence.evidence import Evidence
from crl_probe.metrics import MetricError
from crl_probe.probes.declaration import Probe, Record
from crl_probe.runs.agent import HasUntrained, check_agents
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.failures import Failure, attempt
from crl_probe.store.cache import cached
from crl_train.errors import ConfigError, CrlError

if TYPE_CHECKING:
    from crl_probe.probes.samples import MetricSamples

logger = logging.getLogger(__name__)


def _declared() -> dict[str, Probe]:
    """The declarations in all files of this folder, in the order of reports."""
    found = [module.name for module in pkgutil.iter_modules(crl_probe.probes.__path__, "crl_probe.probes.")]
    modules = [importlib.import_module(name) for name in found if name != __name__]
    probes = [module.PROBE for module in modules if hasattr(module, "PROBE")]
    return {probe.name: probe for probe in sorted(probes, key=lambda probe: probe.order)}


PROBES: Final[Mapping[str, Probe]] = _declared()
"""Every probe by its name, in the order of reports."""

COMMANDS: Final[Mapping[str, Probe]] = {probe.command: probe for probe in PROBES.values()}
"""Every probe by its name on the command line."""


@dataclasses.dataclass(frozen=True, repr=False)
class Measurements:
    """The results of some probes.

    Attributes:
        results: By name of the probe, in the order of ``PROBES``.
        missing: The reason for each probe without a result, by its name.
        failures: Of these the probes that failed unexpectedly, by name.
    """

    results: Mapping[str, Any]
    missing: Mapping[str, str]
    failures: Mapping[str, Failure] = dataclasses.field(default_factory=dict)

    def __repr__(self) -> str:
        missing = f"; missing: {', '.join(self.missing)}" if self.missing else ""
        return f"Measurements({', '.join(self.results) or 'nothing'}{missing})"

    @property
    def samples(self) -> tuple["MetricSamples", ...]:
        """All numbers of all runs."""
        return tuple(sample for result in self.results.values() for sample in samples_of(result))


def samples_of(result: Any) -> tuple["MetricSamples", ...]:
    """The numbers of one result; none if its probe has no metrics."""
    return result.samples() if hasattr(result, "samples") else ()


def check_possible(probe: Probe, evidence: Evidence) -> None:
    """Refuse agents or an environment that lack what a probe needs.

    Raises:
        ProbeError: If they do. It says what is lacking.
    """
    reason = probe.environment(evidence.env)
    if reason:
        raise ProbeError(f"environment {evidence.env.name!r} cannot be probed this way: {reason}.")
    check_agents(evidence.runs, probe.agent)


def run_probe(probe: Probe, evidence: Evidence, settings: Any = None) -> Any:
    """The result of one probe, from the cache if it is stored there.

    Args:
        probe: The probe.
        evidence: The runs and their records.
        settings: Its settings; None takes the defaults.

    Raises:
        ProbeError: If the probe is not possible for these runs.
        MetricError: If a metric is undefined for them.
    """
    settings = probe.settings() if settings is None else settings
    check_possible(probe, evidence)

    is_new = False

    def compute() -> Any:
        nonlocal is_new
        is_new = True
        if probe.is_cached:
            evidence.progress.computing()
        return probe.run(evidence, settings, np.random.default_rng(evidence.settings.seed))

    result = cached(
        probe.name,
        probe.result,
        evidence.infos,
        {"settings": dataclasses.asdict(settings), "records": evidence.question(_records(probe, settings))},
        compute,
        enabled=evidence.use_cache and probe.is_cached,
    )
    if not is_new:
        evidence.progress.reusing()
    return result


def measure(
    evidence: Evidence,
    names: Iterable[str] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    heading: str = "",
    *,
    keep_failures: bool = False,
) -> Measurements:
    """Run probes one after the other. For a probe that is not possible for these runs, the reason is returned.

    Args:
        evidence: The runs and their records.
        names: Names of probes or of their commands; None runs all.
        options: Settings of probes, by name of the probe.
        heading: Heading for progress reports; the environment's name if empty.
        keep_failures: Whether an exception that no probe should raise is returned as well, so that the other probes
            go on. It is raised otherwise.

    Raises:
        ConfigError: If a name or a setting is unknown, or a setting or goal has a value that is not usable.

    Example:
        >>> measured = measure(evidence, ["q_landscape"], {"q_landscape": {"fine_cells": 128}})   # doctest: +SKIP
        >>> measured.results["q_landscape"].scores["geodesic_rank"].mean(axis=1)                  # doctest: +SKIP
    """
    wanted = probes_for(evidence) if names is None else probes_named(names)
    chosen = {probe_named(name).name: values for name, values in (options or {}).items()}
    results: dict[str, Any] = {}
    missing: dict[str, str] = {}
    failures: dict[str, Failure] = {}
    evidence.progress.planned(heading or evidence.env.name, [probe.title for probe in wanted])
    for probe in wanted:
        settings = make_settings(probe, chosen.get(probe.name, {}))
        evidence.progress.began(probe.title)
        try:
            asked = (probe, evidence, settings)
            outcome = attempt(_run_and_read, *asked) if keep_failures else _run_and_read(*asked)
        except ConfigError:
            raise  # a setting or goal is not usable: the user must correct it
        except (CrlError, MetricError) as error:
            logger.warning("%s cannot be measured: %s", probe.title, error)
            missing[probe.name] = str(error)
        else:
            if isinstance(outcome, Failure):
                logger.warning("%s failed: %s", probe.title, outcome.summary)
                failures[probe.name], missing[probe.name] = outcome, f"{outcome.summary.rstrip('.')}."
            else:
                results[probe.name] = outcome
        evidence.progress.ended(probe.title, missing.get(probe.name, ""))
    return Measurements(results, missing, failures)


def measure_before_training(
    evidence: Evidence, names: Iterable[str], options: Mapping[str, Mapping[str, Any]] | None = None
) -> Measurements:
    """Run probes on the same agents before training: what a number is without any learning.

    They act from the same starts towards the same goals, and are probed on the same shared set. Probes whose numbers
    need no such reference (``Probe.before_training``) are left out, and so are agents whose networks before training
    are not known.

    Args:
        evidence: The trained agents and their records.
        names: Names of probes or of their commands.
        options: Settings of probes, by name of the probe.

    Raises:
        ConfigError: As :func:`measure`.
    """
    wanted = [probe for probe in probes_named(names) if probe.before_training]
    agents = [run.untrained() for run in evidence.runs if isinstance(run, HasUntrained) and run.env_steps]
    if not wanted or not agents:
        return Measurements({}, {})
    chosen = {probe_named(name).name: values for name, values in (options or {}).items()}
    records = {
        record for probe in wanted for record in _records(probe, make_settings(probe, chosen.get(probe.name, {})))
    }
    untrained = Evidence(
        agents,
        dataclasses.replace(evidence.settings, episode_length=evidence.episode_length),
        by=evidence.by,
        probe_set=evidence.probe_set if "shared" in records else evidence.given_probe_set,
        use_cache=evidence.use_cache,
        workers=evidence.workers,
        progress=evidence.progress,
    )
    heading = f"{evidence.env.name} before training"
    return measure(untrained, [probe.name for probe in wanted], chosen, heading, keep_failures=True)


def probes_for(evidence: Evidence) -> list[Probe]:
    """All probes but those that have nothing to do with an environment."""
    return [probe for probe in PROBES.values() if not (probe.where_possible and probe.environment(evidence.env))]


def _run_and_read(probe: Probe, evidence: Evidence, settings: Any) -> Any:
    """The result of a probe whose numbers can be read: everything that follows rests on them."""
    result = run_probe(probe, evidence, settings)
    samples_of(result)
    return result


def _records(probe: Probe, settings: Any) -> tuple[Record, ...]:
    """What of the evidence the probe uses."""
    return (*probe.records, *probe.more_records(settings))


def make_settings(probe: Probe, values: Mapping[str, Any]) -> Any:
    """Settings of a probe with these values, and defaults for the others.

    Raises:
        ConfigError: If there is no such setting, or a value is not usable.
    """
    known = [field.name for field in dataclasses.fields(probe.settings)]
    for name in values:
        if name not in known:
            available = f"Settings are {', '.join(known)}" if known else "It has no settings"
            raise ConfigError(f"unknown setting {name!r} of {probe.name}: no setting has this name. {available}.")
    return probe.settings(**values)


def probe_named(name: str) -> Probe:
    """The probe with this name or command.

    Raises:
        ConfigError: If there is none. It lists the probes.
    """
    probe = PROBES.get(name) or COMMANDS.get(name)
    if probe is None:
        raise ConfigError(f"unknown probe {name!r}: probes are {', '.join(PROBES)}.")
    return probe


def probes_named(names: Iterable[str]) -> list[Probe]:
    """The probes with these names or commands, in the order of reports.

    Raises:
        ConfigError: If one is unknown.
    """
    wanted = {probe_named(name).name for name in names}
    return [probe for probe in PROBES.values() if probe.name in wanted]


def probes_of(metrics: Iterable[str]) -> list[str]:
    """Names of the probes that measure these metrics, in the order of reports."""
    wanted = set(metrics)
    return [name for name, probe in PROBES.items() if wanted & set(probe.metrics)]
