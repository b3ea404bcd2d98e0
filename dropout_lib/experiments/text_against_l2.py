"""Dropout on the words of a text against L2, in logistic regression (Wager et al. 2013)."""

import re
from dataclasses import dataclass

import numpy as np

from .registry import experiment

LIBRARY = ("string-methods", "formatstrings", "debugger", "specialattrs", "truth")
LIBRARY_BEGINNINGS = ("typess", "typesm", "typesf", "typesn", "bltin-")


ARMS = {  # what is added to the training loss, beside L2
    "none": "nothing, and next to no L2",
    "l2": "nothing",
    "dropout": "masks, drawn afresh at every step",
    "quadratic": "the first term of dropout's expansion, without any masks",
    "frequency": "the same, with every paragraph taken for as uncertain as can be",
    "adam": "nothing, but Adam is stopped early: its steps are as long for a rare word",
}
SOME = ("l2", "dropout", "frequency")  # with fewer paragraphs, and without rare words
_FREQUENCIES = (1, 2, 4, 8, 16, 32, np.inf)  # in how many training paragraphs a word occurs


@dataclass(frozen=True)
class Settings:
    train: int = 500
    fewer: tuple = (125, 250)  # training paragraphs, for some of the arms
    validation: int = 400
    test: int = 600
    # 30 candidates an arm: each rate (or number of steps) with each decay, or more decays
    rates: tuple = (0.1, 0.2, 0.4, 0.6, 0.8)  # p
    frequency_rates: tuple = (0.01, 0.03, 0.1, 0.2, 0.4)  # its penalty is the larger at equal p
    adam_steps: tuple = (6, 12, 25, 50, 100)
    decays: tuple = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3)  # factors of L2
    l2_decays: tuple = (1e-7, 1e-1)  # the first and the last, in equal ratios between
    steps: int = 1000  # of Adam, for dropout
    learning_rate: float = 0.1
    common: int = 5  # a word is common if it occurs in so many training paragraphs


@experiment(
    settings=Settings(),
    quick={
        "train": 300,
        "rates": (0.4,),
        "frequency_rates": (0.1,),
        "adam_steps": (25,),
        "decays": (1e-4, 1e-3),
        "steps": 50,
    },
    question="Is dropout on the words of a text better than L2, and is it for rare words?",
    seeds=20,
)
def text_against_l2(seed, settings):
    """Test error and loss by kind of penalty, and what each does to rare and common words.

    The task: does a paragraph of Python's manual come from the Library Reference or from the
    Language Reference? Every arm has equally many candidates, of which one is chosen by
    validation error and one by validation loss.
    """
    data = paragraphs_split(seed, settings)
    result = {"words": len(data.words), "library": round(float(data.train[1].mean()), 4)}
    weights = {}
    for arm in ARMS:
        result[arm], weights[arm] = _tuned(data, arm, seed, settings)
    result["per word"] = _per_word(*data.train, {arm: weights[arm] for arm in SOME})
    result["penalty"] = _sampled_and_quadratic(*data.train, weights["dropout"], seed)
    result["common words"] = _some(data.with_common(settings.common), seed, settings)
    for size in settings.fewer:
        result[f"{size} paragraphs"] = _some(data.with_first(size), seed, settings)
    return result


def _some(data, seed, settings):
    return {arm: _tuned(data, arm, seed, settings)[0] for arm in SOME}


# --- the text ----------------------------------------------------------------------------------


def paragraphs():
    """Paragraphs of Python's manual, as far as it is shipped with Python: ``pydoc_data.topics``.

    A paragraph counts if it has five different words and stands in one of the two references
    alone. The text changes a little from one version of Python to the next.

    Returns:
        list of (words, label): a sorted list of the different words, and 1 for the Library
        Reference, 0 for the Language Reference.

    >>> words, label = paragraphs()[0]
    >>> all(len(word) > 1 for word in words), label in (0, 1)
    (True, True)
    """
    from pydoc_data.topics import topics

    found = {}
    for topic, text in sorted(topics.items()):
        label = int(topic in LIBRARY or topic.startswith(LIBRARY_BEGINNINGS))
        for paragraph in re.split(r"\n\s*\n", text):
            words = re.findall(r"[a-z_]{2,}", paragraph.lower())
            if len(set(words)) >= 5:
                # topics overlap: by its words, a paragraph is known again
                found.setdefault(" ".join(words), set()).add(label)
    return [
        (sorted(set(text.split())), labels.pop())
        for text, labels in found.items()
        if len(labels) == 1
    ]


