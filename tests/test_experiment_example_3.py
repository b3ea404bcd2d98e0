"""The experiment on the source document's convolutional network, on digits and on CIFAR-10."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from dropout_lib import datasets
from dropout_lib.experiments import example_3 as module
from dropout_lib.experiments import get, load, run
from dropout_lib.experiments.example_3 import ARMS, Settings, images, measure, network
from dropout_lib.pytorch import CNNWithSpatialDropout, DropBlock2d, Dropout, Dropout2d

QUICK = get("example_3").quickly().settings


@pytest.fixture
def small_cifar10(monkeypatch):
    """Makes cifar10() give 90 images to train with, 10 for validation and 20 to test on."""
    rng = np.random.default_rng(0)
    arrays = []
    for number in (90, 10, 20):
        arrays.append(rng.random((number, 3, 32, 32), dtype=np.float32))
        arrays.append(np.arange(number, dtype=np.int64) % 10)
    split = datasets.Split(*arrays)
    asked = []

    def cifar10(**options):
        asked.append(options)
        return split

    monkeypatch.setattr(datasets, "cifar10", cifar10)
    return split, asked


def test_digits_are_averaged_and_standardised():
    parts = images(3, replace(QUICK, train=200))
    split = datasets.mnist5k(3, 200, 100, 100)
    x, labels = parts["train"]
    assert x.shape == (200, 1, 16, 16)
    assert x.mean().item() == pytest.approx(0, abs=1e-5)
    assert x.std().item() == pytest.approx(1, abs=1e-5)
    assert torch.equal(labels, torch.from_numpy(split.y_train))
    # the first 2 x 2 square within the border of two pixels
    bright = torch.from_numpy(split.x_train).view(-1, 28, 28)[:, 10:12, 14:16].mean(dim=(1, 2))
    both = torch.stack([bright, x[:, 0, 6, 8]])
    assert torch.corrcoef(both)[0, 1].item() == pytest.approx(1, abs=1e-4)
    assert parts["test"][0].shape == (100, 1, 16, 16)


def test_cifar10_is_taken_where_the_settings_say_so(small_cifar10):
    split, asked = small_cifar10
    settings = replace(QUICK, data="cifar10", train=60, validation=10, image_size=32)
    parts = images(5, settings)
    assert asked == [{"validation": 10, "seed": 5}]
    x, labels = parts["train"]
    assert x.shape == (60, 3, 32, 32)
    assert torch.allclose(x.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5)
    assert torch.equal(labels, torch.from_numpy(split.y_train[:60]))
    assert parts["test"][0].shape == (20, 3, 32, 32)
    assert network(ARMS["as given"], settings)(x[:2]).shape == (2, 10)


def test_the_whole_experiment_runs_on_cifar10(small_cifar10, tmp_path):
    experiment = get("example_3_cifar10")
    settings = replace(
        get("example_3_cifar10").quickly().settings,
        **{"data": "cifar10", "image_size": 32, "train": 60, "validation": 10, "noise_images": 10},
    )
    small = replace(experiment, settings=settings, seeds=1)
    run(small, folder=tmp_path, progress=False)
    (result,) = load("example_3_cifar10", folder=tmp_path)
    assert result.keys() == load("example_3")[0].keys()
    assert result["none"].keys() == load("example_3")[0]["none"].keys()


def test_on_cifar10_the_network_is_the_one_of_the_source_document():
    experiment = get("example_3_cifar10")
    assert experiment.settings.data == "cifar10"
    assert experiment.quickly().settings.data == "mnist5k"  # a smoke run downloads nothing
    ours = network(ARMS["as given"], experiment.settings)
    given = CNNWithSpatialDropout(num_classes=10)
    assert repr(ours) == repr(given)


def test_other_data_are_refused():
    with pytest.raises(
        ValueError, match="data has to be 'mnist5k' or 'cifar10', but got 'fashion'"
    ):
        images(0, replace(QUICK, data="fashion"))


def rates(arm, kind):
    return [m.p for m in network(ARMS[arm], Settings()).modules() if isinstance(m, kind)]


def test_arms_drop_what_they_say():
    assert rates("as given", Dropout2d) == [0.2, 0.3, 0.4]
    assert rates("as given", Dropout) == [0.5]
    assert rates("none", Dropout2d) == [0, 0, 0]
    assert rates("none", Dropout) == [0]
    assert rates("maps", Dropout) == [0]
    assert rates("head", Dropout2d) == [0, 0, 0]
    assert rates("units", Dropout) == [0.2, 0.3, 0.4, 0]
    assert rates("units, head", Dropout) == [0.2, 0.3, 0.4, 0.5]
    assert rates("turned", Dropout2d) == [0.4, 0.3, 0.2]
    assert rates("blocks", DropBlock2d) == [0.2, 0.3, 0.4]
    sizes = [m.block_size for m in network(ARMS["blocks"], Settings()).modules()
             if isinstance(m, DropBlock2d)]  # fmt: skip
    assert sizes == [3, 3, 2]


def test_all_arms_begin_with_the_same_weights():
    weights = []
    for arm in ARMS.values():
        torch.manual_seed(0)
        weights.append(network(arm, QUICK).state_dict())
    for others in weights[1:]:
        assert all(torch.equal(others[name], weight) for name, weight in weights[0].items())


def test_measuring_in_parts_is_measuring_at_once():
    x, labels = images(0, QUICK)["validation"]
    model = network(ARMS["as given"], QUICK)
    error, loss = measure(model, x, labels, at_once=7)
    logits = model(x)
    assert error == pytest.approx((logits.argmax(1) != labels).float().mean().item())
    assert loss == pytest.approx(torch.nn.functional.cross_entropy(logits, labels).item())


def test_no_masks_no_noise_and_more_layers_more_noise():
    x, _ = images(0, QUICK)["test"]
    torch.manual_seed(0)
    weights = network(ARMS["none"], QUICK).state_dict()
    noise = module._noise(weights, x[:50], 0, replace(QUICK, passes=20), "cpu")
    assert "none" not in noise
    assert all(value > 0 for value in noise.values())
    assert noise["as given"] > noise["maps"] > noise["third"]
