"""The experiment ``example_3`` with three times as many steps, in its main arms."""

from .example_3 import ARMS, Settings, _tuned, images
from .registry import experiment

LONGER_ARMS = ("none", "maps", "units", "head", "as given", "turned")


@experiment(
    # of the learning rates that example_3 offers, the one that its arms chose most often
    settings=Settings(epochs=60, learning_rates=(0.05,)),
    quick={
        "train": 100,
        "validation": 100,
        "test": 100,
        "channels": (4, 4, 8),
        "head_units": 16,
        "epochs": 2,
    },
    question="Does dropout in the example's convolutional network gain if training is longer?",
)
def example_3_longer(seed, settings, device="cpu"):
    """Test error of the example's network by what it drops, where all have time to fit."""
    parts = {
        name: (x.to(device), labels.to(device))
        for name, (x, labels) in images(seed, settings).items()
    }
    return {name: _tuned(parts, ARMS[name], seed, settings, device)[1] for name in LONGER_ARMS}
