"""Monte Carlo dropout: predict many times with dropout on, and look at mean and spread.

With T passes of one input x, y[t] = f(x) under the t-th masks,

    mean    1/T Σ y[t]
    spread  √( 1/(T - 1) Σ (y[t] - mean)² )

For a classifier, whose passes give probabilities q[t], and with H[q] = -Σ q log q in nats,

    predictive entropy    H[mean q]                      how undecided the averaged prediction is
    mutual information    H[mean q] - 1/T Σ H[q[t]]      how far the passes contradict each other

Gal and Ghahramani, "Dropout as a Bayesian approximation: representing model uncertainty in deep
learning", ICML 2016, section 4. The spread is the part of the uncertainty that the masks make: the
noise of the data comes on top of it.

Only dropout is on: every other layer is in evaluation mode. The layers before the first dropout
give the same in every pass and are computed once; behind it, passes are worked through as rows of
one batch, a chunk at a time, so that the memory needed does not grow with their number.
"""

from contextlib import contextmanager
from numbers import Integral
from typing import NamedTuple

import numpy as np

from .layer import Layer
from .masks import check_rng
from .network import Sequential

OUTPUTS = ("values", "logits", "probabilities")
_ELEMENTS = 2**20  # activations at a time, where no chunk size is given
_DRAWN = ("mask", "noise", "masks")  # under one of these a layer shows its draw, and takes one


class Prediction(NamedTuple):
    """What many passes say; the two entropies (in nats) are None unless classes are predicted."""

    mean: np.ndarray  # (N, ...)
    std: np.ndarray  # (N, ...), with divisor T - 1
    predictive_entropy: np.ndarray | None = None  # (N, ...) without the classes
    mutual_information: np.ndarray | None = None


def mc_predict(
    model,
    x,
    num_samples=100,
    *,
    outputs="values",
    consistent=False,
    batch_axis=0,
    rng=None,
    chunk_size=None,
):
    """Mean and spread of many passes with dropout on; the model stays as it is.

    Args:
        model: a :class:`Sequential` with dropout in it, also nested, or a dropout layer alone.
            Of a :class:`VariationalRNN` at its end the output counts, not the last state.
        x: inputs, N cases along ``batch_axis``; not changed.
        num_samples: passes T for each case, at least 2.
        outputs: what the model returns: "values" (regression), or for classification "logits" or
            "probabilities" with the classes on the last axis. Mean and spread are then those of
            the probabilities.
        consistent: False draws fresh masks for every case and pass; True one mask per pass, which
            all cases share, so that each pass is one function of x.
        batch_axis: where the cases stand, in x and in what the model returns.
        rng: ``numpy.random.Generator`` for all masks; None uses the layers' own.
        chunk_size: most rows (a row is a case in a pass) to compute at once, which bounds the
            memory; None chooses by the size of the activations.

    Returns:
        :class:`Prediction`, in the dtype of the model's outputs; of whole numbers in float64.

    Raises:
        ValueError: there is no dropout in the model, num_samples is below 2, x has no cases, or a
            prediction is not finite.
        TypeError: the model is no layer, or rng is not a Generator.

    >>> from dropout_lib.scratch import Dropout
    >>> layer = Dropout(0.5, rng=np.random.default_rng(0))
    >>> mean, std, _, _ = mc_predict(layer, np.array([[1.0], [3.0]]), num_samples=10_000)
    >>> mean.round(1)[:, 0], std.round(1)[:, 0]  # 0 or 2x, equally often
    (array([1., 3.]), array([1., 3.]))
    """
    _check_outputs(outputs)
    _check_number(num_samples, 2, ": a single pass has no spread")
    summaries = []
    with _passes(model, x, num_samples, consistent, batch_axis, rng, chunk_size) as passes:
        for _, samples, out in passes:
            if samples.start == 0:  # the next cases
                summaries.append(_Summary(outputs))
            summaries[-1].add(out)
    parts = zip(*(summary.prediction() for summary in summaries), strict=True)
    return Prediction(*(None if p[0] is None else np.concatenate(p, batch_axis) for p in parts))


