"""Exercises and quiz of chapter 8.4."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..checks import Diagnosis
from ..pytorch import Dropout
from ..training import evaluate
from .answers import agrees, first_wrong
from .core import NOT_STARTED, Exercise, multiple_choice


def _examinee(seed, sizes, units, classes):
    """A model with strong dropout, and training and test data of these sizes."""
    generator = torch.Generator().manual_seed(seed)
    cases = sum(sizes)
    x = torch.randn(cases, units, generator=generator)
    labels = (x[:, 0] > 0).long() + (x[:, 1] > 1).long() * (classes - 2)
    n = sizes[0]
    with torch.random.fork_rng():
        layers = nn.Linear(units, 32), nn.ReLU(), Dropout(0.8), nn.Linear(32, classes)
    model = nn.Sequential(*layers)
    for weight in model.parameters():
        nn.init.normal_(weight, generator=generator)
    return model, (x[:n], labels[:n], x[n:], labels[n:])


def judge_both_losses(both_losses):
    for examinee in (_examinee(0, (40, 20), 4, 2), _examinee(1, (30, 50), 6, 3)):
        if problem := _slip_of_both_losses(both_losses, *examinee):
            return problem
    return None


def _is_pair(answer):
    if isinstance(answer, torch.Tensor | np.ndarray):
        return tuple(answer.shape) == (2,)
    return isinstance(answer, tuple | list) and len(answer) == 2


def _slip_of_both_losses(both_losses, model, data):
    model.train()
    weights = [weight.clone() for weight in model.parameters()]
    answer = both_losses(model, *data)
    if answer is None:
        return NOT_STARTED
    if not _is_pair(answer):
        return Diagnosis(
            "not-a-pair",
            f"two losses are asked for, but {answer!r:.60} came back.",
            "return train_loss, test_loss",
        )
    if any(not torch.equal(a, b) for a, b in zip(weights, model.parameters(), strict=True)):
        return Diagnosis(
            "changes-the-weights",
            "the model has other weights than before.",
            "measuring is forward only: no optimiser, no step",
        )
    mode = model.training
    found = [float(torch.as_tensor(loss).detach()) for loss in answer]
    with torch.random.fork_rng():
        torch.manual_seed(0)  # other masks
        second = both_losses(model.train(), *data)
    again = [float(torch.as_tensor(loss).detach()) for loss in second]
    slip = _slip_of_losses(found, again, model, data)
    if slip:
        return slip
    if any(isinstance(loss, torch.Tensor) and loss.requires_grad for loss in answer):
        return Diagnosis(
            "records-gradients",
            "the losses are right, and drag along everything that backward would need.",
            "measure under torch.no_grad() and return loss.item()",
        )
    if not mode:
        return Diagnosis(
            "mode-not-restored",
            "the model came in training mode and went out in evaluation mode: the next steps "
            "would be made without dropout.",
            "keep model.training before you change it, and call model.train(kept) at the end",
        )
    both_losses(model.eval(), *data)
    if model.training:
        return Diagnosis(
            "mode-not-restored",
            "the model came in evaluation mode and went out in training mode.",
            "keep model.training before you change it, and call model.train(kept) at the end",
        )
    return None


def _slip_of_losses(found, again, model, data):
    """What is wrong with the two numbers of two calls, or None."""
    parts = data[:2], data[2:]
    errors, right = zip(*(evaluate(model, *part) for part in parts), strict=True)
    train_right, test_right = np.isclose(found, right, rtol=1e-4)
    if train_right and test_right:
        return None
    train_moves, test_moves = ~np.isclose(found, again, rtol=1e-6)
    if train_moves and test_moves:
        return Diagnosis(
            "both-with-dropout-on",
            f"the losses are {found[0]:.2f} and {found[1]:.2f}, and in a second call "
            f"{again[0]:.2f} and {again[1]:.2f}: both are those of thinned networks.",
            "call model.eval() before you measure; torch.no_grad() does not do that",
        )
    if train_moves:
        return Diagnosis(
            "training-data-with-dropout-on",
            f"the test loss stays; the training loss is {found[0]:.2f}, and {again[0]:.2f} in a "
            "second call: it is that of thinned networks.",
            "measure both in one mode: model.eval() has to come before the first forward pass",
        )
    if test_moves:
        return Diagnosis(
            "test-data-with-dropout-on",
            f"the training loss stays; the test loss is {found[1]:.2f}, and {again[1]:.2f} in a "
            "second call: it is that of thinned networks.",
            "stay in evaluation mode until both are measured",
        )
    with torch.no_grad():
        logits = [model.eval()(x) for x, _ in parts]
    labels = [labels for _, labels in parts]
    twice = [
        F.cross_entropy(a.softmax(dim=1), y).item() for a, y in zip(logits, labels, strict=True)
    ]
    slips = (
        (right[::-1], "swapped", "they have changed places.", "train_loss comes first"),
        (
            [len(y) * loss for y, loss in zip(labels, right, strict=True)],
            "sum-not-mean",
            "these are sums over the points, of which there are not as many in both.",
            "F.cross_entropy takes the mean unless told otherwise",
        ),
        (
            errors,
            "error-rates",
            "these are error rates.",
            "the loss is asked for: F.cross_entropy(model(x), labels)",
        ),
        (
            [1 - error for error in errors],
            "accuracies",
            "these are accuracies.",
            "the loss is asked for: F.cross_entropy(model(x), labels)",
        ),
        (
            twice,
            "softmax-twice",
            "the outputs went through a softmax before F.cross_entropy, which takes one itself.",
            "hand it the logits, model(x), as they are",
        ),
        ([right[0]] * 2, "one-loss-twice", "both are the training loss.", "x_test with y_test"),
        ([right[1]] * 2, "one-loss-twice", "both are the test loss.", "x_train with y_train"),
    )
    for values, *words in slips:
        if np.allclose(found, values, rtol=1e-4):
            return Diagnosis(*words)
    return Diagnosis(
        "other-losses",
        f"the losses are {found[0]:.3f} and {found[1]:.3f}, and should be {right[0]:.3f} and "
        f"{right[1]:.3f}.",
        "F.cross_entropy(model(x), labels), for the training data and for the test data",
    )


def both_losses(model, x_train, y_train, x_test, y_test):
    training = model.training
    model.eval()
    with torch.no_grad():
        train_loss = F.cross_entropy(model(x_train), y_train).item()
        test_loss = F.cross_entropy(model(x_test), y_test).item()
    model.train(training)
    return train_loss, test_loss


def _losses_of_the_example(model, x_train, y_train, x_test, y_test):
    model.train()
    train_loss = F.cross_entropy(model(x_train), y_train).item()
    model.eval()
    with torch.no_grad():
        test_loss = F.cross_entropy(model(x_test), y_test).item()
    model.train()
    return train_loss, test_loss


def _losses_without_eval(model, x_train, y_train, x_test, y_test):
    with torch.no_grad():
        losses = [
            F.cross_entropy(model(x), y).item() for x, y in ((x_train, y_train), (x_test, y_test))
        ]
    return tuple(losses)


def _losses_left_in_eval(model, x_train, y_train, x_test, y_test):
    model.eval()
    with torch.no_grad():
        return (
            F.cross_entropy(model(x_train), y_train).item(),
            F.cross_entropy(model(x_test), y_test).item(),
        )


def _losses_always_back_to_train(model, *data):
    losses = _losses_left_in_eval(model, *data)
    model.train()
    return losses


def _losses_with_gradients(model, x_train, y_train, x_test, y_test):
    model.eval()
    losses = F.cross_entropy(model(x_train), y_train), F.cross_entropy(model(x_test), y_test)
    model.train()
    return losses


def _losses_swapped(model, *data):
    return both_losses(model, *data)[::-1]


def _losses_summed(model, x_train, y_train, x_test, y_test):
    train_loss, test_loss = both_losses(model, x_train, y_train, x_test, y_test)
    return len(x_train) * train_loss, len(x_test) * test_loss


def _losses_by(loss):
    def answer(model, x_train, y_train, x_test, y_test):
        training = model.training
        model.eval()
        with torch.no_grad():
            losses = [loss(model(x), y).item() for x, y in ((x_train, y_train), (x_test, y_test))]
        model.train(training)
        return losses

    return answer


def _losses_only_the_second(model, x_train, y_train, x_test, y_test):
    found, _ = both_losses(model, x_train, y_train, x_test, y_test)
    training = model.training
    model.train()
    with torch.no_grad():
        noisy = F.cross_entropy(model(x_test), y_test).item()
    model.train(training)
    return found, noisy


def _losses_gap_only(model, *data):
    train_loss, test_loss = both_losses(model, *data)
    return test_loss - train_loss


def _losses_after_a_step(model, x_train, y_train, x_test, y_test):
    F.cross_entropy(model(x_train), y_train).backward()
    with torch.no_grad():
        for weight in model.parameters():
            weight -= 0.1 * weight.grad
    return both_losses(model, x_train, y_train, x_test, y_test)


def _losses_does_nothing(model, x_train, y_train, x_test, y_test): ...


_RUN = [0.9, 0.5, 0.3, 0.1, 0.05], [0.92, 0.6, 0.45, 0.41, 0.5]
_BELOW = [0.9, 0.5, 0.4, 0.2], [0.8, 0.41, 0.35, 0.3]  # as dropout, left on, would make them
_BUMPY = [0.9, 0.2, 0.4, 0.1], [0.95, 0.36, 0.55, 0.2]


def judge_gap_at(gap_at):
    found = gap_at(*_as_arrays(_RUN), 0.2)
    if found is None:
        return NOT_STARTED
    if np.ndim(found) != 0:
        return Diagnosis(
            "not-a-number", f"one gap is asked for, but {found!r} came back.", "pick one epoch"
        )

    def is_(value):
        return math.isclose(float(found), value, abs_tol=1e-9)

    if not is_(0.41 - 0.1):
        known = {
            0.1 - 0.41: ("sign", "the sign is turned round.", "the gap is test less training loss"),
            0.5 - 0.05: (
                "last-epoch",
                "that is the gap at the end of training, not where the level was reached first.",
                "look for the first epoch whose training loss is at or below the level",
            ),
            0.45 - 0.3: (
                "nearest",
                "that is the epoch before: its training loss is still above the level.",
                "train_losses <= level marks the epochs that count; take the first of them",
            ),
            0.41 - 0.2: (
                "level-for-loss",
                "the level was subtracted in place of that epoch's training loss.",
                "both losses belong to one epoch",
            ),
        }
        for value, (code, message, hint) in known.items():
            if is_(value):
                return Diagnosis(code, message, hint)
        if math.isnan(float(found)):
            return Diagnosis(
                "nothing-found",
                "nan came back for the level 0.2, and the fourth epoch has a training loss of 0.1.",
                "it is the training losses that have to get down to the level; the test losses "
                "may never do",
            )
        return Diagnosis(
            "another-epoch",
            f"for the level 0.2 it gives {float(found):.3g}; the first epoch at or below has "
            "training loss 0.1 and test loss 0.41.",
            "which epochs are at or below the level, and which of them comes first?",
        )
    return _gap_at_the_edges(gap_at)


def _gap_at_the_edges(gap_at):
    at_level = float(gap_at(*_as_arrays(_RUN), 0.3))
    if not math.isclose(at_level, 0.45 - 0.3):
        return Diagnosis(
            "strictly-below",
            "an epoch whose training loss is exactly the level is passed over.",
            "at or below is <=",
        )
    if not math.isclose(float(gap_at(*_as_arrays(_BUMPY), 0.3)), 0.36 - 0.2):
        return Diagnosis(
            "not-the-first",
            "when the training loss goes up again in between, a later epoch is taken.",
            "dropout makes losses bumpy: take the first epoch at or below the level",
        )
    if not math.isclose(float(gap_at(*_as_arrays(_BELOW), 0.5)), 0.41 - 0.5):
        return Diagnosis(
            "sign-lost",
            "where the test loss is below the training loss, the gap does not come out negative.",
            "a gap below 0 is a result, too: no abs(), no max()",
        )
    at_once = gap_at(*_as_arrays(_RUN), 0.95)
    if at_once is None or not math.isclose(float(at_once), 0.92 - 0.9):
        return Diagnosis(
            "first-epoch-missed",
            "when the very first epoch is at or below the level already, it goes wrong.",
            "its index is 0, which Python takes for False: ask whether an index is None",
        )
    try:
        never = gap_at(*_as_arrays(_RUN), 0.01)
    except (IndexError, ValueError, StopIteration) as error:
        return Diagnosis(
            "never-reached-raises",
            f"where no epoch gets down to the level it raises {type(error).__name__}.",
            "return float('nan') if nothing is at or below the level",
        )
    if never is None or not math.isnan(float(never)):
        return Diagnosis(
            "never-reached",
            f"no epoch gets down to 0.01, and {never!r} came back.",
            "np.argmax of nothing but False is 0, the first epoch: return float('nan') instead",
        )
    return None


def _as_arrays(run):
    return tuple(np.array(losses) for losses in run)


def gap_at(train_losses, test_losses, level):
    there = np.flatnonzero(train_losses <= level)
    if not there.size:
        return float("nan")
    return test_losses[there[0]] - train_losses[there[0]]


def _gap_strict(train_losses, test_losses, level):
    return gap_at(train_losses, test_losses, np.nextafter(level, 0))


def _gap_argmax(train_losses, test_losses, level):
    first = np.argmax(train_losses <= level)
    return test_losses[first] - train_losses[first]


def _gap_raises(train_losses, test_losses, level):
    first = np.flatnonzero(train_losses <= level)[0]
    return test_losses[first] - train_losses[first]


def _gap_last_end(train_losses, test_losses, level):
    return test_losses[-1] - train_losses[-1]


def _gap_sign(train_losses, test_losses, level):
    return -gap_at(train_losses, test_losses, level)


def _gap_nearest(train_losses, test_losses, level):
    nearest = np.abs(train_losses - level).argmin()
    return test_losses[nearest] - train_losses[nearest]


def _gap_before(train_losses, test_losses, level):
    first = np.flatnonzero(train_losses <= level)[0] - 1
    return test_losses[first] - train_losses[first]


def _gap_to_level(train_losses, test_losses, level):
    return test_losses[np.flatnonzero(train_losses <= level)[0]] - level


def _gap_after_the_last_above(train_losses, test_losses, level):
    above = np.flatnonzero(train_losses > level)
    after = above[-1] + 1
    if after == len(train_losses):
        return float("nan")
    return test_losses[after] - train_losses[after]


def _gap_zero_is_false(train_losses, test_losses, level):
    first = next((i for i, loss in enumerate(train_losses) if loss <= level), None)
    return test_losses[first] - train_losses[first] if first else float("nan")


def _gap_unsigned(train_losses, test_losses, level):
    return abs(gap_at(train_losses, test_losses, level))


def _gap_by_test(train_losses, test_losses, level):
    there = np.flatnonzero(test_losses <= level)
    return test_losses[there[0]] - train_losses[there[0]] if there.size else float("nan")


def _gap_all(train_losses, test_losses, level):
    return test_losses - train_losses


def judge_enough_points(answer):
    if answer is None or answer is ...:
        return NOT_STARTED
    if isinstance(answer, str) or np.ndim(answer):
        return Diagnosis("not-a-number", "a number is asked for.", "write it without quotes")
    points = float(answer)
    if 4400 <= points <= 4700:  # 1.96 or 2 standard errors, rounded as you like
        return None
    error, half = 0.03, 0.005
    known = {
        error * (1 - error) / half**2: (
            "one-standard-error",
            "that makes one standard error half a point; the interval has about two each way.",
            "1.96 standard errors are to be 0.005",
        ),
        1.96**2 * error * (1 - error) / (half / 2) ** 2: (
            "whole-width",
            "that makes the whole interval half a point wide; ± half a point is twice that.",
            "1.96 standard errors are to be 0.005, not 0.0025",
        ),
        1.96**2 * 0.25 / half**2: (
            "worst-case",
            "that is for an error rate of 50%, where the standard error is largest.",
            "the variance of one test point's outcome is 0.03 · 0.97",
        ),
        1.645**2 * error * (1 - error) / half**2: (
            "ninety-per-cent",
            "that is for a 90% interval, 1.645 standard errors to each side.",
            "95% in the middle reach 1.96 standard errors to each side",
        ),
        1.96**2 * error**2 / half**2: (
            "error-rate-as-deviation",
            "the error rate was taken for the standard deviation of one test point's outcome.",
            "a coin with probability e has the variance e (1 − e)",
        ),
        1.96 * math.sqrt(error * (1 - error)) / half: (
            "not-squared",
            "the standard error falls with the root of the number of points.",
            "solve 1.96 · √(0.03 · 0.97 / n) = 0.005 for n: square both sides",
        ),
        1.96**2 * error * (1 - error) / 0.5**2: (
            "points-for-shares",
            "half a point is 0.005, not 0.5.",
            "put everything into shares: 0.03 and 0.005",
        ),
    }
    for value, (code, message, hint) in known.items():
        if math.isclose(points, value, rel_tol=0.05):
            return Diagnosis(code, message, hint)
    too = "few" if points < 4400 else "many"
    return Diagnosis(
        f"too-{too}",
        f"{points:.0f} points are too {too}.",
        "the standard error of an error rate e on n points is √(e (1 − e) / n)",
    )


def _tables(seed, candidates, epochs, best):
    """Losses (candidates, epochs) in which every usual rule gives another number.

    Args:
        best: candidate and epoch with the lowest validation loss.
    """
    rng = np.random.default_rng(seed)
    validation, test = rng.random((2, candidates, epochs)) + 0.5
    row, column = best
    validation[best], test[best] = 0.4, 0.87 + seed / 100
    validation[row - 1, -1], test[row - 1, -1] = 0.45, 0.8  # the best of those that ran to the end
    test[row, column - 1], test[row - 2, column - 2] = 0.35, 0.3
    return validation, test


_CANDIDATES = (_tables(3, 4, 9, (2, 5)), _tables(4, 6, 5, (3, 2)))


def judge_report(report):
    found = [report(validation.copy(), test.copy()) for validation, test in _CANDIDATES]
    if any(answer is None for answer in found):
        return NOT_STARTED
    if np.ndim(found[0]) != 0:
        return Diagnosis(
            "not-a-number",
            f"one number is reported, and an array of shape {np.shape(found[0])} came back.",
            "one candidate, at one epoch",
        )
    if agrees(found, _CANDIDATES, report_where_validation_is_lowest):
        return None
    known = (
        (
            lambda validation, test: test.min(),
            "chosen-on-test",
            "that is the lowest test loss: the test data did the choosing.",
            "find the lowest validation loss, then read the test loss at that place",
        ),
        (
            lambda validation, test: test[_chosen(validation)[0]].min(),
            "stopped-on-test",
            "the right candidate, but stopped where its *test* loss is lowest.",
            "the epoch is a choice too: validation makes it",
        ),
        (
            lambda validation, test: validation.min(),
            "reports-validation",
            "that is the validation loss by which it was chosen.",
            "what was lowest of many is too low by luck: report the test loss at that place",
        ),
        (
            lambda validation, test: test[validation[:, -1].argmin(), -1],
            "last-epoch",
            "only the last epoch was considered.",
            "stopping earlier is allowed: look for the lowest entry of the whole table",
        ),
        (
            lambda validation, test: test[_chosen(validation)[0], -1],
            "not-stopped",
            "the right candidate, at the end of its training.",
            "report it at the epoch at which validation stopped it",
        ),
        (
            _by_their_means,
            "chosen-by-means",
            "the candidate that is lowest on average over all epochs was chosen.",
            "candidate and epoch are chosen together: where is the lowest entry of the table?",
        ),
        (
            lambda validation, test: test[np.unravel_index(validation.argmax(), test.shape)],
            "highest",
            "that is where the validation loss is highest.",
            "of losses the lowest is the best",
        ),
        (
            lambda validation, test: test[np.arange(len(test)), validation.argmin(1)].mean(),
            "averaged",
            "each candidate was stopped, and all of them were averaged.",
            "choose one candidate",
        ),
        (
            lambda validation, test: test[np.arange(len(test)), validation.argmin(1)].min(),
            "candidate-chosen-on-test",
            "each candidate was stopped by validation, and of these the lowest *test* loss taken.",
            "the candidate is a choice, too: validation makes it",
        ),
        (
            lambda validation, test: test.mean(),
            "averaged",
            "that is the mean of all test losses.",
            "choose one candidate",
        ),
    )
    for rule, *words in known:
        if agrees(found, _CANDIDATES, rule):
            return Diagnosis(*words)
    (_, test), answer, right = first_wrong(found, _CANDIDATES, report_where_validation_is_lowest)
    return Diagnosis(
        "another-entry",
        f"of {test.shape[0]} candidates over {test.shape[1]} epochs it reports {answer:.3f}, and "
        f"{right:.3f} may be published.",
        "which candidate, at which epoch, has the lowest validation loss? The test loss of the "
        "same place may be reported",
    )


def _chosen(validation):
    return np.unravel_index(validation.argmin(), validation.shape)


def report_where_validation_is_lowest(validation, test):
    return test[_chosen(validation)]


def _by_their_means(validation, test):
    candidate = validation.mean(axis=1).argmin()
    return test[candidate, validation[candidate].argmin()]


def report(validation_loss, test_loss):
    place = np.unravel_index(validation_loss.argmin(), validation_loss.shape)
    return test_loss[place]


def _report_of_best_candidate(choose_epoch):
    def wrong(validation_loss, test_loss):
        candidate = validation_loss.min(axis=1).argmin()
        return test_loss[candidate, choose_epoch(test_loss[candidate])]

    return wrong


EXERCISES = (
    Exercise(
        name="08-4-measured-alike",
        title="Two losses, measured alike",
        statement=(
            "Write `both_losses(model, x_train, y_train, x_test, y_test)`: the mean cross-entropy "
            "on training and on test data as two floats, in this order, both with dropout off. The "
            "model gives logits (N, classes), the labels are class numbers (N,). It may come in "
            "either mode and has to leave in the one it came in."
        ),
        starter=(
            "import torch\nfrom torch.nn import functional as F\n\n\n"
            "def both_losses(model, x_train, y_train, x_test, y_test):\n"
            "    # your code\n    ...\n\n\n"
            'check("08-4-measured-alike", both_losses)'
        ),
        hints=(
            "What has to be off while you measure, and what has to be as before when you are done?",
            "`model.eval()` switches dropout off, `torch.no_grad()` the recording of gradients. "
            "The mode is in `model.training`.",
            "Keep `training = model.training`; then `model.eval()`; then both losses with "
            "`F.cross_entropy(...).item()` under `torch.no_grad()`; then `model.train(training)`.",
        ),
        solution=both_losses,
        explanation=(
            "`model.train(training)` sets the mode that it is given, so it also leads back to "
            "evaluation. (In a model whose parts are in different modes, that would not be "
            "enough; the library's `evaluate` keeps the mode of every module.)"
        ),
        judge=judge_both_losses,
        wrong_answers=(
            (_losses_of_the_example, "training-data-with-dropout-on"),
            (_losses_without_eval, "both-with-dropout-on"),
            (_losses_left_in_eval, "mode-not-restored"),
            (_losses_always_back_to_train, "mode-not-restored"),
            (_losses_with_gradients, "records-gradients"),
            (_losses_swapped, "swapped"),
            (_losses_summed, "sum-not-mean"),
            (_losses_by(lambda out, y: (out.argmax(1) != y).float().mean()), "error-rates"),
            (_losses_by(lambda out, y: (out.argmax(1) == y).float().mean()), "accuracies"),
            (_losses_by(lambda out, y: F.cross_entropy(out.softmax(1), y)), "softmax-twice"),
            (_losses_by(lambda out, y: F.nll_loss(out, y)), "other-losses"),
            (lambda model, a, b, c, d: both_losses(model, a, b, a, b), "one-loss-twice"),
            (_losses_only_the_second, "test-data-with-dropout-on"),
            (_losses_gap_only, "not-a-pair"),
            (_losses_after_a_step, "changes-the-weights"),
            (_losses_does_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="08-4-equal-training-loss",
        title="The gap at equal training loss",
        statement=(
            "Write `gap_at(train_losses, test_losses, level)` for two NumPy arrays with an entry "
            "per epoch: test loss less training loss at the first epoch whose training loss is "
            "at or below `level`, one number, and `float('nan')` if there is none. For training "
            "losses 0.9, 0.5, 0.3, test losses 0.9, 0.6, 0.5 and the level 0.6 it is 0.1."
        ),
        starter=(
            "import numpy as np\n\n\n"
            "def gap_at(train_losses, test_losses, level):\n    # your code\n    ...\n\n\n"
            'check("08-4-equal-training-loss", gap_at)'
        ),
        hints=(
            "Which epochs are at or below the level? Which of them is the first?",
            "`np.flatnonzero(train_losses <= level)` lists them. What if the list is empty?",
            "Take `first = there[0]` after you have dealt with `there.size == 0`, and subtract "
            "the two losses of that one epoch.",
        ),
        solution=gap_at,
        explanation=(
            "`np.argmax(train_losses <= level)` finds the first too, but gives 0 if there is "
            "none, which looks like an answer."
        ),
        judge=judge_gap_at,
        wrong_answers=(
            (_gap_strict, "strictly-below"),
            (_gap_argmax, "never-reached"),
            (_gap_raises, "never-reached-raises"),
            (_gap_last_end, "last-epoch"),
            (_gap_sign, "sign"),
            (_gap_before, "nearest"),
            (_gap_nearest, "nearest"),
            (_gap_to_level, "level-for-loss"),
            (_gap_after_the_last_above, "not-the-first"),
            (_gap_all, "not-a-number"),
            (_gap_zero_is_false, "first-epoch-missed"),
            (_gap_unsigned, "sign-lost"),
            (_gap_by_test, "nothing-found"),
            (lambda train_losses, test_losses, level: 0.0, "another-epoch"),
            (lambda train_losses, test_losses, level: None, "not-started"),
        ),
    ),
    Exercise(
        name="08-4-enough-points",
        title="How many test points?",
        statement=(
            "A network's error rate is about 3%. How many test points does it take to know it to "
            "± half a percentage point, as a 95% interval? Give a number; a hundred more or less "
            "don't matter."
        ),
        starter='points = ...  # your answer\n\ncheck("08-4-enough-points", points)',
        hints=(
            "Each test point is right or wrong: a coin with probability 0.03.",
            "The standard error of a share e over n points is √(e (1 − e) / n), and a 95% "
            "interval reaches 1.96 of them to each side.",
            "Solve 1.96 · √(0.03 · 0.97 / n) = 0.005 for n.",
        ),
        solution=4472,
        explanation=(
            "n = 1.96² · 0.03 · 0.97 / 0.005². With 200 points it is ± 2.4 points. (To compare "
            "two networks on the same points, pair them: what counts is only where they differ.)"
        ),
        judge=judge_enough_points,
        wrong_answers=(
            (1164, "one-standard-error"),
            (17887, "whole-width"),
            (38416, "worst-case"),
            (67, "not-squared"),
            (0.447, "points-for-shares"),
            (3149, "ninety-per-cent"),
            (138, "error-rate-as-deviation"),
            (200, "too-few"),
            ("4472", "not-a-number"),
            (10**6, "too-many"),
            (..., "not-started"),
        ),
    ),
    Exercise(
        name="08-4-choose-then-report",
        title="Choose, then report",
        statement=(
            "You trained several candidates and measured each after every epoch. Write "
            "`report(validation_loss, test_loss)` for two NumPy arrays (candidates, epochs), "
            "lower being better: the test loss, one number, that you may publish when candidate "
            "*and* epoch were free to choose."
        ),
        starter=(
            "import numpy as np\n\n\n"
            "def report(validation_loss, test_loss):\n    # your code\n    ...\n\n\n"
            'check("08-4-choose-then-report", report)'
        ),
        hints=(
            "Which of the two tables may you look at while you choose?",
            "The choice is a place in the table: a row and a column. Where is the validation loss "
            "lowest?",
            "`np.unravel_index(validation_loss.argmin(), validation_loss.shape)` turns the flat "
            "index into a row and a column.",
        ),
        solution=report,
        explanation=(
            "The lowest entry of a table of noisy numbers is low partly by luck. Luck on "
            "validation does not carry over to test data, so the test loss there is honest; the "
            "lowest test loss is not."
        ),
        judge=judge_report,
        wrong_answers=(
            (lambda validation_loss, test_loss: test_loss.min(), "chosen-on-test"),
            (_report_of_best_candidate(np.argmin), "stopped-on-test"),
            (lambda validation_loss, test_loss: validation_loss.min(), "reports-validation"),
            (
                lambda validation_loss, test_loss: test_loss[validation_loss[:, -1].argmin(), -1],
                "last-epoch",
            ),
            (_report_of_best_candidate(lambda losses: -1), "not-stopped"),
            (lambda validation_loss, test_loss: test_loss.mean(), "averaged"),
            (_by_their_means, "chosen-by-means"),
            (
                lambda validation_loss, test_loss: test_loss[
                    np.arange(len(test_loss)), validation_loss.argmin(axis=1)
                ].min(),
                "candidate-chosen-on-test",
            ),
            (
                lambda validation_loss, test_loss: test_loss.flat[validation_loss.argmax()],
                "highest",
            ),
            (
                lambda validation_loss, test_loss: test_loss[
                    validation_loss == validation_loss.min()
                ],
                "not-a-number",
            ),
            (lambda validation_loss, test_loss: test_loss[:, 0].min(), "another-entry"),
            (lambda validation_loss, test_loss: test_loss.min(axis=1), "not-a-number"),
            (lambda validation_loss, test_loss: None, "not-started"),
        ),
    ),
)

QUIZ = [
    multiple_choice(
        "Why can the training loss in the example's right plot lie above the test loss?",
        "First suspect: the ruler",
        (
            "It is measured with dropout on, the test loss with dropout off",
            "Two measurements of two different networks: thinned, and whole.",
        ),
        (
            "Dropout makes the network better on new points than on old ones",
            "With dropout off on both sides the training loss is the lower one.",
        ),
        (
            "There are fewer test points than training points",
            "Both losses are means, so their sizes do not depend on the number of points; only "
            "how far they scatter does.",
        ),
    ),
    {
        "question": "With the log's training loss 0.10, the training loss with dropout off 0.03 "
        "and the test loss 0.08, what is the gap between training and test data?",
        "section": "First suspect: the ruler",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 0.05,
                "correct": True,
                "feedback": "0.08 − 0.03: both with dropout off.",
            },
            {
                "type": "value",
                "value": -0.02,
                "correct": False,
                "feedback": "That is 0.08 − 0.10: a whole network against thinned ones.",
            },
            {
                "type": "value",
                "value": 0.07,
                "correct": False,
                "feedback": "That is what the noise adds to the training loss.",
            },
            {
                "type": "default",
                "feedback": "Test loss less training loss, measured alike.",
            },
        ],
    },
    multiple_choice(
        "Network A has a smaller gap than network B, measured alike. Which of the two is better "
        "on new data?",
        "Second suspect: the head start",
        (
            "One cannot tell from that",
            "A network that has learned nothing has no gap at all. Look at the test loss itself.",
        ),
        (
            "A: a small gap is good generalisation",
            "A gap is a difference. A may have both losses high.",
        ),
        (
            "B: it has learned more",
            "It may also have learned its labels by heart.",
        ),
    ),
    multiple_choice(
        "Why compare two networks at equal training loss, and not only at equal epochs?",
        "Second suspect: the head start",
        (
            "The one with dropout fits more slowly, so at equal epochs it is at an earlier stage",
            "Whatever grows during training is then smaller in it for that reason alone.",
        ),
        (
            "An epoch has fewer steps with dropout",
            "Both make one step per epoch here.",
        ),
        (
            "Training loss is what one wants to be low in the end, and epochs are only what it "
            "costs",
            "One wants the test loss to be low. The training loss tells how far training has come.",
        ),
    ),
    multiple_choice(
        "A network has 5 errors on 200 test points, another one 7. What follows?",
        "Third suspect: luck",
        (
            "Next to nothing",
            "Two points of 200: other points, or other initial weights, may turn it round.",
        ),
        (
            "The first is better by 1 percentage point",
            "On these points. The interval around that difference contains 0.",
        ),
        (
            "They are equally good",
            "That does not follow either: not to see a difference is not to see that there is "
            "none.",
        ),
    ),
    multiple_choice(
        "You try 20 rates for your method and publish its lowest test error beside the other "
        "side's only run. What is wrong?",
        "What a comparison has to report",
        (
            "One side was tuned and the other not, and the test data did the tuning",
            "Give both sides the same number of tries, and choose on validation.",
        ),
        (
            "20 rates are too few",
            "More would make it worse: the lowest of many is low by luck.",
        ),
        (
            "Nothing, if all seeds are published, so that others can repeat the 20 runs",
            "Then others can repeat it, and get the same unfair comparison.",
        ),
    ),
]
