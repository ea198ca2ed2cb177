"""Print what there is to say against today's verdicts on all tables, or on those that are named.

python -m tests.derivations.attacks [TABLE ...] [--verbose]
"""

import sys
from collections import Counter

import jax

from .judging import against_right, against_wrong, judged, tables, too_long


def main(words: list[str]) -> int:
    """Judge the tables, one line an offender; the exit status says whether there is any."""
    jax.config.update("jax_enable_x64", True)
    is_verbose = "--verbose" in words
    chosen = [w for w in words if not w.startswith("--")]
    offenders = 0
    for kind, against in (("FALSE", against_wrong), ("RIGHT", against_right)):
        for table, entries in tables(kind).items():
            if chosen and table not in chosen:
                continue
            counts: Counter[str] = Counter()
            for name, case in entries.items():
                found = judged(name, case)
                counts[found.verdict] += 1
                complaint = against(found) or too_long(found)
                offenders += bool(complaint)
                if complaint or is_verbose:
                    print(f"  {complaint or found}", flush=True)
            print(f"{kind} {table}: {dict(counts)}", flush=True)
    print(f"{offenders} offenders")
    return int(offenders > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
