"""Exercises and quiz of chapter 8.5."""

import math

import numpy as np
import torch

from ..checks import Diagnosis
from ..checks.monte_carlo import MONTE_CARLO, prediction_subject
from ..checks.mutants import monte_carlo as mutants
from .answers import agrees, first_wrong
from .core import NOT_STARTED, Exercise, first_diagnosis, multiple_choice


def judge_predict(predict):
    return first_diagnosis(prediction_subject(predict, name="your function"), MONTE_CARLO)


def predict_with_uncertainty(model, x, num_samples=100):
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()  # batch norm, and everything else
        for module in model.modules():
            if "Dropout" in type(module).__name__:
                module.train()
        with torch.no_grad():
            passes = torch.stack([model(x) for _ in range(num_samples)])
    finally:  # after an error, too
        for module, mode in modes:
            module.training = mode
    return passes.mean(dim=0), passes.std(dim=0)


def _predict_does_nothing(model, x, num_samples=100): ...


def _is_number(found):
    if isinstance(found, torch.Tensor):
        return found.ndim == 0
    return np.ndim(found) == 0 and np.asarray(found).dtype.kind in "iuf"


def _slip(found, slips, atol=1e-6):
    """The diagnosis of the first value that was found: (value, code, message, hint)."""
    for value, *words in slips:
        if np.shape(found) == np.shape(value) and np.allclose(found, value, atol=atol, rtol=1e-5):
            return Diagnosis(*words)
    return None


# Two kinds of doubt

