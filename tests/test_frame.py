"""The commands and the pinned environment are what README.md and `make help` say."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TARGETS = {
    "book", "test", "lab", "execute", "evidence", "bench", "serve", "help", "set-repository",
    "clean",
}  # fmt: skip
# Hosts that a reader may be sent to. An index of packages is not among them: pip knows its own.
HOSTS = {"127.0.0.1", "pytorch.org", "colab.research.google.com", "host", "..."}


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_make_help_lists_every_target():
    text = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert set(re.findall(r"^make ([\w-]+)", text, re.MULTILINE)) == TARGETS
    assert set(re.findall(r"^\.PHONY: (.*)", read("Makefile"), re.MULTILINE)[0].split()) == TARGETS


def test_every_requirement_is_pinned():
    lines = [
        line.split("#")[0].split(";")[0].strip() for line in read("requirements.txt").split("\n")
    ]
    requirements = [line for line in lines if line]
    assert requirements
    for requirement in requirements:
        assert re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.+!-]+", requirement), requirement


@pytest.mark.parametrize("name", ["README.md", "Makefile", ".ci/run", "requirements.txt"])
def test_no_package_index_is_named(name):
    assert set(re.findall(r"https?://([\w.-]+)", read(name))) <= HOSTS
    dotted = set(re.findall(r"\b(?:[\w-]+\.)+(?:org|com|io|net|dev)\b", read(name)))
    assert dotted <= HOSTS


def test_the_readme_opens_with_the_two_commands():
    opening = read("README.md").split("```")[1]
    assert opening.split() == ["sh", "make", "book", "make", "test"]


def test_the_continuous_run_is_the_test_command():
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
    assert "make test" in read(".ci/run")
