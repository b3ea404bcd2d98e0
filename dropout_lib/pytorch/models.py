"""The networks of the book, under the names and signatures of its source document."""

import torch
from torch import nn
from torch.nn import functional as F

from .inverted_dropout import Dropout
from .mc_dropout import mc_predict
from .module import DropoutModule
from .spatial_dropout import Dropout2d


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


class CNNWithSpatialDropout(nn.Module):
    """Convolutional network: three blocks, each ending in pooling and spatial dropout, and a head.

    Each pooling halves height and width. The first two blocks have two convolutions, the third
    has one. The head has one hidden layer, under dropout of single units.

    Args:
        num_classes: units of the output layer, which has no dropout after it.
        in_channels: channels of the images: 3 for colour, 1 for grey.
        image_size: height and width of the images, an integer or a pair; at least 8 each.
        channels: feature maps of each of the three blocks.
        head_units: units of the head's hidden layer.
        map_dropout_rates: probability to drop a feature map, one per block.
        head_dropout_rate: probability to drop a unit of the head's hidden layer.
        block_dropout: makes the dropout layers behind the blocks, called with the block's rate
            and ``generator=``; :class:`Dropout` in place of :class:`Dropout2d` drops single units.
        generator: ``torch.Generator`` for the masks; None uses PyTorch's global one.

    Raises:
        ValueError: the images are smaller than 8 x 8, or there are not three channels or
            map_dropout_rates, or a rate is not in [0, 1].

    >>> model = CNNWithSpatialDropout(num_classes=10)
    >>> model.features[9:]
    Sequential(
      (9): ReLU()
      (10): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
      (11): Dropout2d(p=0.3, inplace=False)
      (12): Conv2d(128, 256, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
      (13): ReLU()
      (14): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
      (15): Dropout2d(p=0.4, inplace=False)
    )
    >>> import torch
    >>> model(torch.zeros(8, 3, 32, 32)).shape
    torch.Size([8, 10])
    """

    def __init__(
        self,
        num_classes=10,
        *,
        in_channels=3,
        image_size=32,
        channels=(64, 128, 256),
        head_units=512,
        map_dropout_rates=(0.2, 0.3, 0.4),
        head_dropout_rate=0.5,
        block_dropout=Dropout2d,
        generator=None,
    ):
        super().__init__()
        height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
        if min(height, width) < 8:
            raise ValueError(
                f"three poolings need images of at least 8 x 8 pixels, but got {height} x {width}"
            )
        c1, c2, c3 = _one_per_block(channels, "channels")
        rates = _one_per_block(map_dropout_rates, "map_dropout_rates")
        first, second, third = (block_dropout(p, generator=generator) for p in rates)
        self.features = nn.Sequential(  # (N, in_channels, H, W)
            *_convolution(in_channels, c1),
            *_convolution(c1, c1),
            nn.MaxPool2d(2, 2),  # (N, c1, H / 2, W / 2)
            first,
            *_convolution(c1, c2),
            *_convolution(c2, c2),
            nn.MaxPool2d(2, 2),  # (N, c2, H / 4, W / 4)
            second,
            *_convolution(c2, c3),
            nn.MaxPool2d(2, 2),  # (N, c3, H / 8, W / 8)
            third,
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(c3 * (height // 8) * (width // 8), head_units),
            nn.ReLU(),
            Dropout(head_dropout_rate, generator=generator),
            nn.Linear(head_units, num_classes),
        )

    def forward(self, x):
        """Logits (N, num_classes) for images x (N, in_channels, H, W)."""
        return self.classifier(self.features(x))


def _one_per_block(values, name):
    if len(values) != 3:
        raise ValueError(f"{name} has {len(values)} entries: give one for each of the three blocks")
    return values


def _convolution(in_channels, out_channels):
    """A 3 x 3 convolution that keeps height and width, and its ReLU."""
    return nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1), nn.ReLU()


class ModelWithoutDropout(nn.Module):
    """20 inputs, two hidden layers of 128 units with ReLU, 2 outputs; no dropout.

    >>> ModelWithoutDropout().network
    Sequential(
      (0): Linear(in_features=20, out_features=128, bias=True)
      (1): ReLU()
      (2): Linear(in_features=128, out_features=128, bias=True)
      (3): ReLU()
      (4): Linear(in_features=128, out_features=2, bias=True)
    )
    """

    def __init__(self):
        super().__init__()
        self.network = nn.Sequential(
            nn.Linear(20, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 2)
        )

    def forward(self, x):
        """Logits (N, 2) for x (N, 20)."""
        return self.network(x)


class ModelWithDropout(nn.Module):
    """:class:`ModelWithoutDropout` with dropout behind both hidden layers.

    Args:
        dropout_rate: probability to drop a hidden unit.
        generator: ``torch.Generator`` for the masks; None uses PyTorch's global one.

    Raises:
        ValueError: dropout_rate is not in [0, 1].

    >>> [layer.p for layer in ModelWithDropout().network if isinstance(layer, Dropout)]
    [0.5, 0.5]
    """

    def __init__(self, *, dropout_rate=0.5, generator=None):
        super().__init__()
        self.network = nn.Sequential(
            nn.Linear(20, 128),
            nn.ReLU(),
            Dropout(dropout_rate, generator=generator),
            nn.Linear(128, 128),
            nn.ReLU(),
            Dropout(dropout_rate, generator=generator),
            nn.Linear(128, 2),
        )

    def forward(self, x):
        """Logits (N, 2) for x (N, 20)."""
        return self.network(x)


def train_model(model, x_train, y_train, x_test, y_test, epochs=100):
    """Train with Adam (learning rate 0.001) on the full batch; returns the losses of each epoch.

    An epoch is one step. The two lists are measured in two ways, as the source document does it:
    the training loss in training mode and *before* the step, on networks that dropout has
    thinned; the test loss in evaluation mode and after it. Their difference is therefore not the
    gap between training and test data: for that, measure both with
    :func:`dropout_lib.training.evaluate`. The model is left in evaluation mode.

    Args:
        model: a module from (N, features) to logits (N, classes).
        x_train: float tensor (N, features).
        y_train: int64 tensor (N,).
        x_test: float tensor (K, features).
        y_test: int64 tensor (K,).
        epochs: steps to make, at least 0.

    Returns:
        (train_losses, test_losses), two lists of ``epochs`` floats: mean cross-entropy in nats.

    >>> _ = torch.manual_seed(0)
    >>> x = torch.randn(300, 20)
    >>> y = (x.sum(dim=1) > 0).long()
    >>> train_losses, test_losses = train_model(ModelWithDropout(), x[:200], y[:200], x[200:],
    ...     y[200:], epochs=40)
    >>> len(test_losses), test_losses[-1] < test_losses[0]
    (40, True)
    """
    optimiser = torch.optim.Adam(model.parameters(), lr=0.001)
    train_losses, test_losses = [], []
    for _ in range(epochs):
        model.train()
        optimiser.zero_grad()
        train_loss = F.cross_entropy(model(x_train), y_train)
        train_loss.backward()
        optimiser.step()

        model.eval()
        with torch.no_grad():
            test_loss = F.cross_entropy(model(x_test), y_test)
        train_losses.append(train_loss.item())
        test_losses.append(test_loss.item())
    return train_losses, test_losses


class MCDropoutModel(nn.Module):
    """Two hidden layers with ReLU and dropout, and a prediction with the spread over masks.

    Args:
        input_size: features per case.
        hidden_size: units of both hidden layers.
        output_size: units of the output layer.
        dropout_rate: probability to drop a hidden unit.
        generator: ``torch.Generator`` for the masks; None uses PyTorch's global one.

    Raises:
        ValueError: dropout_rate is not in [0, 1].

    >>> model = MCDropoutModel(input_size=10, hidden_size=50, output_size=1).eval()
    >>> mean, std = model.predict_with_uncertainty(torch.ones(5, 10), num_samples=50)
    >>> mean.shape, std.shape, model.training
    (torch.Size([5, 1]), torch.Size([5, 1]), False)
    """

    def __init__(self, input_size, hidden_size, output_size, dropout_rate=0.5, *, generator=None):
        super().__init__()
        self.network = nn.Sequential(
            nn.Linear(input_size, hidden_size),
            nn.ReLU(),
            Dropout(dropout_rate, generator=generator),
            nn.Linear(hidden_size, hidden_size),
            nn.ReLU(),
            Dropout(dropout_rate, generator=generator),
            nn.Linear(hidden_size, output_size),
        )

    def forward(self, x):
        """Outputs (N, output_size) for x (N, input_size)."""
        return self.network(x)

    def predict_with_uncertainty(self, x, num_samples=100):
        """Mean and standard deviation of the outputs over masks, without gradients.

        The mode of the model is the same afterwards. The spread is that of the masks: it says
        something of the data only as far as training made it so, and nothing of their noise.

        Args:
            x: (N, input_size).
            num_samples: passes per case, at least 2.

        Returns:
            (mean, std), each (N, output_size).

        Raises:
            ValueError: num_samples is below 2, or a prediction is not finite.
        """
        prediction = mc_predict(self, x, num_samples)
        return prediction.mean, prediction.std
