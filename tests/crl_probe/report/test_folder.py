"""Which folders a new report may replace: those that a report wrote, and no other, whatever their files hold."""

import json

import pytest

from crl_probe.report.folder import MARKER, check_replaceable
from crl_train.errors import ConfigError
from tests.mutations import check_reader

WRITTEN = {
    "versions": {"crl-probe": "0.1.0", "numpy": "2.4"},
    "by_depth": {"point_u_maze": [{"value": 0.5}]},
    "runs": [],
}


@pytest.fixture
def report(tmp_path):
    folder = tmp_path / "report"
    folder.mkdir()
    (folder / "index.html").touch()
    (folder / MARKER).write_text(json.dumps(WRITTEN))
    return folder


def test_a_report_and_an_empty_folder_may_be_replaced(report, tmp_path):
    check_replaceable(report)
    (tmp_path / "empty").mkdir()
    check_replaceable(tmp_path / "empty")
    check_replaceable(tmp_path / "new")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{}", '{"versions": null}', '{"versions": ["crl-probe"]}', "[" * 9_000, "9" * 5_000]
    + [json.dumps({**WRITTEN, "by_depth": odd}) for odd in (None, 5, ["point_u_maze"])],
    ids=lambda text: text[:30],
)
def test_a_folder_whose_numbers_no_report_wrote_stays(report, text):
    (report / MARKER).write_text(text)
    with pytest.raises(ConfigError, match=r"holds files that are not a report: it would be lost\."):
        check_replaceable(report)


def test_names_of_files_are_shown_and_not_obeyed(report):
    (report / "\x1b[2J").touch()
    with pytest.raises(ConfigError, match=r"holds \\x1b\[2J, which is not part of a report"):
        check_replaceable(report)


def test_damaged_numbers_are_read_or_explained(report):
    def read(text):
        (report / MARKER).write_bytes(text)
        check_replaceable(report)

    outcomes = check_reader(read, json.dumps(WRITTEN, indent=1).encode(), count=150)
    assert min(outcomes["read"], outcomes["explained"]) > 10
