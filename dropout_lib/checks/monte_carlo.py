"""Properties of a Monte Carlo prediction: mean and spread over passes with dropout on.

What is examined is a function ``predict(model, x, num_samples) -> (mean, std)`` for PyTorch
models; what comes after the two is not looked at. The models it is tried on are made so that mean
and spread are known:

- *coin*: dropout alone, p = 1/4. A unit x comes out as 4/3 x in three passes of four, else as 0.
- *squared coin*: the same, squared, so that the mean over masks, 4/3 x², is not what comes out
  with dropout off, x².
- *two classes*: logits (h, 0) with h under dropout.

They draw from PyTorch's global generator, which each check seeds and puts back. Tolerances are
six standard deviations or more, as in :mod:`.elementwise`.
"""

from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from .core import Diagnosis, Subject

CASES, UNITS, PASSES = 40, 50, 100
P = 0.25


@dataclass(frozen=True)
class PredictionSubject(Subject):
    """A function that predicts; ``make(p, seed)`` seeds PyTorch and gives it, p has no part.

    Args:
        outputs: "values", or "probabilities" where the models return logits, and mean and std of
            the probabilities are wanted.
    """

    outputs: str = "values"


def prediction_subject(predict, outputs="values", name=None):
    """``predict(model, x, num_samples) -> (mean, std)`` as a subject.

    >>> from dropout_lib.checks import examine
    >>> def predict(model, x, num_samples):  # as one finds it
    ...     model.train()
    ...     with torch.no_grad():
    ...         passes = torch.stack([model(x) for _ in range(num_samples)])
    ...     return passes.mean(dim=0), passes.std(dim=0)
    >>> examine(prediction_subject(predict), MONTE_CARLO).first.code
    'left-in-training'
    """

    def make(p, seed):
        torch.manual_seed(seed)
        return predict

    return PredictionSubject(name or predict.__name__, make, outputs=outputs)


class _Square(nn.Module):
    def forward(self, x):
        return x**2


class _TwoClasses(nn.Module):
    """Logits (h, 0), where x is 4 and h, under dropout with p = 1/2, is 8 or 0."""

    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):  # (N, 1)
        return torch.cat([self.dropout(x), torch.zeros_like(x)], dim=-1)


class _Fails(nn.Module):
    error = None

    def forward(self, x):
        if self.error:
            raise self.error
        return x


def _coin(*behind):
    return nn.Sequential(nn.Dropout(P), *behind).eval()


def _threes(cases=CASES):
    return torch.full((cases, UNITS), 3.0)


@contextmanager
def _predicting(subject, seed):
    """The function, with the global generator seeded for it; that and gradients are put back."""
    before = torch.is_grad_enabled()
    try:
        with torch.random.fork_rng(devices=[]):
            yield subject.make(None, seed)
    finally:
        torch.set_grad_enabled(before)


def _mean_and_std(subject, model, x, passes=PASSES, seed=0):
    with _predicting(subject, seed) as predict:
        mean, std, *_ = predict(model, x, passes)
    return torch.as_tensor(mean), torch.as_tensor(std)


def _dropout_off(subject, model, x):
    out = model.eval()(x)
    return out if subject.outputs == "values" else out.softmax(dim=-1)


def mean_and_std_have_the_shape_of_one_output(subject):
    x, passes = torch.ones(6, 4), 9
    with _predicting(subject, 0) as predict:
        answer = predict(_coin(), x, passes)
    if answer is None:
        return Diagnosis("returns-nothing", "it returned None", "is there a `return` at the end?")
    if not isinstance(answer, tuple | list) or len(answer) < 2:
        return Diagnosis(
            "not-a-pair",
            "a mean and a standard deviation are asked for, but one thing came back",
            "return mean, std",
        )
    for name, part in zip(("mean", "std"), answer, strict=False):
        shape = tuple(torch.as_tensor(part).shape)
        if shape == tuple(x.shape):
            continue
        if shape[:1] == (passes,):
            return Diagnosis(
                "not-over-the-passes",
                f"for {len(x)} cases and {passes} passes the {name} has the shape {shape}: one "
                "entry for each pass",
                "stack the passes to (num_samples, cases, outputs) and reduce dim=0",
            )
        return Diagnosis(
            "over-the-cases",
            f"one output has the shape {tuple(x.shape)}, and the {name} {shape}: the cases were "
            "thrown together",
            "each case has a mean and a spread of its own: reduce over the passes only, dim=0",
        )
    return None


