"""The experiment ``example_3`` on CIFAR-10, with the source document's network in full size."""

from .example_3 import Settings, example_3
from .registry import experiment


@experiment(
    settings=Settings(
        data="cifar10",
        train=45_000,
        validation=5_000,
        image_size=32,
        channels=(64, 128, 256),
        block_sizes=(5, 3, 3),  # in maps of 16 x 16, 8 x 8 and 4 x 4
        epochs=30,
        batch_size=100,
        noise_images=1_000,
    ),
    quick={
        # a smoke run downloads nothing
        "data": "mnist5k",
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
    question="Which of the dropout layers in the example does what, on CIFAR-10?",
    seeds=3,
    downloads="CIFAR-10, 170 MB",
)
def example_3_cifar10(seed, settings, device="cpu"):
    """As :func:`~dropout_lib.experiments.example_3.example_3`; meant for a GPU."""
    return example_3(seed, settings, device=device)
