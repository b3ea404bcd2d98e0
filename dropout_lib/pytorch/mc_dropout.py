"""Monte Carlo dropout: many passes with dropout on, and what they say together.

With T passes that give y[1], ..., y[T] for an input,

    mean = sum of y[t] / T        variance = sum of (y[t] - mean)² / (T - 1)

and for a classifier, whose passes give probabilities q[t] (K classes),

    predictive entropy  H[mean q] = - sum over k of mean q[k] log mean q[k]
    mutual information  H[mean q] - mean of H[q[t]]

Gal and Ghahramani, "Dropout as a Bayesian approximation", ICML 2016: the mean is their equation 6;
their variance adds that of the noise in the data, which no pass knows of. The mutual information
between prediction and weights is that of Houlsby et al., "Bayesian active learning for
classification and preference learning", 2011.
"""

from contextlib import closing
from typing import NamedTuple

import torch

from .mc_passes import blocks_of_passes, check_cases, is_integer

OUTPUTS = ("values", "logits", "probabilities")


class Prediction(NamedTuple):
    """What many predictions of the same cases say together; the shapes are those of one output.

    For a classifier, mean and std are of the probabilities (N, classes), and the last two are
    (N,), in nats; for values they are None. The std is over the predictions, with divisor T - 1.
    """

    mean: torch.Tensor
    std: torch.Tensor
    predictive_entropy: torch.Tensor | None = None
    mutual_information: torch.Tensor | None = None


def mc_predict(
    model,
    x,
    num_samples=100,
    *,
    outputs="values",
    consistent=False,
    batch_axis=0,
    generator=None,
    chunk_size=None,
):
    """Mean and spread of a network's predictions over dropout masks.

    Nothing but the dropout layers is random: every other layer, batch norm above all, is in
    evaluation mode. Afterwards each module is in the mode in which it came, also if a pass fails
    or is interrupted. Layers before the first dropout are computed once for each case, and again
    only where a chunk has no room for all its passes. No gradients are recorded.

    Args:
        model: ``nn.Module`` from x to one tensor. Its rows must not depend on each other.
        x: input with the cases along ``batch_axis``, (N, ...).
        num_samples: passes T per case, at least 2.
        outputs: what the model returns: "values", "logits", or "probabilities" with the classes
            on the last axis.
        consistent: False draws fresh masks for each case and pass. True draws one mask per pass
            for all cases, so that each pass is one function of x, which is smooth if the network
            is.
        batch_axis: the axis of the cases; 1 for sequences (T, N, F).
        generator: ``torch.Generator`` for all masks; None uses the layers' own, or PyTorch's
            global one.
        chunk_size: rows (case and pass) to compute at once, at least 1; None takes as many as
            keep each activation below some 4 MiB (256 MiB on a GPU).

    Returns:
        :class:`Prediction`.

    Raises:
        ValueError: num_samples or chunk_size is too small, outputs is no such word, x has no
            cases, no dropout layer takes part in a pass, or a prediction is not finite.
        TypeError: the model does not return one tensor, or returns complex numbers.

    Warns:
        UserWarning: besides layers that are active there is dropout that stays off, such as
            ``F.dropout(x, training=self.training)``, or that is not ``consistent``.

    >>> from dropout_lib.pytorch import Dropout
    >>> model = torch.nn.Sequential(Dropout(0.5)).eval()
    >>> seeded = torch.Generator().manual_seed(0)
    >>> mean, std, *_ = mc_predict(model, torch.ones(1, 1), 1000, generator=seeded)
    >>> round(mean.item(), 1), round(std.item(), 1)  # half of the passes give 0 and half give 2
    (1.0, 1.0)
    >>> model.training
    False
    """
    if not is_integer(num_samples) or num_samples < 2:
        raise ValueError(
            f"num_samples has to be an integer of at least 2, but got {num_samples!r}: "
            "a single pass has no spread"
        )
    summary = _Summary(outputs, check_cases(x, batch_axis))
    passes = blocks_of_passes(model, x, num_samples, consistent, batch_axis, generator, chunk_size)
    with closing(passes):
        for where, samples in passes:
            summary.add(samples, where)
    return summary.prediction()


def mc_samples(
    model,
    x,
    num_samples=100,
    *,
    consistent=False,
    batch_axis=0,
    generator=None,
    chunk_size=None,
):
    """The passes themselves: a tensor (num_samples, *shape of an ordinary output).

    Arguments, errors and warnings as :func:`mc_predict`; here one pass is enough.

    >>> from dropout_lib.pytorch import Dropout
    >>> model = torch.nn.Sequential(Dropout(0.5))
    >>> seeded = torch.Generator().manual_seed(0)
    >>> mc_samples(model, torch.ones(3, 1), 2, consistent=True, generator=seeded)[..., 0]
    tensor([[2., 2., 2.],
            [0., 0., 0.]])
    """
    if not is_integer(num_samples) or num_samples < 1:
        raise ValueError(f"num_samples has to be an integer of at least 1, but got {num_samples!r}")
    passes = blocks_of_passes(model, x, num_samples, consistent, batch_axis, generator, chunk_size)
    whole = None
    with closing(passes):
        for (first, axis, start), samples in passes:
            _check_finite(samples, start, axis)
            if whole is None:
                shape = list(samples.shape)
                shape[0], shape[axis + 1] = num_samples, x.shape[batch_axis]
                whole = samples.new_empty(shape)
            part = whole[first : first + len(samples)]
            part.narrow(axis + 1, start, samples.shape[axis + 1]).copy_(samples)
    return whole


