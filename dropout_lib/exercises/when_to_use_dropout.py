"""Exercises and quiz of chapter 7."""

import math

import numpy as np

from ..checks import Diagnosis
from . import paired
from .answers import agrees
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


def _patient(seed, cases, units, classes):
    """A model, and training and validation data of different size."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Linear(units, classes))
        x, labels = torch.randn(cases, units), torch.randint(classes, (cases,))
    part = 2 * cases // 3
    return model, (x[:part], labels[:part]), (x[part:], labels[part:])


def _losses(model, *parts, twice=lambda logits: logits, **how):
    """The loss of each part, with dropout off."""
    import torch
    from torch.nn import functional as F

    with torch.no_grad():
        return [F.cross_entropy(twice(model.eval()(x)), y, **how).item() for x, y in parts]


def judge_gap(gap):
    import torch

    first, second = _patient(0, 600, 20, 3), _patient(0, 90, 8, 5)
    (model, train, validation), answers = first, []
    for mode in (True, False):
        with torch.random.fork_rng():
            torch.manual_seed(len(answers))
            answer = gap(model.train(mode), train, validation)
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
    in_training, in_evaluation = answers
    if not math.isclose(in_training, in_evaluation, abs_tol=1e-5):
        return Diagnosis(
            "dropout-left-on",
            f"from training mode {in_training:.4f} came back, and from evaluation mode "
            f"{in_evaluation:.4f}: a loss was measured with dropout on.",
            "call model.eval() before both losses; torch.no_grad() does not do it",
        )
    problem = _slip_of_gap(in_training, *first)
    return problem or _slip_of_gap(_number(gap(*second)), *second)


def _slip_of_gap(found, model, train, validation):
    import torch

    losses = _losses(model, train, validation)
    right = losses[1] - losses[0]
    errors = [_error(model, data) for data in (train, validation)]
    summed = _losses(model, train, validation, reduction="sum")
    twice = _losses(model, train, validation, twice=lambda logits: torch.softmax(logits, dim=1))
    slips = {
        "the-other-way-round": (
            -right,
            f"{found:.4f} is the training loss less the validation loss.",
            "the gap is positive when the network does worse on what it has not seen; it can be "
            "negative, too, so no abs()",
        ),
        "errors-compared": (
            errors[1] - errors[0],
            "that is the difference of the error rates.",
            "the loss is asked for: F.cross_entropy(model(x), labels)",
        ),
        "ratio": (losses[1] / losses[0], "that is a ratio.", "take the difference"),
        "validation-only": (
            losses[1],
            "that is the validation loss by itself.",
            "take the training loss away from it",
        ),
        "summed": (
            summed[1] - summed[0],
            "these are sums over the cases, of which the training data has more.",
            "the mean loss does not depend on how many cases there are",
        ),
        "softmax-twice": (
            twice[1] - twice[0],
            "the outputs went through a softmax before F.cross_entropy, which takes one itself.",
            "hand it the logits, model(x), as they are",
        ),
    }
    return _among(
        found,
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


def _gap_with(**how):
    def answer(model, train, validation):
        was_training = model.training
        losses = _losses(model, train, validation, **how)
        model.train(was_training)
        return losses[1] - losses[0]

    return answer


def _gap_softmax_twice(model, train, validation):
    return _gap_with(twice=lambda logits: logits.softmax(dim=1))(model, train, validation)


def _gap_unsigned(model, train, validation):
    return abs(gap(model, train, validation))


def _gap_of_errors(model, train, validation):
    was_training = model.training
    errors = [_error(model, data) for data in (train, validation)]
    model.train(was_training)
    return errors[1] - errors[0]


def _does_nothing(*arguments): ...


# --- a fair comparison -------------------------------------------------------------------------

# errors by learning rate; the best on test is another one than the best on validation
_VALIDATION = {"without": [0.20, 0.12, 0.15, 0.16], "with": [0.25, 0.14, 0.11, 0.115]}
_TEST = {"without": [0.21, 0.14, 0.135, 0.125], "with": [0.26, 0.15, 0.118, 0.10]}


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
        "without-chosen-on-test": (
            min(test["without"]) - test["with"][best["with"]],
            "the learning rate without dropout was chosen on test errors, dropout's was not.",
            "both sides choose where the *validation* error is lowest",
        ),
        "highest-chosen": (
            max(test["without"]) - max(test["with"]),
            "the rates with the highest errors were chosen.",
            "of errors the lowest is the best",
        ),
        "relative": (
            1 - test["with"][best["with"]] / test["without"][best["without"]],
            "that is by which share of it the error falls.",
            "the difference of the two errors is asked for: don't divide",
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

_RUNS = paired.runs(middle=0.0)
_WORDS = ("helps", "can't tell", "hurts")


def judge_verdict(verdict):
    said = [verdict(list(a), list(b)) for a, b in _RUNS]
    if all(word is None for word in said):
        return NOT_STARTED
    for (a, b), word in zip(_RUNS, said, strict=True):
        if not isinstance(word, str) or word not in _WORDS:
            return Diagnosis(
                "another-word",
                f"for {a} and {b} {word!r} came back.",
                'return one of "helps", "hurts" and "can\'t tell"',
            )
    return paired.slip(said, _RUNS, _WORDS)


def verdict(without, dropped):
    from dropout_lib.experiments import paired_difference

    gain = paired_difference(without, dropped)
    if gain.low > 0:
        return "helps"
    return "hurts" if gain.high < 0 else "can't tell"


def _verdict_by(rule):
    return lambda without, dropped: _WORDS[1 - rule(without, dropped)]


def _verdict_swapped(without, dropped):
    return verdict(dropped, without)


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
        "shrinkage-not-squared": (
            lambda p, w, s: s**2 / (p * w**2),
            "the variance that dropout leaves is taken to be (1 − p) s²/n.",
            "the weight is shrunk to 1 − p of it, and a variance by the square of that",
        ),
        "bias-not-squared": (
            lambda p, w, s: (2 - p) * s**2 / w**2,
            "dropout's bias enters with p in place of p².",
            "a risk is a mean square: the bias of −p w counts p²w²",
        ),
        "weight-left-out": (
            lambda p, w, s: (2 - p) / p * s**2,
            "the weight plays no part, as if it were 1.",
            "the bias is a share of the weight: p²w²",
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
            if agrees(numbers, points, formula, rtol=1e-4):
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
            "A training loop logs this as the gap:\n\n"
            "```python\ndef gap(model, train, validation):\n"
            "    train_loss = F.cross_entropy(model(train[0]), train[1])\n    model.eval()\n"
            "    return F.cross_entropy(model(validation[0]), validation[1]) - train_loss\n```\n\n"
            "`train` and `validation` are pairs (x, labels) of tensors, `model` gives logits. Mend "
            "it: return, as one number, the validation loss less the training loss, both mean "
            "cross-entropies as the guide asks for them, and leave the model in the mode in which "
            "you found it, whichever that was."
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
            (_gap_with(reduction="sum"), "summed"),
            (_gap_softmax_twice, "softmax-twice"),
            (_gap_unsigned, "the-other-way-round"),
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
            "error, each side at the rate that you would have chosen for it. One number in the "
            "unit of the errors, below 0 where dropout does harm."
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
            (_fair_worst, "highest-chosen"),
            (
                lambda validation, test: (
                    min(test["without"]) - test["with"][int(np.argmin(validation["with"]))]
                ),
                "without-chosen-on-test",
            ),
            (
                lambda validation, test: (
                    fair_gain(validation, test)
                    / test["without"][int(np.argmin(validation["without"]))]
                ),
                "relative",
            ),
            (lambda validation, test: 0.5, "another-gain"),
            (lambda validation, test: [0.1], "not-a-number"),
            (_does_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="07-verdict",
        title="Does it help?",
        statement=(
            "`without` and `dropped` are lists of test errors of paired runs: the same position "
            "is the same seed, and there are at least three. Write `verdict(without, dropped)`, "
            "which says by Student's 95% interval of the mean difference whether dropout "
            '`"helps"` (all of it on that side of 0), `"hurts"` or you `"can\'t tell"`. '
            "`paired_difference` "
            "of `dropout_lib.experiments` is yours to use."
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
            (_verdict_by(paired.by_means), "means-compared"),
            (_verdict_by(paired.by_majority), "runs-counted"),
            (_verdict_by(paired.by_signs), "all-runs-agree"),
            (_verdict_by(paired.by_two_intervals), "runs-not-paired"),
            (_verdict_by(paired.by_unpaired_difference), "runs-not-paired"),
            (_verdict_swapped, "the-other-way-round"),
            (_verdict_by(paired.by_normal), "normal-not-student"),
            (_verdict_by(paired.by_one_error), "one-standard-error"),
            (_verdict_by(paired.by_one_side), "one-sided"),
            (_verdict_by(paired.by_n), "deviation-of-all-n"),
            (_verdict_by(paired.by_n_degrees), "wrong-freedom"),
            (_verdict_by(paired.by_99_percent), "another-confidence"),
            (_verdict_by(paired.by_deviation), "spread-of-single-runs"),
            (
                lambda without, dropped: (
                    "helps" if verdict(without, dropped) == "helps" else "can't tell"
                ),
                "another-rule",
            ),
            (_verdict_true_or_false, "another-word"),
            (lambda without, dropped: "can't tell", "always-the-same"),
            (_does_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="07-crossover",
        title="How many cases are too many?",
        statement=(
            "In the model with one weight, `n` cases, true weight `weight` and noise of standard "
            "deviation `noise`, dropout with p has the lower risk as long as n is small enough. "
            "Write `crossover(p, weight, noise)` for three numbers, 0 < p < 1: the n (not rounded) "
            "at which both risks are equal."
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
            (lambda p, w, s: s**2 / (p * w**2), "shrinkage-not-squared"),
            (lambda p, w, s: (2 - p) * s**2 / w**2, "bias-not-squared"),
            (lambda p, w, s: (2 - p) / p * s**2, "weight-left-out"),
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
