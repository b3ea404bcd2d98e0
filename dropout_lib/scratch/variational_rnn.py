"""A recurrent network with one dropout mask per sequence, forward and back through time.

With one draw of three masks per sequence and case, kept for all steps t,

    u[t] = m_x * x[t] / (1 - p_x)                    input
    v[t] = m_h * h[t-1] / (1 - p_h)                  state, on its way into the next step
    h[t] = f(u[t] W_ihᵀ + b_ih + v[t] W_hhᵀ + b_hh)   f = tanh or ReLU
    y[t] = m_y * h[t] / (1 - p_y)                    output

and y[t] = h[t], with no mask at all, in evaluation. The state h itself is never dropped: only
what the next step and the output see of it.

Gal and Ghahramani, "A theoretically grounded application of dropout in recurrent neural
networks", NeurIPS 2016, section 4; the scaling in training is that of inverted dropout.
"""

from typing import NamedTuple

import numpy as np

from .layer import Layer
from .masks import (
    apply_keep_mask,
    check_floating,
    check_mask,
    check_probability,
    check_rng,
    draw_keep_mask,
    inverted_scale,
)
from .network import Parameter


class RecurrentMasks(NamedTuple):
    """The three keep-masks of a pass, True = keep: each the same at every step."""

    input: np.ndarray  # (N, I), or (I,) for a sequence without batch axis
    recurrent: np.ndarray  # (N, H), or (H,)
    output: np.ndarray  # (N, H), or (H,)


# f, and its derivative as a function of what f returned
NONLINEARITIES = {
    "tanh": (np.tanh, lambda h: 1 - h * h),
    "relu": (lambda a: np.maximum(a, 0), lambda h: (h > 0).astype(h.dtype)),
}


