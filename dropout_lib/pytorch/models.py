"""The networks of the book, under the names and signatures of its source document."""

from torch import nn

from .inverted_dropout import Dropout
from .module import DropoutModule


class MLPWithDropout(nn.Module):
    """Multi-layer perceptron: Linear, ReLU, Dropout for each hidden layer, then Linear.

    Args:
        input_size: features per case.
        hidden_sizes: units of each hidden layer.
        num_classes: units of the output layer, which has no dropout after it.
        dropout_rates: probability to drop, one per hidden layer.
        input_dropout_rate: probability to drop an input; 0 puts no dropout layer there.
        generator: ``torch.Generator`` for the masks; None uses PyTorch's global one.

    Raises:
        ValueError: the lists differ in length, or a rate is not in [0, 1].

    >>> MLPWithDropout(784, [256], 10, [0.5]).network
    Sequential(
      (0): Linear(in_features=784, out_features=256, bias=True)
      (1): ReLU()
      (2): Dropout(p=0.5, inplace=False)
      (3): Linear(in_features=256, out_features=10, bias=True)
    )
    """

    def __init__(
        self,
        input_size,
        hidden_sizes,
        num_classes,
        dropout_rates,
        *,
        input_dropout_rate=0.0,
        generator=None,
    ):
        super().__init__()
        if len(hidden_sizes) != len(dropout_rates):
            raise ValueError(
                f"hidden_sizes has {len(hidden_sizes)} entries and dropout_rates "
                f"{len(dropout_rates)}: give one rate per hidden layer"
            )
        layers = []
        if input_dropout_rate:
            layers.append(Dropout(input_dropout_rate, generator=generator))
        previous_size = input_size
        for hidden_size, rate in zip(hidden_sizes, dropout_rates, strict=True):
            layers += [
                nn.Linear(previous_size, hidden_size),
                nn.ReLU(),
                Dropout(rate, generator=generator),
            ]
            previous_size = hidden_size
        layers.append(nn.Linear(previous_size, num_classes))
        self.network = nn.Sequential(*layers)

    def forward(self, x, masks=None):
        """Logits (N, num_classes) for x (N, input_size); ``masks`` replays one per dropout."""
        if masks is None:
            return self.network(x)
        dropout_layers = [m for m in self.network if isinstance(m, DropoutModule)]
        if len(masks) != len(dropout_layers):
            raise ValueError(f"got {len(masks)} masks for {len(dropout_layers)} dropout layers")
        mask_of = dict(zip(dropout_layers, masks, strict=True))
        for layer in self.network:
            x = layer(x, mask=mask_of[layer]) if layer in mask_of else layer(x)
        return x
