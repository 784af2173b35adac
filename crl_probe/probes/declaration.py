"""The declaration of a probe, from which commands, report sections, documentation and figures are made.

A probe is one file in this folder: settings, a result, a function ``run``, and ``PROBE``, its declaration.
"""

import dataclasses
import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, cast, runtime_checkable

import numpy as np

from crl_probe.runs.agent import Agent

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence
    from crl_train.envs.goal_env import GoalEnv

Record: TypeAlias = Literal["episodes", "goals", "shared"]
Source: TypeAlias = Literal["on-policy", "shared", "shared-own", "shared-others", "grid"]


@dataclasses.dataclass(frozen=True)
class LastLevel:
    """A number at the last level of a study, such as the deepest.

    Attributes:
        label: The level in words.
        text: The number with its interval, which is also its ``str``.
        value: The mean over seeds.
        word: What its seeds say of it being above or below 0, as of a claim: ``supported`` or ``suggestive`` on the
            side of ``value``, else something else.
        has_one_seed: Whether the level has one seed, so that the interval is over that run's own samples.
    """

    label: str
    text: str
    value: float
    word: str
    has_one_seed: bool

    def __str__(self) -> str:
        return self.text


@runtime_checkable
class Findings(Protocol):
    """Numbers of a probe by level, for the sentence of its finding."""

    def ends(self, metric: str, source: Source, words: str, part: str = "") -> str:
        """A number at the first and the last level, and their difference, in one sentence.

        Args:
            metric: Name of the metric.
            source: Source of the number.
            words: The sentence, with ``{}`` in place of the number.
            part: The part that the number is about, if it has parts.

        Returns:
            The sentence; empty if there is no such number.
        """

    def at_last(self, metric: str, source: Source) -> LastLevel | None:
        """A number at the last level, such as the deepest; None if there is none."""


@dataclasses.dataclass(frozen=True)
class NumberTable:
    """A table of a report's section: a row for each level, a column for each metric.

    Attributes:
        metrics: Names of metrics.
        source: Source of the numbers.
        heading: Distinguishes the table from the others of the section; empty if it is the only one.
    """

    metrics: tuple[str, ...]
    source: Source
    heading: str = ""


def option(default: Any, flag: str, help: str, *, low: int | None = None) -> Any:
    """A field of a probe's settings that is an option of its command.

    Args:
        default: Value if the option is not given; it also gives the type of the option.
        flag: Name on the command line, such as ``--grid``.
        help: Help text in one sentence; the default value is appended.
        low: Smallest allowed number.
    """
    return dataclasses.field(default=default, metadata={"flag": flag, "help": help, "low": low})


def anywhere(env: "GoalEnv") -> str:
    """Accept every environment: there is no reason why the probe could not use it."""
    del env
    return ""


def function_at(place: str) -> Callable[..., Any]:
    """The function that a declaration names as ``module:function``."""
    module, _, name = place.partition(":")
    return cast(Callable[..., Any], getattr(importlib.import_module(module), name))


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Probe:
    """The declaration of one probe.

    Attributes:
        name: Name of its module, its results and its figures.
        order: Position in reports and lists; smaller comes first.
        command: Its name on the command line.
        title: Heading of its section.
        help: One line for ``--help``.
        settings: Frozen dataclass of its settings; fields made by :func:`option` are options of its command.
        result: Frozen dataclass that ``run`` returns, with ``runs`` and, if the probe has metrics, ``samples()``.
        run: Measures the agents of an ``Evidence``. The random generator is seeded before each call.
        metrics: Names of the metrics that it measures.
        agent: The protocol of ``crl_probe.runs.agent`` that every agent must satisfy.
        environment: Returns why the probe cannot use an environment, in a few words; empty if it can.
        where_possible: Whether it is left out without a word, unless it is named, of environments that it cannot use.
        records: The parts of the evidence that it uses.
        more_records: Those that it uses under some settings only.
        is_cached: Whether its result is cached on disk. It must not be if it depends on more than a checkpoint's hash.
        over_training: Whether a report with several checkpoints of each run also shows it over training.
        before_training: Whether its numbers are held against those of the same agents before training.
        reading: How to read its section, in one sentence, for a result.
        finding: What the runs show, in one sentence with numbers; empty if there is nothing to report.
        notes: More sentences below the section, for a result.
        charts: Metrics that are charted by level, on the page and in figures for papers.
        references: Values to hold the numbers of a result against: by what they are, such as ``chance``, then by
            metric.
        tables: Tables of numbers on the page.
        page: Further content of the page: ``module:function`` of a result; see ``crl_probe.render.page.panels``.
        without_numbers: What it means if a result has no number and still something to show, in a sentence; empty if
            that is a fault of the agents.
        paper: Its figure for papers, ``module:function`` of a result; empty if it only has the charts by level.
        scale: Meaning of the two ends of the value scale, if its views have one.
    """

    name: str
    order: int
    command: str
    title: str
    help: str
    settings: type
    result: type
    run: Callable[["Evidence", Any, np.random.Generator], Any]
    metrics: tuple[str, ...] = ()
    agent: type = Agent
    environment: Callable[["GoalEnv"], str] = anywhere
    where_possible: bool = False
    records: tuple[Record, ...] = ()
    more_records: Callable[[Any], tuple[Record, ...]] = lambda _: ()
    is_cached: bool = True
    over_training: bool = False
    before_training: bool = False
    reading: Callable[[Any], str]
    finding: Callable[[Findings], str] = lambda _: ""
    notes: Callable[[Any], tuple[str, ...]] = lambda _: ()
    charts: tuple[str, ...] = ()
    references: Callable[[Any], Mapping[str, Mapping[str, float]]] = lambda _: {}
    tables: tuple[NumberTable, ...] = ()
    page: str = ""
    paper: str = ""
    without_numbers: str = ""
    scale: tuple[str, str] | None = None

    def __repr__(self) -> str:
        return f"Probe({self.name!r}, command {self.command!r})"
