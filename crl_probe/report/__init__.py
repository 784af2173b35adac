"""The report: one self-contained page, and the numbers and figures behind it."""

from crl_probe.report.build import Report, build_report, write_report
from crl_probe.report.study import ReportSettings, Study

__all__ = ["Report", "ReportSettings", "Study", "build_report", "write_report"]
