"""Fixtures of the trainer's tests."""

import pytest

from crl_train.envs import registry
from tests.crl_train.helpers import tiny_config


@pytest.fixture
def own_registry(monkeypatch):
    """Let a test register environments that are gone afterwards."""
    monkeypatch.setattr(registry, "_FAMILIES", [*registry._FAMILIES])


@pytest.fixture(scope="module")
def tiny_file(tmp_path_factory):
    """The tiny run's settings as ``--config`` takes them."""
    path = tmp_path_factory.mktemp("settings") / "tiny.json"
    path.write_text(tiny_config().model_dump_json(exclude={"env"}))  # every setting, so that no preset shines through
    return path
