"""Numbers of many runs: estimates over seeds, claims and verdicts, tables and text formats."""
