"""No verdict of a test depends on how fast the machine is."""

from derivations.proving.proof import prove

prove.__kwdefaults__["seconds"] = 0
