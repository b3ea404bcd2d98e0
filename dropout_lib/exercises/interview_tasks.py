"""The five tasks of the coding round: what is right, what people write instead, and why."""

import numpy as np

from ..checks import BACKWARD, EVALUATION, FORWARD, Diagnosis, Subject
from ..checks.elementwise import (
    p_zero_keeps_all_and_p_one_drops_all,
    the_mask_used_can_be_seen,
)
from .core import NOT_STARTED, first_diagnosis

# --- a layer, from an empty editor -----------------------------------------------------------


class Dropout:
    training = True

    def __init__(self, p, rng):
        self.p, self.rng, self.mask = p, rng, None

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def scaled(self, values):
        if self.mask is None:
            return values.copy()
        scale = 1 / (1 - self.p) if self.p < 1 else 0.0
        return (values * self.mask * scale).astype(values.dtype)

    def forward(self, x):
        self.mask = self.rng.random(x.shape) >= self.p if self.training else None
        return self.scaled(x)

    def backward(self, grad_output):
        return self.scaled(grad_output)


def judge_layer(layer_class):
    forward = [check for check in FORWARD if check is not the_mask_used_can_be_seen]
    checks = (*forward, *EVALUATION, p_zero_keeps_all_and_p_one_drops_all, *BACKWARD)
    try:
        layer = layer_class(0.5, rng=np.random.default_rng(0))
    except TypeError as error:
        return Diagnosis(
            "no-such-class",
            f"Dropout(0.5, rng=...) could not be made: {error}.",
            "pass the class itself, and give __init__ the arguments p and rng",
        )
    if layer is None:
        return NOT_STARTED
    missing = [
        name
        for name in ("forward", "backward", "train", "eval")
        if not callable(getattr(layer, name, None))
    ]
    if missing:
        return Diagnosis(
            "methods-missing",
            f"the class has no {' and no '.join(missing)}.",
            "four methods are asked for: forward, backward, train and eval",
        )
    return first_diagnosis(Subject("Dropout", _made_by(layer_class)), checks)


def _made_by(layer_class):
    return lambda p, seed: layer_class(p, rng=np.random.default_rng(seed))


class _Untouched:
    def __init__(self, p, rng): ...
    def forward(self, x): ...
    def backward(self, grad_output): ...
    def train(self): ...
    def eval(self): ...


class _KeepsWithP(Dropout):
    def forward(self, x):
        self.mask = self.rng.random(x.shape) < self.p if self.training else None
        return self.scaled(x)


class _Unscaled(Dropout):
    def scaled(self, values):
        return values.copy() if self.mask is None else values * self.mask


class _DrawsOnce(Dropout):
    def forward(self, x):
        if self.mask is None or self.mask.shape != x.shape:
            self.mask = self.rng.random(x.shape) >= self.p
        return self.scaled(x) if self.training else x.copy()


class _OneForTheBatch(Dropout):
    def forward(self, x):
        self.mask = self.rng.random(x.shape[1:]) >= self.p if self.training else None
        return self.scaled(x)


class _EvalDoesNothing(Dropout):
    def eval(self): ...


class _OldMaskInEvaluation(Dropout):
    def forward(self, x):
        if not self.training:
            return x.copy()
        return super().forward(x)


class _DrawsInBackward(Dropout):
    def backward(self, grad_output):
        return super().forward(grad_output)


class _BackwardUnscaled(Dropout):
    def backward(self, grad_output):
        return grad_output.copy() if self.mask is None else grad_output * self.mask


class _BackwardByMode(Dropout):
    def backward(self, grad_output):
        return self.scaled(grad_output) if self.training else grad_output.copy()


class _DividesByZero(Dropout):
    def scaled(self, values):
        if self.mask is None:
            return values.copy()
        return (values * self.mask / np.float64(1 - self.p)).astype(values.dtype)


class _WithoutGenerator(Dropout):
    def __init__(self, p):
        super().__init__(p, np.random.default_rng())


class _NoBackward:
    def __init__(self, p, rng):
        self.p, self.rng = p, rng

    def forward(self, x):
        return x * (self.rng.random(x.shape) >= self.p) / (1 - self.p)


# --- the training loop, repaired -------------------------------------------------------------


def train(model, batches, validation, optimiser, loss_function, epochs):
    import torch

    losses = []
    for _ in range(epochs):
        model.train()
        for x, y in batches:
            optimiser.zero_grad()
            loss_function(model(x), y).backward()
            optimiser.step()
        model.eval()
        x, y = validation
        with torch.no_grad():
            losses.append(loss_function(model(x), y).item())
    return losses


