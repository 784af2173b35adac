"""docs/environments.md says what the registry and the mazes say."""

import re
from pathlib import Path

import pytest

from crl_train.envs import list_families
from crl_train.envs.maze_geometry import Maze
from crl_train.envs.maze_layouts import LAYOUTS
from tools.draw_environments import PICTURES

PAGE = Path(__file__).parents[1] / "docs" / "environments.md"
TEXT = PAGE.read_text(encoding="utf-8")
FAMILIES = {family.form: family for family in list_families()}
LAYOUTS_OF_TRAINING = [name for name in LAYOUTS if not name.endswith("_eval")]


def table(first_heading: str) -> list[list[str]]:
    """Cells of the rows below the heading row that begins so."""
    lines = TEXT[TEXT.index(f"| {first_heading} |") :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_table_has_the_facts_of_every_family():
    rows = {re.findall(r"`(.+?)`", row[0])[0]: row[1:] for row in table("environment | state")}
    assert list(rows) == list(FAMILIES)
    for form, row in rows.items():
        family = FAMILIES[form]
        spec = family.facts(family.names[0])
        assert spec is not None
        assert row == [
            *map(str, (spec.layout.dim, len(spec.goal_axes), spec.action_dim, spec.episode_length)),
            f"{spec.dt:g} s",
            f"{spec.tolerance:g} {spec.unit}",
            spec.backend,
            ", ".join(family.references),
        ]


def test_every_family_has_a_section_with_a_picture_and_its_form_or_names():
    sections = dict(zip(re.findall(r"^## (.+)$", TEXT, re.M), re.split(r"^## .+$", TEXT, flags=re.M)[1:], strict=True))
    anchors = {title.lower().replace(" ", "-"): text for title, text in sections.items()}
    links = dict(re.findall(r"\[`(.+?)`\]\(#(.+?)\)", TEXT))
    assert list(links) == list(FAMILIES)
    for form, anchor in links.items():
        named = [f"`{form}`", *(f"`{name}`" for name in FAMILIES[form].names)]
        assert any(name in anchors[anchor] for name in named), form
        pictures = [Path(found) for found in re.findall(r"!\[.+?\]\((.+?)\)", anchors[anchor])]
        assert all((PAGE.parent / picture).is_file() for picture in pictures)
        assert {picture.stem for picture in pictures} <= set(PICTURES)
        # Robots as they are drawn, and a plan of starts and goals; points have no body.
        assert [picture.suffix for picture in pictures] == ([".svg"] if form.startswith("point") else [".png", ".svg"])
        assert "**State**" in anchors[anchor] or "State, action and end of an episode" in anchors[anchor]


@pytest.mark.parametrize("row", table("layout | cells"), ids=LAYOUTS_OF_TRAINING)
def test_the_table_of_mazes_is_measured(row):
    name = row[0].strip("`")
    assert name in LAYOUTS_OF_TRAINING
    plain, wide = Maze.from_layout(name, 4.0), Maze.from_layout(name, 4.0, body_radius=0.25)
    num_rows, num_columns = plain.walls.shape
    evaluation = f"{name}_eval"
    assert row[1:] == [
        f"{num_rows} × {num_columns}",
        str(len(plain.goal_cells)),
        str(len(Maze.from_layout(evaluation, 4.0).goal_cells)) if evaluation in LAYOUTS else "",
        f"{plain.farthest_goal_distance:.1f} m",
        f"{wide.farthest_goal_distance:.1f} m",
    ]
