"""Exercises and quiz of chapter 9."""

import math

import numpy as np

from ..checks import Diagnosis
from .core import NOT_STARTED, Exercise, multiple_choice

KEEP = ("keep_prob", "input_keep_prob", "survival_prob")
DROP = ("dropout", "rate", "hidden_dropout_prob", "dropout_ratio", "drop_path_rate")
CONFIGS = (
    {"keep_prob": 0.8, "learning_rate": 0.01, "hidden": 256},
    {"rate": 0.25, "input_keep_prob": 0.9, "dropout": 0.0},
    {"hidden_dropout_prob": 0.1, "survival_prob": 0.75, "block_size": 7},
    {"dropout_ratio": 0.5, "keep_prob": 1.0, "drop_path_rate": 0.3, "weight_decay": 0.2},
)


def judge_port(port):
    for config in CONFIGS:
        given = dict(config)
        answer = port(given)
        if answer is None:
            return NOT_STARTED
        diagnosis = _judge_ported(answer, given, config)
        if diagnosis:
            return diagnosis
    return None


def _judge_ported(answer, given, config):
    if not isinstance(answer, dict):
        return Diagnosis(
            "not-a-dict", f"it returned {answer!r}.", "return a dict from keyword to p"
        )
    if given != config:
        return Diagnosis(
            "config-changed",
            f"the configuration that was passed in is now {given}.",
            "build a new dict: whoever passed theirs still needs it, and calling twice would "
            "convert twice",
        )
    expected = port(config)
    for key in config:
        if key not in expected and key in answer:
            return Diagnosis(
                "not-a-probability",
                f"{key!r} is in the answer.",
                "it has nothing to do with dropping: leave it out"
                + (". A learning rate is a rate, and not that one" if "rate" in key else ""),
            )
    for key, p in expected.items():
        if key not in answer:
            return Diagnosis(
                "zero-lost" if config[key] == 0 else "key-missing",
                f"{key!r} with the value {config[key]} is missing.",
                "0 is a probability, too; `if value:` is False for it"
                if config[key] == 0
                else "every probability to keep or drop belongs into the answer",
            )
        if not math.isclose(answer[key], p, rel_tol=1e-9, abs_tol=1e-12):
            return _judge_probability(key, config[key], answer[key])
    if set(answer) != set(expected):
        extra = ", ".join(sorted(set(answer) - set(expected)))
        return Diagnosis("keys-changed", f"it has {extra} as well.", "keep the keywords")
    return None


def _judge_probability(key, value, got):
    seen = f"{key} = {value} became {got}."
    if key in DROP:
        return Diagnosis(
            "drop-turned-round", seen, "that keyword says what is dropped: it is p already"
        )
    if math.isclose(got, value):
        return Diagnosis(
            "keep-kept",
            seen,
            "that keyword says what is *kept*; p is the rest. What would a layer with 1.0 do?",
        )
    if value and math.isclose(got, 1 / value):
        return Diagnosis("scale-instead", seen, "1 / keep is the scale of inverted dropout, not p")
    return Diagnosis("keep-wrong", seen, "kept with probability 0.8 is dropped with the rest")


def port(config):
    keep = ("keep_prob", "input_keep_prob", "survival_prob")
    drop = (
        "dropout",
        "rate",
        "hidden_dropout_prob",
        "dropout_ratio",
        "drop_path_rate",
    )
    answer = {}
    for key, value in config.items():
        if key in keep:
            answer[key] = 1 - value
        elif key in drop:
            answer[key] = value
    return answer


NAMES = ("dropout", "standard dropout", "spatial dropout", "Gaussian dropout", "evaluation mode")


def _behaviours():
    """(name, layer) for layers whose behaviour has to be told apart, with p from mild to strong."""
    for p, seed in ((0.5, 0), (0.2, 1), (0.8, 2), (0.3, 3)):
        rng = np.random.default_rng(seed)

        def drop(x, shape, p=p, rng=rng, scale=True):
            return x * (rng.random(shape) >= p) / (1 - p if scale else 1)

        yield "dropout", lambda x, drop=drop: drop(x, x.shape)
        yield "standard dropout", lambda x, drop=drop: drop(x, x.shape, scale=False)
        yield "spatial dropout", lambda x, drop=drop: drop(x, (*x.shape[:2], 1, 1))
        yield (
            "Gaussian dropout",
            lambda x, p=p, rng=rng: x * rng.normal(1, math.sqrt(p / (1 - p)), x.shape),
        )
        yield "evaluation mode", lambda x: x.copy()