def mc_samples(
    model,
    x,
    num_samples=100,
    *,
    consistent=False,
    batch_axis=0,
    rng=None,
    chunk_size=None,
):
    """The passes themselves, for what :func:`mc_predict` does not compute.

    Arguments and errors as there, except that one pass is enough. All T passes stand in memory.

    Returns:
        (num_samples, *shape of what the model returns for x)

    >>> from dropout_lib.scratch import Dropout
    >>> x = np.array([[1.0], [3.0]])
    >>> mc_samples(Dropout(0.5), x, 4, rng=np.random.default_rng(4), consistent=True)[..., 0]
    array([[0., 0.],
           [2., 6.],
           [0., 0.],
           [2., 6.]])
    """
    _check_number(num_samples, 1)
    drawn = None
    with _passes(model, x, num_samples, consistent, batch_axis, rng, chunk_size) as passes:
        for cases, samples, out in passes:
            if drawn is None:
                shape = [num_samples, *out.shape[1:]]
                shape[batch_axis + 1] = np.shape(x)[batch_axis]
                drawn = np.empty(shape, out.dtype)
            drawn[(samples, *[slice(None)] * batch_axis, cases)] = out
    return drawn


def summarise(samples, outputs="values"):
    """Mean, spread and, for classes, entropies of passes, whatever they come from.

    Args:
        samples: (T, N, ...): T passes, or the outputs of T networks.
        outputs: as for :func:`mc_predict`.

    Returns:
        :class:`Prediction`

    Raises:
        ValueError: there are fewer than two samples, one is not finite, or there is only one class.
        TypeError: samples are complex numbers.

    >>> sure = [[[1.0, 0.0]], [[0.0, 1.0]]]  # two passes, one case, two classes
    >>> _, _, entropy, information = summarise(sure, "probabilities")
    >>> entropy.round(3), information.round(3)  # each pass is sure, of the contrary
    (array([0.693]), array([0.693]))
    >>> _, _, entropy, information = summarise([[[0.5, 0.5]]] * 2, "probabilities")
    >>> entropy.round(3), information.round(3)  # both passes are unsure
    (array([0.693]), array([0.]))
    """
    _check_outputs(outputs)
    samples = np.asarray(samples)
    if samples.ndim < 2:
        raise ValueError(f"samples have to be (T, N, ...), but have shape {samples.shape}")
    if len(samples) < 2:
        raise ValueError(f"a spread needs at least two samples, but got {len(samples)}")
    _check_finite(samples, axis=0, first_case=0)
    summary = _Summary(outputs)
    summary.add(samples)
    return summary.prediction()


class _Summary:
    """Takes passes block by block and keeps of them only what a Prediction needs."""

    def __init__(self, outputs):
        self.outputs = outputs
        self.values, self.entropy = _Moments(), _Moments()

    def add(self, out):  # (samples, N, ...)
        if out.dtype.kind == "c":
            raise TypeError(
                "complex predictions have no one spread: predict their real and imaginary parts"
            )
        if out.dtype.kind != "f":  # the mean of whole numbers is none
            out = out.astype(float)
        self.dtype = out.dtype
        if self.outputs == "values":
            self.values.add(out)
        else:
            probabilities = _probabilities(out, self.outputs)
            self.values.add(probabilities)
            self.entropy.add(_entropy(probabilities))

    def prediction(self):
        mean, std = self.values.mean, np.sqrt(self.values.squares / (self.values.count - 1))
        found = [mean, std]
        if self.outputs != "values":
            entropy = _entropy(mean)
            # H is concave: the difference is negative only by rounding
            found += [entropy, np.maximum(entropy - self.entropy.mean, 0)]
        return Prediction(*(values.astype(self.dtype) for values in found))


class _Moments:
    """Mean and sum of squared deviations, in float64, of blocks that come one after the other.

    Two sets of a and b numbers whose means differ by d have together the squared deviations of
    the one, plus those of the other, plus d² a b / (a + b). Unlike Σ v² - (Σ v)² / n, none of it
    is a difference of large numbers.
    """

    count, mean, squares = 0, 0.0, 0.0

    def add(self, values):  # (samples, ...)
        values = np.asarray(values, dtype=np.float64)
        mean = values[0] + (values - values[0]).mean(axis=0)  # exact where all are equal
        squares = np.square(values - mean).sum(axis=0)
        total = self.count + len(values)
        apart = mean - self.mean
        self.squares = self.squares + squares + apart**2 * (self.count * len(values) / total)
        self.mean = self.mean + apart * (len(values) / total) if self.count else mean
        self.count = total


