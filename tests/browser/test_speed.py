"""Nobody waits for the page; benchmarks/report_page.py prints the same times."""

import pytest

from tests.browser import reports, speed


@pytest.fixture
def index(tmp_path):
    """The page; made before the clock runs, while other tests may run, too."""
    return reports.full_size(tmp_path).index


@pytest.mark.slow
@pytest.mark.timing
def test_first_paint_and_a_change_of_goal_are_quick(open_page, index):
    times = speed.waits(open_page, index)
    assert times["paint"] <= speed.BARS["paint"]
    assert times["goal"] <= speed.BARS["goal"]
