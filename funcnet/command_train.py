"""What `python -m funcnet train` does."""

import argparse
import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optax

from funcnet import data, history, model
from funcnet.columns import Column, Target, encode, encode_target, learn_columns, learn_target
from funcnet.data import Split, Table, features_and_target
from funcnet.files import require_writable
from funcnet.loop import Interrupted, NotFinite
from funcnet.model import Model, perceptron_for
from funcnet.ops import softmax_cross_entropy_with_integer_labels
from funcnet.recipes import RECIPES, Recipe, perceptron
from funcnet.runs import Run, column_error, run_of, train
from funcnet.tables import read

DEFAULTS: dict[str, Any] = {
    "data": None, "target": None, "drop": (), "task": None, "recipe": None, "rate": None,
    "decay": None, "clip": None, "batch_size": None, "hidden": (32, 16), "validate": 0.2,
    "seed": 0, "steps": None, "epochs": None, "patience": None,
}  # fmt: skip
LENGTH = ("steps", "epochs")  # a training may be made longer when it is resumed
OF_TABLES = ("target", "drop", "task", "epochs", "rate", "decay", "clip", "batch_size")
INTERRUPTED = 130


def train_command(options: argparse.Namespace) -> int:
    """Train, with checkpoints on the way; write the model and a picture."""
    folder = options.output / "checkpoints"
    require_writable(folder, "--output")
    _complete(options, _earlier(folder, options))
    split, columns, target, recipe = (_digits if options.data is None else _table)(options)
    arguments = perceptron_for(options.hidden, target, warm=options.data is not None)
    network = perceptron(**arguments)
    _introduce(split, options, recipe)
    extra = {
        "checkpoints": folder, "resume": options.resume, "patience": options.patience,
        "about": _about(options, recipe, columns, target),
    }  # fmt: skip
    quality, rc = "R²" if target.classes is None else "accuracy", 0
    try:
        run = train(network, recipe, split, options.seed, **extra)
    except Interrupted as stop:
        run, rc = run_of(network, stop.fitted, quality), INTERRUPTED
        print(f"interrupted after step {stop.fitted.step}; go on from there with --resume")
    except NotFinite as stop:
        run = run_of(network, stop.fitted, quality)
        _save(Model(network, run.params, run.state, columns, target, arguments), options.output)
        raise
    _save(Model(network, run.params, run.state, columns, target, arguments), options.output)
    if not rc:
        _draw(run, split, options)
    return rc


def _earlier(folder: Path, options: argparse.Namespace) -> Mapping:
    """What the checkpoint to resume from says; without --resume a finished training is removed."""
    found = history.numbered(folder)
    facts = history.facts(found)
    if options.resume:
        if not found:
            print(f"no checkpoint in {folder} yet: from the start")
        return facts
    if facts and not facts["finished"] and not options.anew:
        raise ValueError(
            f"{folder} holds an unfinished training, which came to step {facts['step']}; go on "
            "with --resume, forget it with --anew, or name another folder with --output"
        )
    for path in found:
        path.unlink()
    return {}


def _complete(options: argparse.Namespace, facts: Mapping) -> None:
    """Options that were not given: as in the training that is resumed, else their defaults."""
    stored = facts.get("settings", {})
    longer = any(getattr(options, name) is not None for name in LENGTH)
    for name, default in DEFAULTS.items():
        if getattr(options, name) is None:
            value = stored.get(_option(name), default)
            setattr(options, name, tuple(value) if isinstance(value, list) else value)
    if facts and not longer:
        options.steps, options.epochs = facts["steps"], None
    if options.data is None:
        for name in OF_TABLES:
            if getattr(options, name) not in (None, ()):
                raise ValueError(f"{_option(name)} goes with --data; a recipe has its own")
    elif options.recipe is not None:
        raise ValueError("--recipe is for the digits; leave it out with --data")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _about(options: argparse.Namespace, recipe: Recipe, columns, target: Target) -> dict[str, Any]:
    """What must be the same when the training is resumed, and the names of columns and classes."""
    names = [name for name in DEFAULTS if name not in LENGTH]
    about = {_option(name): getattr(options, name) for name in names}
    if options.data is not None:
        contents = Path(options.data).read_bytes()
        about["digest of the table"] = hashlib.blake2b(contents, digest_size=8).hexdigest()
    elif recipe.name == "deformed":
        about["--steps"] = recipe.steps  # its schedule ends with them
    return {**about, "columns": [c.name for c in columns], "classes": target.classes}


