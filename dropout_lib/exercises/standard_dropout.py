"""Exercises and quiz of chapter 3.1."""

from itertools import product

import numpy as np

from .. import scratch
from ..checks import BACKWARD, Diagnosis, function_subject
from .answers import described, nothing_back
from .core import NOT_STARTED, Exercise, first_diagnosis, multiple_choice


def judge_backward(backward):
    grad, mask = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[True, False], [True, True]])
    answer = backward(grad.copy(), mask.copy(), 0.2)
    try:
        in_evaluation = backward(grad.copy(), None, 0.2)
    except TypeError:
        in_evaluation = grad  # the check below calls it again, and its error is told
        if answer is not None:
            return _mask_is_none(backward, grad)
    calls = ("backward(grad_output, mask, p)", "backward(grad_output, None, p)")
    given = dict(zip(calls, (answer, in_evaluation), strict=True))
    if diagnosis := nothing_back(given):
        return diagnosis
    for call, value in given.items():
        if isinstance(value, (tuple, list)):
            return Diagnosis(
                "not-one-array",
                f"{call} gives {len(value)} things, and one is asked for.",
                "return the gradient alone",
            )
        if np.shape(value) != grad.shape:
            return Diagnosis(
                "wrong-shape",
                f"a gradient of shape {grad.shape} went in, and {call} gives {described(value)}.",
                "every entry of x has a gradient of its own: nothing is summed here",
            )
    return _backward_slips(np.asarray(answer), np.asarray(in_evaluation), grad, mask) or (
        _backward_checks(backward)
    )


def _mask_is_none(backward, grad):
    try:
        backward(grad.copy(), None, 0.2)
    except TypeError as error:
        return Diagnosis(
            "mask-is-none",
            f"in evaluation, where the mask is None, it raises TypeError: {error}",
            "ask `mask is None` first: there the forward pass was another one, with no mask in it",
        )
    return None


def _backward_slips(answer, in_evaluation, grad, mask):
    """Slips at p = 0.2, where 1 − p and p are not the same."""
    known = {
        "inverted-backward": (
            mask / 0.8,
            "in training the gradient is multiplied by 1 / (1 − p): that is inverted dropout.",
            "y = m x here: what is dy/dx?",
        ),
        "evaluation-scale-in-training": (
            mask * 0.8,
            "in training the gradient is multiplied by 1 − p.",
            "1 − p belongs to evaluation; in training y = m x, and the mask is all there is",
        ),
        "scaled-by-p-in-training": (
            mask * 0.2,
            "in training the gradient of a kept unit is multiplied by p.",
            "in training y = m x, and the mask is all there is",
        ),
        "incoming-gradient-forgotten": (
            mask / grad,
            "in training the result is the mask itself, whatever gradient comes in.",
            "that is dy/dx. By the chain rule it is multiplied by dL/dy, which is grad_output",
        ),
    }
    for code, (factor, message, hint) in known.items():
        if np.allclose(answer, grad * factor):
            return Diagnosis(code, message, hint)
    if not np.allclose(answer, grad * mask):
        return None  # the checks have words for the mask
    known = {
        "evaluation-scale-forgotten": (
            1.0,
            "in evaluation the gradient passes unchanged, but forward multiplied by 1 − p.",
            "y = (1 − p) x has a derivative too",
        ),
        "evaluation-scaled-by-p": (
            0.2,
            "in evaluation the gradient is multiplied by p.",
            "forward multiplied by the probability to keep, 1 − p",
        ),
        "evaluation-divided": (
            1.25,
            "in evaluation the gradient is divided by 1 − p.",
            "what forward multiplied by, backward multiplies by: it undoes nothing",
        ),
        "evaluation-without-gradient": (
            0.0,
            "in evaluation no gradient comes back.",
            "no mask means that nothing was dropped: y = (1 − p) x depends on every x",
        ),
    }
    for code, (factor, message, hint) in known.items():
        if np.allclose(in_evaluation, grad * factor):
            return Diagnosis(code, message, hint)
    return None


def _backward_checks(backward):
    def forward(x, p, training, rng):
        return scratch.standard_dropout_forward(x, p, training, rng)

    with np.errstate(all="ignore"):
        return first_diagnosis(function_subject(forward, backward, "standard"), BACKWARD)


def backward(grad_output, mask, p):
    if mask is None:  # evaluation: y = (1 - p) * x
        return grad_output * (1 - p)
    return grad_output * mask


def _backward_no_mask(grad_output, mask, p):
    return grad_output * (1 - p) if mask is None else grad_output.copy()


def _backward_inverted(grad_output, mask, p):
    return grad_output.copy() if mask is None else grad_output * mask / (1 - p)


def _backward_always_scaled(grad_output, mask, p):
    return grad_output * (1 - p) * (1 if mask is None else mask)


