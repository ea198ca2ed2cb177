"""What a PROVED rests on in the algebra: every named rule, in the order of reading."""

import importlib

from derivations.algebra.identities import RULES, Rule

# no module calls a later one, except by the table of constructors in substitution.py; not listed
# are those that are not trusted: guessing and search (what they say is checked), text and numeric
READING = (
    "atoms",
    "polynomials",
    "parts",
    "substitution",
    "ranges",
    "regions",
    "factors",
    "permutations",
    "cases",
    "integers",
    "settling",
    "maxima",
    "brackets",
    "powers",
    "exponentials",
    "functions",
    "naming",
    "binders",
    "sums",
    "orders",
    "calculus",
    "decide",
    "assumed",
)


def rules() -> tuple[Rule, ...]:
    """The rules in the order of reading: by module, and there as they stand."""
    modules = [f"{__package__}.{name}" for name in READING]
    for module in modules:
        importlib.import_module(module)
    return tuple(sorted(RULES.values(), key=lambda rule: modules.index(rule.module)))


def page() -> str:
    """The rules as text: what each says, why it holds, what it needs, and where it stands."""
    return "\n\n".join(map(_paragraph, rules()))


def _paragraph(rule: Rule) -> str:
    lines = [f"{rule.number}  {rule.statement}", f"     because: {rule.why}"]
    if rule.needs:
        lines.append(f"     needs: {rule.needs}")
    where = rule.module.removeprefix(f"{__package__}.")
    return "\n".join([*lines, f"     in {where}.{rule.function}"])
