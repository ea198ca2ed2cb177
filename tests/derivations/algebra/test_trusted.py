"""What is trusted is written down, read in one direction, and built in one place."""

import ast
import importlib
from pathlib import Path

import pytest

import derivations
from derivations.algebra import identities
from derivations.algebra.trusted import READING, page, rules

ROOT = Path(derivations.__file__).parent
ALGEBRA = ROOT / "algebra"
SEARCH = {"guessing", "search"}  # what they say is checked where it is used
FILES = sorted(ROOT.rglob("*.py"))
NAMED = [f"{path.relative_to(ROOT)}" for path in FILES]


def calls(path: Path, name: str) -> list[int]:
    """The lines on which something of that name is called."""
    found = ast.walk(ast.parse(path.read_text()))
    return [
        node.lineno
        for node in found
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) == name
    ]


@pytest.mark.parametrize("path", FILES, ids=NAMED)
def test_polynomials_are_built_in_one_place(path):
    if path != ALGEBRA / "polynomials.py":
        assert not calls(path, "Poly"), "use terms.monomial, of_terms, part or number"


@pytest.mark.parametrize("path", sorted(ALGEBRA.glob("*.py")), ids=lambda path: path.stem)
def test_files_and_functions_are_short(path):
    text = path.read_text()

    assert len(text.splitlines()) <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1
            assert lines <= 20, f"{path.name}: {node.name} has {lines} lines"


def imported(name: str) -> set[str]:
    tree = ast.parse((ALGEBRA / f"{name}.py").read_text())
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {node.module.rpartition(".")[2] for node in nodes if "algebra" in node.module}


@pytest.mark.parametrize("name", READING)
def test_what_is_trusted_is_read_in_one_direction(name):
    before = {"session", "identities", "terms", *READING[: READING.index(name)]}

    assert imported(name) - SEARCH <= before


def test_constructors_are_asked_for_by_name_in_the_table_alone():
    """No forward reference but the one of substitution: REBUILD["…"] is written there only."""
    for path in ALGEBRA.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "REBUILD":
                is_entry = isinstance(node.ctx, ast.Store)
                assert is_entry or path.stem == "substitution", f"{path.name}:{node.lineno}"


def test_every_rule_prints_itself():
    printed = page()

    for rule in rules():
        assert f"{rule.number}  {rule.statement}" in printed
        assert f"because: {rule.why}" in printed
        assert rule.needs in printed
        module = importlib.import_module(rule.module)
        assert callable(getattr(module, rule.function))
    assert "in sums.total" in printed
    numbers = [rule.number for rule in rules()]
    assert len(numbers) == len(set(numbers)) > 40


def test_a_number_is_given_once():
    with pytest.raises(ValueError, match="two rules are called K1a"):
        identities.identity("K1a", "0 = 1", why="")(lambda: None)