def _spy():
    """A model that notes its mode and whether gradients are recorded, at each call."""
    import torch
    from torch import nn

    class Spy(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(
                nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 2)
            )
            self.calls = []

        def forward(self, x):
            drops = self.layers[2].training
            self.calls.append((len(x), drops, torch.is_grad_enabled()))
            return self.layers(x)

    return Spy()


def _run(function, epochs, seed):
    """What a training loop returns, and the model that it trained: five batches of 8, 12 cases."""
    import torch
    from torch.nn import functional as F

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = _spy()
        start = [parameter.detach().clone() for parameter in model.parameters()]
        x = torch.randn(52, 4)
        y = (x.sum(dim=1) > 0).long()
        batches = [(x[i : i + 8], y[i : i + 8]) for i in range(0, 40, 8)]
        optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
        torch.manual_seed(1)
        losses = function(model, batches, (x[40:], y[40:]), optimiser, F.cross_entropy, epochs)
    return losses, model, start


def _same_weights(model, others):
    import torch

    return all(
        torch.allclose(mine, other, atol=1e-6)
        for mine, other in zip(model.parameters(), others, strict=True)
    )


def judge_train(answer):
    return _judge_run(answer, epochs=3, seed=0) or _judge_run(answer, epochs=2, seed=5)


def _judge_run(answer, **settings):
    import torch

    losses, model, start = _run(answer, **settings)
    epochs = settings["epochs"]
    if losses is None:
        return NOT_STARTED
    learned = [call for call in model.calls if call[0] == 8]
    judged = [call for call in model.calls if call[0] == 12]
    if len(learned) != 5 * epochs or len(judged) != epochs:
        return Diagnosis(
            "another-number-of-passes",
            f"{len(learned)} batches were trained and {len(judged)} validations made, where "
            f"{epochs} epochs of five batches ask for {5 * epochs} and {epochs}.",
            "each epoch: every batch once, then the validation cases once",
        )
    if any(drops for _, drops, _ in judged):
        return Diagnosis(
            "validation-drops",
            "validation runs with dropout on.",
            "model.eval() before it; torch.no_grad() alone does not switch dropout off",
        )
    if not all(drops for _, drops, _ in learned):
        return Diagnosis(
            "never-back-to-train",
            "from the second epoch on, training runs with dropout off.",
            "eval() stays until somebody calls train(): at the beginning of *each* epoch",
        )
    if any(records for _, _, records in judged):
        return Diagnosis(
            "validation-records-gradients",
            "validation records what gradients would need.",
            "with torch.no_grad() around it; nothing is learned there",
        )
    if _same_weights(model, start):
        return Diagnosis(
            "nothing-learned",
            "the weights are the same after training as before.",
            "zero_grad() between backward() and step() throws away what step() needs: call it "
            "before backward()",
        )
    if not _same_weights(model, list(_run(train, **settings)[1].parameters())):
        return Diagnosis(
            "gradients-add-up",
            "the weights have taken another path than batch by batch.",
            "backward() *adds* to .grad: zero_grad() once for each batch, and one step() each",
        )
    if not isinstance(losses, list | tuple) or len(losses) != epochs:
        return Diagnosis(
            "one-loss-per-epoch",
            "a list with one validation loss per epoch is asked for.",
            "append once per epoch, and return the list when all are done",
        )
    if any(isinstance(loss, torch.Tensor) for loss in losses):
        return Diagnosis(
            "returns-tensors",
            "the list holds tensors.",
            ".item() gives the number; a tensor may keep a whole graph alive",
        )
    if not np.allclose(losses, _run(train, **settings)[0], atol=1e-5):
        return Diagnosis(
            "another-loss",
            "the numbers are not the losses of the validation cases.",
            "the loss of model(x) for the x and y of `validation`, after the epoch",
        )
    return None


def _loop(model, batches, validation, optimiser, loss_function, epochs, **broken):
    """The loop with mistakes that can be switched on; what the wrong answers are made of."""
    import torch

    losses = []
    model.train()
    for _ in range(epochs):
        if not broken.get("train_once"):
            model.train()
        if broken.get("zero_once"):
            optimiser.zero_grad()
        for x, y in batches:
            if not broken.get("zero_once") and not broken.get("zero_late"):
                optimiser.zero_grad()
            loss_function(model(x), y).backward()
            if broken.get("zero_late"):
                optimiser.zero_grad()
            optimiser.step()
        if not broken.get("no_eval"):
            model.eval()
        x, y = validation
        with torch.set_grad_enabled(bool(broken.get("gradients"))):
            loss = loss_function(model(x), y)
        losses.append(loss.detach() if broken.get("tensors") else loss.item())
    return losses[-1] if broken.get("last") else losses