def summarise(samples, outputs="values"):
    """What given samples say together, wherever they come from: passes or other networks.

    Args:
        samples: (T, N, ...) with T >= 2.
        outputs: "values", "logits" or "probabilities", as for :func:`mc_predict`.

    Returns:
        :class:`Prediction`.

    Raises:
        ValueError: fewer than two samples, no such word, a sample is not finite,
            or there are no classes where the word says so.
        TypeError: samples is no tensor, or of complex numbers.

    >>> sure_but_at_odds = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]])
    >>> prediction = summarise(sure_but_at_odds, "probabilities")
    >>> prediction.mean, prediction.mutual_information
    (tensor([[0.5000, 0.5000]]), tensor([0.6931]))
    """
    if not isinstance(samples, torch.Tensor):
        raise TypeError(
            f"samples has to be a tensor, but got {type(samples).__name__}: "
            "several outputs of one shape are put together by torch.stack"
        )
    if samples.dim() < 2:
        raise ValueError(f"samples have to be (T, N, ...), but have shape {tuple(samples.shape)}")
    if len(samples) < 2:
        raise ValueError(f"a spread needs at least two samples, but got {len(samples)}")
    summary = _Summary(outputs, samples.shape[1])
    summary.add(samples.detach(), (0, 0, 0))
    return summary.prediction()


class _Summary:
    """Running mean, squared deviations and entropies, one block of passes after the other.

    Blocks are joined as in Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm
    for computing sample variances", 1979, in double precision where the device has it.

    Args:
        outputs: as for :func:`mc_predict`.
        cases: how many there will be.
    """

    def __init__(self, outputs, cases):
        if outputs not in OUTPUTS:
            raise ValueError(f"outputs has to be one of {', '.join(OUTPUTS)}, but got {outputs!r}")
        self.outputs, self.cases = outputs, cases
        self.seen = {}  # first case of a block: passes seen
        self.sums = None

    def add(self, samples, where):
        """samples (t, ..., n, ...), the n cases on the axis and from the first that is named."""
        _, axis, start = where
        if samples.is_complex():
            raise TypeError(
                "complex predictions have no one spread: predict their real and imaginary parts, "
                "with torch.view_as_real"
            )
        _check_finite(samples, start, axis)
        if not samples.is_floating_point():  # the mean of whole numbers is none
            samples = samples.to(torch.get_default_dtype())
        self.dtype = samples.dtype
        if samples.device.type != "mps":
            samples = samples.double()
        if self.outputs != "values":
            _check_classes(samples, self.outputs)
        if self.outputs == "logits":
            samples = samples.softmax(dim=-1)
        if self.sums is None:  # whole, as many small tensors would leave memory in pieces
            shape = list(samples.shape[1:])
            shape[axis] = self.cases
            per_case = shape if self.outputs == "values" else shape[:-1]
            self.sums = [samples.new_zeros(size) for size in (shape, shape, per_case)]
        mean, deviations, entropies = (
            whole.narrow(axis, start, samples.shape[axis + 1]) for whole in self.sums
        )
        before, more = self.seen.get(start, 0), len(samples)
        self.seen[start] = self.passes = total = before + more
        of_block = samples[0] + (samples - samples[0]).mean(dim=0)  # exact where all are equal
        apart = of_block - mean
        deviations += (samples - of_block).square().sum(dim=0)
        deviations += apart.square() * (before * more / total)
        mean += apart * (more / total)
        if self.outputs != "values":
            entropies += entropy(samples).sum(dim=0)

    def prediction(self):
        mean, deviations, entropies = self.sums
        pair = mean.to(self.dtype), (deviations / (self.passes - 1)).sqrt().to(self.dtype)
        if self.outputs == "values":
            return Prediction(*pair)
        total = entropy(mean)
        mutual = (total - entropies / self.passes).clamp(min=0)  # below 0 only by rounding
        return Prediction(*pair, total.to(self.dtype), mutual.to(self.dtype))


def entropy(probabilities):
    """- sum over the last axis of q log q, in nats; 0 log 0 is 0.

    >>> entropy(torch.tensor([[0.5, 0.5], [1.0, 0.0]]))
    tensor([0.6931, 0.0000])
    """
    return torch.special.entr(probabilities).sum(dim=-1)


def _check_classes(samples, outputs):
    """ValueError for a single class, and for probabilities that are none."""
    if samples.shape[-1] < 2:
        raise ValueError(
            f"classes are on the last axis, which has the length {samples.shape[-1]}: for two "
            "classes give both of their logits or probabilities"
        )
    if outputs == "probabilities" and (
        (samples < 0).any() or ((samples.sum(dim=-1) - 1).abs() > 0.01).any()
    ):
        raise ValueError(
            'outputs="probabilities" needs numbers from 0 to 1 that add up to 1 over the last '
            'axis, but got others: are they logits? Then say outputs="logits"'
        )


def _check_finite(samples, start, axis):
    """ValueError that names the first case whose prediction is infinite or no number."""
    if samples.isfinite().all():
        return
    finite = samples.isfinite().movedim(axis + 1, 1).unsqueeze(-1)  # (t, n, ..., 1)
    wrong = ~finite.flatten(2).all(dim=2)  # (t, n)
    case = int(wrong.any(dim=0).nonzero()[0])
    raise ValueError(
        f"the prediction for case {start + case} is not finite in {int(wrong[:, case].sum())} of "
        f"{len(wrong)} passes: look for infinite or missing values in its input and in the weights"
    )
