"""For other people's test suites: `assert_proved(op, "n d")`, or every rule of a module.

    @pytest.mark.parametrize("op", ops_of("my_package.ops"), ids=name_of)
    def test_gradient(op):
        assert_proved(op)

With pytest the marker `proves` of `derivations.pytest_plugin` does the same in one line.
"""

from collections.abc import Callable
from typing import Any

from derivations.commands.targets import targets
from derivations.proving.arguments import name_of
from derivations.proving.proof import Proof, prove

__all__ = ["assert_proved", "name_of", "ops_of"]


def assert_proved(op: Callable, *sizes: str, **options: Any) -> Proof:
    """Fail unless every gradient of the op is proved; the message is the whole proof.

    Args:
        op: as for `prove`.
        sizes: as for `prove`.
        options: `wrt`, `assuming`, `static`, `order`, `seconds` of `prove`.

    Raises:
        AssertionError: something is refuted or unknown.
    """
    __tracebackhide__ = True  # pytest shows the caller's line
    proof = prove(op, *sizes, **options)
    if not proof:
        raise AssertionError(str(proof))
    return proof


def ops_of(module: str) -> list[Callable]:
    """The `jax.custom_vjp` and `jax.custom_jvp` functions of a module."""
    return list(targets(module).values())