def _probabilities(out, outputs):
    """Class probabilities in float64, from logits by softmax."""
    if out.shape[-1] < 2:
        raise ValueError(
            f"classes are on the last axis, which has the length {out.shape[-1]}: "
            "for two classes give both of their logits or probabilities"
        )
    out = out.astype(np.float64)
    if outputs == "logits":
        out = np.exp(out - out.max(axis=-1, keepdims=True))
        return out / out.sum(axis=-1, keepdims=True)
    if (out < 0).any() or (abs(out.sum(axis=-1) - 1) > 0.01).any():
        raise ValueError(
            'outputs="probabilities" needs numbers from 0 to 1 that add up to 1 over the last '
            'axis, but got others: are they logits? Then say outputs="logits"'
        )
    return out


def _entropy(probabilities):
    """-Σ p log p over the classes, the last axis, in nats; 0 log 0 counts 0."""
    logs = np.log(np.where(probabilities > 0, probabilities, 1))
    return -(probabilities * logs).sum(axis=-1)


# How the passes are made


@contextmanager
def _passes(model, x, num_samples, consistent, batch_axis, rng, chunk_size):
    """Gives an iterator over (cases, samples, outputs), two slices and their block of passes.

    While the context is open the model's dropout is on; afterwards every layer is as it was.
    """
    x, layers = np.asarray(x), _layers_in_order(model)
    _check_cases(x, batch_axis)
    dropout = [layer for layer in layers if _is_dropout(layer)]
    if not dropout:
        raise ValueError(
            "the model has no dropout layer, so all passes would be the same: "
            "add Dropout(p) behind its hidden layers and train it with them"
        )
    if chunk_size is not None and not (_is_integer(chunk_size) and chunk_size >= 1):
        raise ValueError(f"chunk_size has to be at least 1 row, but got {chunk_size!r}")
    before = [dict(vars(layer)) for layer in layers]
    try:
        for layer in layers:
            layer.training = False
        rows = chunk_size or _chosen_chunk(layers, x, batch_axis)
        for layer in dropout:
            layer.training = True
            layer.rng = layer.rng if rng is None else check_rng(rng)
        yield _blocks(layers, x, num_samples, consistent, batch_axis, rows)
    finally:
        for layer, attributes in zip(layers, before, strict=True):
            vars(layer).clear()
            vars(layer).update(attributes)


