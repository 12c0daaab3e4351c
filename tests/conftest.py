"""Shared by all tests."""

import os

from hypothesis import settings

# No deadlines: a slow or busy machine is no bug. Fixed examples in continuous integration, new ones elsewhere.
settings.register_profile("intaglio", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("intaglio")
