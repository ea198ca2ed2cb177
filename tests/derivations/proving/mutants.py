"""Mutants of our own rules: their source with one plausible mistake each."""

import ast
import copy
import importlib
import inspect
import textwrap
from collections.abc import Iterator

import jax

FAMILIES = ("activations", "dense", "losses", "normalization", "softmax", "statistics")


def ops():
    """Every op with its module."""
    for family in FAMILIES:
        module = importlib.import_module(f"funcnet.ops.{family}")
        for name, op in vars(module).items():
            if isinstance(op, jax.custom_vjp) and hasattr(module, f"{name}_backward"):
                yield name, op, module


def _negated(node):
    if isinstance(node, ast.expr) and isinstance(node, (ast.BinOp, ast.Call)):
        yield ast.UnaryOp(ast.USub(), node)


def _other_operator(node):
    swaps = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
    if isinstance(node, ast.BinOp) and type(node.op) in swaps:
        yield ast.BinOp(node.left, swaps[type(node.op)](), node.right)


def _term_dropped(node):
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.Div)):
        yield node.left
        if isinstance(node.op, (ast.Add, ast.Mult)):
            yield node.right


def _other_number(node):
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(-node.value) if node.value else ast.Constant(-1)
        if node.value > 1:
            yield ast.Constant(node.value / 2 if isinstance(node.value, float) else 1)


def _transposed(node):
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield ast.BinOp(node.right, ast.MatMult(), node.left)


def _one_less(node):
    if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith(".shape"):
        yield ast.BinOp(node, ast.Sub(), ast.Constant(1))


def _other_branch(node):
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Gt, ast.LtE)):
        flipped = {ast.Gt: ast.Lt, ast.LtE: ast.Gt}[type(node.ops[0])]()
        yield ast.Compare(node.left, [flipped], node.comparators)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "jnp.where":
        yield ast.Call(node.func, [node.args[0], *node.args[:0:-1]], node.keywords)


def _no_cotangent(node):
    if isinstance(node, ast.Name) and node.id.endswith("_bar") and isinstance(node.ctx, ast.Load):
        yield ast.Call(ast.parse("jnp.ones_like", mode="eval").body, [node], [])


def _residuals_swapped(node):
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
        first, second, *rest = node.targets[0].elts
        yield ast.Assign([ast.Tuple([second, first, *rest], ast.Store())], node.value)


def _other_function(node):
    pairs = {"exp": "expm1", "log": "log1p", "logistic": "tanh", "rsqrt": "sqrt"}
    if isinstance(node, ast.Attribute) and node.attr in pairs:
        yield ast.Attribute(node.value, pairs[node.attr], node.ctx)


KINDS = (
    _negated,
    _other_operator,
    _term_dropped,
    _other_number,
    _transposed,
    _one_less,
    _other_branch,
    _no_cotangent,
    _residuals_swapped,
    _other_function,
)


def mutants_of(name, op, module) -> Iterator[tuple[str, jax.custom_vjp]]:
    """Every op that differs from this one by one mistake in forward or backward."""
    for part in ("backward", "forward"):
        tree = ast.parse(textwrap.dedent(inspect.getsource(getattr(module, f"{name}_{part}"))))
        for label, changed in _changed(tree):
            scope = dict(vars(module))
            try:
                exec(compile(ast.unparse(changed), f"<mutant of {name}>", "exec"), scope)
            except (SyntaxError, TypeError, ValueError):
                continue
            mutant = jax.custom_vjp(op.fun, nondiff_argnums=op.nondiff_argnums)
            forward = scope[f"{name}_forward"] if part == "forward" else op.fwd
            mutant.defvjp(forward, scope[f"{name}_backward"] if part == "backward" else op.bwd)
            yield f"{name} {part} {label}", mutant


def _changed(tree):
    count = sum(1 for _ in ast.walk(tree))
    for k in range(count):
        for kind in KINDS:
            for v in range(4):
                fresh = copy.deepcopy(tree)
                nodes = list(ast.walk(fresh))
                options = list(kind(nodes[k]))
                if v >= len(options):
                    break
                before = ast.unparse(nodes[k])
                after = ast.unparse(ast.fix_missing_locations(_located(options[v])))
                _replace(fresh, nodes[k], options[v])
                yield f"{kind.__name__[1:]}: {before} -> {after}", fresh


def _replace(tree, old, new):
    class Swap(ast.NodeTransformer):
        def visit(self, node):
            return new if node is old else self.generic_visit(node)

    Swap().visit(tree)


def _located(node):
    node.lineno = node.end_lineno = 1
    node.col_offset = node.end_col_offset = 0
    return node
