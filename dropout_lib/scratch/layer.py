"""What every layer has: a mode, and for dropout layers a probability and the mask just used."""

from .masks import check_floating, check_probability, check_rng


class Layer:
    """A layer is in training mode until ``eval()`` is called, and again after ``train()``."""

    training = True

    def train(self):
        self.training = True
        return self

    def eval(self):
        self.training = False
        return self

    def parameters(self):
        return []

    def forward(self, x):
        raise NotImplementedError

    def backward(self, grad_output):
        raise NotImplementedError

    def __call__(self, x, **kwargs):
        return self.forward(x, **kwargs)

    def _kept_from_forward(self, name):
        """What forward left for backward, or an error that says what is missing."""
        if not hasattr(self, name):
            raise RuntimeError(
                f"{type(self).__name__}.backward was called before forward: "
                "run forward first, so that there is something to differentiate"
            )
        return getattr(self, name)

    @staticmethod
    def _check_grad(grad_output, shape):
        """The gradient as an array of the shape that forward returned, or a ValueError."""
        grad_output = check_floating(grad_output)
        if grad_output.shape != shape:
            raise ValueError(
                f"grad_output has shape {grad_output.shape}, but forward returned shape {shape}"
            )
        return grad_output


class DropoutLayer(Layer):
    """State around a functional pair: p, the random generator, and the mask of the last forward.

    A subclass names its pair, ``_forward(x, p, training, rng, mask=...) -> (out, mask)`` and
    ``_backward(grad_output, mask, p)``. ``mask`` is None after a forward pass in evaluation mode.
    """

    mask = None

    def __init__(self, p=0.5, *, rng=None):
        self.p = check_probability(p)
        self.rng = check_rng(rng)

    def forward(self, x, mask=None):
        out, self.mask = self._forward(x, self.p, self.training, self.rng, mask=mask)
        self._output_shape, self._forward_p = out.shape, self.p
        return out

    def backward(self, grad_output):
        grad_output = self._check_grad(grad_output, self._kept_from_forward("_output_shape"))
        # with the p of that forward pass: the layer's own may have been changed since
        return self._backward(grad_output, self.mask, self._forward_p)

    def __repr__(self):
        return f"{type(self).__name__}(p={self.p})"
