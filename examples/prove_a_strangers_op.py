"""A stranger's cosine similarity with a subtle mistake: found, explained, mended, proved.

The backward divides by |x| where |x|² belongs. The two agree for unit vectors, and on those alone
it had been tested.
"""

import jax
import jax.numpy as jnp

from derivations.proving.proof import prove


def cosine(x, y):
    return x @ y / (jnp.sqrt(x @ x) * jnp.sqrt(y @ y))


def rule(power):
    """The op, its backward with |x| and |y| to some power."""

    def backward(residuals, g):
        x, y = residuals
        length_x, length_y, c = jnp.sqrt(x @ x), jnp.sqrt(y @ y), cosine(x, y)
        x_bar = g * (y / (length_x * length_y) - c * x / length_x**power)
        return x_bar, g * (x / (length_x * length_y) - c * y / length_y**power)

    op = jax.custom_vjp(cosine)
    op.defvjp(lambda x, y: (cosine(x, y), (x, y)), backward)
    return op


def main():
    found = prove(rule(power=1), "n", "n")
    print(found)
    assert found.verdict == "REFUTED"

    mended = prove(rule(power=2), "n", "n")
    print(f"\nmended: {mended}")
    assert mended, "true for every x, every y and every n"


if __name__ == "__main__":
    main()
