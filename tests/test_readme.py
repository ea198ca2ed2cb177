"""The README does what it says: its blocks run, its verdicts come out, its commands are commands.

Blocks of Python run in order, in one fresh interpreter; one with tests in it is run by pytest. What
a reader brings, data and a package of his own, stands in `YOURS`.
"""

import ast
import json
import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from derivations import commands
from funcnet import cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
VERDICT = re.compile(r"#\s*(PROVED|REFUTED|UNKNOWN)\b")
YOURS = """
import numpy
x = numpy.random.default_rng(0).normal(size=(60, 4)).astype("float32")
labels = (x[:, 0] > 0).astype("int32")
"""
YOUR_PACKAGE = """
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

@jax.custom_vjp
def my_op(x: Float[Array, "n d"], w: Float[Array, "d"]):
    return x @ w
my_op.defvjp(lambda x, w: (x @ w, (x, w)), lambda r, g: (jnp.outer(g, r[1]), g @ r[0]))

@jax.custom_vjp
def norm(x):
    return (x**2).sum()
norm.defvjp(lambda x: ((x**2).sum(), x), lambda x, g: (2 * g * x,))
"""
RUNNER = """
import ast, contextlib, io, json, sys
namespace, said = {"__name__": "__main__"}, []
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for statement in tree.body:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(ast.Module([statement], []), path, "exec"), namespace)
        said.append((path, statement.lineno, statement.end_lineno, out.getvalue()))
print(json.dumps(said))
"""


def blocks(readme):
    """The blocks of Python, in order."""
    return re.findall(r"^```python\n(.*?)^```", readme, flags=re.MULTILINE | re.DOTALL)


def has_tests(block):
    return any(getattr(node, "name", "").startswith("test") for node in ast.parse(block).body)


def promised(block):
    """The lines of a block with the verdict that a comment on them states."""
    lines = enumerate(block.splitlines(), start=1)
    return {number: found[1] for number, line in lines if (found := VERDICT.search(line))}


def shell_lines(readme):
    """Lines of blocks for a shell, and what stands in backticks and starts like a command."""
    fenced = re.findall(r"^```(?:sh|bash|console)\n(.*?)^```", readme, flags=re.M | re.DOTALL)
    lines = [line.removeprefix("$ ").strip() for text in fenced for line in text.splitlines()]
    prose = re.sub(r"^```.*?^```", "", readme, flags=re.MULTILINE | re.DOTALL)
    quoted = re.findall(r"`([^`\n]+)`", prose)
    return [line.split(" #")[0] for line in (*lines, *quoted)]


def commands_of(readme, *start):
    """The arguments of every command that starts with these words, a path before them or none."""
    found = []
    for line in shell_lines(readme):
        if re.match(r"(\S*/)?(python3?|make|funcnet|derivations) ", line):
            words = shlex.split(line)
            words[0] = words[0].split("/")[-1].replace("python3", "python")
            if words[: len(start)] == list(start):
                found.append(words[len(start) :])
    return found


def run(arguments, folder):
    """A fresh interpreter in a folder of its own, with this checkout's packages."""
    (folder / "my_package").mkdir()
    (folder / "my_package" / "__init__.py").touch()
    (folder / "my_package" / "ops.py").write_text(YOUR_PACKAGE, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def run_blocks(sources, folder):
    """What each statement of the blocks printed: (block, first line, last line, text)."""
    (folder / "yours.py").write_text(YOURS, encoding="utf-8")
    for number, source in enumerate(sources):
        (folder / f"{number}.py").write_text(source, encoding="utf-8")
    files = ["yours.py", *(f"{number}.py" for number in range(len(sources)))]
    said = json.loads(run(["-c", RUNNER, *files], folder))
    return [(int(path[:-3]), *rest) for path, *rest in said if path != "yours.py"]


def broken_promises(sources, said):
    """Comments that state a verdict which the statement did not print."""
    for number, source in enumerate(sources):
        for line, verdict in promised(source).items():
            printed = [
                text for b, first, last, text in said if b == number and first <= line <= last
            ]
            if not any(re.search(rf"\b{verdict}\b", text) for text in printed):
                yield f"block {number + 1}, line {line}: {verdict} is promised, got {printed}"


@pytest.mark.slow
def test_blocks_of_python_run_and_keep_their_promises(tmp_path):
    sources = [block for block in blocks(README) if not has_tests(block)]
    assert sources
    assert any(promised(source) for source in sources)
    assert not list(broken_promises(sources, run_blocks(sources, tmp_path)))


@pytest.mark.slow
def test_blocks_with_tests_pass(tmp_path):
    sources = [block for block in blocks(README) if has_tests(block)]
    for number, source in enumerate(sources):
        preamble = "from my_package.ops import *\n"
        (tmp_path / f"test_{number}.py").write_text(preamble + source, encoding="utf-8")
    if sources:
        assert "passed" in run(["-m", "pytest", "-q", "-p", "no:cacheprovider"], tmp_path)


def test_a_broken_promise_is_noticed(tmp_path):
    sources = ["1\nprint('REFUTED')  # REFUTED, it says\nprint(\n    'UNKNOWN'\n)  # PROVED\n"]
    (broken,) = broken_promises(sources, run_blocks(sources, tmp_path))
    assert broken.startswith("block 1, line 5: PROVED is promised, got ['UNKNOWN")


def test_commands_are_found_in_tables_and_blocks():
    text = (
        "| a | `python -m funcnet train` |\n```sh\n$ .venv/bin/python -m funcnet jacobian  # x\n```"
    )
    assert commands_of(text, "python", "-m", "funcnet") == [["jacobian"], ["train"]]


@pytest.mark.parametrize(
    ("program", "parser"), [("funcnet", cli._parser()), ("derivations", commands._parser())]
)
def test_commands_are_understood(program, parser):
    found = commands_of(README, "python", "-m", program) + commands_of(README, program)
    assert found, f"the README shows no command of {program}"
    for arguments in found:
        parser.parse_args(arguments)


def test_make_has_what_is_made():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    asked = [word for words in commands_of(README, "make") for word in words if "=" not in word]
    assert asked
    assert set(asked) <= targets


def test_every_module_that_is_run_exists():
    for name, *_ in commands_of(README, "python", "-m"):
        assert find_spec(name), f"the README runs {name}, which does not exist"