def judge_name_it(name_it):
    for expected, layer in _behaviours():
        seen = []

        def watched(x, layer=layer, seen=seen):
            x = np.asarray(x, dtype=float)
            if x.ndim != 4:
                raise ValueError(f"the layer takes arrays (N, C, H, W), but got shape {x.shape}")
            seen.append(x)
            return layer(x)

        answer = name_it(watched)
        if answer is None:
            return NOT_STARTED
        if not seen:
            return Diagnosis(
                "never-asked",
                f"it said {answer!r} without calling the layer.",
                "feed it something: `layer(np.ones((8, 16, 6, 6)))`",
            )
        if answer not in NAMES:
            known = ", ".join(repr(name) for name in NAMES)
            return Diagnosis("no-such-name", f"it said {answer!r}.", f"the names are {known}")
        if answer != expected:
            return _judge_name(expected, answer, seen)
    return None


def _judge_name(expected, answer, seen):
    said = f"a layer that does {expected} was called {answer!r}."
    if expected == "evaluation mode":
        said = f"a layer in evaluation mode was called {answer!r}."
    if all((x == 0).any() for x in seen):
        return Diagnosis(
            "zeros-of-the-input",
            said,
            "your input has zeros of its own, and they cannot be told from dropped units: use ones",
        )
    if min(x.size for x in seen) < 100:
        return Diagnosis(
            "too-few-units",
            f"{said} You asked {max(x.size for x in seen)} units.",
            "at p = 0.2 few units say little: ask thousands",
        )
    pair = {expected, answer}
    if pair == {"dropout", "spatial dropout"}:
        return Diagnosis(
            "units-or-maps",
            said,
            "look at one map at a time: is it all zero or nowhere zero? `(y == 0).all(axis=(2, 3))`"
            " alone is not enough, since most maps are kept",
        )
    if pair == {"dropout", "standard dropout"}:
        return Diagnosis(
            "scale-overlooked",
            said,
            "both have zeros. What became of the ones that were kept?",
        )
    if "Gaussian dropout" in pair:
        return Diagnosis(
            "noise-overlooked",
            said,
            "Gaussian noise has no zeros, and hardly two equal numbers",
        )
    if "evaluation mode" in pair:
        return Diagnosis("change-overlooked", said, "in evaluation what comes out is what went in")
    return Diagnosis("name-wrong", said, "look for zeros first, then at what is not zero")


def name_it(layer):
    y = layer(np.ones((16, 32, 8, 8)))
    zero = y == 0
    if not zero.any():
        return "evaluation mode" if (y == 1).all() else "Gaussian dropout"
    share = zero.mean(axis=(2, 3))  # of each map
    if np.isin(share, (0, 1)).all():
        return "spatial dropout"
    return "standard dropout" if y.max() == 1 else "dropout"


LINES = {
    "A": "inverted dropout",
    "B": "spatial dropout",
    "C": "stochastic depth",
    "D": "weight-drop",
    "E": "Gaussian dropout",
}
VARIANTS = (*LINES.values(), "standard dropout", "DropConnect", "DropBlock")


def judge_five_lines(answers):
    if answers is None or answers is ...:
        return NOT_STARTED
    if not isinstance(answers, dict):
        return Diagnosis("not-a-dict", f"it is {answers!r}.", "a dict from letter to name")
    if any(answers.get(letter) in (None, ...) for letter in LINES):
        left = [letter for letter in LINES if answers.get(letter) in (None, ...)]
        if len(left) == len(LINES):
            return NOT_STARTED
        return Diagnosis("letters-left", f"{', '.join(left)} has no name yet.", "five, all of them")
    for letter, expected in LINES.items():
        answer = answers[letter]
        if answer == expected:
            continue
        if answer not in VARIANTS:
            known = ", ".join(VARIANTS)
            return Diagnosis("no-such-name", f"{letter} is {answer!r}.", f"choose from: {known}")
        return _judge_line(letter, answer)
    return None


