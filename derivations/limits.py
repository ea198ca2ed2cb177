"""Every number that a verdict depends on and that no mathematics fixes, each with its reason.

*Tolerances* can change a verdict: they say when two numbers count as equal, or a number as 0.
*Budgets* cannot: where one is used up, a step is not taken or `Undecided` is raised, so the verdict
is UNKNOWN where a larger budget might have decided. Making a budget smaller or larger is therefore
always sound. *How far the search looks* is neither: the search finds what the algebra has missed,
so less of it may leave a mistake unseen, and more of it makes no right rule wrong.
"""

# --- tolerances of the algebra's own evaluator (algebra/numeric.py) ---

DIGITS = 60  # of its arithmetic; the inputs have 40, so 20 are left for cancellation
ROUNDING = 1e-30  # less is 0, as max - x_k for the greatest x_k

# --- tolerances of proofs (proving/, witness/): relative, of numbers with 40 digits ---

# up to the first gap numbers agree, from the second on they differ; less than the third is 0
EXACT = (1e-20, 1e-13, 1e-32)  # of 40 digits half may cancel; a literal such as 0.1 errs by 1e-17
ROUNDED = (1e-12, 1e-5, 1e-22)  # where polynomials stand for functions, as in JAX's own
LEFT_BY_ROUNDING = 1e-6  # of the eps of a narrow type, times the cotangent: less is 0
ON_SWITCH = (1e-6, 1e-3, 1e-6)  # of limits taken at the distances below
NEARER = (25, 35)  # a switch is left by 1e-25 and 1e-35: nearer than any guard, such as 1e-12
WAYS = 7  # in which it is left; of a tie of three each side shows one
SAME_LIMIT = 1e-6  # limits nearer than this are the same
NEAR_KINK = 1e-10  # a point that is nearer to a kink is not used
ZERO_OF_GAP = 1e-20  # an expression that is less is 0 at a point
MISREAD = 1e-9  # what was read errs by its literals, which are rounded to 1e-16
IN_DOUBLE = 1e-6  # what the code runs to in double precision, where it is right
SHORT = 36  # binary digits of a literal that is meant as it stands; one such as 0.1 has 53
SCRIPT_AGREES = 1e-5  # so near to the truth a script's own way of computing it must come
SCRIPT_LEAST = 1e-12  # a number that is so much less than the other is 0

# --- how far the search looks: it finds what no algebra says, so more finds more ---

TOO_FAR = 1e-6  # a gap between the rule and JAX's derivative that rounding rarely makes
APART = 1e-3  # what is wrong on one point alone is wrong by much
MOST_RAYS = 48  # ways along which gaps are looked for: single entries, arrays
MOST_BRACKETS = 256  # changes of sign that are narrowed at once
OF_ONE_GAP = 4  # changes of sign of one gap
TURNS = 15  # of narrowing, by straight lines and halves: from 1e9 to 1e-9
MOST_BESIDE = 2600  # rows beside gaps, of each of the points started from
COMBINED = 640  # rows that put the values of several rows together
MOST_UNREAD = 4  # sizes, smallest first, of code that was not read and so is UNKNOWN at best
MOST_CANDIDATES = 24  # points that are judged in many digits, 10 ms each
MOST_UNTOLD = 6  # of them where JAX's own derivative is nan, and says nothing
MOST_OF_ONE = 24  # gaps kept of one equation
MOST_GAPS = 400  # and of a program
MOST_ROWS = 900  # structured points
WIDEST = 20_000  # numbers of a point; some 7000 points are looked at, which is a gigabyte

# --- budgets of the algebra ---

MOST_TERMS = 4000  # of a product; beyond this a proof would take minutes
MOST_POWER = 64  # an exponent that is multiplied out; a sum to this power has at least 65 terms
MOST_TURNS = 6  # angles of which one is the sum; each doubles the terms of its sine, 2⁵ = 32
MOST_OF_FORM = 6  # terms of what is looked at as a quadratic form; all pairs of them are tried
MOST_DEGREE = 4  # of the product of the arguments of logarithms that are compared
MOST_STEPS = 3  # by which thresholds of integers differ that are compared
MOST_PATTERNS = 6  # conditions whose consistent cases are looked at one by one, 2⁶ = 64
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
