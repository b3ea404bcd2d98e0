"""A converter: a number in a paper or a library, and the drop probability that it means."""

import math
from dataclasses import dataclass
from html import escape

from ..display import Markdown
from .explorer import Choice, Explorer, Picture, Slider

RATES = (0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class Convention:
    """What a number stands for, and who writes it so."""

    kind: str
    written_by: str


CONVENTIONS = {
    "keep": Convention(
        "a probability to keep (retention)",
        "Srivastava et al. 2014, Wan et al. 2013, TensorFlow 1 (keep_prob), DropBlock (keep_prob)",
    ),
    "drop": Convention(
        "a probability to drop",
        "torch.nn, Keras, TensorFlow 2, Flax, and this book",
    ),
    "alpha": Convention(
        "α, the variance of multiplicative noise",
        "Gaussian dropout, Kingma et al. 2015: noise of mean 1 and variance α",
    ),
}


def to_drop_probability(value, convention):
    """The drop probability p that a number stands for.

    Args:
        value: the number, in [0, 1] for "drop" and "keep", at least 0 for "alpha".
        convention: "drop", "keep", or "alpha" for the variance p / (1 - p) of the noise.

    Raises:
        ValueError: an unknown convention, or a value outside of its range.

    >>> to_drop_probability(0.8, "keep")
    0.2
    >>> to_drop_probability(1.0, "alpha")
    0.5
    """
    if convention not in CONVENTIONS:
        known = ", ".join(CONVENTIONS)
        raise ValueError(f"no convention is named {convention!r}: choose one of {known}")
    if not (value >= 0 and (convention == "alpha" or value <= 1)):
        limit = "at least 0" if convention == "alpha" else "between 0 and 1"
        raise ValueError(f"{CONVENTIONS[convention].kind} has to be {limit}, but got {value}")
    p = {"drop": value, "keep": 1 - value, "alpha": value / (1 + value)}[convention]
    return round(p, 12)


def drop_or_keep():
    """The number that is printed and what it means -> p, retention, scale and noise."""

    def draw(value, convention):
        p = to_drop_probability(value, convention)
        known = CONVENTIONS[convention]
        markup = f'{_numbers(p)}\n<p class="dx-caption">Written so by {known.written_by}.</p>'
        if convention == "alpha":
            return Picture(
                markup, f"Gaussian noise of variance {value:g} varies as much as p = {p:.3g}."
            )
        reading = (
            f"{value:g} as {known.kind} means p = {p:.3g}: units are kept with probability "
            f"{1 - p:.3g} and multiplied by {1 / (1 - p):.3g} in training."
        )
        return Picture(markup, reading)

    return Explorer(
        "drop-or-keep",
        "Drop or keep?",
        "Set the number that you read somewhere, then say what its author means by it. At 0.5 "
        "nobody notices a mix-up. Try 0.8.",
        [
            Slider("value", "the number printed", RATES, 0.8, "{:g}"),
            Choice(
                "convention",
                "it is",
                {known.kind: name for name, known in CONVENTIONS.items()},
            ),
        ],
        draw,
    )


def _numbers(p, code="nn.Dropout({})"):
    """Everything that follows from p, as a table."""
    rows = (
        ("probability to drop, p", f"{p:.3g}"),
        ("probability to keep", f"{1 - p:.3g}"),
        ("scale in training, 1 / (1 − p)", f"{1 / (1 - p):.3g}"),
        ("variance of the noise, p / (1 − p)", f"{p / (1 - p):.3g}"),
        ("standard deviation of the noise", f"{math.sqrt(p / (1 - p)):.3g}"),
        ("in PyTorch", f"<code>{code.format(f'{p:.3g}')}</code>"),
    )
    body = "\n".join(
        f'<tr><td style="text-align:left;padding:.15rem 1.5rem .15rem 0">{name}</td>'
        f'<td style="text-align:left"><strong>{number}</strong></td></tr>'
        for name, number in rows
    )
    return f'<table style="border:0;margin:0">\n{body}\n</table>'


@dataclass(frozen=True)
class Place:
    """Where one reads a number, and what it is there.

    Args:
        where: paper or library.
        written: what the number is called there.
        convention: one of :data:`CONVENTIONS`.
        note: what else one has to know, or "".
        code: the same in PyTorch or in this library; {} stands for p.
    """

    where: str
    written: str
    convention: str
    note: str = ""
    code: str = "nn.Dropout({})"


PLACES = (
    Place("Hinton et al. 2012", "dropout of 50%, 20%", "drop", "scales when the network is used"),
    Place("Srivastava et al. 2014", "p", "keep", "scales when the network is used"),
    Place(
        "Wan et al. 2013, DropConnect",
        "p",
        "keep",
        "of a weight; scales when the network is used",
        "DropConnectLinear(n, m, p={})",
    ),
    Place(
        "Gal and Ghahramani 2016",
        "p_i",
        "keep",
        "in the formulas; its experiments and its code give the rate to drop",
    ),
    Place(
        "Kingma et al. 2015",
        "α",
        "alpha",
        "Gaussian noise, and learned: p is the one of equal variance",
        "GaussianDropout({})",
    ),
    Place(
        "Ghiasi et al. 2018, DropBlock",
        "keep_prob",
        "keep",
        "of a unit, dropped in squares of side block_size",
        "DropBlock2d({}, block_size=7)",
    ),
    Place("PyTorch, nn.Dropout", "p", "drop"),
    Place(
        "PyTorch, nn.LSTM and nn.GRU",
        "dropout",
        "drop",
        "between stacked layers only, fresh at every step",
        "nn.LSTM(n, m, num_layers=2, dropout={})",
    ),
    Place(
        "TensorFlow 1, tf.nn.dropout", "keep_prob", "keep", "later versions also take rate, to drop"
    ),
    Place(
        "TensorFlow 1, DropoutWrapper",
        "input_keep_prob, state_keep_prob",
        "keep",
        "around a recurrent cell",
    ),
    Place("TensorFlow 2 and Keras, Dropout", "rate", "drop"),
    Place(
        "Keras, LSTM and GRU",
        "dropout, recurrent_dropout",
        "drop",
        "of the inputs, and of the state",
        "VariationalLSTM(n, m, input_p={})",
    ),
    Place("Flax, nnx.Dropout", "rate", "drop"),
    Place("Haiku, hk.dropout", "rate", "drop"),
    Place("Equinox, eqx.nn.Dropout", "p", "drop"),
    Place("MXNet, npx.dropout", "p", "drop"),
    Place("Caffe", "dropout_ratio", "drop"),
    Place("Chainer, F.dropout", "ratio", "drop"),
    Place("ONNX, Dropout", "ratio", "drop"),
    Place("MATLAB, dropoutLayer", "probability", "drop"),
    Place("MindSpore, nn.Dropout", "keep_prob", "keep", "deprecated there; the newer p is to drop"),
    Place("Hugging Face configurations", "hidden_dropout_prob", "drop"),
    Place(
        "timm",
        "drop_path_rate",
        "drop",
        "of the deepest block's whole branch; it grows from 0 with depth",
        "keep = torch.rand(N) >= {}",
    ),
    Place(
        "EfficientNet in TensorFlow",
        "survival_prob",
        "keep",
        "of a whole branch (stochastic depth), though the function is called after DropConnect",
        "keep = torch.rand(N) >= {}",
    ),
    Place(
        "AWD-LSTM",
        "wdrop",
        "drop",
        "of recurrent weights, one mask for a whole batch",
        "F.dropout(weight_hh, {})",
    ),
)


def conventions_table(places=PLACES):
    """All places in two columns, for a phone: what is written where, and what it means."""
    means = {"drop": "drop, p", "keep": "**keep**, 1 − p", "alpha": "noise, p / (1 − p)"}
    lines = ["| where, and what it is called | what it is |", "|---|---|"]
    for place in places:
        note = f": {place.note}" if place.note else ""
        written = ", ".join(f"`{name}`" for name in place.written.split(", "))
        if "%" in place.written:
            written = f"“{place.written}”"
        lines.append(f"| {place.where}: {written} | {means[place.convention]}{note} |")
    return Markdown("\n".join(lines))


def read_it_where():
    """The place where a number was read, and the number -> p, and the code for it."""

    def draw(place, value):
        found = PLACES[place]
        p = to_drop_probability(value, found.convention)
        kind = CONVENTIONS[found.convention].kind
        note = f"; {found.note}" if found.note else ""
        said = escape(f"{found.where} writes {found.written}: {kind}{note}.")
        reading = f"{found.written} = {value:g} in {found.where} is {kind}, and means p = {p:.3g}."
        return Picture(f'{_numbers(p, found.code)}\n<p class="dx-caption">{said}</p>', reading)

    start = next(i for i, place in enumerate(PLACES) if place.convention == "keep")
    order = [start, *(i for i in range(len(PLACES)) if i != start)]
    return Explorer(
        "read-it-where",
        "Where did you read it?",
        "Choose the place, then set the number. Compare TensorFlow 1 with TensorFlow 2 at 0.8.",
        [
            Choice("place", "read in", {PLACES[i].where: i for i in order}),
            Slider("value", "the number printed", RATES, 0.8, "{:g}"),
        ],
        draw,
    )