def _judge_line(letter, answer):
    known = {
        ("A", "standard dropout"): (
            "scale-overlooked",
            "it divides by 1 - p, which standard dropout does not do in training",
        ),
        ("B", "DropBlock"): (
            "map-or-block",
            "one draw for all of a map: H and W have length 1 in the mask. DropBlock would need a "
            "mask with holes within a map",
        ),
        ("D", "DropConnect"): (
            "one-mask-for-the-batch",
            "the mask has the shape of W and no axis for the cases, so a whole batch shares it; "
            "DropConnect draws (N, O, I)",
        ),
        ("D", "inverted dropout"): ("weights-or-units", "look at what is multiplied: it is W"),
        ("C", "DropConnect"): (
            "branch-not-weight",
            "no weight is touched: a whole branch f(x) is kept or left out, for a case. Some code "
            "calls it drop_connect, and it is not",
        ),
        ("C", "inverted dropout"): (
            "branch-not-units",
            "one draw per case, for all of f(x) together",
        ),
        ("E", "inverted dropout"): ("no-zeros-there", "nothing in this line can become zero"),
    }
    if (letter, answer) in known:
        code, advice = known[letter, answer]
    else:
        code, advice = (
            "variant-wrong",
            "ask of the line: what is multiplied, by zeros or by other noise, and which entries "
            "share a draw?",
        )
    return Diagnosis(code, f"{letter} is not {answer}.", advice)


def judge_two_widths(two_widths):
    rng = np.random.default_rng(0)
    for seeds, passes in ((5, 40), (10, 100), (3, 7)):
        answers = (
            2 + 0.5 * rng.standard_normal((seeds, 1)) + 3 * rng.standard_normal((seeds, passes))
        )
        given = two_widths(answers.copy())
        if given is None:
            return NOT_STARTED
        if not isinstance(given, tuple | list | np.ndarray) or np.size(given) != 2:
            return Diagnosis(
                "not-a-pair", f"it returned {given!r}.", "two numbers: spread, half-width"
            )
        diagnosis = _judge_widths(*map(float, given), answers)
        if diagnosis:
            return diagnosis
    return None


def _judge_widths(spread, half, answers):
    seeds, passes = answers.shape
    right_spread, right_half = two_widths(answers)
    t = _quantile(seeds)
    means = answers.mean(axis=1)
    seen = f"for {seeds} seeds and {passes} passes the spread is {spread:.4g}"
    known = (
        (right_half, "mixed-up", "that is the half-width: the order is spread, half-width"),
        (
            answers.std(ddof=1),
            "spread-over-everything",
            "it mixes passes of different networks: take the deviation within each seed first",
        ),
        (
            answers.std(axis=0, ddof=1).mean(),
            "spread-over-seeds",
            "that is how networks differ in one pass. The spread belongs to the passes, axis 1",
        ),
        (
            answers.std(axis=1).mean(),
            "divided-by-t",
            "it divides by T: with ddof=1 by T - 1, since the mean of the passes was estimated",
        ),
        (
            right_spread / math.sqrt(passes),
            "spread-of-the-mean",
            "that is how well the mean of the passes is known; the spread does not shrink with T",
        ),
    )
    if not math.isclose(spread, right_spread, rel_tol=1e-9):
        for value, code, advice in known:
            if math.isclose(spread, value, rel_tol=1e-9):
                return Diagnosis(code, f"{seen}.", advice)
        return Diagnosis(
            "spread-off",
            f"{seen}, and {right_spread:.4g} is right.",
            "deviation over the passes of a seed (ddof=1), then the mean over the seeds",
        )
    seen = f"for {seeds} seeds and {passes} passes the half-width is {half:.4g}"
    error = means.std(ddof=1) / math.sqrt(seeds)
    everything = answers.size
    known = (
        (
            _quantile(everything) * answers.std(ddof=1) / math.sqrt(everything),
            "passes-as-runs",
            "it counts every pass as a run of its own. Passes of one network say nothing about "
            "other networks: average them first, and count the seeds",
        ),
        (1.96 * error, "normal-quantile", f"1.96 is for many runs; for {seeds} it is {t:.2f}"),
        (error, "quantile-forgotten", "that is the standard error: multiply it by Student's t"),
        (
            t * means.std(ddof=1),
            "root-forgotten",
            "single seeds vary so much; their mean varies √S times less",
        ),
        (
            t * means.std() / math.sqrt(seeds),
            "divided-by-n",
            "divide by S - 1 under the root (ddof=1): the mean was estimated as well",
        ),
        (2 * right_half, "whole-width", "that is the whole interval; half of it is asked for"),
    )
    if not math.isclose(half, right_half, rel_tol=1e-3):
        for value, code, advice in known:
            if math.isclose(half, value, rel_tol=1e-3):
                return Diagnosis(code, f"{seen}.", advice)
        return Diagnosis(
            "half-width-off",
            f"{seen}, and {right_half:.4g} is right.",
            "one mean for each seed, then Student's interval of these means",
        )
    return None