def passes_differ(subject):
    model, x = _coin(), torch.arange(1, 81).reshape(8, 10) / 10
    mean, std = _mean_and_std(subject, model, x, passes=10, seed=1)
    if (std > 1e-6).any():
        return None
    if torch.allclose(mean, _dropout_off(subject, model, x), rtol=1e-4):
        return Diagnosis(
            "no-spread",
            "a model in evaluation mode goes in, and the spread is 0: all passes are the same, "
            "with dropout off",
            "evaluation mode turns dropout off. Put the dropout layers in training mode before "
            "the passes",
        )
    return Diagnosis(
        "same-masks-in-every-pass",
        "dropout is on, but the spread is 0: every pass has the same masks",
        "is a generator seeded inside the loop? Seed at most once, before everything",
    )


def every_case_has_its_own_masks(subject):
    """Cases that are all alike, a few passes: what these say of them is not."""
    mean, std = _mean_and_std(subject, _coin(), _threes(), passes=4, seed=2)
    if (mean == mean[0]).all() and (std == std[0]).all():
        return Diagnosis(
            "one-mask-for-all-cases",
            f"{CASES} equal inputs get exactly the same mean and spread from 4 passes: they share "
            "their masks, so that what one gets wrong by chance all get wrong",
            "let the dropout layer see the whole batch and draw for each case; a mask of one row "
            "that is broadcast, or the same seed for every case, makes them share",
        )
    return None


def as_many_passes_as_asked_for(subject):
    """The spreads that equal cases get agree better with more passes."""
    if subject.outputs != "values":
        return None
    scatter = {}
    for passes in (4, 64):
        _, std = _mean_and_std(subject, _coin(), _threes(), passes=passes, seed=3)
        scatter[passes] = std.double().var(correction=0).item()
    if scatter[4] > 8 * scatter[64]:  # some 60 times for passes that are independent
        return None
    return Diagnosis(
        "number-of-passes-ignored",
        "the spread is known no better with 64 passes than with 4",
        "make num_samples passes, whatever it is, each with masks of its own",
    )


def mean_is_over_the_masks(subject):
    if subject.outputs != "values":
        return None
    mean, _ = _mean_and_std(subject, _coin(_Square()), _threes(), seed=4)
    right, off, seen = 12.0, 9.0, mean.mean().item()
    scatter, of_a_pass = mean.var(correction=0).item(), 48.0
    if abs(seen - off) < 1e-3 and scatter < 1e-6:
        return Diagnosis(
            "mean-of-one-pass-without-dropout",
            f"the mean is {off:g}, what the model says with dropout off; the passes have the mean "
            f"{right:g}",
            "behind a nonlinearity the two are different: average the passes themselves",
        )
    if abs(seen - PASSES * right) < PASSES * 0.15:
        return Diagnosis(
            "summed-not-averaged",
            f"the mean is {PASSES} times what it should be: the passes are summed",
            "divide by num_samples",
        )
    if abs(seen - right) < 1 and scatter > 4 * of_a_pass / PASSES:
        return Diagnosis(
            "mean-of-too-few-passes",
            f"{PASSES} passes are asked for, and the means of equal cases differ by "
            f"{scatter**0.5:.1f}: they are the mean of a few passes, or of one",
            "take the mean over all passes, dim=0 of the stack",
        )
    if abs(seen - right) > 0.15:  # six standard deviations are 0.1
        return Diagnosis(
            "mean-off",
            f"the mean is about {seen:.2f} where the passes have the mean {right:g}",
            "stack the passes and take .mean(dim=0), not the median",
        )
    return None


