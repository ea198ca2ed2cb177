"""The trusted kernel: normal form, derivative and equality of index expressions, for every size.

No JAX in here.
"""