def _digits(options: argparse.Namespace) -> tuple[Split, tuple[Column, ...], Target, Recipe]:
    split, recipe = data.digits(), RECIPES[options.recipe or "source"]
    columns = tuple(Column(name) for name in data.DIGIT_NAMES)
    recipe = recipe._replace(steps=options.steps or recipe.steps)
    return split, columns, Target("digit", split.train.classes), recipe


def _table(options: argparse.Namespace) -> tuple[Split, tuple[Column, ...], Target, Recipe]:
    """The table parted, and encoded by what its training part says."""
    columns = read(options.data, options.target)
    features, name, entries = features_and_target(
        columns, options.data, options.target, options.drop
    )
    target = learn_target(name, entries, options.task)
    kept, held = data.parted(len(entries), options.validate, options.seed)
    learnt = learn_columns(features, kept)
    train, validation = (
        Table(
            encode(learnt, {key: column[rows] for key, column in features.items()}),
            encode_target(target, entries[rows]),
            target.classes,
        )
        for rows in (kept, held)
    )
    return Split(train, validation), learnt, target, _recipe_for(train, options)


def _recipe_for(table: Table, options: argparse.Namespace) -> Recipe:
    """Adam; for values the loss is the squared error of standardised targets."""
    loss = column_error if table.classes is None else softmax_cross_entropy_with_integer_labels
    n = len(table.x)
    batch_size = min(options.batch_size or 512, n)
    steps = options.epochs * (n // batch_size) if options.epochs else options.steps or 2000
    return Recipe("adam", steps, lambda _: _optimiser(options), loss, batch_size)


def _optimiser(options: argparse.Namespace) -> optax.GradientTransformation:
    rate = options.rate or 0.003
    adam = optax.adamw(rate, weight_decay=options.decay) if options.decay else optax.adam(rate)
    return optax.chain(optax.clip_by_global_norm(options.clip), adam) if options.clip else adam


def _introduce(split: Split, options: argparse.Namespace, recipe: Recipe) -> None:
    outputs = len(split.train.classes or [0])
    widths = "-".join(map(str, (split.train.x.shape[1], *options.hidden, outputs)))
    task = f"{outputs} classes" if split.train.classes else "values"
    print(
        f"{len(split.train.x)} examples to train on, {len(split.validation.x)} to validate; "
        f"{task}; network {widths}; recipe {recipe.name}, {recipe.steps} steps"
    )


def _save(trained: Model, folder: Path) -> None:
    """Write the model; to a temporary folder where its own is full."""
    path = folder / "model.npz"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        model.save(path, trained)
    except OSError as error:
        spare = Path(tempfile.mkdtemp(prefix="funcnet-")) / "model.npz"
        model.save(spare, trained)
        raise OSError(
            f"could not write {path} ({error.strerror or error}); the model is in {spare}"
        ) from None
    print(f"wrote {path}")


def _draw(run: Run, split: Split, options: argparse.Namespace) -> None:
    name = Path(options.data).stem if options.data else options.recipe or "source"
    picture = options.output / f"training-{name}.png"
    try:
        from funcnet.picture import draw

        draw(run, split.validation, picture)
        print(f"wrote {picture}")
    except ModuleNotFoundError as error:
        print(f"no picture: {error}; pip install 'funcnet[demo]'")
    except OSError as error:
        print(f"no picture: could not write {picture} ({error.strerror or error})")