def _blocks(layers, x, num_samples, consistent, axis, chunk_size):
    """Forward, in chunks of rows: (samples x cases) stand one behind the other as one batch."""
    first = [_is_dropout(layer) for layer in layers].index(True)
    cases = min(x.shape[axis], chunk_size)
    at_a_time = max(1, chunk_size // cases)  # samples
    rewind = _rewind(layers[first:])
    for case in _slices(x.shape[axis], cases):
        if consistent:
            rewind()  # the same masks for these cases as for those before
        once = x[(*[slice(None)] * axis, case)]
        for layer in layers[:first]:
            once = layer.forward(once)
        for sample in _slices(num_samples, at_a_time):
            samples = sample.stop - sample.start
            out = np.concatenate([once] * samples, axis)  # all cases, again and again
            for layer in layers[first:]:
                if _is_dropout(layer):
                    out = _dropped(layer, out, samples if consistent else None, axis)
                else:
                    out = layer.forward(out)
            out = _output(out)
            shape = *out.shape[:axis], samples, case.stop - case.start, *out.shape[axis + 1 :]
            out = np.moveaxis(out.reshape(shape), axis, 0)  # (samples, ..., cases, ...)
            _check_finite(out, axis, case.start)
            yield case, sample, out


def _dropped(layer, x, samples, axis):
    """Forward through a dropout layer; with ``samples`` given, one mask for each of them."""
    if hasattr(layer, "batch_first") and (x.ndim != 3 or axis != int(not layer.batch_first)):
        raise ValueError(
            f"{type(layer).__name__} with batch_first={layer.batch_first} has its cases on axis "
            f"{int(not layer.batch_first)} of three, but got shape {x.shape} and batch_axis={axis}"
        )
    if samples is None:
        return layer.forward(x)
    cases = x.shape[axis] // samples
    name = next(name for name in _DRAWN if hasattr(layer, name))
    layer.forward(np.take(x, np.arange(samples) * cases, axis))  # draws for one case of each
    drawn = getattr(layer, name)
    if isinstance(drawn, tuple):  # of an RNN: three masks, each (samples, units)
        drawn = type(drawn)(*(np.repeat(mask, cases, axis=0) for mask in drawn))
    else:
        drawn = np.repeat(drawn, cases, axis)
    return layer.forward(x, **{name: drawn})


def _output(out):
    """Of a VariationalRNN, which also returns its last state, the output."""
    return out[0] if isinstance(out, tuple) else out


def _rewind(layers):
    """A function that sets the generators of these layers back to where they are now."""
    generators = [layer.rng.bit_generator for layer in layers if _is_dropout(layer)]
    states = [generator.state for generator in generators]

    def rewind():
        for generator, state in zip(generators, states, strict=True):
            generator.state = state

    return rewind


def _layers_in_order(model):
    """The layers that a forward pass goes through, out of nested Sequentials."""
    if not isinstance(model, Layer):
        raise TypeError(f"the model has to be a layer of dropout_lib.scratch, but got {model!r}")
    if type(model).forward is Sequential.forward:
        return [layer for inner in model.layers for layer in _layers_in_order(inner)]
    if isinstance(model, Sequential) or any(isinstance(v, Layer) for v in vars(model).values()):
        raise ValueError(
            f"{type(model).__name__} has layers inside and a forward of its own, so that its "
            "dropout cannot be reached: put the layers in a Sequential"
        )
    return [model]


def _is_dropout(layer):
    """Whether it draws: dropout layers have a generator, the others have none."""
    return hasattr(layer, "rng")


def _chosen_chunk(layers, x, axis):
    """So many rows that all layers together make about ``_ELEMENTS`` numbers of them."""
    out, elements = np.take(x, [0], axis), 0
    for layer in layers:
        out = layer.forward(out)
        elements += _output(out).size
        if _is_dropout(layer):  # DropConnect draws for every weight
            elements += sum(parameter.value.size for parameter in layer.parameters())
    return max(1, _ELEMENTS // max(1, elements))


def _slices(number, size):
    """Slices of at most that size which cover the number."""
    return (slice(i, min(i + size, number)) for i in range(0, number, size))


# What is refused


def _check_outputs(outputs):
    if outputs not in OUTPUTS:
        raise ValueError(f"outputs has to be one of {', '.join(OUTPUTS)}, but got {outputs!r}")


def _check_number(num_samples, least, why=""):
    if not _is_integer(num_samples) or num_samples < least:
        raise ValueError(
            f"num_samples has to be an integer of at least {least}, but got {num_samples!r}{why}"
        )


def _check_cases(x, batch_axis):
    if not _is_integer(batch_axis) or not 0 <= batch_axis < x.ndim:
        raise ValueError(
            f"x has shape {x.shape} and no axis {batch_axis!r} for the cases: "
            "a single case needs a batch axis too, x[None]"
        )
    if not x.shape[batch_axis]:
        raise ValueError(f"x has shape {x.shape}: there is no case to predict")


def _is_integer(number):
    return isinstance(number, Integral) and not isinstance(number, bool)


def _check_finite(samples, axis, first_case):
    """ValueError with the first case that has a NaN or an infinity; cases on ``axis`` + 1."""
    if np.isfinite(samples).all():
        return
    bad = ~np.isfinite(np.moveaxis(samples, axis + 1, 0))  # (cases, samples, ...)
    case = first_case + int(bad.reshape(len(bad), -1).any(axis=1).argmax())
    raise ValueError(
        f"the prediction for case {case} is not finite: look for NaN or infinity in its inputs "
        "and in the weights"
    )
