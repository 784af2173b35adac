"""Every test has a cache of its own; fakes and their evidence are shared where they are only read."""

import pytest

from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from tests.crl_probe.fakes import FakeRun

SMALL = EvidenceSettings(episodes=10, episode_length=120, points=300, paths=6, goals=3, seed=0)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CRL_PROBE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="session")
def fake_runs():
    return [FakeRun(depth=4), FakeRun(depth=64)]


@pytest.fixture(scope="session")
def small():
    return SMALL


@pytest.fixture(scope="session")
def evidence(fake_runs):
    return Evidence(fake_runs, SMALL, use_cache=False)