@dataclass(frozen=True, eq=False)
class Paragraphs:
    """Three parts, each a sparse 0/1 matrix (N, words) and labels (N,); and the words."""

    words: list
    train: tuple
    validation: tuple
    test: tuple

    def with_first(self, size):
        """The same with fewer training paragraphs, and the words that occur in them."""
        x, labels = self.train
        return self._with_words(np.diff(x[:size].tocsc().indptr) > 0, (x[:size], labels[:size]))

    def with_common(self, times):
        """The same without the words that occur in fewer than ``times`` training paragraphs."""
        return self._with_words(np.diff(self.train[0].tocsc().indptr) >= times, self.train)

    def _with_words(self, kept, train):
        words = [word for word, keep in zip(self.words, kept, strict=True) if keep]
        parts = (train, self.validation, self.test)
        return Paragraphs(words, *((x.tocsc()[:, kept].tocsr(), labels) for x, labels in parts))


def paragraphs_split(seed, settings):
    """Paragraphs at random for training, validation and test; the words are those of training."""
    from scipy.sparse import csr_matrix

    everything = paragraphs()
    order = np.random.default_rng(seed).permutation(len(everything))
    sizes = (settings.test, settings.validation, settings.train)  # held out first
    if sum(sizes) > len(order):
        raise ValueError(
            f"{' + '.join(map(str, sizes))} paragraphs are asked for, "
            f"but this Python's manual has only {len(order)}"
        )
    test, validation, train = (
        [everything[i] for i in part] for part in np.split(order, np.cumsum(sizes))[:3]
    )
    words = sorted({word for of_paragraph, _ in train for word in of_paragraph})
    index = {word: j for j, word in enumerate(words)}

    def matrix(part):
        ones = [(i, index[word]) for i, (of, _) in enumerate(part) for word in of if word in index]
        rows, columns = zip(*ones, strict=True)
        x = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(part), len(words)))
        return x, np.array([float(label) for _, label in part])

    return Paragraphs(words, matrix(train), matrix(validation), matrix(test))


# --- logistic regression -----------------------------------------------------------------------


def train(x, labels, penalty, p, decay, seed, settings):
    """Weights (words + 1,), the bias last.

    The objective is the mean logistic loss, plus ``decay / 2`` times the sum of squared weights,
    plus what the penalty adds (see :data:`ARMS`). It is minimised, but for "dropout", whose
    objective can only be sampled: Adam takes steps with fresh masks there.

    Args:
        x: sparse 0/1 matrix (N, words).
        labels: 0 or 1 (N,).
        penalty: a key of :data:`ARMS`.
        p: probability to drop a word.
        decay: factor of L2.
        seed: of the masks.
        settings: :class:`Settings`.
    """
    if penalty == "dropout":
        return _adam(x, labels, p, decay, seed, settings.steps, settings.learning_rate)
    return _minimise(x, labels, penalty, p, decay)


def _adam(x, labels, p, decay, seed, steps, learning_rate):
    """Full-batch Adam with a falling learning rate, and fresh masks at every step."""
    rng = np.random.default_rng(seed)
    weights = np.zeros(x.shape[1] + 1)
    first, second = np.zeros_like(weights), np.zeros_like(weights)  # moments of the gradient
    noisy = x.copy()
    for step in range(1, steps + 1):
        if p > 0:
            noisy.data = (rng.random(x.nnz) >= p) / (1 - p)  # what isn't there can't be dropped
        gradient = _logistic_gradient(noisy, labels, weights)
        gradient[:-1] += decay * weights[:-1]
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        direction = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        weights -= learning_rate * (1 - (step - 1) / steps) * direction
    return weights


