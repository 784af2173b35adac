"""Malformed input at every door, made by hand: one module for each kind of door, each with its cases."""
