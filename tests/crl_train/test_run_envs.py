"""A run trains and is evaluated on the environments that its config names, with the options that it records."""

import pytest

from crl_train.envs import EnvOptions, make_env, register_env
from crl_train.errors import ConfigError
from crl_train.run_envs import env_options, episode_steps, evaluation_env, read_maze, training_env
from tests.crl_train.helpers import tiny_config
from tests.crl_train.test_rollout import Counter

ENV = make_env("point_u_maze")
SPIRAL = "#####\n#R..#\n###.#\n#G..#\n#####"


def test_evaluation_is_on_the_training_environment_unless_another_is_named():
    config = tiny_config()
    assert evaluation_env(config) is ENV
    assert evaluation_env(tiny_config(eval_env="point_u_maze")) is ENV
    assert evaluation_env(config).name == "point_u_maze"
    assert evaluation_env(tiny_config(eval_env="point_u_maze_eval")).name == "point_u_maze_eval"


def test_evaluation_environment_of_other_sizes_is_refused(own_registry):
    register_env("counter", Counter)
    message = (
        r"^eval_env='counter' is not usable with env='point_u_maze': an agent acts only where all sizes are its own, "
        r"and these differ \(state 2 and 4, goal 1 and 2, action 1 and 2\)\. Evaluate on another layout"
    )
    with pytest.raises(ConfigError, match=message):
        evaluation_env(tiny_config(eval_env="counter"))
    with pytest.raises(ConfigError, match="unknown environment 'point_u_eval': no such name is registered"):
        evaluation_env(tiny_config(eval_env="point_u_eval"))


def test_options_of_the_config_reach_the_environment():
    config = tiny_config(env="point_spiral", maze=SPIRAL)
    assert env_options(config) == EnvOptions(maze=SPIRAL)
    env = training_env(config)
    assert env is make_env("point_spiral", EnvOptions(maze=SPIRAL))
    assert (env.name, "\n".join(env.maze.rows)) == ("point_spiral", SPIRAL)
    assert evaluation_env(config) is env
    # The layout of another name does not come from the text.
    assert evaluation_env(tiny_config(env="point_spiral", maze=SPIRAL, eval_env="point_u_maze")) is ENV


def test_episodes_are_as_long_as_configured_or_as_the_environment_s():
    assert episode_steps(tiny_config(episode_length=7), ENV) == 7
    assert episode_steps(tiny_config(episode_length=None), ENV) == ENV.spec.episode_length


def test_a_maze_is_read_with_the_name_of_its_file(tmp_path):
    (tmp_path / "spiral.txt").write_bytes(b"\n" + SPIRAL.replace("\n", " \r\n  ").encode() + b"\n\n")
    settings = read_maze("point", tmp_path / "spiral.txt")
    assert settings["env"] == "point_spiral"
    assert tiny_config(**settings).maze == SPIRAL  # blanks and empty lines make no other maze


def test_a_maze_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(ConfigError, match=r"^maze file '.*none\.txt' cannot be read: No such file or directory\.$"):
        read_maze("point", tmp_path / "none.txt")
    (tmp_path / "picture.txt").write_bytes(b"\x89PNG\xff")
    with pytest.raises(
        ConfigError, match=r"^maze file '.*picture\.txt' is no text: a maze is rows of #, \., R and G\.$"
    ):
        read_maze("point", tmp_path / "picture.txt")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"env": "point_spiral"}, r"^unknown environment 'point_spiral'"),
        (
            {"env": "point_u_maze", "maze": SPIRAL},
            r"^maze 'u_maze' is not usable: a layout of the pr",
        ),
        (
            {"env": "reach_spiral", "maze": SPIRAL},
            r"^environment 'reach_spiral' takes no maze given as text\. Th",
        ),
        ({"env": "point_my-spiral", "maze": SPIRAL}, r"^environment 'point_my-spiral' takes no maze given as text"),
        (
            {"env": "point_far", "maze": "#####\n#R#G#\n#####"},
            r"^maze 'far' is not usable: no path leads from",
        ),
        (
            {"env": "point_u_maze", "reference": "jaxgcrl"},
            r"^reference='jaxgcrl' is not usable with environment",
        ),
        (
            {"env": "point_u_maze", "backend": "mjx"},
            r"^backend='mjx' is not usable with environment 'point",
        ),
    ],
)
def test_options_that_an_environment_does_not_have_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        training_env(tiny_config(**changes))
