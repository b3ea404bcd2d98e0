"""Recurrent networks with one dropout mask per sequence.

With one draw of the masks per sequence and case, kept for all steps t, each layer is

    u[t] = m_x * x[t] / (1 - p_x)           input of the first layer
    v[t] = m_h * h[t-1] / (1 - p_h)         state, on its way into the next step
    h[t] = step(u[t], v[t])                 as in torch.nn.RNN or torch.nn.LSTM
    y[t] = m_y * h[t] / (1 - p_y)           output, and input of the next layer

and in evaluation there is no mask. The states h and c themselves are never dropped: only what the
next step, the next layer and the caller see of h. The four gates of an LSTM see the same v: the
masks are *tied over the gates* too. Gal and Ghahramani, "A theoretically grounded application of
dropout in recurrent neural networks", NeurIPS 2016, section 4, has also a variant with a mask for
each gate, which is not here.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import linear
from torch.nn.utils.rnn import PackedSequence

from .masks import (
    check_generator,
    check_mask,
    check_probability,
    draw_keep_mask,
    inverted_scale,
)


class RecurrentMasks(NamedTuple):
    """The keep-masks of a pass, True = keep: each the same at every step.

    N cases (left out where the input has no batch axis), I features, L layers, H units.
    """

    input: torch.Tensor  # (N, I)
    recurrent: torch.Tensor  # (L, N, H)
    output: torch.Tensor  # (L, N, H)


class _VariationalRecurrent(nn.RNNBase):
    """Parameters, names, initial weights, ``extra_repr`` and checks are those of torch.nn."""

    def __init__(
        self,
        mode,
        input_size,
        hidden_size,
        num_layers,
        bias,
        batch_first,
        input_p,
        recurrent_p,
        output_p,
        generator,
        device,
        dtype,
    ):
        probabilities = [check_probability(p) for p in (input_p, recurrent_p, output_p)]
        super().__init__(
            mode,
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            device=device,
            dtype=dtype,
        )
        self.input_p, self.recurrent_p, self.output_p = probabilities
        self.generator = check_generator(generator)
        self.masks = None

    def _cell(self, gates, state):
        """One step: from (N, gates * H) and the state, a tuple that begins with h, to the next."""
        raise NotImplementedError

    def _run(self, input, state, masks):
        """Input, initial state (a tuple of tensors, or None) and masks to output and state."""
        name = type(self).__name__
        if isinstance(input, PackedSequence):
            raise TypeError(
                f"{name} does not take a PackedSequence: pass a padded tensor, and leave the "
                "steps behind each sequence's end out of the loss"
            )
        if input.dim() not in (2, 3):
            raise ValueError(f"{name}: Expected input to be 2D or 3D, got {input.dim()}D instead")
        batched, batch_axis = input.dim() == 3, 0 if self.batch_first else 1
        x = input if batched else input.unsqueeze(batch_axis)
        state = self._check_state(x, state, batched)
        if self.batch_first:
            x = x.transpose(0, 1)  # (T, N, I) from here on
        if not len(x):
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        self.masks = self._masks(x, masks, batched) if self.training else None
        x, state = self._layers(x, state, batched)
        if not batched:
            return x.squeeze(1), tuple(part.squeeze(1) for part in state)
        return x.transpose(0, 1) if self.batch_first else x, state

    def _layers(self, x, state, batched):
        """All layers, each over all steps; (T, N, .) and the parts of the state (L, N, H)."""
        drops = None
        if self.masks is not None:  # True = drop, with the batch axis that x has
            masks = self.masks if batched else [mask.unsqueeze(-2) for mask in self.masks]
            # at p = 1 nothing is kept, whatever the mask says
            drops = [~mask | (p == 1) for mask, p in zip(masks, self._rates(), strict=True)]
            x = _drop(x, drops[0], self.input_p)
        last = []
        for layer, weights in enumerate(self._layer_weights()):
            dropped = None if drops is None else drops[1][layer]
            x, after = self._sequence(x, [part[layer] for part in state], weights, dropped)
            if drops is not None:
                x = _drop(x, drops[2][layer], self.output_p)
            last.append(after)
        return x, tuple(torch.stack(part) for part in zip(*last, strict=True))

    def _sequence(self, x, state, weights, dropped):
        """One layer over (T, N, .); ``dropped`` (N, H) is True where a unit of h is dropped."""
        weight_ih, weight_hh, *biases = weights
        projected = linear(x, weight_ih, sum(biases) if biases else None)  # all steps at once
        if projected.dtype != weight_ih.dtype:  # under autocast: the cell's sums would promote it
            state = [part.to(projected.dtype) for part in state]
        weight_hh = weight_hh.t().contiguous()
        outputs = []
        for step in projected.unbind():
            h = state[0] if dropped is None else _drop(state[0], dropped, self.recurrent_p)
            state = self._cell(torch.addmm(step, h, weight_hh), state)
            outputs.append(state[0])
        return torch.stack(outputs), state

    def _layer_weights(self):
        for layer in range(self.num_layers):
            names = ["weight_ih", "weight_hh"] + (["bias_ih", "bias_hh"] if self.bias else [])
            yield [getattr(self, f"{name}_l{layer}") for name in names]

    def _check_state(self, x, state, batched):
        """The initial state with its batch axis; zeros for None. Errors are those of torch.nn."""
        cases = x.size(0 if self.batch_first else 1)
        shape = (self.num_layers, cases, self.hidden_size)
        self.check_input(x, None)
        if state is None:
            zeros = x.new_zeros(shape)
            return tuple(zeros for _ in range(self._parts))
        self._check_parts(state)
        wanted = 3 if batched else 2
        if any(part.dim() != wanted for part in state):
            got = ", ".join(f"{part.dim()}-D" for part in state)
            raise RuntimeError(
                f"For {'' if batched else 'un'}batched {x.dim() if batched else 2}-D input, the "
                f"hidden state should also be {wanted}-D but got {got}"
            )
        if not batched:
            state = tuple(part.unsqueeze(1) for part in state)
        for part in state:
            self.check_hidden_size(part, shape)
        return state

    def _check_parts(self, state):
        """The state is a sequence of as many tensors as the cell has parts."""
        name = type(self).__name__
        parts = state if isinstance(state, tuple | list) else [state]
        if parts is not state or not all(isinstance(part, torch.Tensor) for part in parts):
            wanted = "a tensor" if self._parts == 1 else "a pair of tensors (h_0, c_0)"
            got = ", ".join(type(part).__name__ for part in parts)
            raise TypeError(f"{name} needs {wanted} as hx, but got {got}")
        if len(parts) != self._parts:
            raise RuntimeError(f"{name} expects two hidden states (h_0, c_0), but got {len(parts)}")

    def _masks(self, x, masks, batched):
        """The masks of this pass, drawn or given."""
        batch = x.shape[1:2] if batched else ()
        shapes = RecurrentMasks(
            (*batch, self.input_size),
            *[(self.num_layers, *batch, self.hidden_size)] * 2,
        )
        if masks is None:
            masks = [None] * len(shapes)
        if len(masks) != len(shapes):
            raise ValueError(
                f"masks have to be three ({', '.join(shapes._fields)}), but got {len(masks)}"
            )
        return RecurrentMasks(
            *(
                draw_keep_mask(shape, p, self.generator, x.device)
                if mask is None
                else check_mask(mask, torch.Size(shape)).clone()
                for shape, p, mask in zip(shapes, self._rates(), masks, strict=True)
            )
        )

    def _rates(self):
        return self.input_p, self.recurrent_p, self.output_p

    def __getstate__(self):
        # the masks are of one pass, and after torch.func's transforms cannot be copied
        return {**super().__getstate__(), "masks": None}

    def extra_repr(self):
        return (
            f"{super().extra_repr()}, input_p={self.input_p}, recurrent_p={self.recurrent_p}, "
            f"output_p={self.output_p}"
        )


def _drop(values, dropped, p):
    """Inverted dropout of (N, .), or of (T, N, .) with the same (N, .) at every step."""
    values = values.masked_fill(dropped, 0)
    return values * inverted_scale(p) if 0 < p < 1 else values


class VariationalRNN(_VariationalRecurrent):
    """``torch.nn.RNN`` whose masks are drawn once per sequence and case.

    Args:
        input_size, hidden_size, num_layers, nonlinearity, bias, batch_first, device, dtype: as in
            ``torch.nn.RNN``, whose state dict this module shares in both directions.
        input_p: probability to drop an input feature, in [0, 1].
        recurrent_p: probability to drop a unit of h[t-1] on its way into step t.
        output_p: probability to drop a unit of each layer's output.
        generator: ``torch.Generator`` for the masks; None uses PyTorch's global one.

    ``forward(input, hx=None, masks=None)`` returns output and h_n, shaped as in ``torch.nn.RNN``;
    ``masks`` are :class:`RecurrentMasks` to replay. ``module.masks`` shows those just used, None
    after a pass in evaluation mode. It is not part of the state dict. The steps run in Python: in
    evaluation, ``torch.nn.RNN`` with the same state dict gives the same numbers sooner.

    Raises:
        ValueError: a probability is not in [0, 1], or masks do not fit.
        TypeError: the input is a PackedSequence.
        others as ``torch.nn.RNN``.

    >>> rnn = VariationalRNN(3, 4, recurrent_p=0.5)
    >>> rnn
    VariationalRNN(3, 4, input_p=0.0, recurrent_p=0.5, output_p=0.0)
    >>> output, h_n = rnn(torch.ones(5, 2, 3))
    >>> output.shape, h_n.shape, rnn.masks.recurrent.shape
    (torch.Size([5, 2, 4]), torch.Size([1, 2, 4]), torch.Size([1, 2, 4]))
    """

    _parts = 1

    def __init__(
        self,
        input_size,
        hidden_size,
        num_layers=1,
        nonlinearity="tanh",
        bias=True,
        batch_first=False,
        *,
        input_p=0.0,
        recurrent_p=0.0,
        output_p=0.0,
        generator=None,
        device=None,
        dtype=None,
    ):
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity {nonlinearity!r}. Select from 'tanh' or 'relu'."
            )
        super().__init__(
            f"RNN_{nonlinearity.upper()}",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            input_p,
            recurrent_p,
            output_p,
            generator,
            device,
            dtype,
        )
        self.nonlinearity = nonlinearity

    def forward(self, input, hx=None, masks=None):
        output, (h_n,) = self._run(input, None if hx is None else (hx,), masks)
        return output, h_n

    def _cell(self, gates, state):
        return (torch.tanh(gates) if self.nonlinearity == "tanh" else torch.relu(gates),)


class VariationalLSTM(_VariationalRecurrent):
    """``torch.nn.LSTM`` whose masks are drawn once per sequence and case.

    Args:
        input_size, hidden_size, num_layers, bias, batch_first, device, dtype: as in
            ``torch.nn.LSTM``, whose state dict this module shares in both directions.
        input_p: probability to drop an input feature, in [0, 1].
        recurrent_p: probability to drop a unit of h[t-1] on its way into step t, the same for all
            four gates. The memory cell c is never dropped.
        output_p: probability to drop a unit of each layer's output.
        generator: ``torch.Generator`` for the masks; None uses PyTorch's global one.

    ``forward(input, hx=None, masks=None)`` returns output and (h_n, c_n), shaped as in
    ``torch.nn.LSTM``; otherwise as :class:`VariationalRNN`.

    >>> lstm = VariationalLSTM(3, 4, num_layers=2, output_p=0.5)
    >>> _ = lstm.load_state_dict(nn.LSTM(3, 4, num_layers=2).state_dict())
    >>> output, (h_n, c_n) = lstm(torch.ones(5, 2, 3))
    >>> dropped = ~lstm.masks.output[-1]  # of the last layer, (2, 4)
    >>> bool((output[:, dropped] == 0).all())  # at every step
    True
    """

    _parts = 2

    def __init__(
        self,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=False,
        *,
        input_p=0.0,
        recurrent_p=0.0,
        output_p=0.0,
        generator=None,
        device=None,
        dtype=None,
    ):
        super().__init__(
            "LSTM",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            input_p,
            recurrent_p,
            output_p,
            generator,
            device,
            dtype,
        )

    def forward(self, input, hx=None, masks=None):
        return self._run(input, hx, masks)

    def _cell(self, gates, state):
        i, f, g, o = gates.chunk(4, dim=1)
        c = torch.addcmul(f.sigmoid() * state[1], i.sigmoid(), g.tanh())
        return o.sigmoid() * c.tanh(), c
