"""Fixtures of the trainer's tests."""

import pytest

from crl_train.envs import registry


@pytest.fixture
def own_registry(monkeypatch):
    """Let a test register environments that are gone afterwards."""
    monkeypatch.setattr(registry, "_FAMILIES", [*registry._FAMILIES])
