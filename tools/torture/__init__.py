"""Crashes, damaged files, hostile input and competing processes, by the hundred: ``python -m tools.torture --help``."""
