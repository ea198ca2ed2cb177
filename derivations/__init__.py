"""Derivations of hand-written gradients: LaTeX with every equals sign checked, fast functions, comparisons."""
