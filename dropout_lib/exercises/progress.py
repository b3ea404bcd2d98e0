"""``progress()``: what a reader has solved, drawn chapter by chapter."""

from html import escape
from importlib.resources import files

from ..explorers.theme import stylesheet
from . import record
from .core import CHAPTERS, TITLES, all_exercises, chapter_of

STATES = {"solved": "●", "tried": "◐", "open": "○"}  # told apart by form, and named in words


def progress():
    """Draw what you have solved so far, and where to go on."""
    return Progress(record.load())


class Progress:
    """Shows what is known of each exercise, as HTML in a notebook and as text elsewhere."""

    def __init__(self, known):
        self.states = {e.name: state_of(known.get(e.name, {})) for e in all_exercises()}
        self.titles = {e.name: e.title for e in all_exercises()}

    def of(self, chapter):
        """{exercise of the chapter: its state}."""
        return {name: state for name, state in self.states.items() if chapter_of(name) == chapter}

    @property
    def solved(self):
        return sum(state == "solved" for state in self.states.values())

    @property
    def next(self):
        """The exercise to go on with: the first that was tried and not solved, else unsolved."""
        for wanted in ("tried", "open"):
            for name, state in self.states.items():
                if state == wanted:
                    return name
        return None

    @property
    def heading(self):
        return f"{self.solved} of {len(self.states)} exercises solved"

    @property
    def going_on(self):
        if self.next is None:
            return "You have solved them all."
        return f"Go on with {self.next}, “{self.titles[self.next]}”."

    @property
    def where(self):
        path = record.progress_path()
        lasting = path and path.exists() and not record.in_colab()
        kept = f"kept in {path}" if lasting else "kept until this session ends"
        return f"This is {kept}; export_progress() writes a file to take along."

    def __repr__(self):
        rows = [
            f"{''.join(STATES[state] for state in self.of(chapter).values()):6}"
            f"{number(chapter):>4}  {TITLES[chapter]}"
            for chapter in CHAPTERS
        ]
        return "\n".join([self.heading, *rows, self.going_on])

    def _repr_html_(self):
        style = files("dropout_lib.exercises").joinpath("progress.css").read_text("utf-8")
        rows = "\n".join(self._row(chapter) for chapter in CHAPTERS)
        return (
            f'<div class="dx progress-drawing">\n<style>{stylesheet()}\n{style}</style>\n'
            f'<p class="progress-heading"><strong>{self.heading}</strong></p>\n'
            f"<ul>\n{rows}\n</ul>\n"
            f"<p>{escape(self.going_on)}</p>\n<p>{escape(self.where)}</p>\n</div>"
        )

    def _row(self, chapter):
        states = self.of(chapter)
        solved = sum(state == "solved" for state in states.values())
        marks = "".join(
            f'<span class="progress-{state}" title="{escape(self.titles[name])}: {state}" '
            f'aria-hidden="true">{STATES[state]}</span>'
            for name, state in states.items()
        )
        return (
            f'<li><span class="progress-chapter"><b>{number(chapter)}</b> '
            f"<span>{escape(TITLES[chapter])}</span></span> {marks} "
            f'<span class="progress-count">{solved} of {len(states)}</span></li>'
        )


def state_of(known):
    """What is known of one exercise, in a word."""
    if "solved" in known:
        return "solved"
    return "tried" if known.get("tries") else "open"


def number(chapter):
    """The number of a chapter as the book prints it.

    >>> number("03-4")
    '3.4'
    """
    return ".".join(str(int(part)) for part in chapter.split("-"))
