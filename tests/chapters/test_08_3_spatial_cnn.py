"""The sentences of chapter 8.3 that state results, held to stored and live results."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from dropout_lib.exercises import questions
from dropout_lib.exercises.spatial_cnn import head_inputs, share_in_head
from dropout_lib.experiments import get, load, mean_interval, paired_difference, provenance
from dropout_lib.experiments.example_3 import ARMS, Settings, images, measure, network
from dropout_lib.explorers.example_3 import gains_figure, maps_behind_the_blocks
from dropout_lib.pytorch import CNNWithSpatialDropout
from dropout_lib.training import fit

RESULTS = load("example_3")


def of(arm, key, results=RESULTS):
    return [result[arm][key] for result in results]


def less(a, b, key, results=RESULTS):
    """How much larger a measure is for arm a than for arm b."""
    return paired_difference(of(a, key, results), of(b, key, results))


def contains_0(interval):
    return interval.low < 0 < interval.high


# --- the network ----------------------------------------------------------------------------------


def test_most_weights_sit_in_the_head_and_nearly_all_of_them_in_one_matrix():
    given, small = CNNWithSpatialDropout(), network(ARMS["as given"], Settings())
    for model in (given, small):
        assert 0.78 < share_in_head(model) < 0.81
        head = sum(p.numel() for p in model.classifier.parameters())
        assert model.classifier[1].weight.numel() > 0.95 * head
    assert [c // s for c, s in zip((64, 128, 256), Settings().channels, strict=True)] == [4] * 3
    assert Settings().head_units == 512
    for model in (given, small):
        x, begin, units = torch.zeros(1, model.features[0].in_channels, *([32] * 2)), 0, []
        if model is small:
            x = x[..., :16, :16]
        for end in (5, 11, 15):
            x, begin = model.features[begin:end](x), end
            units.append(x[0, 0].numel())
        assert units == ([256, 64, 16] if model is given else [64, 16, 4])


@pytest.fixture(scope="module")
def trained():
    """The two networks that the chapter trains, their test images, and their last losses."""
    settings = Settings()
    digits = images(0, settings)
    models, losses = {}, {}
    for arm in ("none", "as given"):
        torch.manual_seed(0)
        models[arm] = network(ARMS[arm], settings, torch.Generator().manual_seed(0))
        losses[arm] = fit(models[arm], *digits["train"], epochs=12, learning_rate=0.05)
    return models, digits["test"], losses


def test_after_twelve_epochs_the_network_with_dropout_is_behind(trained):
    models, test, losses = trained
    errors = {arm: measure(model, *test)[0] for arm, model in models.items()}
    # with room around what is printed, as another processor trains to other last digits
    assert 0.03 < errors["none"] < 0.07
    assert 0.08 < errors["as given"] < 0.12
    for arm, epoch in (("none", 6), ("as given", 9)):
        assert losses[arm][epoch - 1] < 0.97 < 1.03 < losses[arm][epoch - 2]


def test_the_network_trained_under_masks_stands_more_of_them(trained):
    models, (x, labels), _ = trained
    as_given = network(ARMS["as given"], Settings(), torch.Generator().manual_seed(1))
    errors = {}
    for arm, model in models.items():
        as_given.load_state_dict(model.state_dict())
        with torch.no_grad():
            errors[arm] = (as_given.train()(x).argmax(dim=1) != labels).float().mean().item()
    assert errors["as given"] < errors["none"] - 0.02
    assert all(errors[arm] > measure(model, x, labels)[0] + 0.02 for arm, model in models.items())


def test_left_in_training_mode_it_errs_more_and_each_time_otherwise(trained):
    models, (x, labels), _ = trained
    model, x, labels = models["as given"].train(), x[:500], labels[:500]
    with torch.no_grad():
        errors = [(model(x).argmax(dim=1) != labels).float().mean().item() for _ in range(3)]
    assert len(set(errors)) > 1
    assert min(errors) > measure(model, x, labels)[0]


def test_the_explorer_says_what_it_shows(trained):
    models, (x, labels), _ = trained
    first = (labels == 3).nonzero()[0].item()
    words = {"trained without dropout": models["none"], "trained as given": models["as given"]}
    explorer = maps_behind_the_blocks(words, x[first], 3)
    shares = {}
    for name in words:
        for shape in ("maps", "units", "blocks"):
            reading = explorer.picture(network=name, shape=shape, p=0.6).reading
            shares[name, shape] = int(reading.split("Under about ")[1].split("%")[0])
            assert "says 3" in explorer.picture(network=name, shape=shape, p=0.0).reading
    for shape in ("maps", "units", "blocks"):
        assert shares["trained as given", shape] > shares["trained without dropout", shape]


# --- which dropout does what ----------------------------------------------------------------------


def test_as_given_the_loss_is_lower_and_the_error_mostly_on_the_wrong_side():
    error = less("none", "as given", "test_error")
    assert error.mean < 0 < error.high < -error.low
    assert less("none", "as given", "test_loss").low > 0
    for arm in ("maps", "units", "blocks"):
        assert less("none", arm, "test_loss").low > 0


def test_errors_of_maps_and_units_cannot_be_told_apart_and_the_loss_of_units_is_lower():
    for maps, units in (("maps", "units"), ("as given", "units, head")):
        assert contains_0(less(maps, units, "test_error"))
        assert less(maps, units, "test_loss").low > 0
    assert contains_0(less("units", "blocks", "test_error"))
    assert contains_0(less("units", "blocks", "test_loss"))


def test_the_head_alone_has_the_fewest_errors_in_the_mean_and_not_for_certain():
    means = {arm: np.mean(of(arm, "test_error")) for arm in ARMS}
    assert min(means, key=means.get) == "head"
    assert contains_0(less("none", "head", "test_error"))
    assert contains_0(less("none", "head", "test_loss"))


def test_beside_the_head_maps_lower_the_loss_a_little_and_cost_about_one_error_in_a_hundred():
    error = less("as given", "head", "test_error")
    assert error.low > 0
    assert error.mean == pytest.approx(0.01, abs=0.003)
    loss = less("head", "as given", "test_loss")
    assert 0 < loss.low < loss.mean < 0.05


def test_falling_rates_are_worse_and_no_louder():
    assert less("turned", "as given", "test_error").low > 0
    assert less("turned", "as given", "test_loss").low > 0
    noise = {name: [r["noise"][name] for r in RESULTS] for name in RESULTS[0]["noise"]}
    turned = paired_difference(noise["turned"], noise["as given"])
    assert contains_0(turned)
    assert max(abs(turned.low), abs(turned.high)) < 0.05
    assert paired_difference(noise["second"], noise["first"]).low > 0
    assert paired_difference(noise["third"], noise["second"]).low > 0
    assert contains_0(paired_difference(noise["head"], noise["first"]))
    assert contains_0(paired_difference(noise["maps"], noise["units"]))


def test_learning_rates_mostly_lie_within_what_was_offered():
    smallest, middle, _ = Settings().learning_rates
    chosen = [rate for arm in ARMS for rate in of(arm, "learning_rate")]
    assert chosen.count(middle) > len(chosen) / 2
    assert chosen.count(smallest) < 0.05 * len(chosen)


def test_the_figure_says_in_words_what_it_shows():
    told = repr(gains_figure(RESULTS, provenance("example_3")["settings"]))
    gain = less("none", "head", "test_error")
    assert f"head alone {100 * gain.mean:.2f}" in told
    assert f"{mean_interval(of('none', 'test_loss')).mean:.2f}" in told


# --- with time to finish --------------------------------------------------------------------------

LONGER = load("example_3_longer")


def test_after_20_epochs_dropout_behind_the_blocks_leaves_one_or_two_in_a_hundred():
    assert np.mean(of("none", "train_error")) < 0.001
    for arm in ARMS:
        if arm not in ("none", "head"):
            assert 0.008 < np.mean(of(arm, "train_error")) < 0.025
    for arm in LONGER[0]:
        assert np.mean(of(arm, "train_error", LONGER)) < 0.001
    assert len(LONGER[0]) == 6


def test_longer_training_turns_the_verdict():
    def gained(arm, key):
        return paired_difference(of(arm, key), of(arm, key, LONGER))

    assert contains_0(gained("none", "test_error"))
    assert gained("none", "test_loss").high < 0
    for arm in ("maps", "units", "as given", "turned"):
        assert gained(arm, "test_error").low > 0.01
    for arm in ("as given", "maps", "units", "head", "turned"):
        assert less("none", arm, "test_error", LONGER).low > 0


def test_on_validation_images_longer_training_gains_the_same_at_one_learning_rate():
    (rate,) = get("example_3_longer").settings.learning_rates

    def errors(arm, results):
        candidates = [result[arm]["candidates"] for result in results]
        return [next(c["error"] for c in cs if c["learning_rate"] == rate) for cs in candidates]

    gained = {
        arm: paired_difference(errors(arm, RESULTS), errors(arm, LONGER)) for arm in LONGER[0]
    }
    assert contains_0(gained["none"])
    for arm in ("maps", "units", "as given", "turned"):
        assert gained[arm].low > 0
        assert gained[arm].mean > 0.01


def test_after_60_epochs_units_have_fewest_errors_and_maps_cost_none_beside_the_head():
    for arm in ("none", "maps", "head", "as given", "turned"):
        assert less(arm, "units", "test_error", LONGER).low > 0
    assert less("maps", "units", "test_loss", LONGER).low > 0
    assert contains_0(less("head", "as given", "test_error", LONGER))
    assert less("head", "as given", "test_loss", LONGER).low > 0


def test_falling_rates_were_further_behind_and_can_then_not_be_told_from_rising_ones():
    assert less("turned", "as given", "train_error").low > 0
    for key in ("test_error", "test_loss"):
        assert contains_0(less("turned", "as given", key, LONGER))
    assert less("turned", "as given", "test_error", LONGER).high > 0.005


def test_the_longer_run_took_the_learning_rate_that_was_chosen_most_often():
    chosen = [rate for arm in ARMS for rate in of(arm, "learning_rate")]
    longer, shorter = (get(name).settings for name in ("example_3_longer", "example_3"))
    (rate,) = longer.learning_rates
    assert rate == max(set(chosen), key=chosen.count)
    assert longer.epochs == 3 * shorter.epochs == 60
    assert get("dropped_maps").settings.epochs == 16


# --- pitfalls -------------------------------------------------------------------------------------


def test_sizes_that_fit_and_sizes_that_do_not():
    model = CNNWithSpatialDropout().eval()
    for side, fits in ((28, False), (36, True), (64, False)):
        assert (head_inputs(256, side, side, 3) == 4096) == fits
        if fits:
            assert model(torch.zeros(1, 3, side, side)).shape == (1, 10)
        else:
            with pytest.raises(RuntimeError):
                model(torch.zeros(1, 3, side, side))


def test_one_picture_passes_the_features_with_warnings_and_not_the_head():
    model = CNNWithSpatialDropout().eval()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        maps = model.features(torch.zeros(3, 32, 32))
    assert caught
    assert maps.shape == (256, 4, 4)
    with pytest.raises(RuntimeError):
        model.classifier(maps)


@pytest.mark.parametrize("p", [0.2, 0.5])
def test_units_in_front_of_the_pooling_make_training_stronger(p):
    torch.manual_seed(1)
    windows = torch.ones(100_000, 1, 2, 2)
    formula = (1 - p**4) / (1 - p)
    assert nn.MaxPool2d(2)(nn.Dropout(p)(windows)).mean().item() == pytest.approx(formula, 0.01)
    for layer in (nn.Dropout2d(p), nn.Dropout(p)):
        assert layer(nn.MaxPool2d(2)(windows)).mean().item() == pytest.approx(1, abs=0.02)
    assert nn.MaxPool2d(2)(nn.Dropout2d(p)(windows)).mean().item() == pytest.approx(1, abs=0.02)


def test_with_every_map_dropped_all_pictures_get_the_same_answer():
    blind = CNNWithSpatialDropout(map_dropout_rates=(1, 1, 1), head_dropout_rate=0).train()
    output = blind(torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(0)))
    assert torch.equal(output, output[:1].expand(8, 10))


def test_what_the_chapter_says_of_cifar10_is_what_is_set():
    full = get("example_3_cifar10")
    assert full.settings.train == 45_000
    assert full.settings.channels == (64, 128, 256)
    assert repr(network(ARMS["as given"], full.settings)) == repr(CNNWithSpatialDropout())
    assert not any(load_exists(name) for name in ["example_3_cifar10"])


def load_exists(name):
    try:
        return bool(load(name))
    except FileNotFoundError:
        return False


def test_numbers_in_the_quiz_are_what_they_are_asked_for():
    (numeric,) = (q for q in questions("08-3") if q["type"] == "numeric")
    right = [a["value"] for a in numeric["answers"] if a.get("correct")]
    assert right == [head_inputs(256, 64, 64, 3)]
    assert (1 - 0.5**4) / (1 - 0.5) == 1.875


def test_the_share_of_the_head_falls_below_a_half_in_small_pictures():
    assert share_in_head(CNNWithSpatialDropout(image_size=8)) == pytest.approx(0.2, abs=0.02)
    assert share_in_head(CNNWithSpatialDropout(image_size=16)) < 0.5