def _broken(**mistakes):
    def train(model, batches, validation, optimiser, loss_function, epochs):
        return _loop(model, batches, validation, optimiser, loss_function, epochs, **mistakes)

    return train


# --- maps dropped behind the pooling ---------------------------------------------------------


def drop_maps_and_pool(x, keep, p):
    scale = 1 / (1 - p) if p < 1 else 0.0
    factor = keep * scale  # (N, C)
    height, width = x.shape[2:]

    def backward(grad_out):
        each = factor * grad_out / (height * width)  # (N, C)
        return np.broadcast_to(each[:, :, None, None], x.shape).copy()

    return x.mean(axis=(2, 3)) * factor, backward


def _pooled_by_hand(x, keep, p, grad):
    scale = 1 / (1 - p) if p < 1 else 0.0
    dropped = x * keep[:, :, None, None] * scale
    share = grad[:, :, None, None] / (x.shape[2] * x.shape[3])
    return dropped.mean(axis=(2, 3)), share * keep[:, :, None, None] * scale * np.ones_like(x)


def judge_pooled(answer):
    rng = np.random.default_rng(0)
    x, grad = rng.standard_normal((3, 4, 5, 6)), rng.standard_normal((3, 4))
    keep = np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 1]], dtype=bool)
    p = 0.2
    right, right_gradient = _pooled_by_hand(x, keep, p, grad)
    returned = answer(x, keep, p)
    if returned is None:
        return NOT_STARTED
    pair = isinstance(returned, tuple | list) and len(returned) == 2
    if not pair or not callable(returned[1]):
        return Diagnosis(
            "not-a-pair",
            "two things are asked for: the output and a function `backward`.",
            "define backward(grad_out) inside the function, and return out, backward",
        )
    out, backward = returned
    if np.shape(out) != (3, 4):
        return Diagnosis(
            "wrong-shape",
            f"the output has shape {np.shape(out)}, and (N, C) is (3, 4).",
            "the mean over both axes of each map: x.mean(axis=(2, 3))",
        )
    said = _about_pooled(out, right, x, keep, p)
    if said is not None:
        return said
    gradient = backward(grad)
    if gradient is None:
        return Diagnosis(
            "no-gradient",
            "backward returns nothing.",
            "it returns the gradient by x, an array of the shape of x",
        )
    if np.shape(gradient) != x.shape:
        return Diagnosis(
            "gradient-shape",
            f"the gradient has shape {np.shape(gradient)}, and x has {x.shape}.",
            "every place of a map gets the same share: spread it out with np.broadcast_to",
        )
    if not np.allclose(gradient, right_gradient):
        return _about_gradient(gradient, right_gradient, keep, p)
    edge, edge_backward = answer(x, np.zeros_like(keep), 1.0)
    if not (np.all(edge == 0) and np.all(edge_backward(grad) == 0)):
        return Diagnosis(
            "p-one",
            "at p = 1, with all maps dropped, something else than 0 comes out.",
            "1 / (1 - p) divides by 0 there: take 0 for the scale",
        )
    return None


def _about_pooled(out, right, x, keep, p):
    if np.allclose(out, right):
        return None
    if np.allclose(out, right * (1 - p)):
        return Diagnosis(
            "unscaled", "the maps that are kept are not scaled.", "in training, divide by 1 - p"
        )
    if np.allclose(out, right * 30):
        return Diagnosis(
            "sums", "that is the sum of each map.", "the mean of H·W places: divide by H·W"
        )
    if np.allclose(out, x.mean(axis=(2, 3)) * ~keep / (1 - p)):
        return Diagnosis(
            "keeps-the-dropped", "the dropped maps are there, the kept ones gone.", "True is keep"
        )
    if np.allclose(out, right * (1 - p) / p):
        return Diagnosis(
            "divides-by-p", "the scale is 1 / p.", "what is kept is kept with probability 1 - p"
        )
    return Diagnosis(
        "another-output",
        "the output is not the mean of each map after dropping.",
        "write the slow version first: multiply x by keep[:, :, None, None] / (1 - p), then "
        "take the mean over the last two axes",
    )


