"""Charts and maps drawn with matplotlib for papers; ``crl_probe.plots`` is the public face."""
