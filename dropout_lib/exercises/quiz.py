"""The quiz of a chapter, shown by jupyterquiz."""

import random
from importlib.resources import files

from .core import questions

COLOURS = {
    "--jq-multiple-choice-bg": "#24405f",
    "--jq-many-choice-bg": "#24405f",
    "--jq-numeric-bg": "#24405f",
    "--jq-mc-button-bg": "#f4f5f7",
    "--jq-numeric-input-bg": "#f4f5f7",
    "--jq-numeric-input-label": "#ffffff",
    "--jq-text-color": "#ffffff",
    "--jq-incorrect-color": "#a3231b",
    "--jq-correct-color": "#0b6b2e",
}

# jupyterquiz looks at MathJax's version after a while, and fails where MathJax is still loading;
# once it has loaded, it typesets the whole page by itself
_WAIT_FOR_MATHJAX = ("version[0]", "String(version)[0]")


def quiz(chapter):
    """Show the quiz of a chapter, such as "02"."""
    from IPython.display import HTML, display
    from IPython.utils.capture import capture_output
    from jupyterquiz import display_quiz

    asked = questions(chapter)
    style = files("dropout_lib.exercises").joinpath("quiz.css").read_text("utf-8")
    display(HTML(f"<style>{style}</style>"))
    state = random.getstate()
    random.seed(f"quiz {chapter}")  # jupyterquiz draws an id: the same one at every execution
    try:
        with capture_output() as shown:
            display_quiz(asked, colors=COLOURS)
    finally:
        random.setstate(state)
    for output in shown.outputs:
        data = {mime: text.replace(*_WAIT_FOR_MATHJAX) for mime, text in output.data.items()}
        display(data, metadata=output.metadata, raw=True)
