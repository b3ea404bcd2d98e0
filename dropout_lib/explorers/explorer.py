"""One slider, three places: live where a kernel runs, plain HTML where none does.

An explorer is a function ``draw(**values) -> Picture`` and the controls that choose the values.
In JupyterLab, Jupyter Notebook and Colab it is a live ipywidgets widget. Its mime bundle also
carries ``text/html``: native form elements over the pictures of all combinations, drawn by the
same function when the chapter ran, with the first one visible even without JavaScript.
"""

import json
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from itertools import product

from .theme import stylesheet

_LIVE_STYLE = ".explorer-live .dx { margin-left: 0; }"  # beside the live sliders, not centred
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class Picture:
    """Markup, and a sentence that says in words what is to be seen."""

    markup: str
    reading: str


@dataclass(frozen=True)
class Slider:
    """A slider over a few values; ``button`` adds a button that moves it one on, round and round.

    Args:
        name: the argument of ``draw`` that it sets.
        label: what stands beside it.
        values: the values it can take.
        start: the value it has at first.
        text: how a value is written, as a format string.
        button: the words on the button; None for no button.
    """

    name: str
    label: str
    values: tuple
    start: object
    text: str = "{}"
    button: str | None = None

    @property
    def texts(self):
        return [self.text.format(value) for value in self.values]

    def html(self):
        start = self.values.index(self.start)
        button = (
            f'<button type="button" data-steps="{self.name}">{escape(self.button)}</button>'
            if self.button
            else ""
        )
        return (
            f"<label><span>{escape(self.label)} "
            f'<span class="explorer-value" aria-hidden="true">{self.texts[start]}</span></span>'
            f'<input type="range" data-control="{self.name}" data-count="{len(self.values)}" '
            f'data-texts="{escape("|".join(self.texts))}" min="0" max="{len(self.values) - 1}" '
            f'step="1" value="{start}" autocomplete="off" '
            f'aria-valuetext="{escape(self.texts[start])}"></label>{button}'
        )

    def widgets(self, ipywidgets):
        """The value-carrying widget, and whatever else belongs to it."""
        slider = ipywidgets.SelectionSlider(
            options=list(zip(self.texts, self.values, strict=True)),
            value=self.start,
            description=self.label,
            style={"description_width": "initial"},
            layout={"width": "auto", "min_width": "20rem", "max_width": "40rem"},
        )
        if not self.button:
            return slider, []
        button = ipywidgets.Button(description=self.button, layout={"width": "auto"})
        button.on_click(lambda _: setattr(slider, "index", (slider.index + 1) % len(self.values)))
        return slider, [button]


@dataclass(frozen=True)
class Choice:
    """A choice between a few named values: ``options`` is a dict from words to values."""

    name: str
    label: str
    options: dict

    @property
    def values(self):
        return tuple(self.options.values())

    @property
    def start(self):
        return self.values[0]

    def html(self):
        options = "".join(f"<option>{escape(words)}</option>" for words in self.options)
        return (
            f"<label><span>{escape(self.label)}</span>"
            f'<select data-control="{self.name}" data-count="{len(self.options)}" '
            f'autocomplete="off">{options}</select></label>'
        )

    def widgets(self, ipywidgets):
        choice = ipywidgets.Dropdown(
            options=list(self.options.items()),
            description=self.label,
            style={"description_width": "initial"},
        )
        return choice, []


