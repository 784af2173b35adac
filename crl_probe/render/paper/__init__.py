"""Charts and maps drawn with matplotlib for papers; ``crl_probe.plots`` is the public face.

Every module of this package imports matplotlib, and Python runs this file before any of them.
"""

from crl_probe.render.matplotlib_import import import_matplotlib

import_matplotlib()