def _backward_forgets_evaluation(grad_output, mask, p):
    return grad_output.copy() if mask is None else grad_output * mask


def _backward_by_p(grad_output, mask, p):
    return grad_output * p if mask is None else grad_output * mask


def _backward_divides(grad_output, mask, p):
    return grad_output / (1 - p) if mask is None else grad_output * mask


def _backward_in_place(grad_output, mask, p):
    grad_output *= (1 - p) if mask is None else mask
    return grad_output


def _backward_nothing(grad_output, mask, p): ...


def _network(rng, units=(4, 5, 6, 3)):
    """Weights and biases of a network with that many inputs, hidden units and outputs."""
    sizes = list(zip(units[1:], units[:-1], strict=True))
    weights = [rng.standard_normal(size) for size in sizes]
    return weights, [rng.standard_normal(size[0]) for size in sizes]


def judge_convert(to_inverted):
    first, second = np.random.default_rng(0), np.random.default_rng(1)
    questions = (
        (*_network(first), [0.2, 0.5, 0.75]),
        (*_network(second, (3, 8, 2)), [0.0, 0.4]),
    )
    return _first(_judge_one_network(to_inverted, *question) for question in questions)


def _first(diagnoses):
    return next((diagnosis for diagnosis in diagnoses if diagnosis), None)


def _judge_one_network(to_inverted, weights, biases, rates):
    given = [w.copy() for w in weights], [b.copy() for b in biases]
    answer = to_inverted(weights, biases, list(rates))
    if answer is None:
        return NOT_STARTED
    changed = any(
        (now != before).any()
        for now, before in zip(weights + biases, given[0] + given[1], strict=True)
    )
    if changed:
        return Diagnosis(
            "input-changed",
            "the weights that were given have changed.",
            "`w *= ...` writes into the caller's array; `w * ...` makes a new one",
        )
    try:
        new_weights, new_biases = answer
        new_weights = [np.asarray(w, dtype=float) for w in new_weights]
        new_biases = [np.asarray(b, dtype=float) for b in new_biases]
    except (TypeError, ValueError):
        new_weights = new_biases = []
    wrong = _shapes_diagnosis([new_weights, new_biases], [weights, biases])
    return (
        wrong
        or _biases_diagnosis(new_biases, biases, rates)
        or _weights_diagnosis(new_weights, weights, rates)
    )


def _shapes_diagnosis(new, old):
    shapes, wanted = ([[a.shape for a in arrays] for arrays in pair] for pair in (new, old))
    if shapes == wanted:
        return None
    if shapes == wanted[::-1]:
        return Diagnosis(
            "order-swapped",
            "the biases come first and the weights second.",
            "return new_weights, new_biases",
        )
    if shapes == [[shape[::-1] for shape in wanted[0]], wanted[1]]:
        return Diagnosis(
            "transposed",
            "the weights come back transposed.",
            "they came as (outputs × inputs) and are to be returned so",
        )
    return Diagnosis(
        "not-a-pair",
        "two lists are asked for, all weights and then all biases, shaped as they came.",
        "return new_weights, new_biases",
    )


def _biases_diagnosis(new, old, rates):
    for layer, (b, before, p) in enumerate(zip(new, old, rates, strict=True), start=1):
        if np.allclose(b, before):
            continue
        factor = {1 - p: "by the factor of the weights", 1 / (1 - p): "and divided by 1 − p"}
        said = (f", {words}" for f, words in factor.items() if np.allclose(b, before * f))
        return Diagnosis(
            "bias-scaled",
            f"the bias of layer {layer} has changed{next(said, '')}.",
            "the bias is added behind the dropped units: it was never too loud or too quiet",
        )
    return None


