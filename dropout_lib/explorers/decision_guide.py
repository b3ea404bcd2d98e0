"""Should you use dropout? Questions that open into questions, and advice with its evidence.

The guide is made of ``<details>`` elements, one in the other. A browser opens them by mouse and by
keyboard without any script, in a page and in a notebook alike, so there is no second, live version
to keep in step. What a leaf of the tree says rests on rows of the ledger of claims; their verdicts
and effects are computed from the stored results when the guide is shown.
"""

from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files

from .theme import stylesheet

ANSWERS = ("Yes", "Try it", "No", "Measure first", "We don't know")
_SHOWN = 4  # conditions of a claim; the others are in the ledger


@dataclass(frozen=True)
class Advice:
    """A leaf of the guide.

    Args:
        answer: one of ANSWERS.
        text: what to do, and why; in a few sentences.
        claims: ids of the rows of the ledger that it rests on.
        code: a line or two to begin with; "" for none.
    """

    answer: str
    text: str
    claims: tuple = ()
    code: str = ""


@dataclass(frozen=True)
class Question:
    """A branching of the guide.

    Args:
        words: the question.
        help: how to find out the answer; "" for nothing.
        answers: dict from an answer to the Question or Advice that it leads to.
    """

    words: str
    answers: dict
    help: str = ""


class Guide:
    """A tree of questions; display it as the last line of a cell.

    Args:
        title: what it decides.
        tree: the first :class:`Question`.
        caption: how to use it.

    >>> answers = {"yes": Advice("Yes", "Take one."), "no": Advice("No", "Don't.")}
    >>> Guide("Umbrella", Question("Is it raining?", answers), "Open an answer.")
    Umbrella
    Is it raining?
      yes
        Yes. Take one.
      no
        No. Don't.
    """

    def __init__(self, title, tree, caption):
        self.title, self.tree, self.caption = title, tree, caption

    def advice(self, *answers):
        """The advice that a row of answers leads to; a ValueError for an answer there is not.

        >>> decision_guide().advice("To see how sure the network is", "A class").answer
        'Try it'
        """
        node = self.tree
        for answer in answers:
            if not isinstance(node, Question):
                raise ValueError(f"after {answers!r} there is nothing left to answer")
            if answer not in node.answers:
                known = ", ".join(node.answers)
                raise ValueError(f"{answer!r} does not answer {node.words!r}: there are {known}")
            node = node.answers[answer]
        return node

    def leaves(self):
        """Pairs (row of answers, Advice) of all the leaves, in the order of the page."""
        yield from _leaves(self.tree, ())

    def _repr_html_(self):
        style = f"{stylesheet()}\n{_style()}"
        return (
            f'<div class="dx guide">\n<style>{style}</style>\n'
            f'<p class="guide-title">{escape(self.title)}</p>\n'
            f"{_question_html(self.tree, '')}\n"
            f'<p class="dx-caption">{escape(self.caption)}</p>\n</div>'
        )

    def __repr__(self):
        return "\n".join([self.title, *_lines(self.tree, "")])


@cache
def _style():
    return files("dropout_lib.explorers").joinpath("decision_guide.css").read_text("utf-8")


def _leaves(node, path):
    if isinstance(node, Advice):
        yield path, node
        return
    for answer, following in node.answers.items():
        yield from _leaves(following, (*path, answer))


def _lines(node, indent):
    if isinstance(node, Advice):
        yield f"{indent}{node.answer}. {node.text}"
        return
    yield f"{indent}{node.words}"
    for answer, following in node.answers.items():
        yield f"{indent}  {answer}"
        yield from _lines(following, f"{indent}    ")


# --- the guide of the book -----------------------------------------------------------------------

