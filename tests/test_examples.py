"""Every example runs as a reader would run it, warns of nothing, and prints something."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))


def test_there_are_examples():
    assert EXAMPLES


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(example, tmp_path):
    command = [sys.executable, "-W", "error", str(example)]
    run = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )

    assert run.returncode == 0, f"{example.name} failed:\n{run.stderr}"
    assert run.stdout.strip(), f"{example.name} printed nothing"
    assert not list(tmp_path.iterdir()), f"{example.name} left files behind"
