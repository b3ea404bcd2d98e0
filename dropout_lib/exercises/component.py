"""What quizzes and cards have in common: a library draws them, and a file of ours adds to it."""

import json
import random
import re
from functools import cache
from importlib.resources import files
from unittest.mock import patch


def drawn_by(function, *args, seed, **options):
    """What a library's function displays, as (HTML, script): the same text every time.

    Args:
        function: one that calls `display`, and draws an id by `random`.
        seed: a text to draw it by.
    """
    from IPython.display import HTML, Javascript

    shown = []
    state = random.getstate()
    random.seed(seed)
    try:
        with patch.dict(function.__globals__, display=shown.append):
            function(*args, **options)
    finally:
        random.setstate(state)
    html, script = (
        "\n".join(output.data for output in shown if isinstance(output, kind))
        for kind in (HTML, Javascript)
    )
    return html + "</div>" * (html.count("<div") - html.count("</div")), script


def quiet(script, **names):
    """A library's script in a function of its own, without MathJax and with a silent console.

    Both libraries would typeset by MathJax what is MathML here, and fetch it from another host if
    they do not find what they look for.

    Args:
        names: other names that the script is to find, and what they are, in JavaScript.
    """
    names = {"MathJax": "undefined", "console": "{ ...console, log() {} }"} | names
    return f"(function ({', '.join(names)}) {{\n{script}\n}})({', '.join(names.values())});"


def without_links(html):
    """HTML whose links to other notebooks are plain words: without a script they lead nowhere."""
    return re.sub(r'<a href="[^":]*\.ipynb[^"]*">(.*?)</a>', r"\1", html)


def as_json(value):
    """JSON that may stand in a script: the page must not take it for the script's end."""
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")


@cache
def style(name):
    """The colours of the book, and one of the style sheets beside this module."""
    from ..explorers.theme import stylesheet

    return f"{stylesheet()}\n{_beside(name)}"


@cache
def script_beside(name):
    """One of the scripts beside this module, with what they share, in a block of its own."""
    return f"{{\n{_beside('sections.js')}\n{_beside(name)}}}\n"


def _beside(name):
    return files(__package__).joinpath(name).read_text("utf-8")
