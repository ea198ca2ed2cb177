"""`python -m derivations`."""

import sys

try:
    from derivations.commands import main

    status = main()
except KeyboardInterrupt:  # while JAX and SymPy were being imported
    print("derivations: interrupted", file=sys.stderr)
    status = 130
sys.exit(status)
