"""``python -m ctseg`` is the ``ctseg`` command."""

import sys

from ctseg.cli import main

sys.exit(main())