def spread_is_the_standard_deviation(subject):
    if subject.outputs != "values":
        return None
    _, std = _mean_and_std(subject, _coin(_Square()), _threes(), seed=5)
    right, seen = 48**0.5, std.mean().item()
    if abs(seen / right - 1) < 0.03:  # six standard deviations, and either divisor
        return None
    if abs(seen / 48 - 1) < 0.03:
        return Diagnosis(
            "variance-returned",
            f"the spread is about {seen:.0f}: that is the variance, in squared units",
            "take the square root, or .std instead of .var",
        )
    if abs(seen / right * PASSES**0.5 - 1) < 0.03:
        return Diagnosis(
            "standard-error-returned",
            "the spread is divided by the square root of num_samples: with more passes it goes to "
            "0, whatever the model",
            "that is how well the mean is known; the spread of the passes is not divided",
        )
    if seen > 1.5 * right:
        return Diagnosis(
            "wider-than-the-passes",
            f"the spread is {seen / right:.1f} times that of the passes",
            "return one standard deviation; what a band shows of it is for the figure to say",
        )
    return Diagnosis(
        "std-off",
        f"the spread is about {seen:.2f} where the passes have the standard deviation {right:.2f}",
        "stack the passes and take .std(dim=0)",
    )


def classes_are_averaged_as_probabilities(subject):
    if subject.outputs != "probabilities":
        return None
    mean, std = _mean_and_std(subject, _TwoClasses().eval(), torch.full((100, 1), 4.0), seed=6)
    (seen, other), spread = mean.mean(dim=0).tolist(), std.mean(dim=0)[0].item()
    if abs(seen - 4) < 0.5:
        return Diagnosis(
            "logits-averaged",
            f"the mean for a class is {seen:.1f}: these are logits, not probabilities",
            "take the softmax of every pass, and average after it",
        )
    if abs(seen - 0.982) < 0.01:
        return Diagnosis(
            "softmax-after-the-mean",
            f"the probability is {seen:.2f}, the softmax of the averaged logits; the passes say "
            "0.5 and 1.0, which is 0.75 on average",
            "the softmax is a nonlinearity: take it first, in every pass, and average then",
        )
    if max(abs(seen - 0.75), abs(other - 0.25)) > 0.02:  # six standard deviations are 0.015
        return Diagnosis(
            "probabilities-off",
            f"the mean probabilities of two classes are {seen:.2f} and {other:.2f} where the "
            "passes have the means 0.75 and 0.25",
            "take the softmax over the classes, the last axis, and the mean over the passes",
        )
    if abs(spread - 0.25) > 0.02:
        return Diagnosis(
            "spread-of-logits",
            f"the mean is right, and the spread is {spread:.2f} where the probabilities of the "
            "passes have 0.25",
            "take mean and std of the same thing, the probabilities",
        )
    return None


def every_kind_of_dropout_is_on(subject):
    maps = torch.full((20, 10, 2, 2), 3.0)
    kinds = {
        "torch.nn.Dropout2d": (nn.Dropout2d(0.5), maps),
        "torch.nn.AlphaDropout": (nn.AlphaDropout(0.5), maps[:, :, 0, 0]),
    }
    for name, (layer, x) in kinds.items():
        model = nn.Sequential(nn.Dropout(0.5), layer, nn.Flatten()).eval()
        model[0].p = 0.0
        _, std = _mean_and_std(subject, model, x, passes=10, seed=7)
        if not (std > 1e-6).any():
            return Diagnosis(
                "some-dropout-left-off",
                f"a {name} stays off: the spread is 0",
                "isinstance(layer, nn.Dropout) finds that one class alone; look for every layer "
                "whose class name contains 'Dropout'",
            )
    return None


def _with_modes():
    """A model for each way of being in a mode, and what to call it."""
    for name in ("evaluation", "training", "mixed"):
        model = nn.Sequential(
            nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Sequential(nn.Dropout(0.5))
        )
        model.train(name != "evaluation")
        if name == "mixed":  # frozen statistics in a model that is being trained
            model[1].eval()
        yield name, model


def _modes(model):
    return [module.training for module in model.modules()]


def modes_are_as_before(subject):
    for name, model in _with_modes():
        before = _modes(model)
        with _predicting(subject, 8) as predict:
            predict(model, torch.ones(6, 4), 3)
        if _modes(model) == before:
            continue
        if name == "evaluation":
            return Diagnosis(
                "left-in-training",
                "the model came in evaluation mode and left with layers in training mode: every "
                "later prediction is made under dropout",
                "keep the modes before the passes and put them back afterwards",
            )
        if name == "training":
            return Diagnosis(
                "left-in-evaluation",
                "the model came in training mode and left with layers in evaluation mode: "
                "training would go on without dropout",
                "keep the modes before the passes and put them back afterwards; eval() at the "
                "end is a guess",
            )
        return Diagnosis(
            "modes-levelled",
            "the model came in training mode with its batch norm in evaluation mode, and left "
            "with one mode for all",
            "model.training is the mode of the outermost module alone: keep that of each, "
            "[m.training for m in model.modules()]",
        )
    return None