def _about_gradient(gradient, right, keep, p):
    if np.any(gradient[~keep]):
        return Diagnosis(
            "gradient-of-dropped-maps",
            "dropped maps get a gradient.",
            "backward multiplies by the same keep as forward did",
        )
    if np.allclose(gradient, right * (1 - p)):
        return Diagnosis(
            "gradient-unscaled",
            "the gradient lacks the scale.",
            "the output was divided by 1 - p, so its derivative is, too",
        )
    if np.allclose(gradient, right * 30):
        return Diagnosis(
            "gradient-not-shared",
            "every place gets the whole gradient of the mean.",
            "each of the H·W places moves the mean by 1 / (H·W) of its own change",
        )
    return Diagnosis(
        "another-gradient",
        "the gradient differs from finite differences.",
        "∂out / ∂x is keep / ((1 - p) · H · W) at every place of the map, and 0 elsewhere",
    )


def _pooled_with(
    output=lambda out, p, hw: out, gradient=lambda grad, keep, p, hw: grad, swap=False
):
    """The solution with something done to what it returns."""

    def function(x, keep, p):
        places = x.shape[2] * x.shape[3]
        out, backward = drop_maps_and_pool(x, ~keep if swap else keep, p)
        return output(out, p, places), lambda g: gradient(backward(g), keep, p, places)

    return function


def _pool_keeping_axes(x, keep, p):
    out, backward = drop_maps_and_pool(x, keep, p)
    return out[:, :, None, None], backward


def _pool_without_backward(x, keep, p):
    return drop_maps_and_pool(x, keep, p)[0]


def _pool_gradient_of_all(x, keep, p):
    out, _ = drop_maps_and_pool(x, keep, p)
    share = 1 / ((1 - p) * x.shape[2] * x.shape[3]) if p < 1 else 0.0
    return out, lambda grad: grad[:, :, None, None] * share * np.ones_like(x)


def _pool_divides_by_zero(x, keep, p):
    keep_share = np.float64(1 - p)
    out = x.mean(axis=(2, 3)) * keep / keep_share
    shared = keep / (keep_share * x.shape[2] * x.shape[3])
    return out, lambda grad: (shared * grad)[:, :, None, None] * np.ones_like(x)


# --- the thinned network as a network --------------------------------------------------------


def thinned(w1, b1, w2, b2, keep, p):
    return w1[keep], b1[keep], w2[:, keep] / (1 - p), b2


def judge_thinned(answer):
    keep = np.array([True, False, True, True, False, True])
    return _judge_thinned(answer, keep, 0.2) or _judge_thinned(answer, keep[::-1].copy(), 0.5)


def _judge_thinned(answer, keep, p):
    rng = np.random.default_rng(0)
    w1, b1 = rng.standard_normal((6, 4)), rng.standard_normal(6)
    w2, b2 = rng.standard_normal((3, 6)), rng.standard_normal(3)
    returned = answer(w1, b1, w2, b2, keep, p)
    if returned is None:
        return NOT_STARTED
    if not isinstance(returned, tuple | list) or len(returned) != 4:
        return Diagnosis(
            "not-four",
            "four arrays are asked for.",
            "return w1, b1, w2, b2 of the smaller network, in this order",
        )
    shapes = [np.shape(array) for array in returned]
    if shapes == [(6, 4), (6,), (3, 6), (3,)]:
        return Diagnosis(
            "not-smaller",
            "the network has as many units as before.",
            "don't set weights to 0, leave them out: w1[keep] has the rows of the kept units only",
        )
    if shapes == [(2, 4), (2,), (3, 2), (3,)]:
        return Diagnosis(
            "keeps-the-dropped",
            "the dropped units are there, and the kept ones gone.",
            "True in keep is kept",
        )
    if shapes[0] != (4, 4) or shapes[1] != (4,) or shapes[2] != (3, 4) or shapes[3] != (3,):
        wrong = ", ".join(map(str, shapes))
        return Diagnosis(
            "wrong-shapes",
            f"the shapes are {wrong}; with 4 of 6 units kept they are (4, 4), (4,), (3, 4), (3,).",
            "a hidden unit is a row of w1, an entry of b1 and a column of w2",
        )
    return _about_thinned(returned, (w1, b1, w2, b2), keep, p, rng)