_PLAIN = Advice(
    "Try it",
    "This is the case that dropout was made for. Drop inputs as well as hidden units, give each "
    "side its own learning rate, and look at the loss as well as at the error: on 1,000 digits the "
    "loss gained in either case, and that the error did is shown only where inputs were dropped "
    "too. Weight decay deserves the same trial.",
    (
        "dropout-lowers-the-loss-on-digits",
        "dropout-lowers-the-error-on-digits",
        "45-limited-data",
        "dropout-over-l2",
        "32-with-other-regularisers",
    ),
    "nn.Dropout(0.2)  # on the inputs\nnn.Dropout(0.5)  # behind each hidden layer; tune p",
)

_LAYERS = Question(
    "What kind of layers hold most of the weights?",
    {
        "Fully connected, without batch norm": _PLAIN,
        "Fully connected or convolutional, with batch norm": Advice(
            "Measure first",
            "Begin without dropout. In front of batch norm it changes the variance that is stored, "
            "and at p = 0.5 in a deep network that cost many digits; behind the last batch norm "
            "nothing shifts. Tuned, it is not shown to lower the error of batch norm alone "
            "wherever we put it, and in two places, one of them the last, it raised it a little.",
            ("33-works-with-batch-norm", "40-variance-shift", "40-shift-does-harm"),
            "nn.Sequential(..., nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.2),\n"
            "              nn.Linear(256, 10))  # behind the last batch norm, if at all",
        ),
        "Convolutions, with a fully connected head": Advice(
            "Try it",
            "Begin with the head, at p = 0.5: it lowered the loss in our experiment, and in the "
            "error we could not tell. Then try single units behind the convolutions, at p = 0.1 or "
            "0.3, as validation chose in ours: on our digits that lowered the error, and did "
            "better than whole maps, against the usual advice. On large pictures whole maps or "
            "blocks are reported to pay.",
            (
                "44-head-lowers-the-loss",
                "43-dropout-in-the-head",
                "47-avoid-it-in-convolutions",
                "42-spatial-is-better-for-convolutions",
            ),
            "nn.Dropout(0.5)  # in front of the last linear layer",
        ),
        "Recurrent": Advice(
            "Yes",
            "Drop inputs and outputs of the recurrent layer. Masks that stay the same for all time "
            "steps let you drop the state too; whether that gains anything we could not tell.",
            (
                "dropping-helps-on-text",
                "49-tied-masks-in-recurrent-networks",
                "tied-masks-on-penn-treebank",
            ),
            "nn.LSTM(128, 256, num_layers=2, dropout=0.3)\n"
            "VariationalLSTM(128, 256, input_p=0.3, recurrent_p=0.3)",
        ),
        "Attention (a transformer)": Advice(
            "We don't know",
            "We trained none. Of two published ones that we looked up, BERT drops 0.1, and T5 1.1 "
            "dropped nothing until it was fine-tuned; two models make no rule. Start with 0.1, and "
            "compare it with 0.",
            ("bert-keeps-dropout", "t5-without-then-with"),
            "nn.TransformerEncoderLayer(256, 4, dropout=0.1)",
        ),
    },
    "Where there are several kinds, take them one by one, from the largest.",
)

