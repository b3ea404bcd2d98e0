"""Execute the chapters and keep their stored form stable.

    python -m tools.notebooks execute [02]    run the chapters whose names start with 02, or all
    python -m tools.notebooks check [02]      say what is not normalised

A chapter is stored with its outputs. Executing it twice must change no byte, so that a diff
shows what the author changed and nothing else.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parents[1]

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
CELL_METADATA = ("jupyter", "mystnb", "tags")
CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}

REFUSED = {
    "a memory address": re.compile(r"\bat 0x[0-9a-fA-F]{6,}"),
    "a path of this machine": re.compile(
        r"(?<![\w./:+=-])/(?:home|root|tmp|work|Users|usr|opt|var|mnt|private|content)/\w[\w./-]*"
        r"|\b[A-Z]:\\\\?(?:Users|Windows|Program Files)\b"
    ),
}


def toc_files(root=ROOT):
    """Every file that _toc.yml names under parts and chapters, in order, without its suffix."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))

    def walk(entries):
        for entry in entries:
            if "file" in entry:
                yield entry["file"]
            for branch in ("chapters", "sections"):
                yield from walk(entry.get(branch, ()))

    return list(walk(toc.get("parts", ()))) + list(walk(toc.get("chapters", ())))


def chapter_paths(start="", root=ROOT):
    """The notebooks in chapters/ whose file names begin with ``start``."""
    return sorted((root / "chapters").glob(f"{start}*.ipynb"))


# --- one stored form ---------------------------------------------------------------------------


def normalise(notebook):
    """Bring ``notebook`` into the one form in which chapters are stored, in place."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    )
    set_cell_ids(notebook.cells)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in CELL_METADATA if cell.metadata.get(key)}
        )
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    number_executed(code_cells)
    for cell in code_cells:
        cell.outputs = merge_streams(keep_portable(output) for output in cell.outputs)
    return notebook


def set_cell_ids(cells):
    """Keep valid ids that occur once; name the other cells c001, c002, ..."""
    taken = set()
    nameless = []
    for cell in cells:
        if CELL_ID.fullmatch(cell.get("id", "")) and cell.id not in taken:
            taken.add(cell.id)
        else:
            nameless.append(cell)
    free = (f"c{number:03d}" for number in range(1, 10_000) if f"c{number:03d}" not in taken)
    for cell, name in zip(nameless, free, strict=False):
        cell.id = name


def number_executed(code_cells):
    """Number the executed cells 1, 2, 3, ..."""
    executed = [cell for cell in code_cells if cell.execution_count is not None]
    for count, cell in enumerate(executed, start=1):
        cell.execution_count = count
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count


def keep_portable(output):
    """Drop a widget's live view, which is an error message wherever its kernel is gone."""
    if WIDGET_VIEW in output.get("data", {}):
        kept = {key: output.data[key] for key in ("text/html", "text/plain") if key in output.data}
        output.data = nbformat.from_dict(kept)
        output.metadata = nbformat.from_dict({})
    return output


def merge_streams(outputs):
    """Join printed text that only the timing of the kernel had split."""
    merged = []
    for output in outputs:
        last = merged[-1] if merged else None
        is_stream = output.output_type == "stream"
        if is_stream and last and last.output_type == "stream" and last.name == output.name:
            last.text += output.text
        else:
            merged.append(output)
    return merged


def output_texts(cell):
    """(container, key) of every text in the cell's outputs; images are left out."""
    for output in cell.outputs:
        if output.output_type == "stream":
            yield output, "text"
        for mime, value in output.get("data", {}).items():
            if isinstance(value, str) and (not mime.startswith("image/") or "svg" in mime):
                yield output.data, mime


def texts_of(cell):
    """(kind, text) of every text in the cell's outputs."""
    return [(key, container[key]) for container, key in output_texts(cell)]


# --- what may not be stored --------------------------------------------------------------------


def refusals(notebook):
    """What stands in the outputs and is different on every machine, in words."""
    return [
        f"cell {cell.id}: its {kind} output holds {what}: {match.group()}"
        for cell in notebook.cells
        if cell.cell_type == "code"
        for kind, text in texts_of(cell)
        for what, pattern in REFUSED.items()
        if (match := pattern.search(text))
    ]


def to_text(notebook):
    """The file's text, laid out as Jupyter does: indent 1, UTF-8, a newline at the end."""
    return nbformat.writes(notebook, version=4, ensure_ascii=False, indent=1) + "\n"


def problems(path):
    """What keeps the notebook at ``path`` from being normalised; an empty list if nothing does."""
    text = Path(path).read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    found = refusals(notebook)
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        found.append(f"not a valid notebook: {error}")
    wanted = to_text(normalise(notebook))
    if text != wanted:
        found.append(f"not normalised from line {first_difference(text, wanted)}: run make execute")
    return found


def first_difference(text, wanted):
    lines = zip(text.splitlines(), wanted.splitlines(), strict=False)
    same = 0
    for line, wanted_line in lines:
        if line != wanted_line:
            break
        same += 1
    return same + 1


# --- execution ---------------------------------------------------------------------------------


def execute(path):
    """Run the chapter at ``path`` and store it; return the seconds it took.

    It runs in an empty folder: in Colab, too, there is a notebook and nothing else. What the
    author has solved is not shown.
    """
    os.environ["DROPOUT_PROGRESS"] = "off"
    notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    normalise(notebook)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=600,
            kernel_name="python3",
            store_widget_state=False,
            record_timing=False,
            resources={"metadata": {"path": folder}},
        )
        start = time.perf_counter()
        client.execute()
        seconds = time.perf_counter() - start
    normalise(notebook)
    if found := refusals(notebook):
        raise ValueError("\n".join(found))
    nbformat.validate(notebook)
    write(path, to_text(notebook))
    return seconds


def write(path, text):
    """Replace the file at once, so that an interrupted run leaves the old one."""
    half = path.with_name(path.name + ".part")
    half.write_text(text, encoding="utf-8", newline="\n")
    os.replace(half, path)


def run_execute(paths):
    failed = False
    for path in paths:
        try:
            seconds = execute(path)
        except (CellExecutionError, ValueError) as error:
            print(f"{path.name}: not stored\n{error}", file=sys.stderr)
            failed = True
        else:
            print(f"{path.name}: {seconds:.1f} s", flush=True)
    return int(failed)


def run_check(paths):
    found = [f"{path.name}: {problem}" for path in paths for problem in problems(path)]
    print("\n".join(found) or f"{len(paths)} chapters are normalised")
    return int(bool(found))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["execute", "check"])
    parser.add_argument("start", nargs="?", default="", help="how the file name begins, as 02")
    options = parser.parse_args(arguments)
    paths = chapter_paths(options.start)
    if options.start and not paths:
        parser.error(f"no chapter begins with {options.start!r}")
    return {"execute": run_execute, "check": run_check}[options.command](paths)


if __name__ == "__main__":
    sys.exit(main())