def _about_thinned(returned, whole, keep, p, rng):
    w1, b1, w2, b2 = whole
    x = rng.standard_normal((20, 4))
    out = _network(x, *returned)

    def is_that_of(w1, b1, w2, b2):
        return np.allclose(out, _network(x, w1, b1, w2, b2))

    first, bias, second = w1[keep], b1[keep], w2[:, keep]
    if is_that_of(first, bias, second / (1 - p), b2):
        return None
    if is_that_of(first, bias, second, b2):
        return Diagnosis(
            "unscaled",
            "what the kept units say is not scaled.",
            "in training, dropout divides by 1 - p: put the factor into a weight matrix",
        )
    if is_that_of(first, bias, second * (1 - p), b2):
        return Diagnosis(
            "scaled-the-other-way",
            "the weights are multiplied by 1 - p.",
            "that is what standard dropout does to the *whole* network; the thinned network of "
            "inverted dropout divides",
        )
    if p != 0.5 and is_that_of(first, bias, second / p, b2):
        return Diagnosis(
            "divides-by-p",
            "the scale is 1 / p.",
            "what is kept is kept with probability 1 - p",
        )
    if is_that_of(first, bias, second / (1 - p), b2 / (1 - p)):
        return Diagnosis(
            "bias-scaled",
            "the last bias is scaled, too.",
            "it is added behind the dropout, and comes as it is",
        )
    if is_that_of(first / (1 - p), bias, second, b2):
        return Diagnosis(
            "half-of-the-first-layer",
            "w1 is scaled and b1 is not.",
            "a ReLU lets a positive factor through only if all that goes in has it: scale b1 as "
            "well, or w2 instead",
        )
    if is_that_of(first / (1 - p), bias / (1 - p), second / (1 - p), b2):
        return Diagnosis("scaled-twice", "the scale is applied in both layers.", "once is enough")
    return Diagnosis(
        "another-network",
        "its outputs are not those of dropout with this mask.",
        "write down relu(x w1ᵀ + b1) · keep / (1 - p) · w2ᵀ + b2, and leave out the terms that "
        "are 0",
    )


def _network(x, w1, b1, w2, b2):
    return np.maximum(x @ w1.T + b1, 0) @ w2.T + b2


# --- many passes in one call -----------------------------------------------------------------


def mean_and_spread(model, x, passes):
    import torch
    from torch import nn

    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        for module, _ in modes:
            if isinstance(module, nn.Dropout):
                module.train()
        with torch.no_grad():
            out = model(x.repeat(passes, 1))  # (passes · N, classes)
    finally:
        for module, mode in modes:
            module.training = mode
    out = out.view(passes, len(x), -1)
    return out.mean(dim=0), out.std(dim=0)


def _model(p):
    """In evaluation mode, with batch norm, and dropout inside another module."""
    import torch
    from torch import nn

    with torch.random.fork_rng():
        torch.manual_seed(0)
        inner = nn.Sequential(nn.ReLU(), nn.Dropout(p))
        return nn.Sequential(nn.Linear(3, 16), nn.BatchNorm1d(16), inner, nn.Linear(16, 2)).eval()


def _of_modules(model):
    return (
        [module.training for module in model.modules()],
        [buffer.clone() for buffer in model.buffers()],
    )


