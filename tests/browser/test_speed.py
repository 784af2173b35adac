"""Nobody waits for the page; benchmarks/report_page.py prints the same times."""

import pytest

from tests.browser import reports, speed


@pytest.mark.slow
@pytest.mark.timing
def test_first_paint_and_a_change_of_goal_are_quick(open_page, tmp_path):
    times = speed.waits(open_page, reports.full_size(tmp_path).index)
    assert times["paint"] <= speed.BARS["paint"]
    assert times["goal"] <= speed.BARS["goal"]