def _quantile(runs):
    from scipy.stats import t

    return t.ppf(0.975, runs - 1)


def two_widths(answers):
    from scipy.stats import t

    seeds = len(answers)
    spread = answers.std(axis=1, ddof=1).mean()
    means = answers.mean(axis=1)  # one number a seed
    standard_error = means.std(ddof=1) / math.sqrt(seeds)
    return spread, t.ppf(0.975, seeds - 1) * standard_error


def _ported_with(keep=lambda v: 1 - v, drop=lambda v: v, keys=None, skip=lambda v: False):
    def wrong(config):
        answer = {}
        for key, value in config.items():
            if skip(value) or (keys is not None and not keys(key)):
                continue
            if key in KEEP:
                answer[key] = keep(value)
            elif key in DROP or keys is not None:
                answer[key] = drop(value)
        return answer

    return wrong


def _port_in_place(config):
    for key in KEEP:
        if key in config:
            config[key] = 1 - config[key]
    return {key: config[key] for key in config if key in KEEP + DROP}


def _name_with(shape=(16, 32, 8, 8), data=np.ones, look=None):
    def wrong(layer):
        y = layer(data(shape))
        return look(y)

    return wrong


def _zeros_mean_dropout(y):
    return "dropout" if (y == 0).any() else "evaluation mode"


def _like(name_of_array):
    """name_it on an array that is there already."""
    return name_it(lambda x: name_of_array)


def _lines_with(**given):
    return {**LINES, **given}


def _widths_with(spread=None, half=None):
    def wrong(answers):
        right = two_widths(answers)
        return (
            right[0] if spread is None else spread(answers),
            right[1] if half is None else half(answers),
        )

    return wrong


def _error(answers):
    return answers.mean(axis=1).std(ddof=1) / math.sqrt(len(answers))


