"""`python -m funcnet train` and `python -m funcnet jacobian`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from funcnet import checkpoint, optimisers
from funcnet.data import Split, Table, digits, load_table, split
from funcnet.files import written_whole
from funcnet.jacobian import input_jacobian
from funcnet.ops import softmax_cross_entropy_with_integer_labels
from funcnet.recipes import RECIPES, Recipe, perceptron
from funcnet.runs import Run, column_error, train

MISTAKES = (ValueError, TypeError, OSError, ModuleNotFoundError, FloatingPointError)
INTERRUPTED = 130


class Scaling(NamedTuple):
    """Features and targets are shifted and scaled before they meet the network."""

    x_centre: jax.Array
    x_scale: jax.Array
    y_centre: jax.Array
    y_scale: jax.Array


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 when all went well, 2 for a usage error, 130 when interrupted."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except MISTAKES as error:
        print(f"funcnet {options.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\nfuncnet {options.command}: interrupted; nothing was written", file=sys.stderr)
        return INTERRUPTED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m funcnet", description="Train networks by hand-written gradients."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _add_train(commands.add_parser("train", help="train on the digits, or on a table of one's own"))
    _add_jacobian(
        commands.add_parser("jacobian", help="derivatives of a trained network by its inputs")
    )
    return parser


def _add_train(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--data", metavar="FILE", help=".csv or .npz; the digits without it")
    add("--target", metavar="NAME", help="the target's column (default: target, label, class or y)")
    add("--recipe", choices=RECIPES, default="source", help="for the digits (default: source)")
    add("--steps", type=_number(int, 1), help="number of steps")
    add("--rate", type=_number(float, 0, above=True), default=None, help="Adam's rate, for --data")
    add("--batch-size", type=_number(int, 2), help="examples a step (default: all, at most 512)")
    add("--hidden", type=_widths, default=(32, 16), metavar="32,16", help="hidden widths")
    add("--validate", type=_share, default=0.2, metavar="SHARE", help="share of rows held out")
    add("--seed", type=_number(int, 0), default=0)
    add(
        "--output",
        type=Path,
        default=Path("output"),
        metavar="FOLDER",
        help="for model and picture",
    )
    parser.set_defaults(run=_train)


def _add_jacobian(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--model", type=Path, default=Path("output/model.npz"), metavar="FILE")
    add("--data", metavar="FILE", help="the table of the training (default: the digits)")
    add("--target", metavar="NAME")
    add("--output", type=Path, default=Path("output/jacobian.npz"), metavar="FILE")
    parser.set_defaults(run=_jacobian)


def _number(kind: type, low: float, above: bool = False) -> Callable[[str], float]:
    def number(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not (value > low if above else value >= low) or value == float("inf"):
            word = "an integer" if kind is int else "a number"
            bound = "above" if above else "of at least"
            raise argparse.ArgumentTypeError(f"needs {word} {bound} {low}, got {text!r}")
        return value

    return number


def _share(text: str) -> float:
    value = _number(float, 0, above=True)(text)
    if value >= 1:
        raise argparse.ArgumentTypeError(f"needs a share between 0 and 1, got {text!r}")
    return value


def _widths(text: str) -> tuple[int, ...]:
    return tuple(int(_number(int, 1)(part)) for part in text.split(",") if part.strip())


def _train(options: argparse.Namespace) -> None:
    _require_writable(options.output)
    if options.data is None:
        data, name = digits(), options.recipe
        recipe, scaling = RECIPES[name], None
        if options.rate is not None or options.batch_size is not None:
            raise ValueError("--rate and --batch-size go with --data; a recipe has its own")
    else:
        table = load_table(options.data, options.target)
        data, scaling = _scaled(split(table, options.validate, options.seed))
        recipe, name = _recipe_for(data.train, options), Path(options.data).stem
    recipe = recipe._replace(steps=options.steps or recipe.steps)
    outputs = len(data.train.classes or [0])
    network = perceptron(options.hidden, outputs, last_norm=data.train.classes is not None)
    _introduce(data, options, recipe, outputs)
    run = train(network, recipe, data, options.seed)
    _save(run, data, scaling, options, name)


def _introduce(data: Split, options: argparse.Namespace, recipe: Recipe, outputs: int) -> None:
    widths = "-".join(map(str, (data.train.x.shape[1], *options.hidden, outputs)))
    task = f"{outputs} classes" if data.train.classes else "values"
    print(
        f"{len(data.train.x)} examples to train on, {len(data.validation.x)} to validate; {task}; "
        f"network {widths}; recipe {recipe.name}, {recipe.steps} steps"
    )


def _require_writable(folder: Path) -> None:
    """Say so before the training, not after it."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise NotADirectoryError(f"--output needs a folder, got the file {nearest}; name another")


