"""The plugin for pytest, as other people's suites meet it."""

import subprocess
import sys
import textwrap

import pytest

from derivations import pytest_plugin

pytest_plugins = ["pytester"]

RULES = """
import jax

@jax.custom_vjp
def double(x):
    return 2 * x

double.defvjp(lambda x: (2 * x, None), lambda _, g: (2 * g,))

@jax.custom_vjp
def triple(x, y):
    return 3 * x + y

triple.defvjp(lambda x, y: (3 * x + y, None), lambda _, g: (2 * g, g))
"""
SIZES = '{"double": "n", "triple": ("n d", "n d")}'


def run(pytester, mark, body="assert proof, str(proof)"):
    pytester.makepyfile(
        my_rules=RULES,
        test_rules=f"import pytest\n\n{mark}\ndef test_rules(proof):\n    {body}\n",
    )
    return pytester.runpytest_inprocess("-p", "no:cacheprovider")


def test_a_refuted_rule_fails_and_a_right_one_passes(pytester):
    result = run(pytester, f'@pytest.mark.proves("my_rules", sizes={SIZES})')

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*triple: REFUTED*", "*test_rules[[]triple[]]*"])


def test_the_example_of_the_docstring_runs(pytester):
    doc = pytest_plugin.__doc__
    example = textwrap.dedent(doc[doc.index("    @pytest") : doc.index("`sizes` is for")])
    pytester.makepyfile(
        **{
            "my_package/__init__": "",
            "my_package/ops": RULES.replace("double", "norm").replace("triple", "dense"),
        }
    )
    example = example.replace('("n d", "d m", "m")', '("n d", "n d")')
    pytester.makepyfile(test_example=f"import pytest\n\n{example}")
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")

    result.assert_outcomes(passed=1, failed=1)


@pytest.mark.parametrize(
    ("mark", "sentence"),
    [
        ('@pytest.mark.proves("my_rules", sizes={"duble": "n"})', "no rule called duble; remove"),
        ('@pytest.mark.proves("no_rules")', "TARGET needs a module that can be imported"),
        ("@pytest.mark.proves()", "with one module"),
        ('@pytest.mark.proves("my_rules", "n")', "with one module"),
        ('@pytest.mark.proves("my_rules", sizes="n")', "sizes go by the name of the rule"),
    ],
)
def test_a_mistake_in_the_marker_is_a_usage_error(pytester, mark, sentence):
    result = run(pytester, mark)

    assert sentence in result.stdout.str() + result.stderr.str()
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_the_fixture_needs_the_marker(pytester):
    result = run(pytester, "")

    result.stdout.fnmatch_lines(['*the fixture `proof` needs @pytest.mark.proves("a module")*'])


def test_the_plugin_loads_neither_jax_nor_sympy():
    code = "import derivations.pytest_plugin, sys; print({'jax', 'sympy'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"


def test_what_the_package_exports_is_there():
    code = (
        "import derivations.compare, derivations.chapters, derivations as d\n"
        "from derivations import *\n"
        "from derivations import compare, prove, chapters\n"
        "print(all(callable(getattr(d, name)) for name in d.__all__), callable(compare),\n"
        "      set(d.__all__) <= set(dir(d)), hasattr(d, 'nothing'))\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "True True True False"
