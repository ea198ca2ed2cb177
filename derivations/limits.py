"""Every number that a verdict depends on and that no mathematics fixes, each with its reason.

*Tolerances* can change a verdict: they say when two numbers count as equal, or a number as 0.
*Budgets* cannot: where one is used up, a step is not taken or `Undecided` is raised, so the verdict
is UNKNOWN where a larger budget might have decided. Making a budget smaller or larger is therefore
always sound.
"""

# --- tolerances of the algebra's own evaluator (algebra/numeric.py) ---

DIGITS = 60  # of its arithmetic; the inputs have 40, so 20 are left for cancellation
ROUNDING = 1e-30  # less is 0, as max - x_k for the greatest x_k

# --- budgets of the algebra ---

MOST_TERMS = 4000  # of a product; beyond this a proof would take minutes
MOST_POWER = 64  # an exponent that is multiplied out; a sum to this power has at least 65 terms
MOST_CASES = 8  # conditions in one argument; each doubles the work, 2⁸ = 256 cases
MOST_UNROLLED = 8  # entries of an axis of known length, written one by one; e.g. a 3-vector
MOST_ORDERS = 24  # orders of bound names that are tried, 4!; more are sorted by their looks first
MOST_TIES = (
    120  # orders that are tried of names that look alike, 5!; beyond, the first one is taken
)
DEEPEST = 4  # sums inside of sums that are compared; no gradient seen so far needs more than 2
MOST_MATCHES = 64  # ways to read some sums as one; the ways multiply with every sum
MOST_DIVISOR = 10000  # trial divisions of a number under a root; a larger rest keeps its own name
MOST_KEPT = 20000  # results that one function remembers in a proof; an op of ours needs some 2000
MOST_KEPT_OUTSIDE = 1000  # the same where no proof is going on
