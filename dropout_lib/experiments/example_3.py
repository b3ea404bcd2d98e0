"""Example 3 of the source document, trained: what each of its dropout layers does."""

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from .. import datasets
from ..pytorch import CNNWithSpatialDropout, DropBlock2d, Dropout, Dropout2d
from ..training import fit
from .registry import experiment

SHAPES = ("maps", "units", "blocks")  # what one draw decides about


@dataclass(frozen=True)
class Arm:
    """Where one of the networks drops, and what.

    Args:
        behind: the blocks that have dropout behind them.
        shape: what is dropped there, one of :data:`SHAPES`.
        head: whether the head has dropout.
        turned: whether the rates fall with depth where the example's rise.
    """

    behind: tuple = ()
    shape: str = "maps"
    head: bool = False
    turned: bool = False


ALL = (0, 1, 2)
ARMS = {
    "none": Arm(),
    "maps": Arm(ALL),
    "units": Arm(ALL, "units"),
    "blocks": Arm(ALL, "blocks"),
    "head": Arm(head=True),
    "as given": Arm(ALL, head=True),
    "units, head": Arm(ALL, "units", head=True),
    "turned": Arm(ALL, head=True, turned=True),
}
ONE_LAYER = {  # in which only the noise is measured
    "first": Arm((0,)),
    "second": Arm((1,)),
    "third": Arm((2,)),
}


@dataclass(frozen=True)
class Settings:
    data: str = "mnist5k"  # or "cifar10", which is downloaded
    train: int = 1000  # images
    validation: int = 1000
    test: int = 3000  # of CIFAR-10 there are always 10,000
    image_size: int = 16  # larger images are averaged over squares
    # a quarter of the example's; the head is as large as there, and holds as large a share of the
    # weights
    channels: tuple = (16, 32, 64)
    head_units: int = 512
    rates: tuple = (0.2, 0.3, 0.4)
    head_rate: float = 0.5
    block_sizes: tuple = (3, 3, 2)  # in maps of 8 x 8, 4 x 4 and 2 x 2
    epochs: int = 20
    batch_size: int = 50
    learning_rates: tuple = (0.025, 0.05, 0.1)  # the best on validation is taken, in every arm
    noise_images: int = 200
    passes: int = 8  # with fresh masks, to measure the noise


@experiment(
    settings=Settings(),
    quick={
        "train": 100,
        "validation": 100,
        "test": 100,
        "channels": (4, 4, 8),
        "head_units": 16,
        "epochs": 1,
        "learning_rates": (0.05,),
        "noise_images": 50,
        "passes": 2,
    },
    question="Which of the dropout layers in the example's convolutional network does what?",
)
def example_3(seed, settings, device="cpu"):
    """Test error of the example's network with all, some or none of its dropout layers.

    The networks are those of :data:`ARMS`. All have the same initial weights, data order and
    number of steps, and each learning rate is chosen on validation out of the same ones. The
    rates are the example's and are not tuned. The noise is that of the network trained without
    dropout.
    """
    parts = {
        name: (x.to(device), labels.to(device))
        for name, (x, labels) in images(seed, settings).items()
    }
    result = {}
    for name, arm in ARMS.items():
        model, result[name] = _tuned(parts, arm, seed, settings, device)
        if name == "none":
            weights, x = model.state_dict(), parts["test"][0][: settings.noise_images]
            noise = _noise(weights, x, seed, settings, device)
    return result | {"noise": noise}


# --- data ------------------------------------------------------------------------------------