def _weights_diagnosis(new, old, rates):
    """What the new weights have been multiplied by instead of 1 - p."""
    keep = [1 - p for p in rates]
    slips = {
        "not-scaled": (
            [1.0] * len(rates),
            "the weights are as they were.",
            "in evaluation they would hear 1 / (1 − p) times what they hear now",
        ),
        "divided": (
            [1 / k for k in keep],
            "the weights were divided by 1 − p: that is the way back, from inverted to standard.",
            "inverted dropout makes the activations larger, so the weights have to be smaller",
        ),
        "scaled-by-p": (
            rates,
            "the weights were multiplied by p.",
            "what the scale stands for is the probability to keep",
        ),
        "incoming-scaled": (
            [*keep[1:], 1.0],
            "the weights in front of the dropped units were scaled, not those behind.",
            "rates[i] is dropped from the inputs of layer i: weights[i] is what hears them",
        ),
        "factors-multiplied": (
            list(np.cumprod(keep)),
            "each layer was scaled by the factors of all dropouts so far.",
            "the earlier factor is in the activations already; each layer takes its own",
        ),
        "factors-multiplied-from-behind": (
            list(np.cumprod(keep[::-1])[::-1]),
            "each layer was scaled by its own factor and by those of all later dropouts.",
            "each layer makes up for the dropout in front of it, and for no other",
        ),
        "scaled-twice": (
            [k**2 for k in keep],
            "the weights were scaled twice.",
            "one factor 1 − p is enough",
        ),
        "outgoing-scaled": (
            [1.0, *keep[:-1]],
            "every layer was scaled by the rate of the layer before.",
            "rates[i] already belongs to the *inputs* of layer i: nothing has to be shifted",
        ),
        "only-the-last": (
            [1.0] * (len(rates) - 1) + keep[-1:],
            "only the last layer was scaled.",
            "every layer whose inputs were dropped has a scale to take over",
        ),
        "one-rate-for-all": (
            [keep[0]] * len(rates),
            f"all layers were scaled by {keep[0]:g}, which is right for the first.",
            "each layer has a rate of its own: take rates[i] with weights[i]",
        ),
        "mean-rate": (
            [float(np.mean(keep))] * len(rates),
            "all layers were scaled by the mean of the factors.",
            "each layer has a rate of its own: take rates[i] with weights[i]",
        ),
    }
    if all(np.allclose(n, o * k) for n, o, k in zip(new, old, keep, strict=True)):
        return None
    for code, (factors, message, hint) in slips.items():
        if all(np.allclose(n, o * f) for n, o, f in zip(new, old, factors, strict=True)):
            return Diagnosis(code, message, hint)
    layer = next(
        i
        for i, (n, o, k) in enumerate(zip(new, old, keep, strict=True), start=1)
        if not np.allclose(n, o * k)
    )
    return Diagnosis(
        "weights-off",
        f"the weights of layer {layer}, whose inputs are dropped with p = {rates[layer - 1]}, "
        f"are not {keep[layer - 1]:g} times what they were.",
        "go through one layer by hand: what did it hear in evaluation, and what will it hear now?",
    )


def to_inverted(weights, biases, rates):
    new_weights = [w * (1 - p) for w, p in zip(weights, rates, strict=True)]
    return new_weights, [b.copy() for b in biases]


def _convert_bias_too(weights, biases, rates):
    new_biases = [b * (1 - p) for b, p in zip(biases, rates, strict=True)]
    return to_inverted(weights, biases, rates)[0], new_biases


def _convert_divides(weights, biases, rates):
    return [w / (1 - p) for w, p in zip(weights, rates, strict=True)], biases


def _convert_by_p(weights, biases, rates):
    return [w * p for w, p in zip(weights, rates, strict=True)], biases


def _convert_incoming(weights, biases, rates):
    return [w * (1 - p) for w, p in zip(weights, [*rates[1:], 0.0], strict=True)], biases


def _convert_product(weights, biases, rates):
    factors = np.cumprod([1 - p for p in rates])
    return [w * f for w, f in zip(weights, factors, strict=True)], biases


def _convert_with(factors):
    """A wrong answer with other factors, made of the list of all 1 − p."""

    def wrong(weights, biases, rates):
        scales = factors([1 - p for p in rates])
        return [w * s for w, s in zip(weights, scales, strict=True)], biases

    return wrong


def _convert_in_place(weights, biases, rates):
    for w, p in zip(weights, rates, strict=True):
        w *= 1 - p
    return weights, biases


def _convert_weights_only(weights, biases, rates):
    return to_inverted(weights, biases, rates)[0]


def _convert_nothing(weights, biases, rates): ...


