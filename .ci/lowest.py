"""The lower bounds that pyproject.toml gives, as constraints for pip: `name==bound`, one a line."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
extras = project["optional-dependencies"]
for requirement in [*project["dependencies"], *extras["demo"], *extras["dev"]]:
    found = re.fullmatch(r"([\w-]+)>=([\w.]+)(,.*)?", requirement)
    if found:
        print(f"{found[1]}=={found[2]}")
