"""For pytest: every rule of a module proved, each as a test of its own.

    @pytest.mark.proves("my_package.ops", sizes={"norm": "n d", "dense": ("n d", "d m", "m")})
    def test_rules(proof):
        assert proof, str(proof)

`sizes` is for the ops without annotations: a string, or one for each argument. Other options are
those of `derivations.prove`, such as `order=2` or `assuming=["eps > 0"]`. An installed package
brings the plugin along; in a checkout, `pytest_plugins = ["derivations.pytest_plugin"]` does.
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
    module, sizes, options = _asked(marker)
    found = _targets(module)
    unknown = sorted(set(sizes) - set(found))
    if unknown:
        names = ", ".join(unknown)
        raise pytest.UsageError(f"{module} has no rule called {names}; remove its sizes")
    questions = [(op, sizes.get(name, ()), options) for name, op in found.items()]
    metafunc.parametrize("proof", questions, ids=list(found), indirect=True)


def _asked(marker: pytest.Mark) -> tuple[str, dict[str, Any], dict[str, Any]]:
    if len(marker.args) != 1 or not isinstance(marker.args[0], str):
        raise pytest.UsageError('write @pytest.mark.proves("my_package.ops"), with one module')
    options = dict(marker.kwargs)
    sizes = options.pop("sizes", {})
    if not isinstance(sizes, dict):
        raise pytest.UsageError(
            f"sizes go by the name of the rule, such as sizes={{'op': {sizes!r}}}"
        )
    return marker.args[0], sizes, options


def _targets(module: str) -> dict[str, Any]:
    from derivations.commands.targets import targets

    try:
        return targets(module)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.fixture
def proof(request: pytest.FixtureRequest) -> Any:
    """The proof of one rule of the module that the marker `proves` names."""
    if not hasattr(request, "param"):
        raise pytest.UsageError('the fixture `proof` needs @pytest.mark.proves("a module")')
    from derivations.proving.proof import prove

    op, sizes, options = request.param
    return prove(op, *([sizes] if isinstance(sizes, str) else sizes), **options)