_CLEAR = np.full((6, 3), (0.8, 0.15, 0.05))
_UNDECIDED = np.full((6, 3), (0.4, 0.35, 0.25))
_CONTRARY = np.array([(0.9, 0.06, 0.04), (0.05, 0.9, 0.05)] * 3)
_WAVERING = np.array([(0.5, 0.3, 0.2), (0.3, 0.5, 0.2), (0.25, 0.15, 0.6)] * 2)
_DOUBTS = np.stack([_CLEAR, _UNDECIDED, _CONTRARY, _WAVERING], axis=1)  # (T, N, K) = (6, 4, 3)
_SURE = np.array([[[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]])  # (2, 2, 2)


def _entropy(probabilities, axis=-1):
    return -(probabilities * np.log(probabilities)).sum(axis=axis)


def judge_mutual_information(mutual_information):
    found = mutual_information(_DOUBTS.copy())
    if found is None:
        return NOT_STARTED
    found = np.asarray(found, dtype=float)
    right = _information(_DOUBTS)
    if found.shape != right.shape or not np.allclose(found, right, atol=1e-5):
        return _slip(found, _slips_of_information()) or Diagnosis(
            "another-number",
            f"for four cases it gives {found.round(3).tolist()}, but it is "
            f"{right.round(3).tolist()}.",
            "first the entropy of the mean over the passes, then the entropy of each pass, "
            "averaged over them; subtract",
        )
    with np.errstate(all="ignore"):
        found = np.asarray(mutual_information(_SURE.copy()), dtype=float)
    if not np.allclose(found, (0, math.log(2)), atol=1e-4):  # a small number may help the logarithm
        return Diagnosis(
            "zero-times-log-of-zero",
            f"where a pass gives a class the probability 0, {found.tolist()} comes back.",
            "p log p goes to 0 with p, but NumPy says 0 · (−inf) = nan: take the logarithm only "
            "where p > 0, np.where(p > 0, p, 1), or of a p that is kept above 1e-12",
        )
    return None


def _slips_of_information():
    mean, right = _DOUBTS.mean(axis=0), _information(_DOUBTS)
    each = _entropy(_DOUBTS)  # (T, N)
    return [
        (
            right / math.log(2),
            "bits",
            "that is in bits, with the logarithm to base 2.",
            "in nats it is np.log",
        ),
        (
            -right,
            "sign",
            "the sign is turned round: it is never negative.",
            "the entropy of the mean comes first, and is the larger one",
        ),
        (
            _entropy(mean),
            "predictive-entropy",
            "that is the entropy of the mean prediction, all doubt there is; the case on which "
            "all passes agree to be undecided has to get 0.",
            "subtract the doubt that the passes have themselves, each.mean(axis=0)",
        ),
        (
            each.mean(axis=0),
            "expected-entropy",
            "that is the doubt of the single passes, averaged: what is left out is that they "
            "contradict each other.",
            "subtract it from the entropy of the mean",
        ),
        (
            _entropy(mean) - each[0],
            "one-pass",
            "the entropy of the mean is right, and one pass speaks for all that is subtracted.",
            "the entropy of every pass, (T, N), and its mean over the passes",
        ),
        (
            _entropy(mean) - each.sum(axis=0),
            "summed",
            "the entropies of the passes are summed.",
            "their mean over the passes is wanted",
        ),
        (
            -(mean * np.log(_DOUBTS).mean(axis=0)).sum(axis=-1) - each.mean(axis=0),
            "logs-averaged",
            "the logarithms of the passes are averaged; what is wanted is the logarithm of the "
            "averaged probabilities.",
            "mean = samples.mean(axis=0) first, and its own logarithm then",
        ),
        (
            _information(_DOUBTS).mean(),
            "not-per-case",
            "one number came back for all cases.",
            "one per case: sum over the classes, average over the passes, leave the cases alone",
        ),
        (
            _information(np.swapaxes(_DOUBTS, 0, 1)),
            "cases-for-passes",
            f"there are {_DOUBTS.shape[1]} cases and {_DOUBTS.shape[0]} numbers: the cases were "
            "taken for the passes.",
            "samples is (T, N, K): the passes are axis 0, the classes the last one",
        ),
        (
            _entropy(mean) + each.mean(axis=0),
            "added",
            "the two entropies are added.",
            "each has a minus of its own in front of its sum: was one of them lost?",
        ),
        (
            right / math.log(10),
            "decimal",
            "that is with the logarithm to base 10.",
            "in nats it is np.log",
        ),
        (
            right / _DOUBTS.shape[-1],
            "averaged-over-classes",
            "it is too small by the number of classes: p log p was averaged over them.",
            "an entropy is the sum over the classes",
        ),
        (
            _entropy(mean) - each,
            "not-over-the-passes",
            "one number for each pass and case came back: the passes' entropies were not averaged.",
            "their mean over the passes, axis 0 of (T, N)",
        ),
        (
            (_DOUBTS * np.log(_DOUBTS / mean)).sum(axis=-1),
            "not-over-the-passes",
            "one number for each pass and case came back.",
            "the mean over the passes, axis 0 of (T, N), is left to do",
        ),
        (
            _DOUBTS.std(axis=0).mean(axis=-1),
            "spread",
            "that is a standard deviation.",
            "start from H[p] = −Σ p log p over the classes",
        ),
    ]


def _information(samples):
    return _entropy(samples.mean(axis=0)) - _entropy(samples).mean(axis=0)


def mutual_information(samples):
    def entropy(p):  # over the last axis, with 0 log 0 = 0
        return -(p * np.log(np.where(p > 0, p, 1))).sum(axis=-1)

    mean = samples.mean(axis=0)  # (N, K)
    return entropy(mean) - entropy(samples).mean(axis=0)  # (N,) - (T, N) averaged


def _information_in_bits(samples):
    return mutual_information(samples) / math.log(2)


def _information_negative(samples):
    return -mutual_information(samples)


def _information_total(samples):
    return _entropy(samples.mean(axis=0))


def _information_expected(samples):
    return _entropy(samples).mean(axis=0)


def _information_of_one_pass(samples):
    return _entropy(samples.mean(axis=0)) - _entropy(samples[0])


def _information_summed(samples):
    return _entropy(samples.mean(axis=0)) - _entropy(samples).sum(axis=0)


def _information_of_logs(samples):
    mean, logs = samples.mean(axis=0), np.log(samples).mean(axis=0)
    return -(mean * logs).sum(axis=-1) - _entropy(samples).mean(axis=0)


def _information_of_all(samples):
    return mutual_information(samples).mean()


def _information_of_cases(samples):
    return _entropy(samples.mean(axis=1)) - _entropy(samples).mean(axis=1)


def _information_by_spread(samples):
    return samples.std(axis=0).mean(axis=-1)


def _information_naive(samples):
    return _information(samples)


def _information_added(samples):
    return _entropy(samples.mean(axis=0)) + _entropy(samples).mean(axis=0)


def _information_each(samples):
    return _entropy(samples.mean(axis=0)) - _entropy(samples)


def _information_swapped_mean(samples):
    return _entropy(samples.mean(axis=0)) / _entropy(samples).mean(axis=0)


# What a band holds


def _regression(seed, passes, cases, noise):
    """Passes (T, N) around curves of different spread, and targets (N,)."""
    rng = np.random.default_rng(seed)
    middle, spread = 3 * rng.standard_normal(cases), rng.uniform(0.2, 0.9, cases)
    samples = middle + spread * rng.standard_normal((passes, cases))
    targets = middle + np.hypot(spread, noise) * rng.standard_normal(cases)
    return samples, targets


_BANDS = (_regression(3, 30, 499, 0.5), _regression(4, 12, 301, 0.3))


def judge_coverage(coverage):
    found = [coverage(samples.copy(), targets.copy()) for samples, targets in _BANDS]
    if any(share is None for share in found):
        return NOT_STARTED
    if not _is_number(found[0]):
        return Diagnosis(
            "not-a-number",
            f"one share is asked for, but something with the shape {np.shape(found[0])} came back.",
            "the mean of an array of True and False is the share of True",
        )

    found = [float(share) for share in found]

    def are(rule):
        return any(agrees(found, _BANDS, _coverage_by(rule, ddof)) for ddof in (0, 1))

    if are(_share_within(1.0)):
        return None
    for rule, *words in _SLIPS_OF_COVERAGE:
        if are(rule):
            return Diagnosis(*words)
    (samples, _), share, right = first_wrong(found, _BANDS, _coverage_by(_share_within(1.0)))
    return Diagnosis(
        "another-share",
        f"for {samples.shape[0]} passes and {samples.shape[1]} cases it gives {float(share):.4f}; "
        f"{right:.4f} of the targets are within two spreads of the mean.",
        "each case has a band of its own: where is its middle, and how far does it reach to either "
        "side?",
    )


def coverage(samples, targets):
    mean, std = samples.mean(axis=0), samples.std(axis=0, ddof=1)  # (N,)
    return (np.abs(targets - mean) <= 2 * std).mean()


def _share_within(width):
    """The share within so many times what is asked for; or a function of samples and std is."""

    def rule(samples, targets, std):
        half = width(samples, std) if callable(width) else 2 * width * std
        return (np.abs(targets - samples.mean(axis=0)) <= half).mean()

    return rule


def _below(samples, targets, std):
    return (targets <= samples.mean(axis=0) + 2 * std).mean()


def _above(samples, targets, std):
    return (targets >= samples.mean(axis=0) - 2 * std).mean()


def _passes_within(samples, targets, std):
    return (np.abs(samples - samples.mean(axis=0)) <= 2 * std).mean()


def _around_each_pass(samples, targets, std):
    return (np.abs(targets - samples) <= 2 * std).mean()


def _around_the_median(samples, targets, std):
    return (np.abs(targets - np.median(samples, axis=0)) <= 2 * std).mean()


def _between_quantiles(samples, targets, std):
    low, high = np.quantile(samples, (0.025, 0.975), axis=0)
    return ((low <= targets) & (targets <= high)).mean()


def _between_extremes(samples, targets, std):
    return ((samples.min(axis=0) <= targets) & (targets <= samples.max(axis=0))).mean()


_SLIPS_OF_COVERAGE = (  # rule of samples, targets and std(axis=0); code, message, hint
    (
        lambda s, t, std: len(t) * _share_within(1.0)(s, t, std),
        "counted",
        "that is the number of targets within the band.",
        "a share is the number divided by how many there are: .mean() in place of .sum()",
    ),
    (
        lambda s, t, std: 100 * _share_within(1.0)(s, t, std),
        "percent",
        "that is a percentage.",
        "a share lies between 0 and 1",
    ),
    (
        lambda s, t, std: 1 - _share_within(1.0)(s, t, std),
        "outside",
        "that is the share of the targets outside of the band.",
        "inside means |target − mean| <= 2 std",
    ),
    (
        _share_within(0.5),
        "one-spread",
        "that is the share within one spread.",
        "the band reaches two of them to each side",
    ),
    (
        _share_within(1.5),
        "three-spreads",
        "that is the share within three spreads.",
        "the band reaches two of them to each side",
    ),
    (
        _share_within(0.98),
        "almost-two",
        "that is the share within 1.96 spreads.",
        "the statement says two",
    ),
    (
        _share_within(0.5**0.5),
        "two-variances",
        "the squared distance was compared with two variances: that is √2 spreads.",
        "the square of two spreads is four variances",
    ),
    (
        _share_within(lambda samples, std: 2 * std / len(samples) ** 0.5),
        "standard-error",
        "the band of the mean's Monte Carlo error was taken, which more passes make as narrow as "
        "you like.",
        "the spread is not divided by √T",
    ),
    (
        _share_within(lambda samples, std: 2 * std**2),
        "variance",
        "the variance was taken for the standard deviation.",
        "np.std, or the root of np.var",
    ),
    (
        _share_within(lambda samples, std: 2 * samples.std()),
        "one-spread-for-all",
        "one spread was taken for all cases, and most of it is that the cases differ.",
        "each case has its own: std(axis=0)",
    ),
    (
        _share_within(lambda samples, std: 2 * samples.std(ddof=1)),
        "one-spread-for-all",
        "one spread was taken for all cases, and most of it is that the cases differ.",
        "each case has its own: std(axis=0)",
    ),
    (
        _share_within(lambda samples, std: 2 * samples.mean(axis=0).std()),
        "one-spread-for-all",
        "the spread was taken over the cases.",
        "over the passes, axis 0 of samples",
    ),
    (
        _passes_within,
        "passes-in-their-own-band",
        "that is the share of the passes that lie in the band of the passes, near 95% whatever is "
        "true.",
        "coverage asks where the targets lie",
    ),
    (
        _around_each_pass,
        "around-each-pass",
        "a band was put around each of the passes, and all of them were counted.",
        "there is one band for a case, around the mean of its passes",
    ),
    (
        _around_the_median,
        "around-the-median",
        "the band was put around the median of the passes.",
        "the mean prediction is in its middle",
    ),
    (
        _between_quantiles,
        "quantiles",
        "the band was taken from the 2.5% to the 97.5% quantile of the passes.",
        "a good band, too, and not the one asked for: two standard deviations around the mean",
    ),
    (
        _between_extremes,
        "from-lowest-to-highest",
        "the band was taken from the lowest pass to the highest: it grows with their number.",
        "two standard deviations around the mean",
    ),
    (
        _below,
        "one-sided",
        "targets that are far below the mean are counted as inside.",
        "the band has two edges: take np.abs of the distance",
    ),
    (
        _above,
        "one-sided",
        "targets that are far above the mean are counted as inside.",
        "the band has two edges: take np.abs of the distance",
    ),
)


def _coverage_by(rule, ddof=1):
    return lambda samples, targets: rule(samples, targets, samples.std(axis=0, ddof=ddof))


def _coverage_without_mean(samples, targets):
    return np.abs(targets - samples.mean(axis=0)) <= 2 * samples.std(axis=0)


# What a target is worth


def _at_odds(seed, passes, cases, noise):
    """Passes (T, N) that fall into two camps for each case, targets (N,) near one, the noise."""
    rng = np.random.default_rng(seed)
    middle, camps = rng.standard_normal(cases), rng.choice([-1.5, 1.5], size=(passes, cases))
    targets = middle + 1.5 + noise * rng.standard_normal(cases)
    return middle + camps + 0.2 * rng.standard_normal((passes, cases)), targets, noise


_CAMPS = (_at_odds(5, 20, 200, 0.7), _at_odds(6, 11, 150, 1.3))


def judge_log_likelihood(log_likelihood):
    found = [log_likelihood(s.copy(), t.copy(), noise) for s, t, noise in _CAMPS]
    if any(number is None for number in found):
        return NOT_STARTED
    if not _is_number(found[0]):
        return Diagnosis(
            "not-a-number",
            f"one number is asked for, but something with the shape {np.shape(found[0])} came "
            "back.",
            "average the log densities over the cases",
        )
    found = [float(number) for number in found]
    if not agrees(found, _CAMPS, log_likelihood_by_passes, rtol=1e-5):
        for rule, *words in _SLIPS_OF_LIKELIHOOD:
            if agrees(found, _CAMPS, rule, rtol=1e-5):
                return Diagnosis(*words)
        (samples, _, noise), number, right = first_wrong(
            found, _CAMPS, log_likelihood_by_passes, rtol=1e-5
        )
        return Diagnosis(
            "another-number",
            f"for {samples.shape[0]} passes, {samples.shape[1]} cases and noise {noise} it gives "
            f"{number:.3f}, but it is {right:.3f}.",
            "the density of each target under each pass, (T, N); its mean over the passes; the "
            "logarithm; the mean over the cases",
        )
    samples, targets, noise = _CAMPS[0]
    with np.errstate(all="ignore"):
        far = log_likelihood(samples.copy(), targets + 100, noise)
    if not math.isclose(far, log_likelihood_by_passes(samples, targets + 100, noise), rel_tol=1e-4):
        return Diagnosis(
            "underflow",
            f"for targets that are far off, {far} comes back: e^−1000 is 0 in floating point, and "
            "the logarithm of 0 is −inf, or that of whatever was put in its place.",
            "stay with logarithms: np.logaddexp.reduce(log_density, axis=0) is the log of the "
            "sum of densities",
        )
    return None


def log_likelihood_by_passes(samples, targets, noise):
    log_density = _log_density(targets, samples, noise)  # (T, N)
    return (np.logaddexp.reduce(log_density, axis=0) - np.log(len(samples))).mean()


def _log_density(targets, mean, std):
    return -0.5 * ((targets - mean) / std) ** 2 - np.log(std) - 0.5 * np.log(2 * np.pi)


def _with_spread(ddof, with_noise):
    def rule(samples, targets, noise):
        spread = samples.std(axis=0, ddof=ddof)
        width = np.hypot(spread, noise) if with_noise else spread
        return _log_density(targets, samples.mean(axis=0), width).mean()

    return rule


def _without_the_half(samples, targets, noise):
    log_density = _log_density(targets, samples, noise) - 0.5 * ((targets - samples) / noise) ** 2
    return (np.logaddexp.reduce(log_density, axis=0) - np.log(len(samples))).mean()


def _over_the_cases(samples, targets, noise):
    log_density = _log_density(targets, samples, noise)
    return (np.logaddexp.reduce(log_density, axis=1) - np.log(len(targets))).mean()


_NOISE_LEFT_OUT = (
    "noise-left-out",
    "that is a bell curve with the spread alone: the noise of the data is left out.",
    "a new measurement is a pass plus noise: a bell curve of width noise around each pass",
)
_ONE_BELL = (
    "one-bell-curve",
    "that is one bell curve with spread and noise together: a good approximation where the passes "
    "are normal, and not what is asked for.",
    "a bell curve around each pass, and the mean of their densities",
)
_DENSITY = "the density of a normal number is exp(−d²/2σ²) / (σ √(2π))"
_SLIPS_OF_LIKELIHOOD = (
    (
        lambda s, t, noise: -log_likelihood_by_passes(s, t, noise),
        "sign",
        "the sign is turned round.",
        "higher is better: no minus in front",
    ),
    (
        lambda s, t, noise: len(t) * log_likelihood_by_passes(s, t, noise),
        "summed-over-the-cases",
        "that is the sum over the cases.",
        "their mean does not depend on how many there are",
    ),
    (
        lambda s, t, noise: log_likelihood_by_passes(s, t, noise) + math.log(len(s)),
        "densities-summed",
        "the densities of the passes are summed: with more passes it grows without end.",
        "their mean is wanted: subtract np.log(T)",
    ),
    (
        lambda s, t, noise: log_likelihood_by_passes(s, t, noise) + math.log(len(s) / len(t)),
        "divided-by-the-cases",
        "the sum over the passes is divided by the number of cases.",
        "a mean over the passes divides by how many of them there are, samples.shape[0]",
    ),
    (
        lambda s, t, noise: _log_density(t, s, noise).mean(),
        "mean-of-logs",
        "the logarithms were averaged over the passes: a single pass that finds a target next to "
        "impossible then decides for all.",
        "average the densities over the passes first, and take the logarithm of that",
    ),
    (
        lambda s, t, noise: _log_density(t, s, noise).max(axis=0).mean(),
        "best-pass",
        "of each case the pass that fits best was taken.",
        "all passes count alike: the mean of their densities",
    ),
    (
        lambda s, t, noise: _log_density(t, s.mean(axis=0), noise).mean(),
        "spread-left-out",
        "that is one bell curve with the noise alone, around the mean of the passes: their spread "
        "is left out.",
        "a bell curve around each pass, and the mean of these densities",
    ),
    (
        lambda s, t, noise: log_likelihood_by_passes(s, t, noise) + 0.5 * math.log(2 * math.pi),
        "constant-missing",
        "it is off by ½ log 2π for every case.",
        _DENSITY,
    ),
    (
        lambda s, t, noise: log_likelihood_by_passes(s, t, noise) + math.log(noise),
        "constant-missing",
        "it is off by log σ for every case.",
        _DENSITY,
    ),
    (
        lambda s, t, noise: (
            log_likelihood_by_passes(s, t, noise) + math.log(noise) + 0.5 * math.log(2 * math.pi)
        ),
        "constant-missing",
        "it is off by log σ + ½ log 2π for every case: what stands in front of the exponential is "
        "missing.",
        _DENSITY,
    ),
    (
        _without_the_half,
        "half-missing",
        "the exponent is −d²/σ²; it should be half of that.",
        _DENSITY,
    ),
    (
        lambda s, t, noise: log_likelihood_by_passes(s, t, noise**0.5),
        "noise-as-variance",
        "noise was taken for a variance.",
        "it is a standard deviation: divide the distance by it, and square then",
    ),
    (
        lambda s, t, noise: log_likelihood_by_passes(s, t, noise**2),
        "noise-squared",
        "noise² was taken for the standard deviation.",
        "divide the distance by noise, and square then",
    ),
    (
        lambda s, t, noise: log_likelihood_by_passes(s, t, noise) / math.log(2),
        "bits",
        "that is with the logarithm to base 2.",
        "the natural logarithm: np.log",
    ),
    (
        lambda s, t, noise: np.exp(_log_density(t, s, noise)).mean(),
        "no-logarithm",
        "that is the mean density, without a logarithm.",
        "take np.log of each case's density before you average over the cases",
    ),
    (
        lambda s, t, noise: math.log(np.exp(_log_density(t, s, noise)).mean()),
        "cases-averaged-too-early",
        "the densities were averaged over the cases as well, before the logarithm.",
        "the mean over the passes, axis 0; the logarithm; then the mean over the cases",
    ),
    (
        _over_the_cases,
        "cases-for-passes",
        "the densities were averaged over the cases, and the logarithms over the passes.",
        "samples is (T, N): the passes are axis 0",
    ),
    *((_with_spread(ddof, with_noise=False), *_NOISE_LEFT_OUT) for ddof in (0, 1)),
    *((_with_spread(ddof, with_noise=True), *_ONE_BELL) for ddof in (0, 1)),
)


def log_likelihood(samples, targets, noise):
    off = (targets - samples) / noise  # (T, N)
    log_density = -0.5 * off**2 - np.log(noise * np.sqrt(2 * np.pi))
    log_sum = np.logaddexp.reduce(log_density, axis=0)  # over the passes: (N,)
    return (log_sum - np.log(len(samples))).mean()


def _likelihood_naive(samples, targets, noise):
    return np.log(np.exp(_log_density(targets, samples, noise)).mean(axis=0)).mean()


def _likelihood_mean_of_logs(samples, targets, noise):
    return _log_density(targets, samples, noise).mean()


def _likelihood_of_mean(samples, targets, noise):
    return _log_density(targets, samples.mean(axis=0), noise).mean()


def _likelihood_of_spread(samples, targets, noise):
    return _log_density(targets, samples.mean(axis=0), samples.std(axis=0)).mean()


def _likelihood_one_bell(samples, targets, noise):
    width = np.hypot(samples.std(axis=0, ddof=1), noise)
    return _log_density(targets, samples.mean(axis=0), width).mean()


def _likelihood_without_scale(samples, targets, noise):
    return log_likelihood(samples, targets, noise) + np.log(noise)


def _likelihood_cases_too_early(samples, targets, noise):
    return np.log(np.exp(_log_density(targets, samples, noise)).mean())


def _likelihood_each(samples, targets, noise):
    return _log_density(targets, samples, noise).mean(axis=0)


def judge_how_many_passes(answer):
    if answer is None or answer is ...:
        return NOT_STARTED
    if not _is_number(answer):
        return Diagnosis("not-a-number", "a number is asked for.", "write it without quotes")
    passes = float(answer)
    if math.isclose(passes, 100):
        return None
    known = {
        10: (
            "not-squared",
            "with 10 passes the mean is off by a third of the spread.",
            "the error falls with the square root of the number of passes",
        ),
        51: (
            "of-the-spread",
            "with 51 passes the *spread* is known to a tenth; the question is about the mean.",
            "the standard error of a mean of T independent numbers is their standard deviation "
            "divided by √T",
        ),
        1000: (
            "too-many",
            "a thousand passes bring the mean to about a thirtieth of the spread.",
            "1/√T = 1/10",
        ),
        0.01: ("upside-down", "that is 1/T.", "how many passes are there if 1/T is that?"),
    }
    for value, words in known.items():
        if math.isclose(passes, value):
            return Diagnosis(*words)
    if 384 <= passes <= 401:
        return Diagnosis(
            "interval-for-standard-error",
            "that makes a 95% interval of ± a tenth of the spread: two standard errors.",
            "one standard error is asked for",
        )
    if math.isclose(passes, 101) or math.isclose(passes, 99):
        return Diagnosis(
            "off-by-one",
            "nearly. The divisor T − 1 belongs to the spread, not here.",
            "T independent passes: the variance of their mean is the variance of one, over T",
        )
    return Diagnosis(
        "too-few" if passes < 100 else "too-many",
        f"with {passes:g} passes the standard error is not a tenth of the spread.",
        "spread / √T = spread / 10: solve for T",
    )


EXERCISES = (
    Exercise(
        name="08-5-predict",
        title="Mean and spread, and nothing broken",
        statement=(
            "Write `predict_with_uncertainty(model, x, num_samples)` for any PyTorch model with "
            "dropout layers, of whichever class with `Dropout` in its name: mean and standard "
            "deviation over passes with dropout on, each of the shape of an ordinary output. Batch "
            "norm and whatever else there is has to be in evaluation mode meanwhile, and the model "
            "afterwards as before, each of its modules, even if a pass raises an error."
        ),
        starter=(
            "import torch\n\n\n"
            "def predict_with_uncertainty(model, x, num_samples=100):\n    # your code\n    ...\n"
            '\n\ncheck("08-5-predict", predict_with_uncertainty)'
        ),
        hints=(
            "Four things, in this order: remember the modes, set them, make the passes, put the "
            "modes back.",
            "`model.modules()` gives the model and everything inside. `model.eval()` first, then "
            "`module.train()` for those whose class has `Dropout` in its name.",
            "Remember `[(module, module.training) for module in model.modules()]`. Put it back in "
            "`finally:`, which runs after an error as well.",
            "`torch.stack([model(x) for _ in range(num_samples)])` under `torch.no_grad()` is "
            "(num_samples, N, outputs); reduce `dim=0`.",
        ),
        solution=predict_with_uncertainty,
        explanation=(
            "`model.train()` and `model.eval()` are too coarse on both ends: the first wakes batch "
            "norm, and neither knows that some modules were in another mode than the rest."
        ),
        judge=judge_predict,
        wrong_answers=(
            (mutants.of_the_source_document, "left-in-training"),
            (mutants.turns_dropout_on_and_not_off, "left-in-training"),
            (mutants.in_evaluation_mode, "no-spread"),
            (mutants.evaluation_mode_in_the_end, "left-in-evaluation"),
            (mutants.mode_of_the_outermost_module, "modes-levelled"),
            (mutants.everything_in_training_mode, "statistics-updated"),
            (mutants.modes_put_back_without_finally, "mode-lost-after-an-error"),
            (mutants.looks_for_one_class, "some-dropout-left-off"),
            (mutants.seeds_inside_the_loop, "same-masks-in-every-pass"),
            (mutants.returns_the_variance, "variance-returned"),
            (mutants.divides_by_the_root_of_the_passes, "standard-error-returned"),
            (mutants.spread_over_the_batch, "over-the-cases"),
            (mutants.with_gradients, "gradients-recorded"),
            (mutants.seeds_before_the_loop, "global-generator-reseeded"),
            (mutants.mean_alone, "not-a-pair"),
            (_predict_does_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="08-5-mutual-information",
        title="How far do the passes contradict each other?",
        statement=(
            "`samples`, an array (T, N, K), holds the probabilities that T passes give to K "
            "classes for N cases; some may be 0. Write `mutual_information(samples)`, which "
            "returns (N,): for each case the entropy of the mean prediction, less the mean of the "
            "entropies of the passes, in nats."
        ),
        starter=(
            "import numpy as np\n\n\n"
            "def mutual_information(samples):\n    # your code\n    ...\n\n\n"
            'check("08-5-mutual-information", mutual_information)'
        ),
        hints=(
            "It is a difference of two entropies. What are the shapes of the probabilities that "
            "each is taken of?",
            "The entropy H = −Σ p log p sums over the classes, the last axis. Of `samples` it is "
            "(T, N), of `samples.mean(axis=0)` it is (N,).",
            "`entropy(samples.mean(axis=0)) - entropy(samples).mean(axis=0)`; and what does your "
            "entropy say to p = 0?",
        ),
        solution=mutual_information,
        explanation=(
            "Passes that are all undecided in the same way have equal entropies on both sides: 0. "
            "Passes that are sure of different classes have no doubt of their own, and all of it "
            "is contradiction. The difference is never negative, since entropy is concave."
        ),
        judge=judge_mutual_information,
        wrong_answers=(
            (_information_in_bits, "bits"),
            (_information_negative, "sign"),
            (_information_total, "predictive-entropy"),
            (_information_expected, "expected-entropy"),
            (_information_of_one_pass, "one-pass"),
            (_information_summed, "summed"),
            (_information_of_logs, "logs-averaged"),
            (_information_of_all, "not-per-case"),
            (_information_of_cases, "cases-for-passes"),
            (_information_by_spread, "spread"),
            (_information_naive, "zero-times-log-of-zero"),
            (_information_added, "added"),
            (_information_each, "not-over-the-passes"),
            (lambda samples: mutual_information(samples) / math.log(10), "decimal"),
            (lambda samples: mutual_information(samples) / 3, "averaged-over-classes"),
            (_information_swapped_mean, "another-number"),
            (lambda samples: None, "not-started"),
        ),
    ),
    Exercise(
        name="08-5-coverage",
        title="What does the band hold?",
        statement=(
            "`samples`, an array (T, N), are T passes for N cases, `targets` (N,) what came true. "
            "Write `coverage(samples, targets)`: the share of the targets that lie within two "
            "spreads (standard deviations over the passes, with either divisor) of the mean "
            "prediction, a number from 0 to 1, not rounded."
        ),
        starter=(
            "import numpy as np\n\n\n"
            "def coverage(samples, targets):\n    # your code\n    ...\n\n\n"
            'check("08-5-coverage", coverage)'
        ),
        hints=(
            "Each case has a band of its own. Over which axis do you take its middle and its "
            "width?",
            "A target is inside if its distance from the mean, to either side, is at most two "
            "standard deviations.",
            "`np.abs(targets - mean) <= 2 * std` is an array of True and False; its mean is the "
            "share of True.",
        ),
        solution=coverage,
        explanation=(
            "With a normal curve and the right width, 95% would be inside. Passes know nothing "
            "of the noise in the targets, so expect fewer, and report the width beside it: a "
            "band that is wide enough holds everything."
        ),
        judge=judge_coverage,
        wrong_answers=(
            *((_coverage_by(rule), code) for rule, code, *_ in _SLIPS_OF_COVERAGE),
            (lambda samples, targets: 1 - coverage(samples, targets), "outside"),
            (_coverage_without_mean, "not-a-number"),
            (lambda samples, targets: 0.123, "another-share"),
            (lambda samples, targets: None, "not-started"),
        ),
    ),
    Exercise(
        name="08-5-log-likelihood",
        title="What the spread leaves out",
        statement=(
            "A new measurement is what the curve says plus noise. Write "
            "`log_likelihood(samples, targets, noise)` for an array of T passes (T, N), targets "
            "(N,) and the standard deviation of the noise, one number: put a normal density of "
            "width `noise` around every pass, average the densities over the passes, take the "
            "logarithm, and average over the cases. It should also work where a target is far from "
            "every pass."
        ),
        starter=(
            "import numpy as np\n\n\n"
            "def log_likelihood(samples, targets, noise):\n    # your code\n    ...\n\n\n"
            'check("08-5-log-likelihood", log_likelihood)'
        ),
        hints=(
            "The density of a normal number at distance d from its mean is "
            "exp(−d² / 2σ²) / (σ √(2π)). Its logarithm is simpler.",
            "With one logarithm per pass and case, (T, N), how do you get the logarithm of a mean "
            "of densities without ever writing down e^−1000?",
            "`np.logaddexp.reduce(log_density, axis=0)` is the logarithm of the sum over the "
            "passes. A mean is the sum divided by T: subtract `np.log(T)`.",
        ),
        solution=log_likelihood,
        explanation=(
            "The order matters. Averaging logarithms instead asks how good a single pass is on "
            "average, and is never higher: the logarithm is concave. And without the noise a "
            "network that is sure of its curve would be punished without limit for every "
            "measurement."
        ),
        judge=judge_log_likelihood,
        wrong_answers=(
            (_likelihood_mean_of_logs, "mean-of-logs"),
            (_likelihood_of_mean, "spread-left-out"),
            (_likelihood_of_spread, "noise-left-out"),
            (_likelihood_one_bell, "one-bell-curve"),
            (_likelihood_naive, "underflow"),
            (lambda s, t, noise: log_likelihood(s, t, noise) + np.log(len(s)), "densities-summed"),
            (lambda s, t, noise: log_likelihood(s, t, noise) * len(t), "summed-over-the-cases"),
            (lambda s, t, noise: log_likelihood(s, t, noise**0.5), "noise-as-variance"),
            (
                lambda s, t, noise: log_likelihood(s, t, noise) + 0.5 * np.log(2 * np.pi),
                "constant-missing",
            ),
            (_likelihood_without_scale, "constant-missing"),
            (lambda s, t, noise: -log_likelihood(s, t, noise), "sign"),
            (
                lambda s, t, noise: np.exp(_log_density(t, s, noise)).mean(),
                "no-logarithm",
            ),
            (_likelihood_cases_too_early, "cases-averaged-too-early"),
            (_over_the_cases, "cases-for-passes"),
            (_without_the_half, "half-missing"),
            (lambda s, t, noise: log_likelihood(s, t, noise**2), "noise-squared"),
            (lambda s, t, noise: log_likelihood(s, t, noise) / math.log(2), "bits"),
            (lambda s, t, noise: _log_density(t, s, noise).max(axis=0).mean(), "best-pass"),
            (
                lambda s, t, noise: log_likelihood(s, t, noise) + np.log(len(s) / len(t)),
                "divided-by-the-cases",
            ),
            (lambda s, t, noise: log_likelihood(s, t, 0.7), "another-number"),
            (_likelihood_each, "not-a-number"),
            (lambda s, t, noise: -1.0, "another-number"),
            (lambda s, t, noise: None, "not-started"),
        ),
    ),
    Exercise(
        name="08-5-how-many-passes",
        title="How many passes?",
        statement=(
            "How many passes does it take until the standard error of the mean prediction, the "
            "one that comes from drawing masks, is a tenth of the spread? Give a number."
        ),
        starter='passes = ...  # your answer\n\ncheck("08-5-how-many-passes", passes)',
        hints=(
            "Passes are independent draws. How does the mean of T of them scatter?",
            "The standard error of a mean of T independent numbers is their standard deviation "
            "divided by √T.",
            "spread / √T = spread / 10.",
        ),
        solution=100,
        explanation=(
            "And 10,000 for a hundredth. What goes to 0 that way is the error of the draw alone. "
            "The spread itself stays where it is, however many passes you make."
        ),
        judge=judge_how_many_passes,
        wrong_answers=(
            (10, "not-squared"),
            (51, "of-the-spread"),
            (0.01, "upside-down"),
            (385, "interval-for-standard-error"),
            (101, "off-by-one"),
            (20, "too-few"),
            (1000, "too-many"),
            (10_000, "too-many"),
            ("a hundred", "not-a-number"),
            (..., "not-started"),
        ),
    ),
)

QUIZ = [
    multiple_choice(
        "What is random in the passes of Monte Carlo dropout?",
        "The recipe",
        (
            "The masks, and nothing else",
            "The weights are those of one training, the input is the same.",
        ),
        (
            "The weights: the network is trained anew for each pass",
            "That is a deep ensemble. Here one network is trained, once.",
        ),
        (
            "The input: a little noise is added to it",
            "Only if there is dropout on the inputs, and then it is masks again.",
        ),
    ),
    multiple_choice(
        "A network has batch norm and dropout. In which mode are they while the passes are made?",
        "Three traps",
        (
            "Dropout in training mode, batch norm in evaluation mode",
            "One call of `train()` or `eval()` on the whole model can't do that.",
        ),
        (
            "Both in training mode: `model.train()`",
            "Then batch norm normalises with the batch at hand, and its stored statistics move "
            "with every pass.",
        ),
        (
            "Both in evaluation mode, under `torch.no_grad()`",
            "Then dropout is off and all passes are the same. `no_grad()` only spares the "
            "gradients.",
        ),
    ),
    multiple_choice(
        "Far from its data, a ReLU network under dropout has a band that opens like a funnel. Why?",
        "Carbon dioxide",
        (
            "Out there each mask makes it a straight line, and the slopes differ",
            "Lines of different slopes part in proportion to the distance, trained or not.",
        ),
        (
            "It has learned where its data lie, and that it has seen none out there",
            "An untrained one has the funnel as well, and a trained tanh network has none.",
        ),
        (
            "The noise of the measurements grows with the years",
            "The masks know nothing of the measurements' noise.",
        ),
    ),
    {
        "question": "The spread over masks is 3 ppm, the noise of the measurements has a "
        "standard deviation of 4 ppm, and the two are independent. What is the standard "
        "deviation of a new measurement around the mean prediction, if both are right? (In ppm)",
        "section": "What the band covers",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 5,
                "correct": True,
                "feedback": "√(3² + 4²): variances of independent things add.",
            },
            {
                "type": "value",
                "value": 7,
                "correct": False,
                "feedback": "Standard deviations don't add. Their squares do.",
            },
            {
                "type": "value",
                "value": 25,
                "correct": False,
                "feedback": "That is the variance.",
            },
            {
                "type": "value",
                "value": 3,
                "correct": False,
                "feedback": "That is where the curve runs, without the noise.",
            },
            {
                "type": "default",
                "feedback": "Add the variances, and take the root.",
            },
        ],
    },
    multiple_choice(
        "You train with a hundred times the data, at the same p, until the weights settle. What "
        "does the spread do?",
        "Spread and error",
        (
            "It stays about where it is: masks, weights and input decide it",
            "For one linear layer it is p/(1−p) Σ w²x², and the number of cases is not in it.",
        ),
        (
            "It shrinks to about a tenth, like 1/√N",
            "That is what uncertainty about the weights does. At a fixed p the spread does not "
            "follow.",
        ),
        (
            "It grows, since there is more noise in more data",
            "The spread is that of the masks; the noise of the data is not in it.",
        ),
    ),
    {
        "question": "One pass has a mean squared error of 0.50, of which the variance over "
        "masks is 0.20. What is the mean squared error of the mean of 4 passes?",
        "section": "Mean, scaling, or one pass",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 0.35,
                "correct": True,
                "feedback": "0.30 + 0.20 / 4: only the part that the masks make is divided.",
            },
            {
                "type": "value",
                "value": 0.125,
                "correct": False,
                "feedback": "Not all of the error is divided by 4: the 0.30 that all passes "
                "share stays.",
            },
            {
                "type": "value",
                "value": 0.3,
                "correct": False,
                "feedback": "That is the mean of infinitely many passes.",
            },
            {
                "type": "value",
                "value": 0.4,
                "correct": False,
                "feedback": "The variance of a mean of 4 is a quarter of it, not a half.",
            },
            {
                "type": "default",
                "feedback": "(0.50 − 0.20) + 0.20 / 4",
            },
        ],
    },
    multiple_choice(
        "Half of the passes are sure of a 3, the other half are sure of an 8. What are "
        "predictive entropy and mutual information?",
        "Calibration",
        (
            "Both log 2",
            "The mean is undecided, no single pass is: all of the doubt is contradiction.",
        ),
        (
            "The entropy is log 2, the mutual information 0",
            "So it is where every pass says half and half.",
        ),
        (
            "Both 0, since every pass is sure",
            "The passes are, their mean isn't: it gives each class one half.",
        ),
    ),
    multiple_choice(
        "A digit is written so badly that every pass says: half a 4, half a 9. Does mutual "
        "information ask for its label?",
        "Asking for labels",
        (
            "No: the passes agree, so it is 0",
            "They agree that it can't be told. Predictive entropy would ask for this one first.",
        ),
        (
            "Yes: nothing is more uncertain than one half",
            "That is predictive entropy, which counts every doubt.",
        ),
        (
            "Yes, if there are enough passes",
            "More passes of the same opinion don't contradict each other either.",
        ),
    ),
    multiple_choice(
        "What do critics object to dropout at a fixed p as an approximate posterior?",
        "What it means to be Bayesian",
        (
            "Its width is tied to p and the weights, so it can't narrow as data come in",
            "The reply is to learn p as well.",
        ),
        (
            "Masks are drawn by a computer and are not truly random",
            "Nobody could tell the difference here.",
        ),
        (
            "It takes many passes for one answer, and a posterior should give it in one",
            "So does every average over a posterior that can't be computed exactly.",
        ),
    ),
    multiple_choice(
        "Before you flag cases by their spread, what do you have to look at?",
        "When to trust it",
        (
            "Whether the spread is large where the errors are, on held-out cases like those to "
            "come",
            "Training does not see to it, and no theory does it for you.",
        ),
        (
            "Whether the spread has settled: whether twice as many passes give the same, case "
            "by case",
            "That shows that the masks were drawn often enough, and nothing about the errors.",
        ),
        (
            "Whether the network has a low test error",
            "A good network may have a spread that says nothing about where it errs.",
        ),
    ),
]
