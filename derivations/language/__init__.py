"""What a derivation is written in: its notation, checks, array functions, LaTeX; SymPy's border."""
