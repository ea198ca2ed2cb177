"""`python -m derivations`."""

import sys

from derivations.commands import main

sys.exit(main())
