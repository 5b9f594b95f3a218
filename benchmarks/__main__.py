"""`python -m benchmarks`: the names of all benchmarks, a line each."""

import pkgutil
from pathlib import Path

for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
    if not module.name.startswith("_"):
        print(module.name)
