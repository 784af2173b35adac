"""Sections of the report: what a probe measured, and no table of what it did not."""

import dataclasses

from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.probes.registry import PROBES, measure, measure_before_training
from crl_probe.report.sections import section_of
from tests.crl_probe.fakes import FakeRun, TrainedFake


def test_a_table_of_numbers_that_are_all_undefined_is_left_out():
    settings = EvidenceSettings(episodes=4, episode_length=20)
    result = measure(Evidence([FakeRun()], settings, use_cache=False), ["success"]).results["success"]
    probe = PROBES["success"]
    kept = section_of(probe, result).tables
    of_others = dataclasses.replace(probe.tables[0], metrics=("geodesic_rank",))
    more = dataclasses.replace(probe, tables=(*probe.tables, of_others))
    assert len(kept) == len(probe.tables) > 0
    assert section_of(more, result).tables == kept


def test_numbers_stand_above_what_they_are_held_against():
    evidence = Evidence([TrainedFake()], EvidenceSettings(episodes=4, episode_length=20, goals=2), use_cache=False)
    options = {"q_landscape": {"fine_cells": 15}}
    result = measure(evidence, ["q_landscape"], options).results["q_landscape"]
    before = measure_before_training(evidence, ["q_landscape"], options).results["q_landscape"]
    section = section_of(PROBES["q_landscape"], result, before=before)
    table = section.tables[0]
    assert [row[0] for row in table.rows] == ["depth 4", "depth 4, untrained", "straight line", "geodesic distance"]
    assert table.references == 3
    rank = table.head.index("Geodesic rank")
    assert table.rows[-1][rank].startswith("1.0")
    assert 0 < float(table.rows[-2][rank]) < 1
    (chart,) = [chart for chart in section.groups[0].charts if chart.title == "Geodesic rank"]
    assert [one.text for one in chart.references] == ["straight line", "geodesic distance"]
    assert [mark.text.split(":")[0] for mark in chart.marks] == ["depth 4", "depth 4, untrained"]
    assert [entry.text for entry in chart.legend] == ["before training", "straight line", "geodesic distance"]