EXERCISES = (
    Exercise(
        name="09-port",
        title="A configuration from elsewhere",
        statement=(
            "Write `port(config)`: given the settings of somebody else's network, return a new "
            "dict from keyword to drop probability $p$. The keywords `keep_prob`, "
            "`input_keep_prob` and `survival_prob` say what is kept; `dropout`, `rate`, "
            "`hidden_dropout_prob`, `dropout_ratio` and `drop_path_rate` what is dropped. Leave "
            "everything else out."
        ),
        starter='def port(config):\n    # your code\n    ...\n\n\ncheck("09-port", port)',
        hints=(
            "There are two lists of keywords. What happens to a value of the first, what to one of "
            "the second?",
            "`learning_rate` ends in rate as well: go by the two lists, not by parts of words.",
            "Begin with `answer = {}` and go through `config.items()`; 0 is a value like others.",
        ),
        solution=port,
        explanation=(
            "The conversion is one subtraction. What goes wrong in practice is everything around "
            "it: a keyword taken for the other kind, a rate that is a learning rate, a 0 that "
            "counts as missing, and a configuration that is converted twice."
        ),
        judge=judge_port,
        wrong_answers=(
            (lambda config: dict(config), "not-a-probability"),
            (_ported_with(keep=lambda v: v), "keep-kept"),
            (_ported_with(drop=lambda v: 1 - v), "drop-turned-round"),
            (_ported_with(keep=lambda v: 1 / v), "scale-instead"),
            (_ported_with(keep=lambda v: 0.5), "keep-wrong"),
            (_ported_with(keys=lambda k: "rate" in k or k in KEEP + DROP), "not-a-probability"),
            (_ported_with(skip=lambda v: not v), "zero-lost"),
            (_ported_with(keys=lambda k: k in KEEP), "key-missing"),
            (_port_in_place, "config-changed"),
            (lambda config: {**port(config), "p": 0.5}, "keys-changed"),
            (lambda config: [0.2], "not-a-dict"),
            (lambda config: None, "not-started"),
        ),
    ),
    Exercise(
        name="09-name-it",
        title="What is it called?",
        statement=(
            "Write `name_it(layer)`: feed an array $(N, C, H, W)$ to `layer` and say what it does "
            'to it: `"dropout"` (inverted), `"standard dropout"` (in training), `"spatial '
            'dropout"` (inverted), `"Gaussian dropout"` or `"evaluation mode"`. The drop '
            "probability is between 0.2 and 0.8, and you are not told which."
        ),
        starter=('def name_it(layer):\n    # your code\n    ...\n\n\ncheck("09-name-it", name_it)'),
        hints=(
            "Feed it ones, thousands of them. Which of the five leave no zeros?",
            "If there are zeros, look at the share of zeros in each map: "
            "`(y == 0).mean(axis=(2, 3))`.",
            "Spatial dropout: each share is 0 or 1. Else the largest value tells: 1 without a "
            "scale, 1 / (1 − p) with it.",
        ),
        solution=name_it,
        explanation=(
            "Three questions, in this order: are there zeros, do they come in whole maps, and were "
            "the others turned up? They need no name of a class, so they work on any layer of any "
            "library, and on the one that is called `Dropout` and does something else."
        ),
        judge=judge_name_it,
        wrong_answers=(
            (_name_with(look=_zeros_mean_dropout), "scale-overlooked"),
            (
                _name_with(
                    look=lambda y: (
                        "spatial dropout"
                        if (y == 0).all(axis=(2, 3)).any() or (y == 0).any()
                        else _like(y)
                    )
                ),
                "units-or-maps",
            ),
            (
                _name_with(look=lambda y: "dropout" if (y == 0).any() or y.std() else _like(y)),
                "scale-overlooked",
            ),
            (
                _name_with(look=lambda y: _like(y) if (y == 0).any() else "evaluation mode"),
                "noise-overlooked",
            ),
            (
                _name_with(look=lambda y: "standard dropout" if y.max() == y.min() else _like(y)),
                "change-overlooked",
            ),
            (
                _name_with(
                    look=lambda y: "spatial dropout" if _like(y) == "standard dropout" else _like(y)
                ),
                "name-wrong",
            ),
            (
                _name_with(
                    data=lambda shape: np.maximum(
                        np.random.default_rng(0).standard_normal(shape), 0
                    ),
                    look=_like,
                ),
                "zeros-of-the-input",
            ),
            (_name_with(shape=(1, 1, 1, 3), look=_like), "too-few-units"),
            (lambda layer: "dropout", "never-asked"),
            (_name_with(look=lambda y: "Dropout2d"), "no-such-name"),
            (lambda layer: layer(np.ones(5)) and None, "raises"),
            (lambda layer: None, "not-started"),
        ),
    ),
    Exercise(
        name="09-five-lines",
        title="Five lines",
        statement=(
            "Which variant is each of these lines, in training mode? `x` has the shape "
            "`(N, C, H, W)` in B and `(N, F)` in the others, `f` keeps its shape, and `W` is "
            "`(O, F)`.\n\n"
            "```python\n"
            "A = x * (rng.random(x.shape) >= p) / (1 - p)\n"
            "B = x * (rng.random((N, C, 1, 1)) >= p) / (1 - p)\n"
            "C = x + f(x) * (rng.random((N, 1)) >= p) / (1 - p)\n"
            "D = x @ (W * (rng.random(W.shape) >= p) / (1 - p)).T\n"
            "E = x * rng.normal(1, (p / (1 - p)) ** 0.5, x.shape)\n"
            "```\n\n"
            "Choose from: " + ", ".join(sorted(VARIANTS, key=str.lower)) + "."
        ),
        starter=(
            'answers = {"A": ..., "B": ..., "C": ..., "D": ..., "E": ...}\n\n'
            'check("09-five-lines", answers)'
        ),
        hints=(
            "Two questions for each line: what is multiplied, and what is the shape of the draws?",
            "A 1 in the shape of the draws is an axis that shares. In C, all of a case's branch "
            "shares one draw.",
            "In D the draws have the shape of `W`. Where is the axis of the cases?",
        ),
        solution=LINES,
        explanation=(
            "D is the one that is mostly called DropConnect. DropConnect draws other weights for "
            "every case; with one mask for a batch it is weight-drop, and its noise does not "
            "average out over the cases."
        ),
        judge=judge_five_lines,
        wrong_answers=(
            (_lines_with(A="standard dropout"), "scale-overlooked"),
            (_lines_with(B="DropBlock"), "map-or-block"),
            (_lines_with(D="DropConnect"), "one-mask-for-the-batch"),
            (_lines_with(D="inverted dropout"), "weights-or-units"),
            (_lines_with(C="DropConnect"), "branch-not-weight"),
            (_lines_with(C="inverted dropout"), "branch-not-units"),
            (_lines_with(E="inverted dropout"), "no-zeros-there"),
            (_lines_with(E="standard dropout"), "variant-wrong"),
            (_lines_with(A="Dropout"), "no-such-name"),
            (_lines_with(B=...), "letters-left"),
            (list(LINES.values()), "not-a-dict"),
            (dict.fromkeys("ABCDE", ...), "not-started"),
        ),
    ),
    Exercise(
        name="09-two-widths",
        title="Two widths that are taken for each other",
        statement=(
            "Networks from $S$ seeds were asked about one case, $T$ times each with dropout on. "
            "Write `two_widths(answers)` for `answers` of shape $(S, T)$: return the *spread*, "
            "which is the standard deviation over the passes of a network, averaged over the "
            "networks; and half the width of the 95% *interval* for the mean over seeds (both "
            "deviations with `ddof=1`)."
        ),
        starter=(
            "def two_widths(answers):\n    # your code\n    ...\n\n\n"
            'check("09-two-widths", two_widths)'
        ),
        hints=(
            "One of the two is about masks, the other about seeds. Along which axis does each go?",
            "The spread: deviation along axis 1, then the mean. It does not shrink as T grows.",
            "The interval: one mean for each seed, their deviation over √S, times "
            "`scipy.stats.t.ppf(0.975, S - 1)`.",
        ),
        solution=two_widths,
        explanation=(
            "The first says how much masks move one network, the second how well the mean over "
            "networks is known. More passes sharpen the estimate of the first and leave it as "
            "large; more seeds make the second smaller. Counting passes as runs makes any "
            "interval as narrow as one likes."
        ),
        judge=judge_two_widths,
        wrong_answers=(
            (lambda a: two_widths(a)[::-1], "mixed-up"),
            (_widths_with(spread=lambda a: a.std(ddof=1)), "spread-over-everything"),
            (_widths_with(spread=lambda a: a.std(axis=1).mean()), "divided-by-t"),
            (_widths_with(spread=lambda a: a.std(axis=0, ddof=1).mean()), "spread-over-seeds"),
            (
                _widths_with(spread=lambda a: two_widths(a)[0] / math.sqrt(a.shape[1])),
                "spread-of-the-mean",
            ),
            (_widths_with(spread=lambda a: a.var(axis=1, ddof=1).mean()), "spread-off"),
            (
                _widths_with(half=lambda a: _quantile(a.size) * a.std(ddof=1) / math.sqrt(a.size)),
                "passes-as-runs",
            ),
            (_widths_with(half=lambda a: 1.96 * _error(a)), "normal-quantile"),
            (_widths_with(half=_error), "quantile-forgotten"),
            (
                _widths_with(half=lambda a: two_widths(a)[1] * math.sqrt(len(a))),
                "root-forgotten",
            ),
            (
                _widths_with(half=lambda a: two_widths(a)[1] * math.sqrt((len(a) - 1) / len(a))),
                "divided-by-n",
            ),
            (_widths_with(half=lambda a: 2 * two_widths(a)[1]), "whole-width"),
            (_widths_with(half=lambda a: 0.0), "half-width-off"),
            (lambda a: a.std(), "not-a-pair"),
            (lambda a: None, "not-started"),
        ),
    ),
)

