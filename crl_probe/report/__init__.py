"""The report: one self-contained page, and the numbers and figures behind it; and the study that it is a report of."""

from crl_probe.report.build import Report, build_report, write_report
from crl_probe.report.env_findings import EnvFindings, ReportSettings
from crl_probe.report.study import Study

__all__ = ["EnvFindings", "Report", "ReportSettings", "Study", "build_report", "write_report"]