def judge_one_call(answer):
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(1)
        model, x = _model(0.5), torch.randn(5, 3) * torch.arange(1, 6)[:, None]
        quiet = model(x).detach()
        before = _of_modules(model)
        calls = []
        hook = model.register_forward_hook(lambda *_: calls.append(1))
        returned = answer(model, x, 2000)
        hook.remove()
        if returned is None:
            return NOT_STARTED
        reference = mean_and_spread(_model(0.5), x, 8000)
        exact = answer(_model(0.0), x, 3)
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        return Diagnosis(
            "not-a-pair", "a mean and a spread are asked for.", "return mean, std: two tensors"
        )
    mean, spread = returned
    modes, buffers = _of_modules(model)
    if any(not torch.equal(a, b) for a, b in zip(buffers, before[1], strict=True)):
        return Diagnosis(
            "moves-batch-norm",
            "batch norm has learned from x.",
            "model.train() switches on more than dropout: switch on the nn.Dropout modules alone",
        )
    if modes != before[0]:
        return Diagnosis(
            "left-in-training",
            "modules come back in another mode than they had.",
            "note the modes first, and put them back in a `finally`",
        )
    if len(calls) != 1:
        return Diagnosis(
            "many-calls",
            f"the model was called {len(calls)} times.",
            "put `passes` copies of x into one batch: every row has a mask of its own",
        )
    if mean.shape != quiet.shape or spread.shape != quiet.shape:
        return Diagnosis(
            "wrong-shape",
            f"the shapes are {tuple(mean.shape)} and {tuple(spread.shape)}, and one case has one "
            f"row: {tuple(quiet.shape)}.",
            "back to (passes, N, classes), then mean and std over dim=0",
        )
    if mean.requires_grad:
        return Diagnosis(
            "keeps-gradients",
            "the result drags a graph of 2,000 passes along.",
            "predictions need no gradients: with torch.no_grad()",
        )
    right = _model(0.0)(x)
    if torch.allclose(exact[0], right.softmax(dim=-1), atol=1e-5):
        return Diagnosis(
            "applies-softmax",
            "what comes out are probabilities, and the model gives other numbers.",
            "average what the model gives; whether that needs a softmax first, its owner knows",
        )
    if not torch.allclose(exact[0], right, atol=1e-5):
        return Diagnosis(
            "cases-mixed",
            "with p = 0 the mean of three equal passes is not the pass.",
            "x.repeat(passes, 1) puts whole copies one after the other: view(passes, N, -1). "
            "repeat_interleave puts copies of one *case* together: view(N, passes, -1)",
        )
    if bool((spread == 0).all()):
        return Diagnosis(
            "nothing-drops",
            "all passes are alike.",
            "in evaluation mode nothing is dropped; model.modules() finds nested layers, too",
        )
    near = {"atol": 0.12, "rtol": 0.12}
    if not torch.allclose(mean, reference[0], **near):
        return Diagnosis("not-the-mean", "the first is not the mean.", "out.mean(dim=0)")
    if not torch.allclose(spread, reference[1], **near):
        return Diagnosis(
            "not-the-spread",
            "the second is not the standard deviation over the passes.",
            "out.std(dim=0): neither the variance, nor the standard error of the mean",
        )
    return _about_modes(answer, x)


def _about_modes(answer, x):
    """A model that comes in training mode, but for its first layer."""
    import torch

    model = _model(0.5).train()
    model[0].eval()
    modes, buffers = _of_modules(model)
    with torch.random.fork_rng():
        answer(model, x, 3)
    after, moved = _of_modules(model)
    if any(not torch.equal(a, b) for a, b in zip(buffers, moved, strict=True)):
        return Diagnosis(
            "takes-the-mode-it-finds",
            "batch norm learns from x if the model comes in training mode.",
            "model.eval() first, and then switch on the nn.Dropout modules alone",
        )
    if after != modes:
        return Diagnosis(
            "another-mode-than-before",
            "a model that came in training mode goes back in another one.",
            "note module.training of every module, and put back what you noted: train() and "
            "eval() set all that lies below, too",
        )
    return None


def _passes(model, x, passes, *, whole=False, on=True, restore=True, gradients=False, loop=False):
    """What the wrong answers are made of: (passes, N, classes)."""
    import torch
    from torch import nn

    layers = list(model.modules() if whole else [])
    layers += [module for module in model.modules() if isinstance(module, nn.Dropout)]
    for module in layers if on else ():
        module.training = True
    with torch.set_grad_enabled(gradients):
        if loop:
            out = torch.stack([model(x) for _ in range(passes)])
        else:
            out = model(x.repeat(passes, 1)).view(passes, len(x), -1)
    if restore:
        model.eval()
    return out


def _one_call(**mistakes):
    def mean_and_spread(model, x, passes):
        out = _passes(model, x, passes, **mistakes)
        return out.mean(dim=0), out.std(dim=0)

    return mean_and_spread


def _variance(model, x, passes):
    out = _passes(model, x, passes)
    return out.mean(dim=0), out.var(dim=0)


def _standard_error(model, x, passes):
    out = _passes(model, x, passes)
    return out.mean(dim=0), out.std(dim=0) / passes**0.5


def _interleaved(model, x, passes):
    import torch

    for module in model.modules():
        module.training = isinstance(module, torch.nn.Dropout)
    with torch.no_grad():
        out = model(x.repeat_interleave(passes, dim=0)).view(passes, len(x), -1)
    model.eval()
    return out.mean(dim=0), out.std(dim=0)


def _probabilities(model, x, passes):
    out = _passes(model, x, passes).softmax(dim=-1)
    return out.mean(dim=0), out.std(dim=0)


def _leaves_evaluation(model, x, passes):
    model.eval()
    return _one_call()(model, x, passes)


def _one_number(model, x, passes):
    out = _passes(model, x, passes)
    return out.mean(), out.std()


def _mean_only(model, x, passes):
    return _passes(model, x, passes).mean(dim=0)
