"""A chooser: the kind of layer, the dropout that fits, and where its usual rate comes from."""

from dataclasses import dataclass
from html import escape

from ..display import Markdown
from .explorer import Choice, Explorer, Picture


@dataclass(frozen=True)
class Place:
    """A place for dropout, and what people do there.

    Args:
        where: the kind of layer, in a reader's words.
        variant: what fits.
        code: how it is written in PyTorch or with the library.
        rates: the usual drop probabilities.
        origin: where that rate comes from, and what it is worth.
        why: what speaks for the variant.
    """

    where: str
    variant: str
    code: str
    rates: str
    origin: str
    why: str


PLACES = (
    Place(
        "units of a fully connected layer",
        "inverted dropout",
        "nn.Dropout(0.5)",
        "0.2 to 0.5",
        "Srivastava et al. 2014, appendix A: retention 0.5 to 0.8.",
        "The case that dropout was made for.",
    ),
    Place(
        "inputs (pixels, features)",
        "inverted dropout on the input",
        "nn.Dropout(0.2)",
        "0.2",
        'The same appendix: retention 0.8 for real-valued inputs. "0.5 to 0.8" as a rate for '
        "inputs looks like a retention read as a drop probability.",
        "An input that is dropped is gone for all hidden units, so less of it goes a long way.",
    ),
    Place(
        "feature maps of a convolution",
        "spatial dropout",
        "nn.Dropout2d(0.2)",
        "0.1 to 0.3",
        "We found no source for this range. Tompson et al. 2015 introduced the method.",
        "A dropped pixel can be read off its neighbours; a dropped map cannot.",
    ),
    Place(
        "the head of a convolutional network",
        "inverted dropout",
        "nn.Dropout(0.5)",
        "0.5",
        "The custom of the early convolutional networks, whose fully connected heads held most "
        "of the weights.",
        "The head is a fully connected network, and often the part that overfits.",
    ),
    Place(
        "inputs and state of a recurrent net",
        "variational dropout",
        "VariationalLSTM(128, 256, recurrent_p=0.3)",
        "0.2 to 0.5",
        "A custom. Gal and Ghahramani 2016 reportedly tuned theirs to 0.3 and 0.5.",
        "With a new mask at every step hardly any unit of the state survives a long sequence.",
    ),
    Place(
        "between layers of a recurrent net",
        "inverted dropout between the layers",
        "nn.LSTM(128, 256, num_layers=2, dropout=0.3)",
        "0.2 to 0.5",
        "A custom: tune it.",
        "What nn.LSTM's own argument does: new masks at every step, never on the state.",
    ),
    Place(
        "the weights themselves",
        "DropConnect",
        "DropConnectLinear(256, 256, p=0.5)",
        "0.5",
        "Reportedly what Wan et al. 2013 used.",
        "Noise that is another one for every unit behind the layer; it costs a mask as large as "
        "the weights for every case.",
    ),
    Place(
        "the blocks of a transformer",
        "inverted dropout",
        "nn.Dropout(0.1)",
        "0 to 0.1",
        "The configurations of BERT-type models drop with 0.1.",
        "Ordinary dropout, at a low rate.",
    ),
)


def which_variant():
    """Kind of layer -> variant, code, usual rates and their origin."""

    def draw(place):
        found = PLACES[place]
        rows = (
            ("In code", f"<code>{escape(found.code)}</code>"),
            ("The rate", escape(found.origin)),
            ("Why this one", escape(found.why)),
        )
        lines = [
            f'<p style="margin:.35rem 0"><strong>{name}.</strong> {words}</p>'
            for name, words in rows
        ]
        return Picture("\n".join(lines), _reading(found))

    return Explorer(
        "which-variant",
        "Where does it go?",
        "Choose the place; p is the probability to drop. Every rate here is where a search may "
        "begin: none of them is known to be best for your network and your data.",
        [Choice("place", "I want to drop", {p.where: i for i, p in enumerate(PLACES)})],
        draw,
    )


def rates_table():
    """All places with their rates, as a table in Markdown."""
    rows = [f"| {p.where} | {p.variant}, **{p.rates}**. {p.origin} |" for p in PLACES]
    head = "| what is dropped | variant, usual p, and where that comes from |"
    return Markdown("\n".join([head, "|---|---|", *rows]))


def _reading(place):
    return f"For {place.where}: {place.variant}, usually with p {_range(place.rates)}."


def _range(rates):
    return f"from {rates}" if " to " in rates else f"= {rates}"
