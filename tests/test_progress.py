"""What a reader has solved survives kills, damage and a second notebook, and stays at home."""

import json
import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import nbformat
import pytest

from dropout_lib.exercises import (
    all_exercises,
    check,
    export_progress,
    find,
    forget_progress,
    hint,
    import_progress,
    progress,
    record,
    solution,
)
from dropout_lib.exercises.core import CHAPTERS, TITLES, chapter_of

NAME = "02-backward"


@pytest.fixture
def path(tmp_path, monkeypatch):
    path = tmp_path / "kept" / "progress.json"
    monkeypatch.setenv("DROPOUT_PROGRESS", str(path))
    monkeypatch.setattr(record, "_session", {})
    monkeypatch.setattr(record, "_said", set())
    return path


def solve(name=NAME):
    return check(name, find(name).solution)


def known():
    return record.load().get(NAME, {})


def test_a_right_answer_is_kept(path):
    assert progress().solved == 0
    check(NAME, lambda grad_output, mask, p: grad_output)
    assert progress().states[NAME] == "tried"
    assert progress().next == NAME
    solve()
    assert progress().states[NAME] == "solved"
    assert progress().solved == 1
    assert known()["tries"] == 2
    check(NAME, lambda grad_output, mask, p: grad_output)
    assert progress().states[NAME] == "solved"
    assert known()["tries"] == 2
    assert json.loads(path.read_text("utf-8"))["exercises"][NAME] == known()


def test_a_starter_is_no_try(path):
    check(NAME, None)
    assert known() == {}


def test_hints_come_one_after_the_other(path):
    hints = find(NAME).hints
    shown = [repr(hint(NAME)) for _ in range(len(hints) + 1)]
    assert all(text in said for text, said in zip(hints, shown, strict=False))
    assert hints[-1] in shown[-1]
    assert "solution(" in shown[-1]
    assert repr(hint(NAME, 1)) == shown[0]
    assert known()["hints"] == len(hints)
    solution(NAME)
    assert known()["solution"]


def test_every_chapter_is_drawn_with_all_its_exercises(path):
    solve()
    drawn, text = progress()._repr_html_(), repr(progress())
    for chapter in CHAPTERS:
        of_chapter = [e for e in all_exercises() if chapter_of(e.name) == chapter]
        solved = int(chapter == "02")
        assert TITLES[chapter] in drawn
        assert TITLES[chapter] in text
        assert set(progress().of(chapter)) == {e.name for e in of_chapter}
        assert f"{solved} of {len(of_chapter)}</span>" in drawn
    assert drawn.count("●") == text.count("●") == 1
    assert f"1 of {len(all_exercises())} exercises solved" in drawn


def test_when_all_is_solved_it_says_so(path, monkeypatch):
    monkeypatch.setattr(record, "load", lambda: {e.name: {"solved": "1"} for e in all_exercises()})
    assert progress().next is None
    assert "solved them all" in repr(progress())


def test_titles_are_those_of_the_chapters():
    for chapter, module in CHAPTERS.items():
        stem = f"{chapter.replace('-', '_')}_{module}"
        notebook = nbformat.read(
            Path(__file__).parents[1] / "chapters" / f"{stem}.ipynb", as_version=4
        )
        assert notebook.cells[0].source.splitlines()[0] == f"# {TITLES[chapter]}"


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '"x"', "\0\0", '{"version": 99, "exercises": {}}',
     '{"version": 1, "exercises": {"02-backward": 3}}', '{"version": 1, "exercises": []}'],
)  # fmt: skip
def test_a_damaged_file_is_set_aside(path, content):
    path.parent.mkdir()
    path.write_text(content, encoding="utf-8")
    with pytest.warns(UserWarning, match="progress begins anew"):
        solve()
    assert path.with_suffix(".unreadable").read_text("utf-8") == content
    assert progress().solved == 1


