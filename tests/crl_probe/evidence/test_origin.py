"""Whose episodes the points of the shared set are from."""

import dataclasses

import numpy as np

from crl_probe.evidence.origin import points_by_origin


def test_every_agent_has_its_own_points_and_as_many_of_others(evidence):
    points = evidence.probe_set.points
    origins = points_by_origin(evidence.probe_set, evidence.infos, np.random.default_rng(0))
    counts = {len(rows) for origin in origins for rows in origin}
    assert len(counts) == 1
    assert counts == {min(np.bincount(points.source))}
    for number, origin in enumerate(origins):
        assert set(points.source[origin.own]) == {number}
        assert number not in points.source[origin.others]
        assert len(set(origin.own)) == len(origin.own)


def test_without_own_points_or_without_others_there_are_none(evidence):
    stranger = dataclasses.replace(evidence.infos[0], content_hash="another")
    for infos in ([stranger], [*evidence.infos, stranger]):
        origins = points_by_origin(evidence.probe_set, infos, np.random.default_rng(0))
        assert {len(rows) for origin in origins for rows in origin} == {0}
    alone = dataclasses.replace(evidence.probe_set, sources=(evidence.infos[0],) * 2)
    alone = dataclasses.replace(alone, points=alone.points.rows(alone.points.source == 1))
    (origin,) = points_by_origin(alone, [evidence.infos[0]], np.random.default_rng(0))
    assert len(origin.own) == len(origin.others) == 0
