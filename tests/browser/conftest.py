"""One browser and one report for all tests of this folder; whatever a page should not do fails the test that saw it."""

import os
from pathlib import Path

import pytest

from tests.browser import reports
from tests.browser.visit import CHROMIUM, launch, opener


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


# Of the folder and not of the session: while playwright runs, no other test could start an event loop.
@pytest.fixture(scope="package")
def browser():
    pytest.importorskip("playwright.sync_api", reason="no playwright here: pip install -e '.[dev]'")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: the report is not tried in a browser")
    with launch() as browser:
        yield browser


@pytest.fixture
def open_page(browser):
    """A function that opens a page for one test."""
    with opener(browser) as open_page:
        yield open_page


@pytest.fixture(scope="module")
def shared_page(browser, report):
    """The ordinary report, for tests that begin with ``start_over`` or do not mind what others did."""
    with opener(browser) as open_page:
        yield open_page(report.index)


@pytest.fixture(scope="module")
def page_of_two(browser, two_mazes):
    """The report on two mazes, for tests that do not mind what others did; nothing glides there."""
    with opener(browser) as open_page:
        yield open_page(two_mazes.index, reduced_motion="reduce")


@pytest.fixture(scope="package")
def report(browser, tmp_path_factory):
    return reports.ordinary(tmp_path_factory.mktemp("ordinary"))


@pytest.fixture(scope="package")
def results(report):
    """What the probes gave, by name."""
    return report.findings[0].measured.results


@pytest.fixture(scope="package")
def two_mazes(browser, tmp_path_factory):
    return reports.two_mazes(tmp_path_factory.mktemp("two_mazes"))


@pytest.fixture
def pictures_folder(tmp_path):
    """Where screenshots go that a person should look at."""
    return Path(os.environ.get("CRL_PROBE_SCREENSHOTS", tmp_path))