def test_where_nothing_can_be_written_the_session_remembers(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "_session", {})
    monkeypatch.setattr(record, "_said", set())
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("DROPOUT_PROGRESS", str(tmp_path / "file" / "progress.json"))
    with pytest.warns(UserWarning, match="for this session only"):
        solve()
    assert progress().states[NAME] == "solved"
    assert "until this session ends" in progress()._repr_html_()


def test_a_full_disk_leaves_the_old_file(path, monkeypatch):
    solve("02-forward")
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.warns(UserWarning, match="disk full"):
        solve()
    assert path.read_bytes() == before
    assert progress().solved == 2
    assert [file.name for file in path.parent.iterdir() if file.suffix == ".part"] == []


def test_a_file_that_cannot_be_read_is_not_overwritten(path, monkeypatch):
    solve("02-forward")
    before = path.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_text", lambda *_: (_ for _ in ()).throw(PermissionError()))
        with pytest.warns(UserWarning, match="for this session only"):
            solve()
    assert path.read_bytes() == before
    assert progress().solved == 2


def test_off_keeps_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("DROPOUT_PROGRESS", "off")
    monkeypatch.setattr(record, "_session", {})
    solve()
    assert record.progress_path() is None
    assert progress().solved == 1


def test_without_a_word_it_lies_where_programs_keep_their_data(monkeypatch):
    monkeypatch.delenv("DROPOUT_PROGRESS")
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    path = record.progress_path()
    assert (path.parent.name, path.name) == ("dropout-book", "progress.json")
    assert sys.platform != "linux" or path.parts[:2] == ("/", "somewhere")


def test_forgetting(path):
    solve()
    forget_progress()
    assert not path.exists()
    assert progress().solved == 0


def test_export_and_import_add_up(path, tmp_path):
    solve()
    there = export_progress(tmp_path / "mine.json")
    forget_progress()
    solve("02-forward")
    hint(NAME)
    import_progress(there)
    assert progress().solved == 2
    assert known() == {"tries": 1, "hints": 1, "solved": known()["solved"]}


def test_in_colab_the_export_is_downloaded(path, tmp_path, monkeypatch):
    downloaded = []
    for name in ("google", "google.colab", "google.colab.files"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules["google.colab.files"].download = downloaded.append
    solve()
    assert "until this session ends" in progress()._repr_html_()
    export_progress(tmp_path / "mine.json")
    assert downloaded == [str(tmp_path / "mine.json")]


def test_importing_something_else_is_refused(path, tmp_path):
    (tmp_path / "other.json").write_text("[1, 2]")
    with pytest.raises(ValueError, match=r"other\.json is not a file that export_progress"):
        import_progress(tmp_path / "other.json")


def writer(path, *code):
    return subprocess.Popen(
        [sys.executable, "-c", "\n".join(["from dropout_lib.exercises import record", *code])],
        env={**os.environ, "DROPOUT_PROGRESS": str(path)},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("milliseconds", [0, 1, 2, 3, 5, 8])
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_kill_while_writing_loses_nothing_that_was_confirmed(path, milliseconds):
    process = writer(
        path, "for i in range(10**6):", "    record.note_hint('x', i)", "    print(i, flush=True)"
    )
    for _ in range(20):
        confirmed = int(process.stdout.readline())
    time.sleep(milliseconds / 1000)
    process.send_signal(signal.SIGKILL)
    confirmed = max([confirmed, *map(int, process.stdout.read().split("\n")[:-1])])
    process.wait()
    assert record.load()["x"]["hints"] in (confirmed, confirmed + 1)
    record.note_hint("x", 10**7)  # and the lock is free
    assert record.load()["x"]["hints"] == 10**7


def test_two_notebooks_at_the_same_time_lose_nothing(path):
    processes = [
        writer(path, f"for i in range(40): record.note_try(f'{name}-{{i}}', True)")
        for name in ("a", "b")
    ]
    assert [process.wait() for process in processes] == [0, 0]
    assert set(record.load()) == {f"{name}-{i}" for name in "ab" for i in range(40)}
