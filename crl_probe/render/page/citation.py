"""How to cite a report: this program, and the paper whose method it trains and probes. As CITATION.cff has it."""

from crl_train.version import __version__

_BIBTEX = """@software{{crl_probe,
  title   = {{crl-probe: train deep contrastive RL agents and measure how depth changes their representations}},
  author  = {{{{The crl-probe maintainers}}}},
  year    = {{2026}},
  version = {{{version}}},
  note    = {{report {report_id}}},
  license = {{Apache-2.0}}
}}

@inproceedings{{wang2025thousand,
  title     = {{1000 Layer Networks for Self-Supervised {{RL}}: Scaling Depth Can Enable New Goal-Reaching
               Capabilities}},
  author    = {{Wang, Kevin and Javali, Ishaan and Bortkiewicz, Micha{{\\l}} and Trzci{{\\'n}}ski, Tomasz and
               Eysenbach, Benjamin}},
  booktitle = {{Advances in Neural Information Processing Systems}},
  year      = {{2025}},
  eprint    = {{2503.14858}},
  archiveprefix = {{arXiv}}
}}"""


def bibtex(report_id: str) -> str:
    """Two BibTeX entries; the first names the report."""
    return _BIBTEX.format(version=__version__, report_id=report_id)
