"""Exercises and quiz of chapter 7."""

import math

import numpy as np

from ..checks import Diagnosis
from .core import NOT_STARTED, Exercise, multiple_choice


def _number(value):
    """The answer as a float, or None for what is not one number."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _among(answer, right, slips, otherwise):
    """None for the right number; the diagnosis of the slip that gives this one; or the last."""
    found = _number(answer)
    if found is None:
        return Diagnosis(
            "not-a-number",
            f"one number is asked for, and {answer!r:.60} came back.",
            "return a float",
        )
    if math.isclose(found, right, rel_tol=1e-4, abs_tol=1e-7):
        return None
    for code, (value, message, next_step) in slips.items():
        if math.isclose(found, value, rel_tol=1e-4, abs_tol=1e-7):
            return Diagnosis(code, message, next_step)
    return Diagnosis(otherwise[0], otherwise[1].format(found, right), otherwise[2])


# --- the gap, measured alike -------------------------------------------------------------------


def judge_gap(gap):
    import torch
    from torch.nn import functional as F

    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Linear(20, 3))
    x, labels = torch.randn(400, 20), torch.randint(3, (400,))
    train, validation = (x[:200], labels[:200]), (x[200:], labels[200:])

    def loss(data, mode):
        model.train(mode)
        with torch.no_grad():
            return F.cross_entropy(model(data[0]), data[1]).item()

    quiet = [loss(data, False) for data in (train, validation)]
    answers = []
    for mode in (True, False):
        model.train(mode)
        answer = gap(model, train, validation)
        if answer is None:
            return NOT_STARTED
        answers.append(_number(answer))
        if answers[-1] is None:
            return _among(answer, 0.0, {}, ("", "", ""))
        if model.training is not mode:
            return Diagnosis(
                "mode-left-behind",
                f"the model came in {_mode(mode)} mode and was left in {_mode(not mode)} mode.",
                "note model.training first, and set it back with model.train(was_training)",
            )
    errors = [_error(model, data) for data in (train, validation)]
    right = quiet[1] - quiet[0]
    slips = {
        "the-other-way-round": (
            -right,
            "that is the training loss less the validation loss.",
            "the gap is positive when the network does worse on what it has not seen",
        ),
        "errors-compared": (
            errors[1] - errors[0],
            "that is the difference of the error rates.",
            "the loss is asked for: F.cross_entropy(model(x), labels)",
        ),
        "ratio": (quiet[1] / quiet[0], "that is a ratio.", "take the difference"),
        "validation-only": (
            quiet[1],
            "that is the validation loss by itself.",
            "take the training loss away from it",
        ),
    }
    in_training, in_evaluation = answers
    if not math.isclose(in_training, in_evaluation, abs_tol=1e-6):
        return Diagnosis(
            "dropout-left-on",
            "a loss was measured with dropout on: the answer changes with the masks.",
            "call model.eval() before both losses; torch.no_grad() does not do it",
        )
    return _among(
        in_training,
        right,
        slips,
        ("another-number", "{:.4f} came back, and the gap is {:.4f}.", "validation less training"),
    )


def _mode(training):
    return "training" if training else "evaluation"


def _error(model, data):
    import torch

    model.eval()
    with torch.no_grad():
        return (model(data[0]).argmax(1) != data[1]).float().mean().item()


def gap(model, train, validation):
    import torch
    from torch.nn import functional as F

    was_training = model.training
    model.eval()
    with torch.no_grad():
        losses = [F.cross_entropy(model(x), y).item() for x, y in (train, validation)]
    model.train(was_training)
    return losses[1] - losses[0]


def _gap_noisy(model, train, validation):
    import torch
    from torch.nn import functional as F

    with torch.no_grad():
        losses = [F.cross_entropy(model(x), y).item() for x, y in (train, validation)]
    return losses[1] - losses[0]


def _gap_as_logged(model, train, validation):
    import torch
    from torch.nn import functional as F

    was_training = model.training
    with torch.no_grad():
        logged = F.cross_entropy(model.train()(train[0]), train[1]).item()
        quiet = F.cross_entropy(model.eval()(validation[0]), validation[1]).item()
    model.train(was_training)
    return quiet - logged


def _gap_stays_in_eval(model, train, validation):
    answer = gap(model, train, validation)
    model.eval()
    return answer


def _gap_always_back_to_train(model, train, validation):
    answer = gap(model, train, validation)
    model.train()
    return answer


def _gap_swapped(model, train, validation):
    return gap(model, validation, train)


def _gap_of_errors(model, train, validation):
    was_training = model.training
    errors = [_error(model, data) for data in (train, validation)]
    model.train(was_training)
    return errors[1] - errors[0]


def _does_nothing(*arguments): ...


# --- a fair comparison -------------------------------------------------------------------------

# errors by learning rate; the best on test is another one than the best on validation
_VALIDATION = {"without": [0.20, 0.12, 0.15, 0.16], "with": [0.25, 0.14, 0.11, 0.115]}
_TEST = {"without": [0.21, 0.14, 0.13, 0.17], "with": [0.26, 0.15, 0.118, 0.10]}


def _copies(*tables):
    return [{name: list(errors) for name, errors in table.items()} for table in tables]


def judge_fair(fair_gain):
    answer = fair_gain(*_copies(_VALIDATION, _TEST))
    if answer is None:
        return NOT_STARTED
    best = {name: int(np.argmin(errors)) for name, errors in _VALIDATION.items()}
    test = _TEST
    slips = {
        "the-other-way-round": (
            test["with"][best["with"]] - test["without"][best["without"]],
            "the sign is the other way round: a lower error with dropout is a gain.",
            "error without, less error with",
        ),
        "chosen-on-test": (
            min(test["without"]) - min(test["with"]),
            "the learning rates were chosen on the test errors that are reported.",
            "choose where the *validation* error is lowest, then look up the test error there",
        ),
        "dropout-chosen-on-test": (
            test["without"][best["without"]] - min(test["with"]),
            "dropout's learning rate was chosen on the test errors, the other side's was not.",
            "both sides choose where the *validation* error is lowest",
        ),
        "one-rate-for-both": (
            test["without"][best["without"]] - test["with"][best["without"]],
            "dropout got the learning rate that was best without it.",
            "each side has its own best position",
        ),
        "the-other-rate-for-both": (
            test["without"][best["with"]] - test["with"][best["with"]],
            "the network without dropout got the learning rate that was best with it.",
            "each side has its own best position",
        ),
        "validation-reported": (
            min(_VALIDATION["without"]) - min(_VALIDATION["with"]),
            "that is the gain on validation, where the rates were chosen.",
            "use validation to choose, and test to report",
        ),
        "averaged-over-rates": (
            np.mean(test["without"]) - np.mean(test["with"]),
            "that averages over all rates, the bad ones too.",
            "nobody would use a bad rate: choose one for each side",
        ),
    }
    problem = _among(
        answer,
        test["without"][best["without"]] - test["with"][best["with"]],
        slips,
        ("another-gain", "{:.3f} came back, and it is {:.3f}.", "choose, look up, subtract"),
    )
    return problem or _judge_fair_loss(fair_gain)


def _judge_fair_loss(fair_gain):
    """The same tables with the sides exchanged: now dropout loses."""
    sides = {"without": "with", "with": "without"}
    validation, test = (
        {name: table[other] for name, other in sides.items()} for table in (_VALIDATION, _TEST)
    )
    right = -0.022
    slips = {
        "sign-lost": (
            -right,
            "where dropout raises the error, your gain is positive all the same.",
            "a loss is a negative gain: no abs(), and no larger less smaller",
        ),
    }
    return _among(
        fair_gain(*_copies(validation, test)),
        right,
        slips,
        (
            "right-for-one-table",
            "for other tables {:.3f} came back, and it is {:.3f}.",
            "find the best position anew in the lists that you are given",
        ),
    )


def fair_gain(validation, test):
    chosen = {}
    for name in ("without", "with"):
        best = min(range(len(validation[name])), key=lambda i: validation[name][i])
        chosen[name] = test[name][best]
    return chosen["without"] - chosen["with"]


def _fair_on_test(validation, test):
    return min(test["without"]) - min(test["with"])


def _fair_dropout_on_test(validation, test):
    return test["without"][int(np.argmin(validation["without"]))] - min(test["with"])


def _fair_one_rate(validation, test):
    best = int(np.argmin(validation["without"]))
    return test["without"][best] - test["with"][best]


def _fair_their_rate(validation, test):
    best = int(np.argmin(validation["with"]))
    return test["without"][best] - test["with"][best]


def _fair_on_validation(validation, test):
    return min(validation["without"]) - min(validation["with"])


def _fair_swapped(validation, test):
    return -fair_gain(validation, test)


def _fair_mean(validation, test):
    return float(np.mean(test["without"]) - np.mean(test["with"]))


def _fair_unsigned(validation, test):
    return abs(fair_gain(validation, test))


def _fair_by_position(validation, test):
    return test["without"][1] - test["with"][2]


def _fair_worst(validation, test):
    return max(test["without"]) - max(test["with"])


# --- what a few paired runs say ----------------------------------------------------------------

_RUNS = {  # name: (errors without, errors with, verdict)
    "shifted": ([5.0, 9.0, 3.0, 7.0, 6.0], [4.6, 8.5, 2.4, 6.7, 5.3], "helps"),
    "noisy": ([5.0, 6.0, 5.5, 5.2, 5.8], [5.9, 4.0, 5.7, 4.1, 6.2], "can't tell"),
    "worse": ([3.0, 8.0, 5.0, 6.0], [3.9, 8.7, 5.8, 7.2], "hurts"),
    "few": ([5.0, 4.0, 6.0], [4.0, 3.8, 5.3], "can't tell"),  # a normal quantile would say helps
    # and here t at 95%, or a standard deviation that divides by n
    "close": ([6.0, 7.5, 5.1, 8.2], [5.9, 7.1, 4.3, 7.3], "can't tell"),
}


def judge_verdict(verdict):
    answers = {name: verdict(list(a), list(b)) for name, (a, b, _) in _RUNS.items()}
    if all(answer is None for answer in answers.values()):
        return NOT_STARTED
    wanted = {name: right for name, (*_, right) in _RUNS.items()}
    for name, answer in answers.items():
        if answer not in ("helps", "hurts", "can't tell"):
            return Diagnosis(
                "another-word",
                f"for {name} runs {answer!r} came back.",
                'return one of "helps", "hurts" and "can\'t tell"',
            )
    if answers == wanted:
        return None
    if "can't tell" not in answers.values():
        return Diagnosis(
            "means-compared",
            "every set of runs gets a clear answer, also one whose gains point both ways.",
            "ask whether the interval of the gain contains 0",
        )
    if answers["shifted"] == "can't tell" and answers["worse"] == "can't tell":
        return Diagnosis(
            "runs-not-paired",
            "runs that all gain a little are called undecided: what differs between seeds was "
            "counted as doubt.",
            "subtract run by run first, and take the interval of the differences",
        )
    if (answers["shifted"], answers["worse"]) == ("hurts", "helps"):
        return Diagnosis(
            "the-other-way-round",
            "a network that errs less with dropout is said to be hurt by it.",
            "errors: without less with is the gain",
        )
    if answers["few"] == "helps":
        return Diagnosis(
            "interval-too-narrow",
            "three runs are trusted too much.",
            "with so few runs 1.96 standard errors don't do: paired_difference uses Student's t",
        )
    if answers["close"] == "helps":
        return Diagnosis(
            "interval-a-little-too-narrow",
            "four runs whose interval just contains 0 are called a clear gain.",
            "95% in the middle: Student's t at 97.5%, and a variance that divides by n − 1",
        )
    return Diagnosis(
        "another-verdict",
        f"expected {wanted}, got {answers}.",
        "interval above 0: helps; below 0: hurts; else can't tell",
    )


def verdict(without, dropped):
    from dropout_lib.experiments import paired_difference

    gain = paired_difference(without, dropped)
    if gain.low > 0:
        return "helps"
    return "hurts" if gain.high < 0 else "can't tell"


def _verdict_of_means(without, dropped):
    return "helps" if np.mean(without) > np.mean(dropped) else "hurts"


def _verdict_unpaired(without, dropped):
    from ..experiments import mean_interval

    a, b = mean_interval(without), mean_interval(dropped)
    if a.low > b.high:
        return "helps"
    return "hurts" if a.high < b.low else "can't tell"


def _verdict_swapped(without, dropped):
    return verdict(dropped, without)


def _verdict_normal(without, dropped):
    gains = np.subtract(without, dropped)
    reach = 1.96 * gains.std(ddof=1) / math.sqrt(len(gains))
    if gains.mean() > reach:
        return "helps"
    return "hurts" if gains.mean() < -reach else "can't tell"


def _verdict_one_sided(without, dropped):
    from scipy.stats import t

    gains = np.subtract(without, dropped)
    reach = t.ppf(0.95, len(gains) - 1) * gains.std(ddof=1) / math.sqrt(len(gains))
    if gains.mean() > reach:
        return "helps"
    return "hurts" if gains.mean() < -reach else "can't tell"


def _verdict_true_or_false(without, dropped):
    return verdict(without, dropped) == "helps"


# --- how many cases are too many ---------------------------------------------------------------


def judge_crossover(written):
    points = ((0.5, 1.0, 2.0), (0.2, 0.5, 1.0), (0.8, 2.0, 3.0))
    answers = [written(*point) for point in points]
    if all(answer is None for answer in answers):
        return NOT_STARTED
    slips = {
        "variance-of-the-estimate-only": (
            lambda p, w, s: s**2 / (p**2 * w**2),
            "the noise that dropout leaves is not counted.",
            "dropout's own estimate still varies: (1 − p)² s²/n stands on its side",
        ),
        "not-squared": (
            lambda p, w, s: (2 - p) / p * s / w,
            "signal and noise enter squared.",
            "risks are mean squares: w² and s²",
        ),
        "upside-down": (
            lambda p, w, s: p / (2 - p) * w**2 / s**2,
            "it is upside down.",
            "solve p²w² = (1 − (1 − p)²) s²/n for n, and look where n stands",
        ),
        "keep-and-drop-swapped": (
            lambda p, w, s: (1 + p) / (1 - p) * s**2 / w**2,
            "p was taken for the probability to keep.",
            "dropout shrinks the weight to 1 − p of it",
        ),
        "bias-and-variance-equal": (
            lambda p, w, s: (1 - p) ** 2 * s**2 / (p**2 * w**2),
            "that is where dropout's bias equals dropout's variance.",
            "compare dropout's whole risk with the risk s²/n of least squares",
        ),
    }
    rights = [crossover(*point) for point in points]
    numbers = [_number(answer) for answer in answers]
    if None not in numbers and not np.allclose(numbers, rights, rtol=1e-4):
        for code, (formula, message, next_step) in slips.items():
            if np.allclose(numbers, [formula(*point) for point in points], rtol=1e-4):
                return Diagnosis(code, message, next_step)
    return next(
        (
            problem
            for answer, right in zip(answers, rights, strict=True)
            if (
                problem := _among(
                    answer,
                    right,
                    {},
                    (
                        "another-number",
                        "{:.3g} came back where {:.3g} is right.",
                        "set the two risks equal and solve for n",
                    ),
                )
            )
        ),
        None,
    )


def crossover(p, weight, noise):
    # p² w² + (1 - p)² s²/n = s²/n
    return (1 - (1 - p) ** 2) * noise**2 / (p * weight) ** 2


EXERCISES = (
    Exercise(
        name="07-gap",
        title="Measure the gap",
        statement=(
            "Write `gap(model, train, validation)`: the validation loss less the training loss, "
            "both as the guide asks for them. `train` and `validation` are pairs (x, labels) of "
            "tensors, the loss is the mean cross-entropy. Leave the model in the mode in which "
            "you found it."
        ),
        starter=(
            'def gap(model, train, validation):\n    # your code\n    ...\n\n\ncheck("07-gap", gap)'
        ),
        hints=(
            "Which of the two losses does a training log measure with dropout on?",
            "`model.eval()` first. And before it: `was_training = model.training`.",
            "`losses = [F.cross_entropy(model(x), y).item() for x, y in (train, validation)]` "
            "in evaluation mode, under `torch.no_grad()`; then `model.train(was_training)`.",
        ),
        solution=gap,
        explanation=(
            "Both losses with dropout off, or you compare two different networks. "
            "`dropout_lib.training.evaluate` does this for one data set, and restores the mode of "
            "every layer by itself."
        ),
        judge=judge_gap,
        wrong_answers=(
            (_gap_noisy, "dropout-left-on"),
            (_gap_as_logged, "dropout-left-on"),
            (_gap_stays_in_eval, "mode-left-behind"),
            (_gap_always_back_to_train, "mode-left-behind"),
            (_gap_swapped, "the-other-way-round"),
            (_gap_of_errors, "errors-compared"),
            (lambda model, train, validation: "small", "not-a-number"),
            (lambda model, train, validation: 0.5, "another-number"),
            (_does_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="07-fair",
        title="A fair comparison",
        statement=(
            "You trained without dropout and with it, at several learning rates. "
            '`validation["with"]` and `test["with"]` are lists of errors in the same order of '
            'rates; `"without"` likewise. '
            "Write `fair_gain(validation, test)`: by how much dropout lowers the test "
            "error, each side at the rate that you would have chosen for it."
        ),
        starter=(
            "def fair_gain(validation, test):\n    # your code\n    ...\n\n\n"
            'check("07-fair", fair_gain)'
        ),
        hints=(
            "You choose before you have seen a single test error.",
            "For each side: at which position is its validation error lowest?",
            "`best = min(range(len(errors)), key=errors.__getitem__)` with `errors = "
            'validation["with"]`; then `test["with"][best]`. The gain is without less with.',
        ),
        solution=fair_gain,
        explanation=(
            "A rate of its own for each side, or the comparison is about the rate. Chosen on "
            "validation, or the winner is also the luckiest on test."
        ),
        judge=judge_fair,
        wrong_answers=(
            (_fair_on_test, "chosen-on-test"),
            (_fair_dropout_on_test, "dropout-chosen-on-test"),
            (_fair_one_rate, "one-rate-for-both"),
            (_fair_their_rate, "the-other-rate-for-both"),
            (_fair_on_validation, "validation-reported"),
            (_fair_swapped, "the-other-way-round"),
            (_fair_mean, "averaged-over-rates"),
            (_fair_unsigned, "sign-lost"),
            (_fair_by_position, "right-for-one-table"),
            (_fair_worst, "another-gain"),
            (lambda validation, test: [0.1], "not-a-number"),
            (_does_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="07-verdict",
        title="Does it help?",
        statement=(
            "`without` and `dropped` are test errors of paired runs: the same position is the "
            'same seed. Write `verdict(without, dropped)` that returns `"helps"`, `"hurts"` or '
            '`"can\'t tell"` by the rule of this book. `paired_difference` of '
            "`dropout_lib.experiments` is yours to use."
        ),
        starter=(
            "def verdict(without, dropped):\n    # your code\n    ...\n\n\n"
            'check("07-verdict", verdict)'
        ),
        hints=(
            "Not the means decide, but the interval of the difference.",
            "`paired_difference(without, dropped)` subtracts run by run, and has `.low` and "
            "`.high`.",
            'Above 0 with its whole length: "helps". Below 0: "hurts". Else: "can\'t tell".',
        ),
        solution=verdict,
        explanation=(
            "Runs may differ between seeds more than dropout changes them, so subtract within a "
            "seed. And with three or five runs use Student's interval: 1.96 standard errors "
            "promise more than they keep."
        ),
        judge=judge_verdict,
        wrong_answers=(
            (_verdict_of_means, "means-compared"),
            (_verdict_unpaired, "runs-not-paired"),
            (_verdict_swapped, "the-other-way-round"),
            (_verdict_normal, "interval-too-narrow"),
            (_verdict_one_sided, "interval-a-little-too-narrow"),
            (_verdict_true_or_false, "another-word"),
            (lambda without, dropped: "can't tell", "runs-not-paired"),
            (_does_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="07-crossover",
        title="How many cases are too many?",
        statement=(
            "In the model with one weight, `n` cases, true weight `weight` and noise of standard "
            "deviation `noise`, dropout with p has the lower risk as long as n is small enough. "
            "Write `crossover(p, weight, noise)`: the n (not rounded) at which both risks are "
            "equal."
        ),
        starter=(
            "def crossover(p, weight, noise):\n    # your code\n    ...\n\n\n"
            'check("07-crossover", crossover)'
        ),
        hints=(
            "Least squares: s²/n. Dropout: p²w² + (1 − p)² s²/n.",
            "Set them equal, and bring what has s²/n to one side.",
            "p²w² = (1 − (1 − p)²) s²/n; now n.",
        ),
        solution=crossover,
        explanation=(
            "$n = \\frac{2-p}{p}\\,\\frac{s^2}{w^2}$, since $1-(1-p)^2 = p(2-p)$. Four times the "
            "noise variance, four times as many cases before dropout costs more than it saves; a "
            "gentle p stays useful longer, and saves less."
        ),
        judge=judge_crossover,
        wrong_answers=(
            (lambda p, w, s: s**2 / (p**2 * w**2), "variance-of-the-estimate-only"),
            (lambda p, w, s: (2 - p) / p * s / w, "not-squared"),
            (lambda p, w, s: p / (2 - p) * w**2 / s**2, "upside-down"),
            (lambda p, w, s: (1 + p) / (1 - p) * s**2 / w**2, "keep-and-drop-swapped"),
            (lambda p, w, s: ((1 - p) * s / (p * w)) ** 2, "bias-and-variance-equal"),
            (lambda p, w, s: s**2 / w**2, "another-number"),
            (lambda p, w, s: "many", "not-a-number"),
            (_does_nothing, "not-started"),
        ),
    ),
)

QUIZ = [
    multiple_choice(
        "Your log shows a training loss of 0.9 and a validation loss of 0.6. The network has "
        "dropout. Does it overfit?",
        "Measure the gap",
        (
            "The log does not tell",
            "The two losses belong to different networks, thinned and whole. Measure the "
            "training data again in evaluation mode.",
        ),
        (
            "No: validation is lower than training",
            "The training loss was measured with dropout on, and while the network was still "
            "learning. With dropout off it may be far below 0.6.",
        ),
        (
            "Yes: the two differ",
            "A gap in this direction is what dropout in the log does by itself.",
        ),
    ),
    multiple_choice(
        "In the model with one weight, what happens to the bias that dropout brings when data "
        "are unlimited?",
        "One weight",
        (
            "It stays: the weight comes out as 1 − p of the true one",
            "The variance falls with n, the bias doesn't.",
        ),
        (
            "It goes away like 1/n",
            "That is the variance. A ridge with a fixed penalty fades as data come in; "
            "dropout's penalty grows with every case.",
        ),
        (
            "There is no bias: inverted dropout keeps the mean",
            "It keeps the mean of the activations. The *loss* that it minimises has a penalty, "
            "and that shrinks the weight.",
        ),
    ),
    {
        "question": "A network of 64 inputs, two hidden layers of 256 units and 10 outputs: how "
        "many weights does it have, biases included?",
        "section": "Twenty to nine hundred digits",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 85002,
                "correct": True,
                "feedback": "64 · 256 + 256, then 256 · 256 + 256, then 256 · 10 + 10.",
            },
            {
                "type": "value",
                "value": 84480,
                "correct": False,
                "feedback": "Those are the weights without the 522 biases.",
            },
            {
                "type": "value",
                "value": 586,
                "correct": False,
                "feedback": "Those are the units, inputs included.",
            },
            {
                "type": "value",
                "value": 19210,
                "correct": False,
                "feedback": "One hidden layer is missing.",
            },
            {
                "type": "default",
                "feedback": "For each layer: inputs times outputs, and a bias for each output.",
            },
        ],
    },
    multiple_choice(
        "What did the experiment with the small convolutional network show about dropout in its "
        "head?",
        "Convolutions and their heads",
        (
            "It lowers the loss; for the error ten runs cannot tell",
            "Both at the tuned p and at 0.5.",
        ),
        (
            "It is the best place for dropout in such a network",
            "Single units behind the convolutions did better there.",
        ),
        (
            "It does nothing",
            "Not for the loss: that is clearly lower. An error of which we cannot tell is not "
            "an error that stays the same.",
        ),
    ),
    multiple_choice(
        "A language model is trained for a single pass over a huge text. What speaks against "
        "dropout?",
        "One pass over the data",
        (
            "No case comes twice, so nothing is learned by heart",
            "The training loss is measured on new data at every step, and there is no gap to "
            "close. On our stream of digits every p raised the error.",
        ),
        (
            "Transformers cannot use dropout",
            "They can, and BERT does, with several passes over its data.",
        ),
        (
            "A large model has so many units that dropping some changes nothing",
            "How much is dropped is a share, p, and its effect has no such limit. How often a "
            "case is seen is the question.",
        ),
    ),
    multiple_choice(
        "“Switch dropout off when you fine-tune.” What is to be said of this advice?",
        "Fine-tuning",
        (
            "It is not a rule: try the rate of the pre-training, and 0",
            "BERT's configuration keeps its dropout, and T5's authors switch it on for "
            "fine-tuning after training without.",
        ),
        (
            "It is right, since the weights are good already",
            "Good weights can be spoiled by learning a few cases by heart, which is what "
            "dropout works against. Whether it helps has to be tried.",
        ),
        (
            "It is wrong: dropout always has to stay on",
            "That would be another rule, and no experiment of ours says so either.",
        ),
    ),
]
