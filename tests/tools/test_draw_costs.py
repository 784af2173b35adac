"""The figure of costs shows what its rows say: one setting a panel, everything else at its base."""

import json
import statistics
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.draw_costs import PANELS, along, base_of, figure_of, main, rows_of, short

DOCS = Path(__file__).parents[2] / "docs"
BASE = {
    "env": "point_u4_maze",
    "backend": "",
    "device": "cpu",
    "precision": "float32",
    "depth": 16,
    "actor_depth": 16,
    "critic_depth": 16,
    "width": 256,
    "batch_size": 256,
    "num_envs": 256,
    "update_ms": 100.0,
    "share_of_matmul": 0.6,
    "collect_steps_per_second": 40_000.0,
}
ROWS = [
    BASE,
    {**BASE, "depth": 64, "actor_depth": 64, "critic_depth": 64, "update_ms": 400.0},
    {**BASE, "update_ms": 120.0},
    {**BASE, "width": 512, "update_ms": 350.0},
    BASE,
    {**BASE, "batch_size": 512, "update_ms": 190.0},
    BASE,
    {**BASE, "num_envs": 512, "collect_steps_per_second": 44_000.0},
    {**BASE, "precision": "bfloat16", "width": 512, "update_ms": 999.0},  # differs in two
]


def lines(axes):
    return {line.get_label(): dict(zip(*map(list, line.get_data()), strict=True)) for line in axes.get_lines()}


def test_panels_by_hand(tmp_path):
    file = tmp_path / "costs.json"
    file.write_text(json.dumps([*ROWS, {**BASE, "actor_depth": 4}]))
    rows = rows_of(file)
    assert len(rows) == len(ROWS)
    assert base_of(rows)["width"] == 256
    panels = [lines(axes) for axes in figure_of(rows).axes]
    assert [panel["measured"] for panel in panels] == [
        {16: 100.0, 64: 400.0},
        {256: 100.0, 512: 350.0},
        {256: 100.0, 512: 190.0},
        {256: 40_000.0, 512: 44_000.0},
    ]
    assert panels[0]["its matrix products alone"] == pytest.approx({16: 60.0, 64: 240.0})
    proportion = [next(line for label, line in panel.items() if label.startswith("in ")) for panel in panels]
    assert proportion[1] == {256: 87.5, 512: 350.0}  # half the width, a quarter of the products
    assert proportion[3] == {256: 40_000.0, 512: 80_000.0}
    main(file, tmp_path / "costs.svg")
    drawn = (tmp_path / "costs.svg").read_text()
    assert "depth 16, width 256, batch 256" in drawn
    main(file, tmp_path / "costs.svg")
    assert (tmp_path / "costs.svg").read_text() == drawn


@given(st.permutations(ROWS))
def test_the_order_of_rows_does_not_matter(rows):
    assert list(along(rows, "depth")) == [16, 64]
    assert list(along(rows, "num_envs")) == [256, 512]


def test_the_figure_of_the_docs_is_that_of_its_numbers():
    """Not by its bytes, which depend on matplotlib's version: every number that a panel writes is in the file."""
    drawn = (DOCS / "images" / "costs.svg").read_text(encoding="utf-8")
    rows = rows_of(DOCS / "data" / "costs.json")
    for panel in PANELS:
        number = "update_ms" if panel.is_update else "collect_steps_per_second"
        found = along(rows, panel.setting)
        assert len(found) >= 4
        for value, some in found.items():
            assert f">{short(statistics.median(row[number] for row in some))}</text>" in drawn
            assert f">{value:,}</text>" in drawn


@pytest.mark.parametrize(("value", "text"), [(9.52, "9.5"), (95.2, "95"), (1523.0, "1,520"), (123456.0, "123k")])
def test_numbers_are_short(value, text):
    assert short(value) == text