def _minimise(x, labels, penalty, p, decay):
    """The minimum of an objective without chance, by L-BFGS."""
    from scipy.optimize import minimize

    noise = penalty in ("quadratic", "frequency")
    adaptive = penalty == "quadratic"

    def objective(weights):
        loss = _losses(_logits(x, weights), labels).mean() + decay / 2 * np.sum(weights[:-1] ** 2)
        gradient = _logistic_gradient(x, labels, weights)
        gradient[:-1] += decay * weights[:-1]
        if noise:
            loss += quadratic_penalty(x, weights, p, adaptive)
            gradient += _penalty_gradient(x, weights, p, adaptive)
        return loss, gradient

    start = np.zeros(x.shape[1] + 1)
    return minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x


def _logits(x, weights):
    return x @ weights[:-1] + weights[-1]


def _losses(logits, labels):
    return np.logaddexp(0, logits) - labels * logits


def _sigmoid(logits):
    from scipy.special import expit

    return expit(logits)


def _logistic_gradient(x, labels, weights):
    by_logit = (_sigmoid(_logits(x, weights)) - labels) / len(labels)
    return np.append(x.T @ by_logit, by_logit.sum())


def quadratic_penalty(x, weights, p, adaptive=True):
    """Dropout's penalty to second order in the noise, the mean over the cases.

    The logit z of a case becomes random, with mean z and variance p/(1-p) sum_j x_j² w_j². The
    logistic loss is log(1 + e^z) minus a term linear in z, so on average it rises by half its
    second derivative q(1-q) times that variance, q = sigmoid(z) (Wager et al. 2013, section 2).

    Args:
        x: sparse matrix (N, words).
        weights: (words + 1,), the bias last.
        p: probability to drop.
        adaptive: False puts 1/4, its largest value, for q(1-q): a weighted L2 penalty then.

    >>> from scipy.sparse import csr_matrix
    >>> x, weights = csr_matrix([[1.0, 1.0]]), np.array([0.2, -0.2, 0.0])
    >>> round(quadratic_penalty(x, weights, 0.5), 6)  # half of 1/4 times 0.2² + 0.2²
    0.01
    """
    q = _sigmoid(_logits(x, weights))
    uncertainty = q * (1 - q) if adaptive else np.full(len(q), 0.25)
    variance = p / (1 - p) * (x.multiply(x) @ weights[:-1] ** 2)
    return float(np.mean(uncertainty * variance) / 2)


def _penalty_gradient(x, weights, p, adaptive):
    """Of :func:`quadratic_penalty`; x holds zeros and ones, so it is its own square."""
    scale = p / (1 - p) / x.shape[0]
    if not adaptive:
        return np.append(0.25 * scale * (x.T @ np.ones(x.shape[0])) * weights[:-1], 0.0)
    q = _sigmoid(_logits(x, weights))
    uncertainty = q * (1 - q)
    by_logit = scale / 2 * uncertainty * (1 - 2 * q) * (x @ weights[:-1] ** 2)
    direct = scale * (x.T @ uncertainty) * weights[:-1]
    return np.append(x.T @ by_logit + direct, by_logit.sum())


def _tuned(data, arm, seed, settings):
    """Measures of the candidates chosen by validation error and by loss; the latter's weights."""
    candidates, weights, table = _candidates(arm, settings), [], []
    for first, decay in candidates:
        if arm == "adam":
            rate = settings.learning_rate
            found = _adam(*data.train, 0.0, decay, seed, first, rate)
        else:
            found = train(*data.train, arm, first, decay, seed, settings)
        weights.append(found)
        table.append([*_measure(data.validation, found), *_measure(data.test, found)])
    by_error, by_loss = min(table), min(table, key=lambda row: row[1])
    result = {
        "by error": _row(by_error, candidates[table.index(by_error)]),
        "by loss": _row(by_loss, candidates[table.index(by_loss)]),
    }
    return result, weights[table.index(by_loss)]