class VariationalRNN(Layer):
    """An Elman network whose masks are drawn once per sequence.

    Args:
        input_size: features I of a step.
        hidden_size: units H of the state.
        nonlinearity: "tanh" or "relu".
        batch_first: True for x (N, T, I), False for (T, N, I).
        input_p: probability to drop an input feature, in [0, 1].
        recurrent_p: probability to drop a unit of h[t-1] on its way into step t.
        output_p: probability to drop a unit of the output.
        rng: ``numpy.random.Generator`` for the weights and the masks; None seeds a fresh one.
        dtype: of the weights; x and h0 have to have it too.

    Raises:
        ValueError: a probability is not in [0, 1], the nonlinearity has no such name, or a shape
            does not fit.
        TypeError: x is not floating point.
        RuntimeError: ``backward`` before ``forward``.

    Parameters are named and laid out as in ``torch.nn.RNN``: ``weight_ih`` (H, I), ``weight_hh``
    (H, H), ``bias_ih`` and ``bias_hh`` (H,), drawn from U(-1/√H, 1/√H). ``masks`` shows the
    :class:`RecurrentMasks` just used, and is None after a pass in evaluation mode.

    >>> rnn = VariationalRNN(1, 2, nonlinearity="relu", recurrent_p=0.5)
    >>> for parameter in rnn.parameters():
    ...     parameter.value[:] = 0
    >>> rnn.weight_hh.value[:] = np.eye(2)  # each unit only remembers itself
    >>> masks = RecurrentMasks(np.array([True]), np.array([True, False]), np.array([True, True]))
    >>> x, h0 = np.zeros((3, 1), np.float32), np.ones(2, np.float32)
    >>> rnn.forward(x, h0, masks)[0]  # three steps: the second unit is cut off from its past
    array([[2., 0.],
           [4., 0.],
           [8., 0.]], dtype=float32)
    """

    masks = None

    def __init__(
        self,
        input_size,
        hidden_size,
        nonlinearity="tanh",
        batch_first=False,
        *,
        input_p=0.0,
        recurrent_p=0.0,
        output_p=0.0,
        rng=None,
        dtype=np.float32,
    ):
        if nonlinearity not in NONLINEARITIES:
            raise ValueError(f"nonlinearity has to be 'tanh' or 'relu', but got {nonlinearity!r}")
        self.input_p = check_probability(input_p)
        self.recurrent_p = check_probability(recurrent_p)
        self.output_p = check_probability(output_p)
        self.nonlinearity, self.batch_first = nonlinearity, batch_first
        self.rng = check_rng(rng)
        bound = 1 / np.sqrt(hidden_size)
        self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh = (
            Parameter(self.rng.uniform(-bound, bound, shape).astype(dtype))
            for shape in (
                (hidden_size, input_size),
                (hidden_size, hidden_size),
                hidden_size,
                hidden_size,
            )
        )

    def parameters(self):
        return [self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh]

    def forward(self, x, h0=None, masks=None):
        """Run over a sequence.

        Args:
            x: (T, N, I), (N, T, I) with ``batch_first``, or (T, I); not changed.
            h0: initial state (N, H), or (H,) where x is (T, I); None for zeros.
            masks: :class:`RecurrentMasks` to replay, or any three keep-masks in that order.

        Returns:
            output: (T, N, H), laid out as x.
            h_n: the state after the last step, (N, H) or (H,), not dropped.
        """
        weight_ih, weight_hh, bias_ih, bias_hh = (p.value for p in self.parameters())
        x = self._time_first(x, "x", weight_ih.shape[1])  # (T, N, I)
        h = self._check_state(h0, "h0", x)  # (N, H)
        self.masks = self._masks(x, masks)
        self.u = self._drop(x, "input")
        projected = self.u @ weight_ih.T + bias_ih  # all steps at once
        activate, _ = NONLINEARITIES[self.nonlinearity]
        self.v, self.h = [], []
        for step in projected:
            v = self._drop(h, "recurrent")
            h = activate(step + v @ weight_hh.T + bias_hh)
            self.v.append(v)
            self.h.append(h)
        output = self._drop(np.stack(self.h), "output")
        self._output_shape = output.shape
        return self._as_given(output), self._state_as_given(h)

    def backward(self, grad_output, grad_h_n=None):
        """Back through time, with forward's masks.

        Args:
            grad_output: dL/d output, of its shape.
            grad_h_n: dL/d h_n, of its shape; None for zeros.

        Returns:
            dL/dx, of x's shape. The gradients of the parameters are in their ``grad``, that of the
            initial state in ``grad_h0``.
        """
        self._kept_from_forward("_output_shape")
        grad_y = self._gradient_time_first(grad_output)  # (T, N, H)
        grad_h = self._drop(grad_y, "output")
        from_next = self._check_state(grad_h_n, "grad_h_n", grad_h)  # (N, H)
        _, derivative = NONLINEARITIES[self.nonlinearity]
        grad_a = np.empty_like(grad_h)  # by what f is applied to
        for t in reversed(range(len(grad_h))):
            grad_a[t] = (grad_h[t] + from_next) * derivative(self.h[t])
            # v[t] is h[t-1] under the mask: back through the same mask
            grad_v = grad_a[t] @ self.weight_hh.value
            from_next = self._drop(grad_v, "recurrent")
        v = np.stack(self.v)
        self.weight_ih.grad = np.einsum("tnh,tni->hi", grad_a, self.u)
        self.weight_hh.grad = np.einsum("tnh,tni->hi", grad_a, v)
        self.bias_ih.grad = grad_a.sum(axis=(0, 1))
        self.bias_hh.grad = self.bias_ih.grad.copy()
        self.grad_h0 = self._state_as_given(from_next)
        grad_u = grad_a @ self.weight_ih.value
        return self._as_given(self._drop(grad_u, "input"))

    def _drop(self, values, place):
        """Forward and backward alike: the mask of that place and its scale; (T, N, .) or (N, .)"""
        if self.masks is None:
            return values
        mask, p = getattr(self.masks, place), getattr(self, f"{place}_p")
        if values.ndim == 3 and self.batched:
            mask = mask[None]  # 1 for the time
        return apply_keep_mask(values, np.broadcast_to(mask, values.shape), inverted_scale(p))

    def _masks(self, x, masks):
        """The masks of this pass, drawn or given; None in evaluation."""
        if not self.training:
            return None
        places, units = RecurrentMasks._fields, len(self.bias_hh.value)
        if masks is None:
            masks = [None] * len(places)
        if len(masks) != len(places):
            raise ValueError(f"masks have to be three ({', '.join(places)}), but got {len(masks)}")
        batch = x.shape[1:2] if self.batched else ()
        used = []
        for place, mask in zip(places, masks, strict=True):
            shape = (*batch, x.shape[2] if place == "input" else units)
            if mask is None:
                mask = draw_keep_mask(shape, getattr(self, f"{place}_p"), self.rng)
            used.append(check_mask(mask, shape).copy())
        return RecurrentMasks(*used)

    def _time_first(self, x, name, features):
        """x as (T, N, features), noting whether it came with a batch axis."""
        x = self._check_dtype(x, name)
        if x.ndim not in (2, 3) or x.shape[-1] != features or not x.shape[self._time_axis(x)]:
            sizes = "(N, T, {0})" if self.batch_first else "(T, N, {0})"
            raise ValueError(
                f"VariationalRNN needs {name} {sizes.format(features)} or (T, {features}) with at "
                f"least one step, but got shape {x.shape}"
            )
        self.batched = x.ndim == 3
        if not self.batched:
            return x[:, None]
        return x.swapaxes(0, 1) if self.batch_first else x

    def _time_axis(self, x):
        return 1 if self.batch_first and x.ndim == 3 else 0

    def _as_given(self, values):
        """From (T, N, .) to the layout of x."""
        if not self.batched:
            return values[:, 0]
        return values.swapaxes(0, 1) if self.batch_first else values

    def _state_as_given(self, state):
        """A copy of (N, H), or of (H,) where x came without a batch axis."""
        return state.copy() if self.batched else state[0].copy()

    def _gradient_time_first(self, grad_output):
        grad_output = self._check_dtype(grad_output, "grad_output")
        steps, cases, units = self._output_shape
        if not self.batched:
            return self._check_grad(grad_output, (steps, units))[:, None]
        if self.batch_first:
            return self._check_grad(grad_output, (cases, steps, units)).swapaxes(0, 1)
        return self._check_grad(grad_output, (steps, cases, units))

    def _check_state(self, state, name, x):
        """The state as (N, H); zeros for None."""
        cases, units = x.shape[1], len(self.bias_hh.value)
        if state is None:
            return np.zeros((cases, units), x.dtype)
        state = self._check_dtype(state, name)
        shape = (cases, units) if self.batched else (units,)
        if state.shape != shape:
            raise ValueError(f"{name} has shape {state.shape}, but has to have shape {shape}")
        return state.reshape(cases, units)

    def _check_dtype(self, values, name):
        values, dtype = check_floating(values), self.weight_ih.value.dtype
        if values.dtype != dtype:
            raise TypeError(
                f"{name} is {values.dtype}, but the weights are {dtype}: "
                f"convert it with {name}.astype({dtype.name!r})"
            )
        return values

    def __repr__(self):
        units, features = self.weight_ih.value.shape
        return (
            f"VariationalRNN({features}, {units}, input_p={self.input_p}, "
            f"recurrent_p={self.recurrent_p}, output_p={self.output_p})"
        )