def judge_forgotten_logits(answer):
    """Compare with a formula on three cases, and recognise the usual slips."""
    logits = np.array([[2.0, -1.0, 0.5], [0.0, 3.0, -4.0]])
    cases = ((0.5, 2), (0.2, 3), (0.8, 1))
    slips = {
        "one-layer-only": (
            lambda p, hidden: 1 / (1 - p),
            "that is one forgotten scale, but every hidden layer had one.",
            "each layer hands its factor on to the next: they multiply",
        ),
        "factors-added": (
            lambda p, hidden: hidden / (1 - p),
            "the factors were added up.",
            "a signal that passes three amplifiers is amplified by their product",
        ),
        "turned-round": (
            lambda p, hidden: (1 - p) ** hidden,
            "that makes the logits smaller; a scale that is forgotten leaves them too large.",
            "the right scale is 1 − p, less than 1: divide by what was left out",
        ),
        "divided-by-p": (
            lambda p, hidden: 1 / p**hidden,
            "p is the probability to drop; the scale is 1 − p.",
            "check it at p = 0.2: little is dropped, so little can go wrong",
        ),
        "one-layer-too-many": (
            lambda p, hidden: 1 / (1 - p) ** (hidden + 1),
            "that is one factor more than there are hidden layers.",
            "which layers have dropout behind them? The output has none",
        ),
        "one-layer-too-few": (
            lambda p, hidden: 1 / (1 - p) ** (hidden - 1),
            "that is one factor less than there are hidden layers.",
            "the last hidden layer has dropout behind it, too",
        ),
        "p-to-the-power": (
            lambda p, hidden: 1 / (1 - p**hidden),
            "the power belongs to 1 − p as a whole, not to p.",
            "each layer has its factor 1 / (1 − p): write down two of them, multiplied",
        ),
        "rates-added": (
            lambda p, hidden: 1 / (1 - hidden * p) if hidden * p != 1 else np.inf,
            "the rates of the layers were added up.",
            "at p = 0.5 and two layers that would be all units: multiply what is left of each",
        ),
        "half-only": (
            lambda p, hidden: 2.0**hidden,
            "the factor is 2 for each layer, whatever p is.",
            "what is the scale at another p than 0.5?",
        ),
        "unchanged": (
            lambda p, hidden: 1.0,
            "the logits are as they were; only the order of the classes stays.",
            "the answers don't change, but the logits and with them the probabilities do",
        ),
    }
    calls = [f"forgotten_logits(logits, {p}, {hidden})" for p, hidden in cases]
    given = [answer(logits.copy(), p, hidden) for p, hidden in cases]
    if diagnosis := nothing_back(dict(zip(calls, given, strict=True))):
        return diagnosis
    for call, value in zip(calls, given, strict=True):
        if np.shape(value) != logits.shape:
            return Diagnosis(
                "shape-changed",
                f"logits of shape {logits.shape} went in, and {call} gives {described(value)}.",
                "all logits come back, each as it would be",
            )
    answers = [np.asarray(value, dtype=float) for value in given]
    if all(np.allclose(value.sum(axis=-1), 1) for value in answers):
        return Diagnosis(
            "softmax-taken",
            "the three numbers of a case add up to 1: those are probabilities.",
            "the logits are asked for, as they are before the softmax",
        )

    def agrees(factor):
        return all(
            np.allclose(value, logits * factor(p, hidden), atol=1e-6, equal_nan=True)
            for value, (p, hidden) in zip(answers, cases, strict=True)
        )

    if agrees(lambda p, hidden: 1 / (1 - p) ** hidden):
        return None
    for code, (factor, message, hint) in slips.items():
        if agrees(factor):
            return Diagnosis(code, message, hint)
    return Diagnosis(
        "another-formula",
        f"at p = 0.5 with two hidden layers, the logit 2 becomes {answers[0][0, 0]:.4g} and the "
        f"logit −1 becomes {answers[0][0, 1]:.4g}; 8 and −4 are right.",
        "follow a positive activation through two layers whose inputs are twice too large",
    )


def forgotten_logits(logits, p, hidden):
    return logits / (1 - p) ** hidden


def _evaluate(x, weights, biases, scales, biases_follow=(1, 1, 1), whole=1.0):
    """The network with given factors on the inputs, both hidden layers, biases and output."""
    for w, b, scale, bias_scale in zip(weights, biases, scales, biases_follow, strict=True):
        x = (x * scale) @ w.T + b * bias_scale
        if w is not weights[-1]:
            x = np.maximum(x, 0)
    return x * whole


def judge_repair(predict):
    """Find the factors with which the answer was made, and name the first that is wrong."""
    rng = np.random.default_rng(1)
    questions = (
        (*_network(rng), rng.standard_normal((7, 4)), 0.4),
        (*_network(rng, (3, 8, 6, 2)), rng.standard_normal((4, 3)), 0.7),
    )
    return _first(_judge_one_prediction(predict, *question) for question in questions)


def _judge_one_prediction(predict, weights, biases, x, p):
    keep = 1 - p
    before = x.copy()
    answer = predict(x, weights, biases, p)
    if answer is None:
        return NOT_STARTED
    if (x != before).any():
        return Diagnosis(
            "input-changed",
            "x has changed: your function writes into the caller's array.",
            "`h = x * ...` makes a new array, `h *= ...` does not",
        )
    answer = np.asarray(answer, dtype=float)
    wanted = (len(x), len(biases[-1]))
    if answer.shape != wanted:
        return Diagnosis(
            "another-shape",
            f"for {wanted[0]} cases and {wanted[1]} classes the logits have shape {wanted}, "
            f"not {answer.shape}.",
            "return the output of the last layer",
        )
    if np.allclose(answer, repaired(x, weights, biases, p)):
        return None
    return _another_function(answer, x, weights, biases, p) or _wrong_scales(
        answer, x, weights, biases, keep
    )