_OVERFITS = Question(
    "How did the weights begin?",
    {
        "At random": Question(
            "How many training cases are there?",
            {
                "A few dozen": Advice(
                    "Try it",
                    "On 20 and 50 digits dropout lowered the error, though only by a small share "
                    "of what there was, and for the loss it did nothing good that we could show. "
                    "Expect more from a network that was trained on other data. Cases that you "
                    "invent, by turning and shifting, deserve a trial too; we did not measure "
                    "them by themselves.",
                    ("45-limited-data", "loss-needs-more-data", "pre-training-beats-dropout"),
                    "nn.Dropout(0.5)",
                ),
                "More, but still fewer than weights": _LAYERS,
                "More than weights": Advice(
                    "Measure first",
                    "You say that the network overfits, so dropout may still help, but expect "
                    "less: its gain shrank as digits came in, though there were always far fewer "
                    "of them than weights. Try a gentle p. And ask whether the gap comes from "
                    "elsewhere, say from validation data of another source.",
                    ("one-weight-crossover", "gain-shrinks-with-data"),
                ),
            },
            "A rough measure, as nobody knows the noise beforehand. With a few hundred cases most "
            "networks have far fewer cases than weights.",
        ),
        "In a network trained on other data (fine-tuning)": Question(
            "Was that network trained with dropout?",
            {
                "Yes": Advice(
                    "Yes",
                    "Leave it on, at about the rate it had: in our experiment switching it off "
                    "cost some error with 20, 50 and 200 images. Over these sizes p = 0.1 and "
                    "0.3 did better than 0, and of 0.5 we could not tell.",
                    (
                        "keep-dropout-that-was-there",
                        "50-off-while-fine-tuning",
                        "bert-keeps-dropout",
                    ),
                    "model.train()  # or its dropout stays off while you fine-tune",
                ),
                "No": Advice(
                    "Try it",
                    "A gentle p at most. Whether it gains, over all sizes, we could not tell; "
                    "p = 0.5 did harm. The authors of T5 do advise it, for a network far larger "
                    "than ours.",
                    (
                        "50-off-while-fine-tuning",
                        "half-is-too-much-for-a-stranger",
                        "t5-without-then-with",
                    ),
                    "nn.Dropout(0.1)",
                ),
            },
            "Its configuration says so, or print(model).",
        ),
    },
)

_UNDERFITS = Question(
    "How often does the network see each case?",
    {
        "Once: the data are a stream": Advice(
            "No",
            "What is never seen twice is not learned by heart, so there is no gap for dropout to "
            "close. On a stream of digits every p that we tried raised the error, and the "
            "larger p, the more. Whether a longer stream makes up for it we did not test.",
            ("single-pass-hurts", "passes-make-dropout-worth-it", "t5-without-then-with"),
        ),
        "Many times, and it does not even fit them": Advice(
            "No",
            "Not throughout: the network is too small, or not trained enough, and with dropout our "
            "small networks fitted their data worse still. Dropout in the first part of training "
            "only is reported to help a vision transformer; that it helped ours is not shown.",
            (
                "39-hurts-small-networks",
                "small-networks-do-not-fit",
                "underfitting-standard-hurts",
                "early-dropout-fits-better",
                "early-dropout",
            ),
        ),
    },
)

_NO_GAP = Question(
    _UNDERFITS.words,
    {
        **_UNDERFITS.answers,
        "Many times, and it fits them": Advice(
            "No",
            "It does as well on new data as on its own, so there is little that dropout could "
            "prevent. With one weight and enough cases, dropout costs more by its bias than it "
            "saves; and in our network its gain in error shrank as digits were added.",
            ("one-weight-crossover", "gain-shrinks-with-data"),
        ),
    },
)

_GAP = Question(
    "How far does the validation loss lie above the training loss?",
    {
        "I only have the training log": Advice(
            "Measure first",
            "The log measures its loss with dropout on, in a network that was still learning. "
            "Measure the training data again, in evaluation mode, and come back.",
            ("validation-below-the-log", "like-with-like"),
            "from dropout_lib.training import evaluate\n"
            "print(evaluate(model, x_train, labels), evaluate(model, x_val, labels_val))",
        ),
        "Hardly at all": _NO_GAP,
        "Clearly, or it rises again while the training loss falls": _OVERFITS,
    },
    "Measure both with dropout off.",
)

_KEEP_ON = (
    "model.eval()\n"
    "for layer in model.modules():\n"
    "    if isinstance(layer, nn.Dropout):\n"
    "        layer.train()  # then look at many passes"
)

