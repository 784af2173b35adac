"""The report: one self-contained page and the numbers behind it."""

from crl_probe.report.build import ReportSettings, build_report

__all__ = ["ReportSettings", "build_report"]
