"""The text grids hold what the published mazes hold."""

import pytest

from crl_train.envs.maze_layouts import LAYOUTS

# layout: rows, columns, walls, goals for training, goals for evaluation, start cell
EXPECTED = {
    "u_maze": (5, 5, 18, 6, 3, (1, 1)),
    "u2_maze": (5, 6, 21, 8, 4, (1, 1)),
    "u3_maze": (5, 7, 24, 10, 5, (1, 1)),
    "u4_maze": (7, 5, 24, 10, 4, (2, 1)),
    "u5_maze": (7, 8, 39, 16, 8, (2, 1)),
    "u6_maze": (7, 7, 34, 14, 7, (2, 1)),
    "u7_maze": (7, 6, 29, 12, 6, (2, 1)),
    "big_maze": (8, 8, 38, 25, 9, (1, 1)),
    "hardest_maze": (9, 12, 62, 45, None, (1, 1)),
}


def start_cell(rows: tuple[str, ...]) -> tuple[int, int]:
    (cell,) = [(i, row.index("R")) for i, row in enumerate(rows) if "R" in row]
    return cell


@pytest.mark.parametrize("name", EXPECTED)
def test_layout_has_the_published_size_walls_goals_and_start(name):
    num_rows, num_columns, walls, train_goals, eval_goals, start = EXPECTED[name]
    rows = LAYOUTS[name]
    assert (len(rows), {len(row) for row in rows}) == (num_rows, {num_columns})
    assert "".join(rows).count("#") == walls
    assert "".join(rows).count("G") == train_goals
    assert start_cell(rows) == start
    assert (f"{name}_eval" in LAYOUTS) == (eval_goals is not None)


@pytest.mark.parametrize("name", [name for name in EXPECTED if f"{name}_eval" in LAYOUTS])
def test_eval_form_has_the_same_walls_and_start_and_a_part_of_the_goals(name):
    train, evaluation = "".join(LAYOUTS[name]), "".join(LAYOUTS[f"{name}_eval"])
    assert len(train) == len(evaluation)
    for symbol in "#R":
        assert [c == symbol for c in train] == [c == symbol for c in evaluation]
    assert all(t == "G" for t, e in zip(train, evaluation, strict=True) if e == "G")
    assert evaluation.count("G") == EXPECTED[name][4]


def test_there_are_no_other_layouts():
    assert set(LAYOUTS) == {form for name in EXPECTED for form in (name, f"{name}_eval")} - {"hardest_maze_eval"}


def test_training_layouts_offer_a_goal_in_every_free_cell_but_the_start():
    assert not any("." in "".join(LAYOUTS[name]) for name in EXPECTED)


def test_layouts_cannot_be_changed():
    with pytest.raises(TypeError):
        LAYOUTS["u_maze"] = ()
