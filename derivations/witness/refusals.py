"""What the evaluator refuses by name, since to drop a part of it would be a lie."""

from derivations.witness.rules import RULES, refused

COMPLEX = ("real", "imag", "complex", "conj", "fft")
RULES.update(dict.fromkeys(COMPLEX, refused("complex numbers")))
