"""Whatever the library and the tools import is pinned, and what a chapter needs is in the extra."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"dropout_lib", "tests", "tools"}


def imported(folder):
    """The distributions that the Python files below a folder import."""
    modules = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules.add(node.module.split(".")[0])
    installed = packages_distributions()
    foreign = modules - OURS - set(sys.stdlib_module_names)
    return {normalised(installed[module][0]) for module in foreign}


def normalised(name):
    return re.split(r"[\s\[;<>=!~]", name)[0].lower().replace("_", "-")


def pinned():
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    return {normalised(line) for line in lines if line and not line.startswith("#")}


@pytest.mark.parametrize("folder", ["dropout_lib", "tests", "tools"])
def test_every_import_is_pinned(folder):
    assert imported(folder) <= pinned()


def test_the_library_lists_what_it_imports():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    section = text[text.index("dependencies = ") : text.index("[tool.setuptools.dynamic]")]
    listed = {normalised(name) for name in re.findall(r'^\s*"?([\w-]+)>=', section, re.MULTILINE)}
    listed |= {normalised(name) for name in re.findall(r'"([\w-]+)>=', section)}
    assert imported("dropout_lib") <= listed