def modes_are_as_before_even_after_an_error(subject):
    for error in (RuntimeError("a pass failed"), KeyboardInterrupt("a pass was interrupted")):
        model = nn.Sequential(nn.Dropout(0.5), _Fails()).eval()
        model[1].error = error
        try:
            with _predicting(subject, 9) as predict:
                predict(model, torch.ones(6, 4), 3)
        except (RuntimeError, KeyboardInterrupt) as caught:
            if (type(caught), caught.args) != (type(error), error.args):  # a copy raises a copy
                raise
            if not any(_modes(model)):
                continue
            return Diagnosis(
                "mode-lost-after-an-error",
                f"after a pass that raises {type(error).__name__} the model stays in training mode",
                "passes in `try:`, and what puts the modes back in `finally:`",
            )
        return Diagnosis(
            "error-hidden",
            f"{type(error).__name__} is raised in a pass, and nobody hears of it",
            "use `finally:`, which lets errors through, not `except:`",
        )
    return None


def batch_norm_is_left_alone(subject):
    x = 5 + torch.arange(48.0).reshape(6, 8) / 48
    for training in (False, True):
        norm = nn.BatchNorm1d(8, affine=False)
        model = nn.Sequential(norm, nn.Dropout(P)).train(training)
        before = {name: value.clone() for name, value in norm.state_dict().items()}
        mean, _ = _mean_and_std(subject, model, x, seed=10)
        if any((value != before[name]).any() for name, value in norm.state_dict().items()):
            return Diagnosis(
                "statistics-updated",
                "batch norm has other running statistics than before: it took the data that it "
                "should predict for training data",
                "model.train() turns on more than dropout. model.eval() first, then only the "
                "dropout layers in training mode",
            )
        if subject.outputs == "values" and mean.mean() < 2.5:
            return Diagnosis(
                "batch-statistics-used",
                "batch norm works with the statistics of this very batch, so that a case is "
                "predicted otherwise in other company",
                "put everything but dropout in evaluation mode, in a copy of the model too",
            )
    return None


def no_gradients_are_recorded(subject):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)).eval()
    with torch.enable_grad(), _predicting(subject, 0) as predict:
        mean, std, *_ = predict(model, _ones(), PASSES)
        recorded = any(torch.as_tensor(part).requires_grad for part in (mean, std))
        still_on = torch.is_grad_enabled()
    if recorded:
        return Diagnosis(
            "gradients-recorded",
            "mean and spread drag along what backward would need of every pass",
            "make the passes under torch.no_grad()",
        )
    if not still_on:
        return Diagnosis(
            "gradients-left-off",
            "afterwards gradients are off for everything: training would go no further",
            "`with torch.no_grad():` ends by itself; torch.set_grad_enabled(False) does not",
        )
    return None


def _ones():
    return torch.ones(6, 4)


def global_generator_is_not_reseeded(subject):
    after = []
    for seed in (11, 12):
        with _predicting(subject, seed) as predict:
            predict(_coin(), _ones(), 3)
            after.append(torch.rand(4))
    if torch.equal(*after):
        return Diagnosis(
            "global-generator-reseeded",
            "whatever the seed before, PyTorch's random numbers are the same afterwards: the "
            "function seeds the global generator, for all code that comes after it",
            "leave torch.manual_seed to who calls; for passes that repeat, take a "
            "torch.Generator of your own",
        )
    return None


MONTE_CARLO = (
    mean_and_std_have_the_shape_of_one_output,
    passes_differ,
    every_case_has_its_own_masks,
    as_many_passes_as_asked_for,
    mean_is_over_the_masks,
    spread_is_the_standard_deviation,
    classes_are_averaged_as_probabilities,
    every_kind_of_dropout_is_on,
    modes_are_as_before,
    batch_norm_is_left_alone,
    modes_are_as_before_even_after_an_error,
    no_gradients_are_recorded,
    global_generator_is_not_reseeded,
)