QUIZ = [
    multiple_choice(
        "A paper of 2014 says “p = 0.8 for the input layer”. The network in use multiplies the "
        "weights by p. What do you pass to `nn.Dropout`?",
        "Keep probability",
        (
            "0.2",
            "Whoever multiplies by p when the network is used means the probability to keep.",
        ),
        ("0.8", "That would drop four of five inputs. Multiplying *by* p is the sign of a keep."),
        ("1.25", "1.25 is the scale 1 / 0.8; a probability it cannot be."),
    ),
    multiple_choice(
        "“Variational dropout reduced our model to a few per cent of its weights.” Which method "
        "is meant?",
        "Variational dropout with learned noise",
        (
            "Gaussian noise whose strength is learned for each weight",
            "Weights whose learned noise is large can go. That is the line of Kingma et al.",
        ),
        (
            "One mask for all time steps of a sequence",
            "That one has a fixed p and learns nothing about it, so it cannot say which weights "
            "can go.",
        ),
        (
            "`nn.LSTM(dropout=0.5)`",
            "That is ordinary dropout between layers, and neither of the two methods of the name.",
        ),
    ),
    multiple_choice(
        "`y = x @ (W * mask).T` with `mask` of the shape of `W`, drawn anew for each batch. Is "
        "that DropConnect?",
        "Weight-drop",
        (
            "Not quite: a whole batch shares the mask",
            "DropConnect has (N, O, I), other weights for every case.",
        ),
        ("Yes, weights are dropped", "They are; but DropConnect draws them for each case."),
        (
            "No, it is stochastic depth",
            "Stochastic depth leaves out a whole branch. Here single weights are dropped.",
        ),
    ),
    multiple_choice(
        "You predict under `torch.no_grad()` and get another answer each time. Why?",
        "Evaluation mode",
        (
            "`no_grad()` stops the recording of gradients, and dropout is still on",
            "What switches dropout off is `eval()`.",
        ),
        (
            "The seed was not set",
            "A seed would make the sequence of different answers repeatable. They would still "
            "be answers of thinned networks.",
        ),
        (
            "Weight scaling is an approximation",
            "It is, but it gives the same approximation each time.",
        ),
    ),
    multiple_choice(
        "In the log the validation loss lies below the training loss, with dropout. What do you "
        "conclude about overfitting?",
        "Generalisation gap",
        (
            "Nothing yet: the two were measured in different modes",
            "Measure the training data in evaluation mode, then subtract.",
        ),
        (
            "There is none, as the gap is negative",
            "That is no generalisation gap: the training loss was taken with dropout on.",
        ),
        (
            "The validation data leaked into the training data",
            "That can happen, too; but dropout in the log is enough to explain it.",
        ),
    ),
    multiple_choice(
        "Which average over thinned networks does one pass in evaluation mode give exactly, if "
        "the dropped layer feeds a softmax?",
        "Geometric mean",
        ("The normalised geometric mean", "Logits are linear in the mask, so they average."),
        (
            "The arithmetic mean of the probabilities",
            "That is what passes of Monte Carlo dropout give, if there are enough of them.",
        ),
        (
            "None, it is always an approximation",
            "Through a ReLU layer it is one. In front of a softmax the identity is exact.",
        ),
    ),
    multiple_choice(
        "The spread over 100 passes is 0.3. You take 10,000 passes. What is it now?",
        "Spread",
        (
            "About 0.3, known more precisely",
            "It is a property of the masks; more passes only estimate it better.",
        ),
        (
            "About 0.03",
            "That is how the error of the *mean* over passes falls. The spread stays.",
        ),
        ("0", "Then masks would have ceased to matter. Nothing in the network has changed."),
    ),
    multiple_choice(
        "Ten paired runs give a difference whose 95% interval contains 0. Which sentence may you "
        "write?",
        "Null result",
        (
            "“These runs could not tell the two apart”",
            "Whether there is an effect, they leave open.",
        ),
        (
            "“The two are equally good”",
            "For that the interval has to lie within a margin that was fixed before.",
        ),
        (
            "“With 95% probability there is no effect”",
            "The 95% belong to the procedure, and not to one interval or to one hypothesis.",
        ),
    ),
    {
        "question": "TensorFlow 1, `keep_prob=0.8`. What is the variance of the noise that "
        "inverted dropout puts on an activation of 2?",
        "section": "Noise variance",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 1,
                "correct": True,
                "feedback": "p = 0.2, and p / (1 − p) times 2² is 0.25 · 4.",
            },
            {
                "type": "value",
                "value": 16,
                "correct": False,
                "feedback": "That takes 0.8 for the drop probability.",
            },
            {
                "type": "value",
                "value": 0.64,
                "correct": False,
                "feedback": "p (1 − p) x² is the variance without the scale.",
            },
            {
                "type": "value",
                "value": 0.25,
                "correct": False,
                "feedback": "That is for an activation of 1: multiply by its square.",
            },
            {"type": "default", "feedback": "First p, then p / (1 − p), then times x²."},
        ],
    },
]


