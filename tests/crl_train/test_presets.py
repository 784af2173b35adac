"""Presets: every one makes runs of every kind of robot, and slow physics gets a smaller budget on a laptop."""

import pytest

from crl_train.config import make_config
from crl_train.envs import list_families
from crl_train.errors import ConfigError
from crl_train.presets import LAPTOP_OF_ROBOTS, PRESETS, preset_values
from crl_train.step_counts import step_counts

NAMES = [family.names[0] for family in list_families()]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("env", NAMES)
def test_every_preset_makes_a_run_of_every_family(preset, env):
    config = make_config({"env": env}, preset)
    counts = step_counts(config)
    assert counts.total_env_steps <= config.total_env_steps
    assert make_config({"env": env, "num_envs": 32, "min_replay_size": 500}, preset).num_envs == 32


def test_robots_with_slow_physics_take_fewer_steps_on_a_laptop():
    assert set(LAPTOP_OF_ROBOTS) <= {name.partition("_")[0] for name in NAMES}
    for robot, values in LAPTOP_OF_ROBOTS.items():
        config = make_config({"env": f"{robot}_u_maze"}, "laptop")
        assert config.total_env_steps == values["total_env_steps"] < PRESETS["laptop"]["total_env_steps"]
        assert preset_values("smoke", robot) == PRESETS["smoke"]
    assert preset_values("laptop", "antelope") == preset_values("laptop") == PRESETS["laptop"]


def test_unknown_preset_is_refused():
    with pytest.raises(ConfigError, match=r"^unknown preset 'huge': there are smoke, laptop, paper\.$"):
        preset_values("huge")