def _candidates(arm, settings):
    """Pairs of p (or the number of steps) and the factor of L2."""
    smallest, largest = settings.l2_decays
    if arm == "none":
        return [(0.0, smallest)]
    firsts = {"frequency": settings.frequency_rates, "adam": settings.adam_steps}
    firsts = firsts.get(arm, settings.rates)
    if arm == "l2":
        decays = np.geomspace(smallest, largest, len(firsts) * len(settings.decays))
        return [(0.0, float(decay)) for decay in decays]
    return [(first, decay) for first in firsts for decay in settings.decays]


def _row(measures, candidate):
    names = ("validation_error", "validation_loss", "test_error", "test_loss")
    first, decay = candidate
    return {
        "p or steps": first,
        "decay": float(f"{decay:.2g}"),
        **dict(zip(names, measures, strict=True)),
    }


def _measure(part, weights):
    x, labels = part
    logits = _logits(x, weights)
    error = np.mean((logits > 0) != labels)
    return round(float(error), 5), round(float(_losses(logits, labels).mean()), 5)


# --- what the penalty does to each word ----------------------------------------------------------


def _per_word(x, labels, weights):
    """By how often a word occurs, and whether only in paragraphs of one class.

    "size" is the root mean square weight; "uncertainty" the mean of q(1-q) over the paragraphs
    with the word, which is what the quadratic penalty multiplies its squared weight by.
    """
    columns = x.tocsc()
    times = np.diff(columns.indptr)  # paragraphs with the word
    share = (columns.T @ labels) / times
    one_class = (share == 0) | (share == 1)
    result = {"at most": [int(f) if np.isfinite(f) else None for f in _FREQUENCIES]}
    groups = {"one class": one_class, "both classes": ~one_class}
    for arm in weights:
        q = _sigmoid(_logits(x, weights[arm]))
        uncertainty = (columns.T @ (q * (1 - q))) / times
        squares = weights[arm][:-1] ** 2
        result[arm] = {
            group: {
                "size": _by_frequency(squares, times, members, np.sqrt),
                "uncertainty": _by_frequency(uncertainty, times, members, float),
            }
            for group, members in groups.items()
        }
    result["words"] = {
        group: _by_frequency(np.ones(len(times)), times, members, None)
        for group, members in groups.items()
    }
    return result


def _by_frequency(values, times, members, function):
    """``function`` of the mean of the members' values in each class of frequency; None: number."""
    result, above = [], 0
    for at_most in _FREQUENCIES:
        chosen = values[members & (times > above) & (times <= at_most)]
        above = at_most
        if function is None:
            result.append(len(chosen))
        else:
            result.append(round(float(function(chosen.mean())), 4) if len(chosen) else None)
    return result


def _sampled_and_quadratic(x, labels, weights, seed, p=0.4, masks=200):
    """Dropout's penalty at the trained weights, and at a tenth of them: sampled and quadratic."""
    rng = np.random.default_rng(seed)
    result = {}
    for words, factor in (("trained", 1.0), ("a tenth", 0.1)):
        scaled = factor * weights
        clean = _losses(_logits(x, scaled), labels).mean()
        noisy, rises = x.copy(), []
        for _ in range(masks):
            keep = rng.random(x.nnz) >= p
            noisy.data = keep / (1 - p)
            deviation = _logits(noisy, scaled) - _logits(x, scaled)
            rise = _losses(_logits(noisy, scaled), labels).mean() - clean
            # the linear part of the rise has mean 0: without it, the rest is seen better
            slope = _sigmoid(_logits(x, scaled)) - labels
            rises.append(rise - np.mean(slope * deviation))
        result[words] = {
            "sampled": round(float(np.mean(rises)), 6),
            "quadratic": round(quadratic_penalty(x, scaled, p), 6),
        }
    return result
