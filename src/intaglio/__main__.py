"""`python -m intaglio` is the command `intaglio`."""

import sys

from intaglio.cli import main

sys.exit(main())
