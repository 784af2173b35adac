"""Factors and levels: order, words, and which settings they stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crl_probe.runs.factors import factor_levels, factors_of_settings, level_order, level_words, parse_factors
from crl_probe.runs.run_info import RunInfo, levels_in_order, run_infos
from crl_train.errors import ConfigError
from tests.crl_probe.fakes import FakeRun


def test_levels_of_depth_go_from_shallow_to_deep_by_critic_then_actor():
    depths = [16, (4, 16), (64, 4), 4, (16, 64)]
    ordered = sorted(({"depth": depth} for depth in depths), key=level_order)
    assert [level["depth"] for level in ordered] == [4, (64, 4), (4, 16), 16, (16, 64)]


def test_a_grid_is_ordered_by_its_first_factor_first():
    levels = [{"width": w, "batch_size": b} for w in (256, 64) for b in (1024, 128)]
    ordered = sorted(levels, key=level_order)
    assert [tuple(level.values()) for level in ordered] == [(64, 128), (64, 1024), (256, 128), (256, 1024)]


def test_levels_in_words():
    assert level_words({"critic_depth": 16}) == "critic depth 16"
    assert level_words({"critic_depth": 16, "actor_depth": 4}) == "critic 16 · actor 4"
    assert level_words({"residual": False}) == "residual off"
    assert level_words({"actor_lr": 3e-4}) == "actor lr 0.0003"
    assert level_words({"energy": "cosine"}) == "energy cosine"


@given(st.lists(st.one_of(st.integers(1, 2**20), st.floats(0, 1), st.booleans(), st.text(max_size=5), st.none())))
def test_any_values_of_a_setting_have_an_order(values):
    sorted(({"setting": value} for value in values), key=level_order)


def test_factors_stand_for_settings_and_back():
    assert factors_of_settings(["actor_depth", "width"]) == ("actor_depth", "width")
    settings = {"actor_depth": 4, "critic_depth": 16, "width": 32}
    assert factor_levels(settings, ["critic_depth"]) == {"critic_depth": 16}
    with pytest.raises(ConfigError, match=r"--by ',' is not usable: it names no factor\. Use depth, or settings"):
        parse_factors(",")


def test_runs_take_their_levels_from_the_factor_of_the_study():
    runs = [FakeRun(width=64), FakeRun(width=16, seed=1)]
    infos = run_infos(runs, ["width"])
    assert [info.level for info in infos] == ["width 64", "width 16"]
    assert levels_in_order(infos) == ("width 16", "width 64")
    assert [info.level for info in run_infos(runs)] == ["depth 4", "depth 4"]
    assert infos[0].config_hash != infos[1].config_hash


def test_an_agent_is_of_its_depth_where_nothing_else_is_said():
    assert RunInfo("a", "", "maze", 4, 64, 0, 1, "").factors == {"depth": (4, 64)}
    hash(RunInfo("a", "", "maze", 4, 64, 0, 1, ""))
