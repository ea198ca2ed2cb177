"""Trainings that are killed at random moments and resumed, and trainings interrupted by Ctrl-C.

Each is run by `fit` and by the command line, in processes of their own. A killed one must end, once
resumed, with files of the same bytes as one that nobody killed; an interrupted one must end in one
piece: with the status 130, what there is written, and no crash.

    python -m benchmarks.survival                        100 killed, 20 interrupted
    python -m benchmarks.survival --killed 10 --interrupted 4
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

STEPS = 600


def main() -> None:
    """Print how many of each kind ended as they must."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--killed", type=int, default=100)
    parser.add_argument("--interrupted", type=int, default=20)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        sys.exit(by_fit(options.child))
    with tempfile.TemporaryDirectory() as name:
        table = written_table(Path(name) / "table.csv")
        for kind in (fit_command, line_command):
            folder = Path(name) / f"{kind.__name__}-whole"
            start = time.perf_counter()
            subprocess.run(kind(folder, table), check=True, stdout=subprocess.DEVNULL)
            whole, length = contents(folder), time.perf_counter() - start
            print(f"{kind.__name__}: {STEPS} steps in {length:.1f} s of a process", flush=True)
            killed(kind, Path(name), table, options.killed // 2, whole, length)
            interrupted(kind, Path(name), table, options.interrupted // 2, whole, length)


def killed(kind, root: Path, table: Path, count: int, whole: dict, length: float) -> None:
    """Kill at a random moment, sometimes twice, resume, and compare."""
    same, came = 0, []
    for number in range(count):
        draw, folder = random.Random(number), root / f"{kind.__name__}-{number}"
        for _ in range(draw.choice((1, 1, 2))):
            if draw.random() < 0.5:  # from the start of the process, or of the training
                stopped(kind(folder, table), draw.uniform(0, length), signal.SIGKILL)
            else:
                begun = partial(has_checkpoint, folder)
                stopped(kind(folder, table), draw.uniform(0, length / 4), signal.SIGKILL, begun)
        came.append(reached(folder))
        subprocess.run(kind(folder, table), check=True, stdout=subprocess.DEVNULL)
        same += contents(folder) == whole
    early = came.count(-1)
    print(
        f"{kind.__name__}: {same} of {count} killed runs end with the same bytes; {early} were "
        f"killed before their first checkpoint, the others at steps {sorted(set(came) - {-1})}",
        flush=True,
    )


def interrupted(kind, root: Path, table: Path, count: int, whole: dict, length: float) -> None:
    """Ctrl-C at a random moment of the training; then resume, too."""
    clean, same = 0, 0
    for number in range(count):
        draw, folder = random.Random(number), root / f"{kind.__name__}-interrupted-{number}"
        status, error = stopped(
            kind(folder, table), draw.uniform(0, length), signal.SIGINT, (folder / "started").exists
        )
        done = status == -signal.SIGINT and not error and (folder / "model.npz").exists()
        fine = done or status in (0, 130)  # done: it was on its way out of Python, all written
        clean += fine and "Traceback" not in error and reached(folder) >= 0
        if not fine:
            print(status, error)
        subprocess.run(kind(folder, table), check=True, stdout=subprocess.DEVNULL)
        same += contents(folder) == whole
    print(
        f"{kind.__name__}: {clean} of {count} interrupted runs end cleanly; {same} end with the "
        "same bytes once resumed",
        flush=True,
    )


def stopped(
    command: list[str], after: float, how: signal.Signals, begun: Callable = lambda: True
) -> tuple[int, str]:
    """Run a command and signal it: its status, and what it said of errors."""
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as child:
        while not begun() and child.poll() is None:
            time.sleep(0.01)
        time.sleep(after)
        if child.poll() is None:
            os.kill(child.pid, how)
        _, error = child.communicate()
    return child.returncode, error


def reached(folder: Path) -> int:
    """The last step with a checkpoint, or -1."""
    return max((int(path.stem[5:]) for path in folder.rglob("step-*.npz")), default=-1)


def has_checkpoint(folder: Path) -> bool:
    """Whether the training has begun."""
    return reached(folder) >= 0


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of the model and of the last checkpoint; nothing else may be left."""
    found = {path.name: path for path in folder.rglob("*") if path.is_file()}
    last = f"step-{STEPS:010}.npz"
    files = {name: found[name].read_bytes() for name in ("model.npz", last) if name in found}
    return files | {name: b"" for name in found if name.startswith(".")}


def fit_command(folder: Path, table: Path) -> list[str]:
    """This module as the child."""
    del table
    return [sys.executable, "-m", "benchmarks.survival", "--child", str(folder)]


def line_command(folder: Path, table: Path) -> list[str]:
    """The command line on a table with words and missing entries."""
    return [
        sys.executable, "-c",
        ("import sys; from pathlib import Path; from funcnet.cli import main\n"
        f"folder = Path({str(folder)!r}); folder.mkdir(exist_ok=True); (folder/'started').touch()\n"
        "sys.exit(main(sys.argv[1:]))"),
        "train", "--data", str(table), "--target", "y", "--steps", str(STEPS),
        "--batch-size", "64", "--output", str(folder), "--resume",
    ]  # fmt: skip


def by_fit(folder: Path) -> int:
    """Train with a checkpoint every ten steps, from the last one if there is one."""
    import jax
    import optax

    from funcnet import Interrupted, checkpoint, fit, layers, ops, serial, squared_error

    network = serial(
        layers.dense(16), layers.batch_norm(), layers.activation(ops.tanh), layers.dense(1)
    )
    x = jax.random.normal(jax.random.key(0), (2000, 8))
    y = x[:, :1] * x[:, 1:2]
    params, state = network.init(jax.random.key(1), (8,))
    folder.mkdir(exist_ok=True)
    (folder / "started").touch()  # from here on Ctrl-C is fit's
    try:
        fitted, _ = fit(
            network, squared_error, optax.adam(0.01), params, state, x, y, STEPS, batch_size=64,
            key=jax.random.key(2), every=10, validation=0.2, patience=STEPS,
            checkpoints=folder, resume=True,
        )  # fmt: skip
    except Interrupted:
        return 130
    checkpoint.save(folder / "model.npz", fitted.params)
    return 0


def written_table(path: Path) -> Path:
    """A table with numbers, words and gaps."""
    draw = random.Random(0)
    lines = ["a,b,kind,y"]
    for _ in range(2000):
        a, b, kind = draw.gauss(0, 1), draw.gauss(5, 3), draw.choice(("red", "green", ""))
        y = a * b + 3 * (kind == "red") + draw.gauss(0, 0.1)
        lines.append(f"{f'{a:.4f}' if draw.random() > 0.1 else ''},{b:.3f},{kind},{y:.4f}")
    path.write_text("\n".join(lines) + "\n")
    return path


if __name__ == "__main__":
    main()
