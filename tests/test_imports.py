import subprocess
import sys

import pytest

HEAVY = {
    "torch",
    "matplotlib",
    "ipywidgets",
    "IPython",
    "sklearn",
    "mlxtend",
    "pooch",
    "pandas",
    "yaml",
}


@pytest.mark.parametrize(
    "module",
    [
        "dropout_lib",
        "dropout_lib.scratch",
        "dropout_lib.datasets",
        "dropout_lib.calibration",
        "dropout_lib.claims",
    ],
)
def test_import_brings_nothing_heavy(module):
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    imported = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert module.partition(".")[0] in imported
    assert not HEAVY & set(imported)
