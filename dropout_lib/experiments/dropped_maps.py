"""Single units, blocks or whole maps: what to drop in a small convolutional network."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ..datasets import mnist5k
from ..pytorch import Dropout, draw_keep_mask
from ..pytorch.masks import inverted_scale
from ..pytorch.module import DropoutModule
from ..training import evaluate, fit
from .registry import experiment

SHAPES = ("units", "blocks", "maps")  # what one draw decides about


@dataclass(frozen=True)
class Arm:
    """One of the networks compared: what it drops, behind which convolutions, and in its head."""

    shape: str | None = None
    behind: tuple = ()
    head: bool = False


ARMS = {
    "none": Arm(),
    "units": Arm("units", behind=(1, 2)),
    "blocks": Arm("blocks", behind=(1, 2)),
    "maps": Arm("maps", behind=(1, 2)),
    "units, between": Arm("units", behind=(1,)),
    "maps, between": Arm("maps", behind=(1,)),
    "head": Arm(head=True),
}
SOURCES = ("own neighbours", "other maps", "both")
_MAPS, _HIDDEN = 16, 64
BLOCK_SIZES = (5, 3)  # in maps of 14 x 14 and of 7 x 7


@dataclass(frozen=True)
class Settings:
    train: int = 1000
    epochs: int = 16
    rates: tuple = (0.1, 0.3, 0.5)  # p; the best on validation is taken, with its learning rate
    learning_rates: tuple = (0.05, 0.1)
    # without dropout there is no p to choose: as many networks, all of them learning rates
    learning_rates_without: tuple = (0.03, 0.04, 0.05, 0.07, 0.1, 0.14)
    prediction_rates: tuple = (0.1, 0.3, 0.5, 0.7, 0.9)
    targets: int = 2000  # units per map that are predicted, to fit and again to test
    passes: int = 8  # with fresh masks, to measure the noise


@experiment(
    settings=Settings(),
    quick={
        "train": 200,
        "epochs": 2,
        "rates": (0.3,),
        "learning_rates": (0.05,),
        "learning_rates_without": (0.05,),
        "prediction_rates": (0.3, 0.7),
        "targets": 100,
        "passes": 2,
    },
    question="In convolutional layers, is it better to drop whole maps than single units?",
)
def dropped_maps(seed, settings):
    """Test error by what is dropped in training, and what can be guessed about dropped units.

    The networks are those of :data:`ARMS`. All have the same initial weights, data order and
    number of steps, and each is chosen on validation out of equally many candidates. Predictions
    and noise are those of the network trained without dropout.
    """
    data = mnist5k(seed=seed, train=settings.train)
    result = {}
    for name, arm in ARMS.items():
        model, run = _tuned(data, arm, seed, settings)
        pictures = [_first_maps(model, x) for x in (data.x_train, data.x_test)]
        train_maps, test_maps = (maps - pictures[0].mean(axis=0) for maps in pictures)
        result[name] = run | _redundancy(train_maps, test_maps, seed, settings)
        if name == "none":
            result["prediction"] = _predictions(train_maps, test_maps, seed, settings)
            result["noise"] = _noise(model, data.x_test, seed, settings)
    return result


# --- masks -----------------------------------------------------------------------------------


def keep_mask_of(shape, units, p, size=3, generator=None):
    """Keep-mask for feature maps, under which every unit is dropped with probability p.

    Blocks are squares of ``size`` x ``size`` units, each beginning wherever a draw says so, also
    outside the map. A unit lies in size² possible squares, so it is kept with the probability
    (1 - rate)^(size²) that none of them is there; the rate is chosen to make this 1 - p.

    Args:
        shape: (N, C, H, W).
        units: "units", "blocks" or "maps".
        p: probability to drop.
        size: side of a block.
        generator: ``torch.Generator``; None uses PyTorch's global one.

    Returns:
        bool tensor (N, C, H, W), or (N, C, 1, 1) for maps; True = keep.

    >>> generator = torch.Generator().manual_seed(1)
    >>> keep_mask_of((1, 1, 4, 9), "blocks", 0.5, 3, generator).int()[0, 0]
    tensor([[0, 1, 1, 0, 0, 0, 0, 0, 1],
            [0, 1, 1, 1, 0, 0, 0, 0, 1],
            [0, 0, 0, 1, 0, 0, 0, 0, 1],
            [0, 0, 0, 1, 1, 1, 1, 1, 1]], dtype=torch.int32)
    """
    n, c, height, width = shape
    if units == "maps":
        return draw_keep_mask((n, c, 1, 1), p, generator)
    if units == "units":
        return _draw_channels_last(shape, p, generator)
    rate = 1 - (1 - p) ** (1 / size**2)
    around = (n, c, height + size - 1, width + size - 1)
    free = _draw_channels_last(around, rate, generator)  # True: no square begins here
    rows = _all_of(free[:, :, i : i + height] for i in range(size))
    return _all_of(rows[..., i : i + width] for i in range(size))


def _draw_channels_last(shape, p, generator):
    """A keep-mask (N, C, H, W) in the memory format of the maps, or applying it takes longer."""
    n, c, height, width = shape
    return draw_keep_mask((n, height, width, c), p, generator).permute(0, 3, 1, 2)


def _all_of(masks):
    first, *others = masks
    for mask in others:
        first = first & mask
    return first


class _DropIn(DropoutModule):
    """Inverted dropout of single units, blocks or maps."""

    def __init__(self, p, units, size, generator):
        super().__init__(p, generator=generator)
        self.units, self.size = units, size

    def _forward(self, x, p, training, generator, mask, inplace):
        if not training:
            return x, None
        mask = keep_mask_of(x.shape, self.units, p, self.size, generator)
        # the activations are finite, so that a product will do, and it takes half as long
        return x * mask.to(x.dtype).mul_(inverted_scale(p)), mask


# --- networks --------------------------------------------------------------------------------


def network(arm, p, generator=None):
    """Two convolutional layers, a hidden layer of 64 units, ten outputs.

    Args:
        arm: an :class:`Arm`: where dropout is.
        p: probability to drop, the same everywhere.
        generator: ``torch.Generator`` for the masks.
    """

    def drop(layer):
        if layer not in arm.behind:
            return nn.Identity()
        return _DropIn(p, arm.shape, BLOCK_SIZES[layer - 1], generator)

    return nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)),
        nn.Conv2d(1, _MAPS, 5, stride=2, padding=2),
        nn.ReLU(),  # (N, 16, 14, 14)
        drop(1),
        nn.Conv2d(_MAPS, _MAPS, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 16, 7, 7)
        drop(2),
        nn.Flatten(),
        nn.Linear(_MAPS * 7 * 7, _HIDDEN),
        nn.ReLU(),
        Dropout(p, generator=generator) if arm.head else nn.Identity(),
        nn.Linear(_HIDDEN, 10),
    ).to(memory_format=torch.channels_last)  # faster on a processor


def _tuned(data, arm, seed, settings):
    """The candidate with the lowest validation error, and the numbers of all of them."""
    parts = (data.x_train, data.y_train, data.x_validation, data.y_validation)
    x, labels, x_validation, labels_validation = map(torch.from_numpy, parts)
    if arm == Arm():
        candidates = [(0.0, rate) for rate in settings.learning_rates_without]
    else:
        candidates = [(p, rate) for p in settings.rates for rate in settings.learning_rates]
    best, tried = None, []
    for p, learning_rate in candidates:
        torch.manual_seed(seed)  # the same initial weights in every network
        model = network(arm, p, torch.Generator().manual_seed(seed))
        fit(model, x, labels, epochs=settings.epochs, learning_rate=learning_rate, seed=seed)
        error, loss = evaluate(model, x_validation, labels_validation)
        test_error, test_loss = evaluate(
            model, torch.from_numpy(data.x_test), torch.from_numpy(data.y_test)
        )
        run = {
            "p": p,
            "learning_rate": learning_rate,
            "validation_error": round(error, 5),
            "validation_loss": round(loss, 5),
            "test_error": round(test_error, 5),
            "test_loss": round(test_loss, 5),
        }
        tried.append(run)
        if best is None or (error, loss) < best[0]:
            best = (error, loss), model, run
    train_error = round(evaluate(best[1], x, labels)[0], 5)
    return best[1].eval(), best[2] | {"train_error": train_error, "candidates": tried}


@torch.no_grad()
def _first_maps(model, x):
    """Feature maps behind the first convolution and its ReLU: (N, 16, 14, 14)."""
    return model[:3](torch.from_numpy(x)).contiguous().numpy().astype(np.float64)


# --- what can be guessed ---------------------------------------------------------------------


def _redundancy(train_maps, test_maps, seed, settings):
    """How alike neighbouring units are, and how well one is predicted when it alone is missing."""

    def masks(maps):
        return np.ones(maps.shape, dtype=bool), np.ones(maps.shape, dtype=bool)

    r2 = _explained(train_maps, test_maps, masks, seed, settings)
    return {"neighbour_correlation": round(neighbour_correlation(test_maps), 4), "r2": r2}


def neighbour_correlation(maps):
    """Mean correlation of horizontal and vertical neighbours in maps (N, C, H, W) of mean 0.

    >>> ramp = np.tile(np.arange(-2.0, 3), (1, 1, 5, 1))
    >>> round(neighbour_correlation(ramp), 2)
    0.83
    """
    correlations = []
    for a, b in (
        (maps[..., 1:], maps[..., :-1]),
        (maps[..., 1:, :], maps[..., :-1, :]),
    ):
        axes = (0, 2, 3)
        scale = np.sqrt((a**2).sum(axes) * (b**2).sum(axes))
        alive = scale > 0  # a map whose ReLU never opens has no correlation
        correlations.append(((a * b).sum(axes)[alive] / scale[alive]).mean())
    return float(np.mean(correlations))


def _predictions(train_maps, test_maps, seed, settings):
    """R² of the dropped units under masks of each shape: {shape: {source: [one per rate]}}."""
    result = {}
    for units in SHAPES:
        by_rate = []
        for p in settings.prediction_rates:
            generator = torch.Generator().manual_seed(seed)

            def masks(maps, units=units, p=p, generator=generator):
                keep = keep_mask_of(maps.shape, units, p, BLOCK_SIZES[0], generator)
                keep = np.broadcast_to(keep.numpy(), maps.shape)
                return keep, ~keep

            by_rate.append(_explained(train_maps, test_maps, masks, seed, settings))
        result[units] = {source: [r2[source] for r2 in by_rate] for source in SOURCES}
    return result


def _explained(train_maps, test_maps, masks, seed, settings):
    """Share of the variance of missing units that a linear regression explains, by source.

    The maps are deviations from the mean picture of the training images: what is usual at a place
    explains nothing, and what is missing is put at its mean. Each map has a regression of its
    own, fitted on the training images and judged on the test images.

    Args:
        train_maps, test_maps: (N, C, H, W).
        masks: function of maps that returns two bool arrays of their shape: which units can be
            seen, and which may be asked for.
    """
    rng = np.random.default_rng(seed)
    seen_and_asked = masks(train_maps), masks(test_maps)
    unexplained, total = dict.fromkeys(SOURCES, 0.0), 0.0
    penalty = 1e-3 * (train_maps**2).mean()
    for c in range(train_maps.shape[1]):
        fitted, judged = (
            _questions(maps, seen, asked, c, settings.targets, rng)
            for maps, (seen, asked) in zip((train_maps, test_maps), seen_and_asked, strict=True)
        )
        total += (judged["answer"] ** 2).sum()
        for source in SOURCES:
            weights = _regression(fitted[source], fitted["answer"], penalty)
            unexplained[source] += ((judged["answer"] - judged[source] @ weights) ** 2).sum()
    return {source: round(1 - unexplained[source] / total, 4) for source in SOURCES}


def _regression(x, y, penalty):
    """Least squares, with a penalty that is small beside the variance of a unit.

    Without it a map that is hardly ever active in training gets a huge weight.
    """
    squares = x.T @ x + penalty * len(x) * np.eye(x.shape[1])
    return np.linalg.solve(squares, x.T @ y)


def _questions(maps, seen, asked, c, number, rng):
    """Units of map c to be predicted, and for each source the regressors (number, features)."""
    inner = asked[:, c, 1:-1, 1:-1].nonzero()  # where all 8 neighbours exist
    chosen = rng.integers(len(inner[0]), size=number)
    n, i, j = inner[0][chosen], inner[1][chosen] + 1, inner[2][chosen] + 1
    around = [(di, dj) for di in (-1, 0, 1) for dj in (-1, 0, 1) if di or dj]
    rows, columns = (np.add.outer(*pair) for pair in zip((i, j), np.array(around).T, strict=True))
    is_seen = seen[n[:, None], c, rows, columns]  # (number, 8)
    neighbours = np.where(is_seen, maps[n[:, None], c, rows, columns], 0)
    mean = neighbours.sum(axis=1) / np.maximum(is_seen.sum(axis=1), 1)
    other = np.delete(np.arange(maps.shape[1]), c)
    other_maps = np.where(
        seen[n[:, None], other, i[:, None], j[:, None]],
        maps[n[:, None], other, i[:, None], j[:, None]],
        0,
    )
    own = np.column_stack([neighbours, mean])
    return {
        "answer": maps[n, c, i, j],
        "own neighbours": own,
        "other maps": other_maps,
        "both": np.hstack([own, other_maps]),
    }


@torch.no_grad()
def _noise(model, x, seed, settings):
    """Standard deviation of the outputs over masks, in units of their spread over the images."""
    x = torch.from_numpy(x[:500])
    spread = model(x).var(dim=0).mean()
    result = {}
    for units in SHAPES:
        result[units] = []
        for p in settings.rates:
            generator = torch.Generator().manual_seed(seed)
            drops = [_DropIn(p, units, size, generator) for size in BLOCK_SIZES]
            outputs = torch.stack(
                [
                    model[8:](drops[1](model[4:7](drops[0](model[:3](x)))))
                    for _ in range(settings.passes)
                ]
            )  # (passes, N, 10)
            noise = outputs.var(dim=0).mean()
            result[units].append(round((noise / spread).sqrt().item(), 4))
    return result
