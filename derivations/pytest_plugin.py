"""For pytest: every rule of a module proved, each as a test of its own.

The marker names the module, and the sizes of those ops that have no annotations:

    @pytest.mark.proves("my_package.ops", sizes={"norm": ("n d",)})
    def test_rules(proof):
        assert proof
"""

from typing import Any

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers",
        "proves(module, sizes={}, **options): call the test once for each derivative rule of the "
        "module, with its `proof`; `sizes` has those of ops without annotations, `options` are "
        "those of derivations.prove",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each rule of the module that the marker names."""
    marker = metafunc.definition.get_closest_marker("proves")
    if marker is None or "proof" not in metafunc.fixturenames:
        return
    from derivations.commands.targets import targets

    (module,), options = marker.args, dict(marker.kwargs)
    sizes = options.pop("sizes", {})
    found = targets(module)
    unknown = sorted(set(sizes) - set(found))
    if unknown:
        names = ", ".join(unknown)
        raise pytest.UsageError(f"{module} has no rule called {names}; remove its sizes")
    questions = [(op, sizes.get(name, ()), options) for name, op in found.items()]
    metafunc.parametrize("proof", questions, ids=list(found), indirect=True)


@pytest.fixture
def proof(request: pytest.FixtureRequest) -> Any:
    """The proof of one rule of the module that the marker `proves` names."""
    if not hasattr(request, "param"):
        raise pytest.UsageError('the fixture `proof` needs @pytest.mark.proves("a module")')
    from derivations.proving.proof import prove

    op, sizes, options = request.param
    return prove(op, *([sizes] if isinstance(sizes, str) else sizes), **options)