class Explorer:
    """A picture under sliders; display it as the last line of a cell.

    Args:
        name: a short name, unique in the book.
        title: what it shows.
        caption: what to try.
        controls: a list of :class:`Slider` and :class:`Choice`.
        draw: function of the controls' values that returns a :class:`Picture`.

    >>> explorer = Explorer("double", "Doubling", "Move it.", [Slider("n", "n", (1, 2), 1)],
    ...     lambda n: Picture(f"<b>{2 * n}</b>", f"twice {n} is {2 * n}"))
    >>> explorer.picture(n=2).reading
    'twice 2 is 4'
    """

    def __init__(self, name, title, caption, controls, draw):
        self.name, self.title, self.caption = name, title, caption
        self.controls, self.picture = controls, draw

    @property
    def first_picture(self):
        return self.picture(**{control.name: control.start for control in self.controls})

    def html(self):
        """The static explorer: every picture, of which equal lines are stored once."""
        combinations = product(*(control.values for control in self.controls))
        names = [control.name for control in self.controls]
        pictures = [self.picture(**dict(zip(names, c, strict=True))) for c in combinations]
        first = self.first_picture
        data = json.dumps(_shared_lines(pictures), ensure_ascii=False, separators=(",", ":"))
        data = data.replace("</", "<\\/")  # or the page would take it for the end of the script
        controls = "\n".join(control.html() for control in self.controls)
        return f"""<div class="dx explorer" data-explorer="{self.name}">
<style>{stylesheet()}</style>
<p class="explorer-title">{escape(self.title)}</p>
<div class="explorer-controls" hidden>
{controls}
</div>
<div class="explorer-picture" role="img" aria-label="{escape(first.reading)}">
{first.markup}
</div>
<p class="explorer-reading" aria-live="polite">{escape(first.reading)}</p>
<p class="dx-caption">{escape(self.caption)}</p>
<script type="application/json">{data}</script>
<script>{_script()}</script>
</div>"""

    def live(self):
        """The live explorer, an ipywidgets VBox."""
        import ipywidgets

        picture = ipywidgets.HTML()
        picture.add_class("explorer-live-picture")
        controls, rows = {}, []
        for control in self.controls:
            widget, more = control.widgets(ipywidgets)
            controls[control.name] = widget
            rows.append(ipywidgets.HBox([widget, *more], layout={"flex_flow": "row wrap"}))

        def redraw(_=None):
            now = self.picture(**{name: widget.value for name, widget in controls.items()})
            picture.value = _live_html(now)

        for widget in controls.values():
            widget.observe(redraw, names="value")
        redraw()
        words = ipywidgets.HTML(
            f'<div class="dx"><style>{stylesheet()}\n{_LIVE_STYLE}</style>'
            f'<p class="explorer-title">{escape(self.title)}</p></div>'
        )
        caption = ipywidgets.HTML(
            f'<div class="dx"><p class="dx-caption">{escape(self.caption)}</p></div>'
        )
        box = ipywidgets.VBox([words, *rows, picture, caption])
        box.add_class("explorer-live")
        return box

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle = {
            "text/plain": f"{self.title}: {self.first_picture.reading}",
            "text/html": self.html(),
        }
        if _kernel_runs():
            model_id = self.live().model_id
            bundle[WIDGET_MIME] = {"version_major": 2, "version_minor": 0, "model_id": model_id}
        return bundle


class Figure:
    """A picture without controls, with its caption; display it as the last line of a cell.

    >>> Figure(Picture("<svg></svg>", "nothing is to be seen"), "An example.")
    nothing is to be seen
    """

    def __init__(self, picture, caption):
        self.picture, self.caption = picture, caption

    def _repr_html_(self):
        return f"""<figure class="dx dx-figure">
<style>{stylesheet()}</style>
<div role="img" aria-label="{escape(self.picture.reading)}">
{self.picture.markup}
</div>
<figcaption class="dx-caption">{escape(self.caption)}</figcaption>
</figure>"""

    def __repr__(self):
        return self.picture.reading


def _live_html(picture):
    return (
        f'<div class="dx"><div role="img" aria-label="{escape(picture.reading)}">'
        f'{picture.markup}</div><p class="explorer-reading">{escape(picture.reading)}</p></div>'
    )


def _shared_lines(pictures):
    """Pictures as lists of numbers into one table of lines, the reading first."""
    numbers, frames = {}, []
    for picture in pictures:
        lines = [picture.reading, *picture.markup.split("\n")]
        frames.append([numbers.setdefault(line, len(numbers)) for line in lines])
    return {"parts": list(numbers), "frames": frames}


@cache
def _script():
    return files("dropout_lib.explorers").joinpath("explorer.js").read_text("utf-8")


def _kernel_runs():
    """Whether there is a kernel for a live widget to talk to, and ipywidgets to make one."""
    try:
        import ipywidgets  # noqa: F401
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None
