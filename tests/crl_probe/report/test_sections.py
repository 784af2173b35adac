"""Sections of the report: what a probe measured, and no table of what it did not."""

import dataclasses

from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.probes.registry import PROBES, measure
from crl_probe.report.sections import section_of
from tests.crl_probe.fakes import FakeRun


def test_a_table_of_numbers_that_are_all_undefined_is_left_out():
    settings = EvidenceSettings(episodes=4, episode_length=20)
    result = measure(Evidence([FakeRun()], settings, use_cache=False), ["success"]).results["success"]
    probe = PROBES["success"]
    kept = section_of(probe, result).tables
    of_others = dataclasses.replace(probe.tables[0], metrics=("geodesic_rank",))
    more = dataclasses.replace(probe, tables=(*probe.tables, of_others))
    assert len(kept) == len(probe.tables) > 0
    assert section_of(more, result).tables == kept