def _card(section, front, back):
    return {"front": front, "back": back, "section": section}


CARDS = [
    _card(
        "Drop probability",
        "`nn.Dropout(0.2)` and TensorFlow 1's `keep_prob=0.2`: what does each drop?",
        "One unit in five; four in five. One is $p$, the other $1-p$.",
    ),
    _card(
        "Mask",
        "To whom does a mask belong: a layer, a batch, a case?",
        "To a training case. Where its shape has a 1, entries share a draw.",
    ),
    _card(
        "Number dropped",
        "How many of $n$ units does dropout drop?",
        "Binomial$(n, p)$: $np$ on average, with standard deviation $\\sqrt{np(1-p)}$.",
    ),
    _card(
        "Inverted dropout",
        "Inverted and standard dropout: training and evaluation of each?",
        "Inverted: $m\\,x/(1-p)$, then $x$. Standard: $m\\,x$, then $(1-p)\\,x$.",
    ),
    _card(
        "Noise variance",
        "Variance of a mask entry, and of what inverted dropout makes of $x$?",
        "$p(1-p)$, and $\\frac{p}{1-p}\\,x^2$.",
    ),
    _card(
        "Evaluation mode",
        "What does `eval()` do that `no_grad()` does not, and the other way round?",
        "`eval()` switches dropout off (and batch norm over). `no_grad()` stops the recording of "
        "gradients and leaves dropout on.",
    ),
    _card(
        "Functional dropout",
        "What is missing in `F.dropout(x, 0.5)` within `forward`?",
        "`training=self.training`. Without it, it drops in evaluation too.",
    ),
    _card(
        "Spatial dropout",
        "Masks of spatial dropout, of DropConnect, of variational dropout?",
        "$(N, C, 1, 1)$; $(N, O, I)$; $(1, N, F)$ for activations $(T, N, F)$.",
    ),
    _card(
        "Variational dropout with learned noise",
        "Two methods are called variational dropout. Which?",
        "One mask for all time steps (Gal and Ghahramani 2016); Gaussian noise whose strength is "
        "learned (Kingma et al. 2015).",
    ),
    _card(
        "Stochastic depth",
        "Code says `drop_connect`. What may it be, and how do you find out?",
        "Often stochastic depth, a whole branch per case. Look at what is multiplied: a weight "
        "matrix, or the output of a block?",
    ),
    _card(
        "Generalisation gap",
        "The validation loss lies below the training loss in the log. What now?",
        "Measure the training data in evaluation mode. The log was taken with dropout on.",
    ),
    _card(
        "Geometric mean",
        "What does weight scaling average, and what do Monte Carlo passes?",
        "The normalised geometric mean of all thinned networks (exactly, in front of a softmax); "
        "the arithmetic mean of some.",
    ),
    _card(
        "Ridge regression",
        "Dropout on the inputs of a linear regression is what?",
        "Ridge regression, with the penalty $\\frac{p}{1-p}\\sum_j w_j^2\\lVert x_j\\rVert^2$.",
    ),
    _card(
        "Variance shift",
        "Why can dropout in front of batch norm go wrong?",
        "Batch norm stores the variance with dropout on and meets the one with dropout off: "
        "smaller by $1 + \\frac{p}{1-p}(1 + \\mu^2/v)$.",
    ),
    _card(
        "Predictive entropy",
        "Two passes, both sure, of different classes. Predictive entropy and mutual information?",
        "Both $\\log 2$. If both passes hedge with one half, the mutual information is 0.",
    ),
    _card(
        "Null result",
        "An interval contains 0. What has been shown?",
        "Nothing: neither an effect nor its absence. For the second it has to lie within a margin "
        "that was fixed before.",
    ),
]
