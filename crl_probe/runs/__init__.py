"""Agents: the contract, loading, comparability, encoding in chunks and worker processes."""