def _recipe_for(table: Table, options: argparse.Namespace) -> Recipe:
    """Adam; for values the loss is the squared error of standardised targets."""
    rate = options.rate or 0.003
    loss = column_error if table.classes is None else softmax_cross_entropy_with_integer_labels
    batch_size = options.batch_size or min(512, len(table.x))
    if len(table.x) % batch_size == 1 and batch_size == 1:
        raise ValueError("batch normalisation needs batches of at least 2 rows; add rows")
    return Recipe("adam", 2000, lambda _: optimisers.adam(rate), loss, batch_size)


def _scaled(data: Split) -> tuple[Split, Scaling]:
    """Standardise by the training part; a constant column becomes 0."""
    x, y = (part.astype(np.float64) for part in (data.train.x, data.train.targets))
    spread = x.std(axis=0)
    y_centre, y_scale = (0.0, 1.0) if data.train.classes else (y.mean(), y.std() or 1.0)
    scaling = Scaling(
        jnp.asarray(x.mean(axis=0), jnp.float32),
        jnp.asarray(np.where(spread > 0, spread, 1), jnp.float32),
        jnp.asarray(y_centre, jnp.float32),
        jnp.asarray(y_scale, jnp.float32),
    )
    return Split(*(_standardised(part, scaling) for part in data)), scaling


def _standardised(table: Table, scaling: Scaling) -> Table:
    x = np.asarray((table.x - scaling.x_centre) / scaling.x_scale)
    if table.classes is not None:
        return table._replace(x=x)
    return table._replace(
        x=x, targets=np.asarray((table.targets - scaling.y_centre) / scaling.y_scale)
    )


def _save(run: Run, data: Split, scaling: Scaling | None, options, name: str) -> None:
    options.output.mkdir(parents=True, exist_ok=True)
    about = {
        "inputs": data.train.x.shape[1],
        "hidden": options.hidden,
        "classes": data.train.classes,
    }
    model = options.output / "model.npz"
    checkpoint.save(model, (run.params, run.state, scaling or _no_scaling(about["inputs"])), about)
    print(f"wrote {model}")
    picture = options.output / f"training-{name}.png"
    try:
        from funcnet.picture import draw

        draw(run, data.validation, picture)
        print(f"wrote {picture}")
    except ModuleNotFoundError as error:
        print(f"no picture: {error}; pip install 'funcnet[demo]'")


def _no_scaling(inputs: int) -> Scaling:
    zero, one = jnp.zeros(()), jnp.ones(())
    return Scaling(jnp.zeros(inputs), jnp.ones(inputs), zero, one)


def _jacobian(options: argparse.Namespace) -> None:
    if not options.model.is_file():
        raise FileNotFoundError(
            f"jacobian needs a trained model, got no file {options.model}; "
            "run `python -m funcnet train` first, or name one with --model"
        )
    about = checkpoint.about(options.model)
    outputs = len(about["classes"] or [0])
    network = perceptron(about["hidden"], outputs, last_norm=about["classes"] is not None)
    like = jax.eval_shape(lambda key: network.init(key, (about["inputs"],)), jax.random.key(0))
    params, state, scaling = checkpoint.load(options.model, (*like, _no_scaling(about["inputs"])))
    table = (
        digits().validation if options.data is None else load_table(options.data, options.target)
    )
    if table.x.shape[1] != about["inputs"]:
        raise ValueError(
            f"jacobian needs {about['inputs']} features, as in training, got {table.x.shape[1]}; "
            "pass the table of the training"
        )
    x = (jnp.asarray(table.x) - scaling.x_centre[None]) / scaling.x_scale[None]
    y, slopes = jax.jit(lambda x: input_jacobian(network, params, state, x))(x)
    y = y * scaling.y_scale + scaling.y_centre
    slopes = slopes * scaling.y_scale / scaling.x_scale[None, None]
    _require_writable(options.output.parent)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(options.output) as temporary, temporary.open("wb") as file:
        np.savez(file, value=np.asarray(y), jacobian=np.asarray(slopes))
    print(
        f"wrote {options.output}: value {y.shape}, jacobian {slopes.shape} (example, output, input)"
    )
    sensitivity = jnp.abs(slopes).mean(axis=(0, 1))
    for i in np.argsort(-np.asarray(sensitivity))[:5]:
        print(f"input {i}: mean |derivative| {float(sensitivity[i]):.4g}")