def _another_function(answer, x, weights, biases, p):
    """Mistakes that are not a matter of where 1 − p stands."""
    right = repaired(x, weights, biases, p)
    exponentials = np.exp(right - right.max(axis=1, keepdims=True))
    hidden_biases = _hidden_scale_before_bias(x, weights, biases, 1 - p)
    known = {
        "relu-on-the-output": (
            np.maximum(right, 0),
            "no logit is negative: the last layer has a ReLU behind it.",
            "logits may have either sign: the last layer is linear",
        ),
        "softmax-taken": (
            exponentials / exponentials.sum(axis=1, keepdims=True),
            "the outputs of a case add up to 1: those are probabilities.",
            "the logits are asked for",
        ),
        "scaled-by-p": (
            repaired(x, weights, biases, 1 - p),
            "the hidden layers are multiplied by p.",
            "p is the probability to drop: on average 1 − p of the units spoke in training",
        ),
        "scaled-before-the-bias": (
            hidden_biases,
            "a layer's sum is scaled before its own bias is added.",
            "the units that were dropped are those behind the ReLU: their bias is a part of them",
        ),
    }
    for code, (value, message, hint) in known.items():
        if np.allclose(answer, value):
            return Diagnosis(code, message, hint)
    return None


def _hidden_scale_before_bias(x, weights, biases, keep):
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        x = np.maximum(x @ w.T * keep + b, 0)
    return x @ weights[-1].T + biases[-1]


def _wrong_scales(answer, x, weights, biases, keep):
    for scales, bias, whole in _plausible_scales(keep):
        if np.allclose(_evaluate(x, weights, biases, scales, bias, whole), answer):
            return _scales_diagnosis(keep, scales, bias, whole)
    return Diagnosis(
        "another-network",
        "no choice of scales gives these logits: something else is different.",
        "is every layer there, with its bias, and a ReLU behind each hidden one? Nothing is drawn "
        "in evaluation, and p comes as an argument",
    )


def _plausible_scales(keep):
    """Factors on (inputs and hidden layers, biases, output) that people put; likely ones first.

    Some give the same network: whoever scales the output does it in place of the hidden layers
    or on top of them, and whoever scales biases does it layer by layer.
    """
    factors = (1.0, keep, keep**2, 1 / keep)
    hidden = tuple(product(factors, repeat=2))
    for inputs in (1.0, keep):
        plain = (1, 1, 1)
        yield from (((inputs, *h), plain, 1.0) for h in hidden)
        for whole in (keep, keep**2):
            yield from (((inputs, h, h), plain, whole) for h in (1.0, keep))
        for bias in ((1, keep, keep), (keep, keep, keep)):
            yield from (((inputs, *h), bias, 1.0) for h in hidden)


def _scales_diagnosis(keep, scales, bias, whole):
    inputs, *hidden = scales
    if inputs != 1:
        return Diagnosis(
            "inputs-scaled",
            "the inputs are scaled, but no input was ever dropped.",
            "the scale stands behind the units that were dropped, not in front of their layer",
        )
    if whole != 1:
        return Diagnosis(
            "output-scaled",
            "the output is scaled as a whole, and its bias with it.",
            "scale the hidden activations before they are multiplied by the last weights",
        )
    if bias != (1, 1, 1):
        return Diagnosis(
            "bias-scaled",
            "a bias is scaled along with the weights.",
            "the bias heard nothing of the dropout in front of it: it stays",
        )
    for layer, scale in zip(("first", "second"), hidden, strict=True):
        if np.isclose(scale, keep**2):
            return Diagnosis(
                "scaled-twice",
                f"the {layer} hidden layer is scaled twice.",
                "on the activations or on the weights behind them, not on both",
            )
        if np.isclose(scale, 1 / keep):
            return Diagnosis(
                "divided",
                f"the {layer} hidden layer is divided by 1 − p.",
                "at test time more units speak than in training: turn them down",
            )
        if np.isclose(scale, 1):
            return Diagnosis(
                "scale-forgotten-in-a-layer",
                f"the {layer} hidden layer is not scaled.",
                "every layer that was dropped in training needs its scale",
            )
    return None


def repaired(x, weights, biases, p):
    *hidden, last = zip(weights, biases, strict=True)
    h = x
    for w, b in hidden:
        h = np.maximum(h @ w.T + b, 0) * (1 - p)
    w, b = last
    return h @ w.T + b


def as_found(x, weights, biases, p):
    h = x * (1 - p)
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        h = np.maximum(h @ w.T + b, 0)
    return (h @ weights[-1].T + biases[-1]) * (1 - p)


def _repaired_inputs(x, weights, biases, p):
    return as_found(x / (1 - p), weights, biases, p)


def _repaired_output(x, weights, biases, p):
    return _repaired_inputs(x, weights, biases, p) / (1 - p)


def _repaired_one_layer(x, weights, biases, p):
    return _evaluate(x, weights, biases, (1, 1, 1 - p))


def _repaired_biases(x, weights, biases, p):
    return _evaluate(x, weights, biases, (1, 1 - p, 1 - p), (1, 1 - p, 1 - p))


