"""Drawings of results: descriptions of charts, and their renderers for pages and papers."""
