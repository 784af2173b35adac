"""A study in a few lines: which runs, what is measured of them, and everything that can be made of the numbers."""

import copy
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.evidence.probe_set import ProbeSet
from crl_probe.probes.registry import PROBES, Measurements, measure, measure_before_training, probe_named, probes_for
from crl_probe.probes.samples import MetricSamples
from crl_probe.report.build import write_report
from crl_probe.report.env_findings import ReportSettings
from crl_probe.runs.agent import Agent
from crl_probe.runs.comparability import group_by_env
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.factors import DEFAULT, parse_factors
from crl_probe.runs.loading import Step
from crl_probe.runs.opening import Given, open_agents
from crl_probe.runs.progress import ProgressListener, silent
from crl_probe.runs.run_info import levels_in_order
from crl_probe.store.showing import html_table
from crl_probe.summary.frames import level_frame, run_frame
from crl_probe.summary.latex import latex_text
from crl_probe.summary.rows import Row, rows_of
from crl_probe.summary.tables import tables_of
from crl_probe.summary.verdicts import Verdict, judge
from crl_train.errors import ConfigError
from crl_train.local_path import local_path

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

GoalPositions: TypeAlias = Sequence[Sequence[float]]

_MOST_LEVELS: Final = 4  # named in a line


class Study:
    """Runs of one environment that are compared by one factor or several, and what was measured of them.

    A study never changes: :meth:`measure` returns another one that holds more results. Everything is computed when it
    is first needed and kept on disk, so that the same study is ready immediately the next time.

    Args:
        runs: Run directories, glob patterns, loaded agents, or a list of these.
        by: What runs are compared by: ``depth``, or names of settings such as ``width``; several as a list, or
            separated by commas. All else that differs between runs, but the seed, is refused.
        step: Checkpoint of runs that are given by path: environment steps, ``all``, or the newest if not given.
        episodes: On-policy episodes of each run.
        goals: How many shared goals are spread over the environment, or the goals themselves. (goals, goal_dim)
        seed: Decides starts, goals and what is drawn into the shared set.
        workers: Processes that runs are spread over. A script that asks for more than one starts with
            ``if __name__ == "__main__":``.
        cache: Whether results on disk are used and kept.
        probe_set: A shared set of another study, in place of a new one.
        progress: Notified of progress.

    Attributes:
        runs: The agents, by level, then seed, then checkpoint.
        results: By name of the probe what was measured.
        missing: By name of the probe why it gave nothing.

    Raises:
        RunNotFoundError: If a pattern matches nothing, or a run has no such checkpoint.
        CheckpointError: If a checkpoint is damaged.
        ConfigError: If runs are of several environments or cannot be compared, or a goal cannot be.

    Example:
        >>> study = Study("checkpoints/point_u4_maze_*").measure("success", "q_landscape")   # doctest: +SKIP
        >>> study                                                                            # doctest: +SKIP
        Study(point_u4_maze, 9 runs: depth 4, depth 16, depth 64; success, q_landscape)
        >>> study.estimates().query("metric == 'time_at_goal'")                              # doctest: +SKIP
    """

    def __init__(
        self,
        runs: Given,
        *,
        by: str | Sequence[str] = DEFAULT,
        step: Step = None,
        episodes: int = EvidenceSettings.episodes,
        goals: int | GoalPositions = EvidenceSettings.goals,
        seed: int = EvidenceSettings.seed,
        workers: int = 1,
        cache: bool = True,
        probe_set: ProbeSet | None = None,
        progress: ProgressListener = silent,
    ) -> None:
        factors = parse_factors(by if isinstance(by, str) else ",".join(by))
        chosen = {"goals": goals} if isinstance(goals, int) else {"goal_positions": _positions(goals)}
        settings = EvidenceSettings(episodes=episodes, seed=seed, **chosen)
        (group,) = group_by_env(open_agents(runs, step), factors).values()
        self._evidence = Evidence(
            group,
            settings,
            by=factors,
            probe_set=probe_set,
            use_cache=cache,
            workers=workers,
            progress=progress,
        )
        self._measured = Measurements({}, {})
        self._options: Mapping[str, Mapping[str, Any]] = {}

    @property
    def runs(self) -> tuple[Agent, ...]:
        """The agents, by level, then seed, then checkpoint."""
        return self._evidence.runs

    @property
    def probe_set(self) -> ProbeSet:
        """The states, actions and goals on which all runs are measured; made when first needed."""
        return self._evidence.probe_set

    @property
    def results(self) -> Mapping[str, Any]:
        """By name of the probe what was measured, in the order of reports."""
        return MappingProxyType(dict(self._measured.results))

    @property
    def missing(self) -> Mapping[str, str]:
        """By name of the probe why it gave nothing, in a sentence."""
        return MappingProxyType(dict(self._measured.missing))

    def measure(self, *names: str, **options: Mapping[str, Any]) -> "Study":
        """The same study with more measured: results that it has stay, and those of the same probes are replaced.

        A probe that cannot be done for these runs is in ``missing`` afterwards, and stops no other.

        Args:
            names: Probes by their names or the words of their commands, such as ``q_landscape`` or ``landscape``; all
                if nothing is named.
            options: Probes with settings of their own, by name or word, such as ``landscape={"fine_cells": 128}``.

        Raises:
            ConfigError: If a probe or a setting is unknown, or a setting or goal has a value that it cannot have.
        """
        for name, values in options.items():
            if not isinstance(values, Mapping):
                raise ConfigError(
                    f"{name}={values!r} is not usable: settings of a probe are a dictionary. Such as "
                    f"{name}={{'setting': value}}."
                )
        chosen = {probe_named(name).name: values for name, values in options.items()}
        wanted = [probe_named(name).name for name in (*names, *options)] or [
            probe.name for probe in probes_for(self._evidence)
        ]
        new = measure(self._evidence, wanted, chosen)
        other = copy.copy(self)
        other._measured = _joined(self._measured, new, wanted)
        kept = {name: values for name, values in self._options.items() if name not in wanted}
        other._options = {**kept, **chosen}
        return other

    def frame(self, *, samples: bool = False) -> "pd.DataFrame":
        """The numbers of every run as a tidy table.

        A metric that is measured for each shared goal has a row for each, with the goal's place in the shared goals
        as ``sample``; where it is undefined there is none. Any other metric has one row a run: the mean over the
        run's episodes, batches or blocks (of ``time_to_goal`` the median).

        Args:
            samples: Whether the other metrics too have a row for each sample, such as each of 64 episodes.

        Returns:
            Columns ``run``, ``seed``, ``env_steps``, ``level`` (in words), one for every factor of the study (of depth
            (actor, critic) where the two differ), ``metric``, ``part`` (what of the agent, such as ``phi``, or empty),
            ``source`` (``on-policy``, ``shared``, ``grid``, …), ``sample_unit`` (what samples are), ``sample`` (which
            one, from 0; missing where a row is about all) and ``value``.

        Raises:
            ConfigError: If nothing has been measured.
        """
        names = {info.name: agent.name for info, agent in zip(self._evidence.infos, self.runs, strict=True)}
        return run_frame(self._samples(), self._evidence.by, names, each=samples)

    def estimates(self) -> "pd.DataFrame":
        """The aggregate of every metric over the runs of each level, with its interval.

        Returns:
            Columns ``level`` (in words), one for every factor, ``env_steps`` (of several runs the fewest), ``metric``,
            ``part``, ``source``, ``value``, ``low``, ``high``, ``count`` and ``unit``: the interval is over ``count``
            ``seeds``, or over the ``episodes``, ``goals``, … of the only run of a level.

        Raises:
            ConfigError: If nothing has been measured.
        """
        return level_frame(self._samples(), self._evidence.by)

    def verdicts(self) -> tuple[Verdict, ...]:
        """The paper's five claims judged on these runs; none where runs are compared by anything but depth.

        For claims on what agents have learned, the same agents before training are rolled out too.

        Raises:
            ConfigError: If nothing has been measured.
            MetricError: If there are several checkpoints of a run: they would count as seeds.
        """
        samples = self._samples()
        verdicts = judge(samples)  # of other factors there are none, and several checkpoints of a run are refused
        if not verdicts:
            return ()
        return judge(samples, measure_before_training(self._evidence, ["success"]).samples)

    def latex(self, *metrics: str) -> str:
        """The aggregates as LaTeX tables.

        Args:
            metrics: Names of the metrics, for one table of them; a table for each group of metrics if not given.

        Raises:
            ConfigError: If nothing has been measured, or one of the metrics has not.
        """
        samples = self._samples()
        measured = {one.metric for one in samples}
        for name in metrics:
            if name not in measured:
                raise ConfigError(f"metric {name!r} has not been measured: there is {', '.join(sorted(measured))}.")
        kept = [one for one in samples if not metrics or one.metric in metrics]
        return latex_text(rows_of(kept, ["level"]), together=bool(metrics))

    def plot(self, name: str, **options: Any) -> "Figure":
        """The standard figure of a probe; see :func:`crl_probe.plots.figure_of`.

        Args:
            name: The probe, by its name or the word of its command.
            options: What the figure shows, such as ``goals=1`` of landscapes.

        Raises:
            ConfigError: If it has not been measured, or the result does not have what an option names.
            ProbeError: If it cannot be measured for these runs, saying why.
        """
        from crl_probe.plots import figure_of

        probe = probe_named(name)
        if probe.name in self._measured.missing:
            raise ProbeError(f"{probe.name} cannot be drawn: {self._measured.missing[probe.name]}")
        if probe.name not in self._measured.results:
            there = ", ".join(self._measured.results) or "nothing"
            raise ConfigError(
                f"{probe.name} has not been measured: there is {there}. Call .measure({probe.name!r}) first."
            )
        return figure_of(self._measured.results[probe.name], **options)

    def report(
        self, out: str | os.PathLike[str], *, title: str | None = None, note: str = "", figures: bool = True
    ) -> Path:
        """Write a report of what was measured, or of everything if nothing was.

        A part that fails unexpectedly is left out: its section says so, and ``errors.log`` has the traceback.
        The numbers come from the cache; without one they are measured again. Of runs with several checkpoints the
        last is reported on, and the others show landscapes and embeddings over training.

        Args:
            out: Folder to write; an earlier report there is replaced, and anything else refused.
            title: Heading of the page; made from the environment if not given.
            note: Text of yours in Markdown, printed below the heading.
            figures: Whether the figures for papers are drawn.

        Returns:
            The path of the page.

        Raises:
            ConfigError: If no probe gives a result, or ``out`` holds something that is not a report.
            OSError: If the folder cannot be written.
        """
        evidence = self._evidence
        last = {run.path: run for run in sorted(self.runs, key=lambda run: run.env_steps)}
        newest = [run for run in self.runs if last[run.path] is run]
        sections = tuple({**self._measured.results, **self._measured.missing})
        settings = ReportSettings(
            evidence=evidence.settings,
            by=evidence.by,
            sections=sections or None,
            options=self._options,
            note=note,
            figures=figures,
            use_cache=evidence.use_cache,
            workers=evidence.workers,
        )
        return write_report(
            newest,
            local_path(out, "out"),
            settings,
            earlier=[run for run in self.runs if last[run.path] is not run],
            probe_set=evidence.given_probe_set,
            title=title,
            progress=evidence.progress,
        ).index

    def __repr__(self) -> str:
        return f"Study({self._words()})"

    def _repr_html_(self) -> str:
        if not self._measured.samples:
            return html_table(self._words(), ["run"], [[run.name] for run in self.runs])
        tables = tables_of(rows_of(self._measured.samples, ["level"]))
        return html_table(self._words(), [], []) + "".join(
            html_table(
                f"{table.env}: {section.title}",
                ["", *(f"{column.label} · {column.seeds_text}" for column in table.columns)],
                [[" ".join(filter(None, (line.metric, line.part))), *map(_cell, line.cells)] for line in section.lines],
            )
            for table in tables
            for section in table.sections
        )

    def _words(self) -> str:
        runs = "1 run" if len(self.runs) == 1 else f"{len(self.runs)} runs"
        levels = levels_in_order(self._evidence.infos)
        shown = levels if len(levels) <= _MOST_LEVELS else (*levels[: _MOST_LEVELS - 1], "…", levels[-1])
        missing = f"; missing: {', '.join(self.missing)}" if self.missing else ""
        measured = ", ".join(self.results) or "nothing measured"
        return f"{self._evidence.env.name}, {runs}: {', '.join(shown)}; {measured}{missing}"

    def _samples(self) -> tuple[MetricSamples, ...]:
        if not self._measured.results and not self._measured.missing:
            raise ConfigError("nothing has been measured: a study has no numbers yet. Call .measure() first.")
        return self._measured.samples


def _positions(goals: Any) -> tuple[tuple[float, ...], ...]:
    try:
        return tuple(tuple(float(entry) for entry in goal) for goal in goals)
    except (TypeError, ValueError):
        raise ConfigError(
            f"goals={goals!r} is not usable: give how many, or a list of positions such as [(4, 12)]."
        ) from None


def _joined(old: Measurements, new: Measurements, wanted: Iterable[str]) -> Measurements:
    """Both, in the order of reports; of probes that were measured twice what is new."""
    replaced = set(wanted)

    def merged(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
        both = {**{name: value for name, value in before.items() if name not in replaced}, **after}
        return {name: both[name] for name in PROBES if name in both}

    return Measurements(merged(old.results, new.results), merged(old.missing, new.missing))


def _cell(row: Row | None) -> str:
    return "" if row is None else f"{row.value:.3g} [{row.low:.3g}, {row.high:.3g}]"
