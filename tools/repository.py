"""Carry the repository's address from its one place to wherever it is needed.

    python -m tools.repository set ADDRESS    e.g. an https address; an empty one takes it away
    python -m tools.repository check          say what disagrees with pyproject.toml

The address stands in pyproject.toml, under [project.urls]. From there it goes into _config.yml
(links and Colab buttons) and into the first code cell of every chapter (installation in Colab).
"""

import argparse
import re
import sys

import nbformat

from tools.notebooks import ROOT, chapter_paths, to_text, write

COLAB = "https://colab.research.google.com"
ADDRESS = re.compile(r"https://[\w.-]+/[\w./-]+[\w-]")
URLS_SECTION = re.compile(r"\[project\.urls\]\nRepository = \"(?P<address>[^\"]*)\"\n\n")

# The same in every chapter. pip leaves numpy and torch as they are: what is installed already
# satisfies dropout_lib's lower bounds, and without --upgrade pip then touches nothing.
OPENING = "# The book's library. "
CELL_WITH_ADDRESS = """\
# The book's library. Where it is missing, as in Colab, this installs it.
try:
    import dropout_lib
except ModuleNotFoundError:
    %pip install --quiet "dropout_lib[book] @ git+{address}@v{version}"
    import dropout_lib

print("dropout_lib", dropout_lib.__version__)"""

CELL_WITHOUT_ADDRESS = """\
# The book's library. `make lab` opens the chapters where it is installed.
try:
    import dropout_lib
except ModuleNotFoundError:
    what_to_do = "In the folder of the book, run: make lab"
    raise ModuleNotFoundError(what_to_do) from None

print("dropout_lib", dropout_lib.__version__)"""


def version(root=ROOT):
    """The version of dropout_lib, as its __init__.py says it."""
    text = (root / "dropout_lib" / "__init__.py").read_text(encoding="utf-8")
    return re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE).group(1)


def address(root=ROOT):
    """The repository's address, or "" as long as there is none."""
    found = URLS_SECTION.search((root / "pyproject.toml").read_text(encoding="utf-8"))
    return found["address"] if found else ""


def first_cell(root=ROOT):
    """The source of the first code cell of every chapter."""
    url = address(root)
    if not url:
        return CELL_WITHOUT_ADDRESS
    return CELL_WITH_ADDRESS.format(address=url, version=version(root))


# --- the three places --------------------------------------------------------------------------


def pyproject_with(text, url):
    """pyproject.toml's ``text`` with the address ``url``; the section goes if it is empty."""
    text = URLS_SECTION.sub("", text)
    section = f'[project.urls]\nRepository = "{url}"\n\n' if url else ""
    anchor = "[project.optional-dependencies]\n"
    return replaced(text, re.escape(anchor), section + anchor)


def config_with(text, url):
    """_config.yml's ``text`` with the address ``url`` and, if there is one, Colab's buttons."""
    text = replaced(text, r"(?<=^repository:\n  url: )\S+$", f'"{url}"')
    return replaced(text, r"(?<=^  colab_url: )\S+$", f'"{COLAB if url else ""}"')


def replaced(text, pattern, new):
    """``text`` with the one match of ``pattern`` replaced by ``new``."""
    text, count = re.subn(pattern, lambda _: new, text, flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"expected exactly one match of {pattern!r}, found {count}")
    return text


def chapter_with(text, source):
    """A chapter's ``text`` with ``source`` as its first code cell, put in where there is none."""
    notebook = nbformat.reads(text, as_version=4)
    kinds = [cell.cell_type for cell in notebook.cells]
    place = kinds.index("code") if "code" in kinds else len(kinds)
    if place == len(kinds) or not notebook.cells[place].source.startswith(OPENING):
        cell = nbformat.v4.new_code_cell(source, id="library")
        notebook.cells.insert(place, cell)
    elif notebook.cells[place].source == source:
        return text
    notebook.cells[place].source = source
    return to_text(notebook)


def outdated(root=ROOT):
    """{path: text it should have} for each file that disagrees with pyproject.toml."""
    config = root / "_config.yml"
    wanted = {config: config_with(config.read_text(encoding="utf-8"), address(root))}
    for chapter in chapter_paths(root=root):
        wanted[chapter] = chapter_with(chapter.read_text(encoding="utf-8"), first_cell(root))
    return {path: text for path, text in wanted.items() if path.read_text("utf-8") != text}


def set_address(url, root=ROOT):
    """Write the address into pyproject.toml and carry it on; return the paths that changed."""
    if url and not ADDRESS.fullmatch(url):
        raise ValueError(
            f"a repository's address looks like https://host/owner/name, but got {url!r}"
        )
    pyproject = root / "pyproject.toml"
    before = pyproject.read_text(encoding="utf-8")
    after = pyproject_with(before, url)
    changed = []
    if after != before:
        write(pyproject, after)
        changed.append(pyproject)
    for path, text in outdated(root).items():
        write(path, text)
        changed.append(path)
    return changed


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("set").add_argument("address")
    commands.add_parser("check")
    options = parser.parse_args(arguments)
    if options.command == "check":
        paths = list(outdated())
        for path in paths:
            print(f"{path.relative_to(ROOT)} disagrees with pyproject.toml: make set-repository")
        return int(bool(paths))
    try:
        changed = set_address(options.address)
    except ValueError as error:
        parser.error(str(error))
    for path in changed:
        print(f"changed {path.relative_to(ROOT)}")
    print(f"The repository's address: {address() or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
