"""The networks of the book: shapes, arguments, and what each of their modes does."""

from functools import partial

import pytest
import torch
from torch import nn

from dropout_lib.pytorch import (
    CNNWithSpatialDropout,
    DropBlock2d,
    Dropout,
    Dropout2d,
    ModelWithDropout,
    ModelWithoutDropout,
    train_model,
)
from dropout_lib.training import evaluate


def written_out():
    """The layers of the convolutional network one by one, in torch.nn alone."""
    features = nn.Sequential(
        nn.Conv2d(3, 64, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.Conv2d(64, 64, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2, 2),
        nn.Dropout2d(p=0.2),
        nn.Conv2d(64, 128, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.Conv2d(128, 128, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2, 2),
        nn.Dropout2d(p=0.3),
        nn.Conv2d(128, 256, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2, 2),
        nn.Dropout2d(p=0.4),
    )
    head = [nn.Linear(256 * 4 * 4, 512), nn.ReLU(), nn.Dropout(p=0.5), nn.Linear(512, 10)]
    return nn.ModuleDict({"features": features, "classifier": nn.Sequential(nn.Flatten(), *head)})


def test_convolutional_network_is_the_one_written_out():
    ours, theirs = CNNWithSpatialDropout(num_classes=10), written_out()
    theirs.load_state_dict(ours.state_dict())  # names and shapes agree
    for part in ("features", "classifier"):
        pairs = list(zip(getattr(ours, part), theirs[part], strict=True))
        for layer, other in pairs:
            assert type(layer).__name__ == type(other).__name__
            assert layer.extra_repr() == other.extra_repr()
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    theirs.eval()
    assert torch.equal(ours.eval()(x), theirs["classifier"](theirs["features"](x)))


@pytest.mark.parametrize(
    ("channels", "size", "shape"),
    [(1, 28, (28, 28)), (3, 32, (32, 32)), (2, (8, 17), (8, 17))],
)
def test_convolutional_network_takes_other_images(channels, size, shape):
    model = CNNWithSpatialDropout(7, in_channels=channels, image_size=size)
    out = model(torch.zeros(2, channels, *shape))
    assert out.shape == (2, 7)
    out.sum().backward()


def test_convolutional_network_drops_whole_maps_and_single_units_of_the_head():
    model = CNNWithSpatialDropout(image_size=8, generator=torch.Generator().manual_seed(0))
    x = torch.ones(4, 3, 8, 8)
    model(x)
    masks = [m.mask for m in model.modules() if isinstance(m, Dropout | Dropout2d)]
    assert [tuple(mask.shape) for mask in masks] == [
        (4, 64, 1, 1),
        (4, 128, 1, 1),
        (4, 256, 1, 1),
        (4, 512),
    ]
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))


def test_rates_and_generator_reach_every_dropout_layer():
    generator = torch.Generator()
    model = CNNWithSpatialDropout(
        image_size=8, map_dropout_rates=(0.1, 0.2, 0.0), head_dropout_rate=0.7, generator=generator
    )
    layers = [m for m in model.modules() if isinstance(m, Dropout | Dropout2d)]
    assert [layer.p for layer in layers] == [0.1, 0.2, 0.0, 0.7]
    assert all(layer.generator is generator for layer in layers)


def test_convolutional_network_has_the_channels_and_units_that_are_asked_for():
    model = CNNWithSpatialDropout(
        in_channels=1, image_size=(16, 24), channels=(3, 4, 5), head_units=6
    )
    shapes = [tuple(p.shape) for name, p in model.named_parameters() if name.endswith("weight")]
    convolutions = [(3, 1), (3, 3), (4, 3), (4, 4), (5, 4)]
    assert shapes == [*((*pair, 3, 3) for pair in convolutions), (6, 5 * 2 * 3), (10, 6)]
    assert model(torch.zeros(2, 1, 16, 24)).shape == (2, 10)


@pytest.mark.parametrize("kind", [Dropout, Dropout2d, partial(DropBlock2d, block_size=2)])
def test_what_is_dropped_behind_the_blocks_can_be_chosen(kind):
    generator = torch.Generator().manual_seed(0)
    model = CNNWithSpatialDropout(
        image_size=8, channels=(6, 6, 6), block_dropout=kind, generator=generator
    )
    layers = [model.features[i] for i in (5, 11, 15)]
    expected = type(kind(0.5))
    assert [type(layer) for layer in layers] == [expected] * 3
    assert [layer.p for layer in layers] == [0.2, 0.3, 0.4]
    assert all(layer.generator is generator for layer in layers)
    model(torch.ones(4, 3, 8, 8))
    out = layers[0](torch.ones(4, 6, 4, 4))
    whole_maps = torch.equal(out, out[:, :, :1, :1].expand(out.shape))
    assert whole_maps == (kind is Dropout2d)