def _repaired_twice(x, weights, biases, p):
    return _evaluate(x, weights, biases, (1, (1 - p) ** 2, (1 - p) ** 2))


def _repaired_divides(x, weights, biases, p):
    return _evaluate(x, weights, biases, (1, 1 / (1 - p), 1 / (1 - p)))


def _repaired_no_relu(x, weights, biases, p):
    for w, b in zip(weights, biases, strict=True):
        x = x @ w.T + b
    return x


def _repaired_hidden(x, weights, biases, p):
    return np.maximum(x @ weights[0].T + biases[0], 0)


def _repaired_in_place(x, weights, biases, p):
    x *= 1
    x += 1e-9
    return repaired(x, weights, biases, p)


def _repaired_softmax(x, weights, biases, p):
    exponentials = np.exp(repaired(x, weights, biases, p))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def _repaired_nothing(x, weights, biases, p): ...


EXERCISES = (
    Exercise(
        name="03-1-backward",
        title="Backward, in both modes",
        statement=(
            "Write `backward(grad_output, mask, p)` for standard dropout: the gradient with "
            "respect to x, an array like `grad_output` (its dtype too). `mask` is what forward "
            "returned, True where a unit was kept, `None` in evaluation. Which of the two modes "
            "needs p?"
        ),
        starter=(
            "def backward(grad_output, mask, p):\n    # your code\n    ...\n\n\n"
            'check("03-1-backward", backward)'
        ),
        hints=(
            "Write down y as a function of x, once for each mode.",
            "In training y = m x, in evaluation y = (1 − p) x. Differentiate both.",
            "`grad_output * mask`, and where the mask is None `grad_output * (1 - p)`.",
        ),
        solution=backward,
        explanation=(
            "Only evaluation needs p. Whoever writes the layer to train with it never calls "
            "backward in evaluation, and so never finds out that this line is missing."
        ),
        judge=judge_backward,
        wrong_answers=(
            (_backward_no_mask, "backward-without-mask"),
            (_backward_inverted, "inverted-backward"),
            (_backward_always_scaled, "evaluation-scale-in-training"),
            (_backward_forgets_evaluation, "evaluation-scale-forgotten"),
            (_backward_by_p, "evaluation-scaled-by-p"),
            (_backward_divides, "evaluation-divided"),
            (lambda g, mask, p: g * mask, "mask-is-none"),
            (lambda g, mask, p: 0 * g if mask is None else g * mask, "evaluation-without-gradient"),
            (lambda g, mask, p: g * p if mask is None else g * mask * p, "scaled-by-p-in-training"),
            (
                lambda g, mask, p: g * (1 - p) if mask is None else mask * 1.0,
                "incoming-gradient-forgotten",
            ),
            (lambda g, mask, p: None if mask is None else g * mask, "returns-nothing-here"),
            (lambda g, mask, p: backward(g, mask, p).sum(axis=0), "wrong-shape"),
            (_backward_in_place, "gradient-input-changed"),
            (lambda grad, mask, p: (backward(grad, mask, p), mask), "not-one-array"),
            (_backward_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="03-1-convert",
        title="Convert a network",
        statement=(
            "Write `to_inverted(weights, biases, rates)`. It is given a network trained with "
            "standard dropout: a list of weight matrices (outputs × inputs), a list of biases, "
            "and for each layer the probability with which its *inputs* were dropped (0 where "
            "there was no dropout). Return new weights and biases for a framework whose dropout "
            "does nothing in evaluation, as two lists with arrays of the same shapes. Leave what "
            "you were given as it is."
        ),
        starter=(
            "def to_inverted(weights, biases, rates):\n    # your code\n    ...\n\n\n"
            'check("03-1-convert", to_inverted)'
        ),
        hints=(
            "Who scaled by 1 − p until now? Nobody will in the new framework.",
            "Weights that multiply dropped units can take the factor over. What about the bias?",
            "`w * (1 - p)` for each weight matrix with its own rate; the biases stay.",
        ),
        solution=to_inverted,
        explanation=(
            "Each matrix takes over the factor of the dropout in front of it, and no other: "
            "factors of earlier layers arrive in the activations. Dividing in place of "
            "multiplying is the way back."
        ),
        judge=judge_convert,
        wrong_answers=(
            (lambda weights, biases, rates: (weights, biases), "not-scaled"),
            (_convert_bias_too, "bias-scaled"),
            (_convert_divides, "divided"),
            (_convert_by_p, "scaled-by-p"),
            (_convert_incoming, "incoming-scaled"),
            (_convert_product, "factors-multiplied"),
            (
                lambda weights, biases, rates: (
                    [w * (1 - p) ** 2 for w, p in zip(weights, rates, strict=True)],
                    biases,
                ),
                "scaled-twice",
            ),
            (lambda weights, biases, rates: ([w * 0.5 for w in weights], biases), "weights-off"),
            (_convert_with(lambda k: np.cumprod(k[::-1])[::-1]), "factors-multiplied-from-behind"),
            (_convert_with(lambda k: [1, *k[:-1]]), "outgoing-scaled"),
            (_convert_with(lambda k: [1] * (len(k) - 1) + k[-1:]), "only-the-last"),
            (_convert_with(lambda k: [k[0]] * len(k)), "one-rate-for-all"),
            (_convert_with(lambda k: [np.mean(k)] * len(k)), "mean-rate"),
            (lambda w, b, rates: to_inverted(w, b, rates)[::-1], "order-swapped"),
            (lambda w, b, rates: ([m.T for m in to_inverted(w, b, rates)[0]], b), "transposed"),
            (_convert_in_place, "input-changed"),
            (_convert_weights_only, "not-a-pair"),
            (_convert_nothing, "not-started"),
        ),
    ),
    Exercise(
        name="03-1-forgotten-logits",
        title="Predict the damage",
        statement=(
            "A ReLU network *without biases* has standard dropout with the same p behind each of "
            "its `hidden` hidden layers. Write `forgotten_logits(logits, p, hidden)`: from the "
            "logits with the right scale, an array (cases, classes), the logits when it is "
            "forgotten everywhere. Guess first: at p = 0.5, with two hidden layers, what becomes "
            "of a logit of 2?"
        ),
        starter=(
            "def forgotten_logits(logits, p, hidden):\n    # your code\n    ...\n\n\n"
            'check("03-1-forgotten-logits", forgotten_logits)'
        ),
        hints=(
            "What does one layer hand on if its inputs are twice too large?",
            "Without biases, c times the input of a ReLU layer gives c times its output, c > 0.",
            "Every forgotten scale is a factor 1 / (1 − p), and the factors multiply.",
        ),
        solution=forgotten_logits,
        explanation=(
            "$\\mathrm{logits} / (1-p)^{\\mathrm{hidden}}$. At $p = 0.5$ with two hidden layers "
            "the logits are four times too large: the answers stay, and the probabilities are "
            "those of a network that is far too sure."
        ),
        judge=judge_forgotten_logits,
        wrong_answers=(
            (lambda logits, p, hidden: logits / (1 - p), "one-layer-only"),
            (lambda logits, p, hidden: logits * hidden / (1 - p), "factors-added"),
            (lambda logits, p, hidden: logits * (1 - p) ** hidden, "turned-round"),
            (lambda logits, p, hidden: logits / p**hidden, "divided-by-p"),
            (lambda logits, p, hidden: logits, "unchanged"),
            (lambda logits, p, hidden: logits / (1 - p) ** (hidden + 1), "one-layer-too-many"),
            (lambda logits, p, hidden: logits / (1 - p) ** (hidden - 1), "one-layer-too-few"),
            (lambda logits, p, hidden: logits / (1 - p**hidden), "p-to-the-power"),
            (
                lambda z, p, hidden: z * (1 / (1 - hidden * p) if hidden * p != 1 else np.inf),
                "rates-added",
            ),
            (lambda logits, p, hidden: logits * 2**hidden, "half-only"),
            (lambda logits, p, hidden: 1 / (1 - p) ** hidden, "shape-changed"),
            (
                lambda z, p, hidden: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True),
                "softmax-taken",
            ),
            (lambda logits, p, hidden: logits + hidden, "another-formula"),
            (lambda logits, p, hidden: None, "not-started"),
            (lambda logits: logits, "other-arguments"),
        ),
    ),
    Exercise(
        name="03-1-repair",
        title="Repair an evaluation",
        statement=(
            "`predict_as_found` of the clinic above is to give the logits of a network that was "
            "trained with standard dropout behind each hidden layer, and none on the inputs. "
            "Both of its factors stand in the wrong place. Write `predict(x, weights, biases, p)`, "
            "which returns the logits (cases, classes), for any p below 1."
        ),
        starter=(
            "def predict(x, weights, biases, p):\n    # your code\n    ...\n\n\n"
            'check("03-1-repair", predict)'
        ),
        hints=(
            "For each place where `1 - p` stands, ask which units in front of it were dropped.",
            "Then ask for each layer that was dropped: where is its `1 - p`?",
            "`h = np.maximum(h @ w.T + b, 0) * (1 - p)` for the hidden layers, nothing for the "
            "last one.",
        ),
        solution=repaired,
        explanation=(
            "The number of factors was right, two for two hidden layers. The first stood one place "
            "too early, the second one too late, where it scaled a bias too. In a network without "
            "biases nobody could have told: there only their product counts."
        ),
        judge=judge_repair,
        wrong_answers=(
            (as_found, "inputs-scaled"),
            (_repaired_inputs, "output-scaled"),
            (_repaired_output, "scale-forgotten-in-a-layer"),
            (_repaired_one_layer, "scale-forgotten-in-a-layer"),
            (_repaired_biases, "bias-scaled"),
            (_repaired_twice, "scaled-twice"),
            (_repaired_divides, "divided"),
            (_repaired_no_relu, "another-network"),
            (_repaired_hidden, "another-shape"),
            (lambda x, w, b, p: np.maximum(repaired(x, w, b, p), 0), "relu-on-the-output"),
            (_repaired_softmax, "softmax-taken"),
            (lambda x, w, b, p: repaired(x, w, b, 1 - p), "scaled-by-p"),
            (
                lambda x, w, b, p: _hidden_scale_before_bias(x, w, b, 1 - p),
                "scaled-before-the-bias",
            ),
            (lambda x, w, b, p: repaired(x, w, b, 0.4), "another-network"),
            (_repaired_in_place, "input-changed"),
            (_repaired_nothing, "not-started"),
        ),
    ),
)

QUIZ = [
    multiple_choice(
        "A network trained with standard dropout, p = 0.5 in two hidden layers, is loaded where "
        "dropout does nothing in evaluation. On digits, what did we see?",
        "A network from 2013",
        (
            "The error hardly moves, and the loss multiplies",
            "An accuracy test would have let it pass.",
        ),
        (
            "The error rises to that of guessing",
            "The order of the logits survives; it is their size that is wrong.",
        ),
        (
            "Nothing changes, as softmax does not mind a common factor",
            "Softmax does not mind a common summand. A factor it minds very much.",
        ),
        (
            "Loading fails",
            "Dropout has no weights, so the names and shapes all fit.",
        ),
    ),
    {
        "question": "Standard dropout with p = 0.5 behind two hidden layers and no biases: by "
        "what are the logits multiplied if the scale is forgotten everywhere?",
        "section": "Who changes the answers?",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 4,
                "correct": True,
                "feedback": "2 for each layer.",
            },
            {
                "type": "value",
                "value": 2,
                "correct": False,
                "feedback": "That is one layer; the second gets inputs that are too large already.",
            },
            {
                "type": "value",
                "value": 0.25,
                "correct": False,
                "feedback": "That is the factor that was forgotten, not what its absence does.",
            },
            {
                "type": "default",
                "feedback": "1 / (1 − p) for each layer; the factors multiply.",
            },
        ],
    },
    multiple_choice(
        "You fold the scale into the weights behind a dropout layer. What happens to the bias "
        "that belongs to those weights?",
        "Two places for one scale",
        (
            "It stays as it is",
            "It is added behind, whoever was dropped.",
        ),
        (
            "It is multiplied by 1 − p too",
            "Then it would be too small: in training it came in full.",
        ),
        (
            "It is divided by 1 − p",
            "Nothing about the bias depended on the mask.",
        ),
    ),
    {
        "question": "Two standard dropout layers stand in a row, with 0.2 and 0.5. By what do "
        "you multiply the weights behind them?",
        "section": "Two places for one scale",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 0.4,
                "correct": True,
                "feedback": "0.8 · 0.5.",
            },
            {
                "type": "value",
                "value": 0.1,
                "correct": False,
                "feedback": "That is the product of the drop probabilities: dropped by both.",
            },
            {
                "type": "value",
                "value": 0.3,
                "correct": False,
                "feedback": "1 − 0.2 − 0.5 counts twice the units that both of them drop.",
            },
            {
                "type": "value",
                "value": 0.6,
                "correct": False,
                "feedback": "That is the probability to be dropped; the scale is what is left.",
            },
            {
                "type": "default",
                "feedback": "A unit has to survive both draws.",
            },
        ],
    },
    multiple_choice(
        "Between the dropout and the next weights stands a function. Behind which one may you "
        "still fold 1 − p into those weights, without changing an output?",
        "What may stand between",
        (
            "ReLU",
            "max(c x, 0) = c max(x, 0) for c > 0.",
        ),
        (
            "tanh",
            "tanh(x / 2) is not tanh(x) / 2.",
        ),
        (
            "Batch normalisation with its stored statistics",
            "It subtracts a mean that does not shrink along with its input.",
        ),
        (
            "A linear layer with a bias",
            "Its bias would be scaled along. Fold into its own weights instead.",
        ),
    ),
    multiple_choice(
        "In evaluation mode, the backward pass of standard dropout ...",
        "The gradient in evaluation",
        (
            "multiplies by 1 − p",
            "As forward did: y = (1 − p) x.",
        ),
        (
            "passes the gradient through unchanged",
            "That is inverted dropout, whose forward leaves x as it is, too.",
        ),
        (
            "multiplies by the last mask",
            "In evaluation nothing was dropped.",
        ),
        (
            "is never needed, as evaluation does not train",
            "Saliency maps and adversarial examples differentiate there.",
        ),
    ),
]
