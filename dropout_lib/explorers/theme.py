"""The colour language of the book: one colour per thing, in light and in dark.

Pictures name colours by what they stand for. In the page each name is a CSS variable, so that a
picture follows the reader's light or dark mode; the two values of a name keep a contrast of at
least 3 : 1 to their background, and the four curves stay apart for colour-blind readers.
"""

from functools import cache
from importlib.resources import files

COLOURS = {  # name: (light, dark)
    "ink": ("#1f2430", "#e8e6e0"),
    "soft": ("#5b6270", "#a9adb8"),
    "faint": ("#d4d6dc", "#454b59"),
    "paper": ("#ffffff", "#14181f"),
    "with-dropout": ("#0069a8", "#5cb8f0"),
    "without-dropout": ("#c64f00", "#ff9d57"),
    "train": ("#00785a", "#41cfa2"),
    "test": ("#9b3f86", "#ef9ad8"),
    "wrong": ("#b3261e", "#ff8f85"),
}


def colour(name):
    """The CSS value of a colour name.

    >>> colour("ink")
    'var(--dx-ink)'
    """
    if name not in COLOURS:
        raise ValueError(f"no colour is named {name!r}: choose one of {', '.join(COLOURS)}")
    return f"var(--dx-{name})"


@cache
def stylesheet():
    """The styles that every picture carries with it, as in a notebook there is no other."""
    light, dark = (
        "".join(f"--dx-{name}:{values[mode]};" for name, values in COLOURS.items())
        for mode in (0, 1)
    )
    # the page's theme, JupyterLab and Colab each say in their own way that it is dark
    dark_modes = "html[data-theme=dark] .dx,[data-jp-theme-light=false] .dx,html[theme=dark] .dx"
    rules = files("dropout_lib.explorers").joinpath("explorer.css").read_text("utf-8")
    return f".dx{{{light}}}\n{dark_modes}{{{dark}}}\n{rules}"