def test_what_is_dropped_does_not_change_the_weights_that_are_drawn():
    weights = []
    for kind in (Dropout, Dropout2d):
        torch.manual_seed(0)
        model = CNNWithSpatialDropout(image_size=8, channels=(2, 2, 2), block_dropout=kind)
        weights.append(list(model.parameters()))
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


def test_what_the_convolutional_network_cannot_be_is_refused():
    with pytest.raises(ValueError, match="at least 8 x 8 pixels, but got 7 x 32"):
        CNNWithSpatialDropout(image_size=(7, 32))
    with pytest.raises(ValueError, match="map_dropout_rates has 2 entries"):
        CNNWithSpatialDropout(map_dropout_rates=(0.2, 0.3))
    with pytest.raises(ValueError, match="channels has 4 entries: give one for each"):
        CNNWithSpatialDropout(channels=(8, 16, 32, 64))
    with pytest.raises(ValueError, match=r"between 0 and 1, but got 1\.5"):
        CNNWithSpatialDropout(head_dropout_rate=1.5)


# --- with and without dropout ----------------------------------------------------------------


def points(seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(120, 20, generator=generator)
    labels = (x.sum(dim=1) > 0).long()
    return x[:100], labels[:100], x[100:], labels[100:]


def losses_by_hand(model, x_train, y_train, x_test, y_test, epochs):
    """What train_model returns, with torch.nn alone."""
    optimiser = torch.optim.Adam(model.parameters(), lr=0.001)
    criterion = nn.CrossEntropyLoss()
    train_losses, test_losses = [], []
    for _ in range(epochs):
        model.train()
        optimiser.zero_grad()
        loss = criterion(model(x_train), y_train)
        loss.backward()
        optimiser.step()
        model.eval()
        train_losses.append(loss.item())
        with torch.no_grad():
            test_losses.append(criterion(model(x_test), y_test).item())
    return train_losses, test_losses


@pytest.mark.parametrize("make", [ModelWithoutDropout, ModelWithDropout])
def test_training_is_the_one_written_out(make):
    torch.manual_seed(1)
    ours = make()
    torch.manual_seed(1)
    theirs = make()
    torch.manual_seed(2)
    expected = losses_by_hand(theirs, *points(), epochs=5)
    torch.manual_seed(2)
    assert train_model(ours, *points(), epochs=5) == expected
    assert not ours.training


def test_both_networks_are_the_same_but_for_dropout():
    torch.manual_seed(3)
    without = ModelWithoutDropout()
    torch.manual_seed(3)
    dropping = ModelWithDropout().eval()
    x, *_ = points()
    assert torch.equal(without(x), dropping(x))
    assert not torch.equal(dropping.train()(x), without(x))
    assert dropping(x).shape == (100, 2)


def test_training_loss_is_measured_before_the_step_and_with_dropout_on():
    torch.manual_seed(4)
    without, data = ModelWithoutDropout(), points()
    before = evaluate(without, *data[:2])[1]
    train_losses, test_losses = train_model(without, *data, epochs=3)
    assert train_losses[0] == pytest.approx(before, rel=1e-6)
    assert test_losses[-1] == pytest.approx(evaluate(without, *data[2:])[1], rel=1e-6)

    dropping = ModelWithDropout(dropout_rate=0.9, generator=torch.Generator().manual_seed(5))
    before = evaluate(dropping, *data[:2])[1]
    assert train_model(dropping, *data, epochs=1)[0][0] > before + 0.01


def test_hundred_epochs_unless_told_otherwise_and_none_at_all():
    lengths = {
        len(losses) for losses in train_model(ModelWithoutDropout(), *(t[:9] for t in points()))
    }
    assert lengths == {100}
    assert train_model(ModelWithoutDropout(), *points(), epochs=0) == ([], [])


def test_rate_and_generator_reach_the_network_with_dropout():
    generator = torch.Generator()
    layers = [
        layer
        for layer in ModelWithDropout(dropout_rate=0.2, generator=generator).network
        if isinstance(layer, Dropout)
    ]
    assert [(layer.p, layer.generator) for layer in layers] == [(0.2, generator)] * 2
    with pytest.raises(ValueError, match=r"between 0 and 1, but got -0\.1"):
        ModelWithDropout(dropout_rate=-0.1)