def images(seed, settings):
    """Pairs (x, labels) by name, "train", "validation" and "test", x (N, C, size, size).

    The pixels of each colour have mean 0 and standard deviation 1 over the training images. (On
    pixels from 0 to 1, momentum SGD hardly gets these networks to move.)

    >>> parts = images(0, Settings(train=100))
    >>> tuple(parts["train"][0].shape), tuple(parts["test"][0].shape)
    ((100, 1, 16, 16), (3000, 1, 16, 16))
    """
    if settings.data == "mnist5k":
        split = datasets.mnist5k(seed, settings.train, settings.validation, settings.test)
    elif settings.data == "cifar10":
        split = datasets.cifar10(validation=settings.validation, seed=seed)
    else:
        raise ValueError(f"data has to be 'mnist5k' or 'cifar10', but got {settings.data!r}")
    pairs = {
        "train": (split.x_train[: settings.train], split.y_train[: settings.train]),
        "validation": (split.x_validation, split.y_validation),
        "test": (split.x_test, split.y_test),
    }
    resized = {name: resize(torch.from_numpy(x), settings) for name, (x, _) in pairs.items()}
    deviation, mean = torch.std_mean(resized["train"], dim=(0, 2, 3), keepdim=True)
    return {
        name: ((resized[name] - mean) / deviation, torch.from_numpy(labels))
        for name, (_, labels) in pairs.items()
    }


def resize(x, settings):
    """Images (N, C, size, size), averaged; MNIST's 28 x 28 get a border to 32 x 32 before."""
    if settings.data == "mnist5k":
        x = F.pad(x.view(-1, 1, 28, 28), (2, 2, 2, 2))
    return F.avg_pool2d(x, 32 // settings.image_size)


# --- networks --------------------------------------------------------------------------------


def network(arm, settings, generator=None):
    """The example's network for these images, with the dropout of an :class:`Arm`."""
    rates = settings.rates[::-1] if arm.turned else settings.rates
    sizes = iter(settings.block_sizes)
    kinds = {
        "maps": Dropout2d,
        "units": Dropout,
        "blocks": lambda p, generator: DropBlock2d(p, next(sizes), generator=generator),
    }
    return CNNWithSpatialDropout(
        in_channels=3 if settings.data == "cifar10" else 1,
        image_size=settings.image_size,
        channels=settings.channels,
        head_units=settings.head_units,
        map_dropout_rates=[p if i in arm.behind else 0.0 for i, p in enumerate(rates)],
        head_dropout_rate=settings.head_rate if arm.head else 0.0,
        block_dropout=kinds[arm.shape],
        generator=generator,
    ).to(memory_format=torch.channels_last)  # faster on a processor


def _tuned(parts, arm, seed, settings, device):
    """The network of the learning rate with the lowest validation error, and its numbers."""
    best, tried = None, []
    for learning_rate in settings.learning_rates:
        torch.manual_seed(seed)  # the same initial weights in every network
        generator = torch.Generator(device).manual_seed(seed)
        model = network(arm, settings, generator).to(device)
        fit(
            model,
            *parts["train"],
            epochs=settings.epochs,
            learning_rate=learning_rate,
            batch_size=settings.batch_size,
            seed=seed,
        )
        error, loss = measure(model, *parts["validation"])
        tried.append({"learning_rate": learning_rate, "error": round(error, 5)})
        if best is None or (error, loss) < best[0]:
            best = (error, loss), model, {"learning_rate": learning_rate}
    _, model, numbers = best
    for name, pair in parts.items():
        error, loss = measure(model, *pair)
        numbers |= {f"{name}_error": round(error, 5), f"{name}_loss": round(loss, 5)}
    return model, numbers | {"candidates": tried}


@torch.no_grad()
def measure(model, x, labels, at_once=500):
    """Error rate and mean cross-entropy in evaluation mode, a part of the images at a time."""
    model.eval()
    logits = torch.cat([model(part) for part in x.split(at_once)])
    error = (logits.argmax(dim=1) != labels).float().mean().item()
    return error, F.cross_entropy(logits, labels).item()


# --- noise -----------------------------------------------------------------------------------


@torch.no_grad()
def _noise(weights, x, seed, settings, device):
    """Standard deviation of the outputs over masks, in units of their spread over the images.

    Each dropout layer alone, and some together, is put into the network that was trained without.
    """
    result = {}
    for name, arm in (ARMS | ONE_LAYER).items():
        generator = torch.Generator(device).manual_seed(seed)
        model = network(arm, settings, generator).to(device)
        model.load_state_dict(weights)
        if name == "none":
            spread = model.eval()(x).var(dim=0).mean()
            continue
        model.train()
        outputs = torch.stack([model(x) for _ in range(settings.passes)])  # (passes, N, classes)
        result[name] = round((outputs.var(dim=0).mean() / spread).sqrt().item(), 4)
    return result
