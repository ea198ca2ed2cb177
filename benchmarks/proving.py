"""The time of a proof beside that of check_grads and of a full Jacobian, at n = 10 … 10000.

A proof holds for all sizes, so its time does not depend on n.

    python -m benchmarks.proving
"""

import time

import jax
import jax.numpy as jnp
from jax.test_util import check_grads

import funcnet.ops
from derivations.commands.targets import targets
from derivations.proving.proof import prove

SIZES = (10, 100, 1000, 10000)
LARGEST_JACOBIAN = 10000


def seconds(action):
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def main():
    ops = targets("funcnet.ops")
    times = {name: seconds(lambda op=op: prove(op)) for name, op in ops.items()}
    slowest = max(times, key=times.get)
    print(
        f"{len(times)} ops proved in {sum(times.values()):.1f} s; "
        f"slowest {slowest}: {times[slowest]:.2f} s\n"
    )
    print(f"softmax     proof for every n: {seconds(lambda: prove(funcnet.ops.softmax)):.3f} s")
    for n in SIZES:
        x = jnp.linspace(-1.0, 1.0, n)
        sampled = seconds(lambda x=x: check_grads(funcnet.ops.softmax, (x,), 1, ["rev"], rtol=1e-4))
        jacobian = seconds(
            lambda x=x: jax.block_until_ready(jax.jit(jax.jacrev(funcnet.ops.softmax))(x))
        )
        print(f"n = {n:5}   check_grads {sampled:.3f} s   full Jacobian {jacobian:.3f} s")


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main()