_SURE = Question(
    "What does it predict?",
    {
        "A class": Advice(
            "Try it",
            "On our digits the average of many passes gave better probabilities, in loss, than "
            "one pass in evaluation mode: after DropConnect, and after dropout in comparison with "
            "an ensemble. That it errs less is not shown. Compare it with an ensemble of a few "
            "networks, and check both on data that you know the answers of.",
            (
                "averages-have-a-lower-loss",
                "averages-err-less",
                "ensemble-against-dropout-in-loss",
            ),
            _KEEP_ON,
        ),
        "A number": Advice(
            "Measure first",
            "The spread over masks opened up away from the data with ReLU, and with tanh it did "
            "not, while the prediction went far astray. So a large spread is a reason to doubt, "
            "and a small one is no reason to trust. Count how often the truth lies in the band.",
            (
                "54-flags-unfamiliar-inputs",
                "52-small-spread-means-small-error",
                "53-less-confident",
            ),
            _KEEP_ON,
        ),
    },
)


def decision_guide():
    """The guide of chapter 7.

    >>> decision_guide().advice("To make fewer mistakes on new data", "Hardly at all",
    ...     "Once: the data are a stream").answer
    'No'
    """
    tree = Question(
        "What do you want it for?",
        {
            "To make fewer mistakes on new data": _GAP,
            "To fit the training data better": _UNDERFITS,
            "To see how sure the network is": _SURE,
        },
    )
    return Guide(
        "Should you use dropout?",
        tree,
        "Effects are those of this book's experiments; numbers in brackets are 95% intervals. "
        "p is the probability to drop, and a place to begin a search.",
    )


# --- as HTML -----------------------------------------------------------------------------------


def _question_html(question, path):
    """The question and its answers; of the answers to one question only one is open at a time."""
    note = f'<p class="guide-help">{escape(question.help)}</p>' if question.help else ""
    answers = "\n".join(
        f'<details name="guide{path}">\n<summary>{escape(answer)}</summary>\n'
        f'<div class="guide-next">\n{_node_html(node, f"{path}-{number}")}\n</div>\n</details>'
        for number, (answer, node) in enumerate(question.answers.items())
    )
    return (
        f'<p class="guide-question" id="guide{path}">{escape(question.words)}</p>\n{note}\n'
        f'<div role="group" aria-labelledby="guide{path}">\n{answers}\n</div>'
    )


def _node_html(node, path):
    return _question_html(node, path) if isinstance(node, Question) else _advice_html(node)


def _advice_html(advice):
    kind = advice.answer.split()[0].lower().replace("'", "")
    code = f"<pre><code>{escape(advice.code)}</code></pre>\n" if advice.code else ""
    return (
        f'<div class="guide-advice guide-{kind}">\n'
        f'<p><strong class="guide-answer">{escape(advice.answer)}</strong> '
        f"{escape(advice.text)}</p>\n{code}{_evidence_html(advice)}\n</div>"
    )


def _evidence_html(advice):
    from ..claims import find

    if not advice.claims:
        return ""
    rows = "\n".join(_claim_html(find(claim_id)) for claim_id in advice.claims)
    return f'<p class="guide-rests">It rests on</p>\n<ul class="guide-evidence">\n{rows}\n</ul>'


def _claim_html(row):
    """A row of the ledger in a few lines: verdict, statement, effects; a link in the book."""
    from ..claims import in_words, settle
    from ..claims_html import LEDGER_PAGE, MARKS

    settled = settle(row)
    effects = [in_words(outcome, row.unit) for outcome in settled.outcomes]
    if len(effects) > _SHOWN:
        effects = [*effects[:_SHOWN], f"and {len(effects) - _SHOWN} more in the ledger"]
    if not effects:
        effects = [settled.finding]
    shown = "".join(f"<li>{escape(effect)}</li>" for effect in effects)
    return (
        f'<li><span class="guide-verdict"><span aria-hidden="true">{MARKS[settled.verdict]}</span> '
        f"{settled.verdict}</span> {escape(row.statement.strip())} "
        f'<a class="in-book" hidden href="{LEDGER_PAGE}.html#claim-{row.id}">In the ledger</a>'
        f'<ul class="guide-effects">{shown}</ul></li>'
    )
