"""The imports of both packages: no circle, no arrow that runs back up, nothing that is not meant.

Imports inside of functions count as well: one that breaks a circle only hides it.
"""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = (  # a room imports from floors below, or from its own
    {"limits"},
    {"algebra"},
    {"language", "reading", "witness"},
    {"chapters"},
    {"proving"},
    {"auditing", "book", "compare"},
    {"commands"},
    {"testing", "pytest_plugin", "__main__"},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def modules():
    """Every module of the two packages by its dotted name."""
    found = {}
    for package in ("derivations", "funcnet"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imported(source, known):
    """The dotted names that a source imports, at the top and inside of functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written in full"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in known else node.module


GRAPH = {name: set(imported(path.read_text(), MODULES)) for name, path in MODULES.items()}


def circles(graph):
    """The modules that import themselves, by way of others."""

    def reached(start):
        seen, waiting = set(), list(graph[start])
        while waiting:
            name = waiting.pop()
            if name in graph and name not in seen:
                seen.add(name)
                waiting.extend(graph[name])
        return seen

    return sorted(name for name in graph if name in reached(name))


def room(name):
    """The room of a module of derivations; None for the front door itself."""
    parts = name.split(".")
    return parts[1] if parts[0] == "derivations" and len(parts) > 1 else None


def arrows_up(graph):
    """Imports of a room from a floor above, or from a room that has no floor."""
    for name, others in graph.items():
        for other in others:
            if room(name) and other.split(".")[0] == "derivations":
                above = FLOOR.get(room(other), len(FLOORS))
                if above > FLOOR.get(room(name), -1):
                    yield f"{name} imports {other}"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import a.b", {"a.b"}),
        ("from a import b", {"a.b"}),
        ("from a import c", {"a"}),
        ("def f():\n    from a.b import c", {"a.b"}),
        ("if True:\n    import d as e, a", {"d", "a"}),
    ],
)
def test_imports_are_found_wherever_they_stand(source, names):
    assert set(imported(source, {"a", "a.b"})) == names


def test_a_circle_and_an_arrow_up_are_noticed():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"d"}}) == ["b", "c", "d"]
    up = {"derivations.algebra.x": {"derivations.language.y", "derivations.algebra.z"}}
    assert list(arrows_up(up)) == ["derivations.algebra.x imports derivations.language.y"]
    assert list(arrows_up({"derivations.book": {"derivations"}}))


def test_no_module_imports_itself_by_way_of_others():
    assert not circles(GRAPH)


def test_every_room_has_a_floor():
    assert {room(name) for name in MODULES} - {None} <= set(FLOOR), "give the new room a floor"


def test_rooms_import_downward_only():
    assert not list(arrows_up(GRAPH))


def test_the_kernel_knows_no_sympy_no_jax_and_no_other_room():
    for name in (name for name in GRAPH if room(name) == "algebra"):
        assert not {other.split(".")[0] for other in GRAPH[name]} & {"sympy", "jax", "funcnet"}
        assert {room(other) for other in GRAPH[name]} <= {None, "algebra", "limits"}, name
        assert "derivations" not in GRAPH[name], name


def test_the_library_knows_nothing_of_its_proofs():
    for name in (name for name in GRAPH if name.split(".")[0] == "funcnet"):
        assert not {other.split(".")[0] for other in GRAPH[name]} & {"sympy", "derivations"}, name


def test_an_import_needs_what_the_package_declares_and_nothing_else():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.match(r"[\w-]+", line)[0] for line in project["dependencies"]}
    for name, path in MODULES.items():
        wanted = {other.split(".")[0] for other in imported(_without_functions(path), MODULES)}
        others = wanted - sys.stdlib_module_names - {"derivations", "funcnet"}
        assert others <= declared | ({"pytest"} if room(name) == "pytest_plugin" else set()), name


def _without_functions(path):
    """The source with the bodies of its functions taken out: what an import of it runs."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = [ast.Pass()]
    return ast.unparse(tree)
