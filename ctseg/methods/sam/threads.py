"""How many threads one method may use."""

import os

THREADS = min(2, os.cpu_count() or 1)
"""The machine this is made for has 2 cores; a container may be shown more than it is given."""
