"""The sentences of the overview of the code examples, held to what the code does."""

import numpy as np
import pytest
import torch

from dropout_lib.datasets import diabetes, mnist5k
from dropout_lib.exercises import code_examples as exercises
from dropout_lib.exercises import questions
from dropout_lib.explorers.printed_sum import RATES, RUNS, UNITS, printed_sum
from dropout_lib.explorers.untrained_spread import untrained_spread_figure
from dropout_lib.pytorch import MCDropoutModel, ModelWithDropout, train_model
from dropout_lib.scratch import Dropout
from dropout_lib.training import evaluate

DIGIT = mnist5k(seed=0, train=1000).x_test[0]


def test_wider_layers_come_nearer_and_are_equal_less_often():
    within, equal = [], []
    for units in (4, 64, 1024):
        reading = printed_sum(DIGIT).picture(units=units, p=0.5).reading
        words = reading.split(", ")
        near = next(w for w in words if "within 5%" in w)
        within.append(int(near.split("%")[0]))
        equal.append(words[-1])
    assert within == sorted(within)
    assert equal[0].startswith("and 13%")
    assert equal[1:] == 2 * ["and less than 1% print the same two decimals."]


def test_the_mean_of_the_sums_stays_for_every_slider():
    explorer = printed_sum(DIGIT)
    for units in UNITS:
        for p in RATES:
            mean = explorer.picture(units=units, p=p).reading.split("sums is ")[1].split("%")[0]
            assert abs(int(mean) - 100) <= 6 * 100 * (p / (1 - p) / RUNS) ** 0.5 + 1


def test_sums_differ_in_about_seven_runs_of_eight():
    layer = Dropout(0.5, rng=np.random.default_rng(0))
    sums = layer.forward(np.tile([1.0, 2.0, 3.0, 4.0], (1000, 1))).sum(axis=1)
    assert np.mean(sums != 10) == pytest.approx(7 / 8, abs=0.05)


def test_most_of_the_training_loss_of_example_4_is_noise():
    torch.manual_seed(42)
    x_train, x_test = torch.randn(1000, 20), torch.randn(200, 20)
    y_train, y_test = ((x.sum(dim=1) > 0).long() for x in (x_train, x_test))
    model = ModelWithDropout()
    losses, _ = train_model(model, x_train, y_train, x_test, y_test)
    assert evaluate(model, x_train, y_train)[1] < 0.5 * losses[-1]


@pytest.mark.parametrize("seed", range(4))
def test_untrained_error_bars_grow_with_the_distance_from_the_average(seed):
    x = diabetes().x_test
    torch.manual_seed(seed)
    model = MCDropoutModel(10, 50, 1)
    _, spread = model.predict_with_uncertainty(torch.from_numpy(x).float(), num_samples=200)
    spread = spread[:, 0].numpy()
    assert np.corrcoef(np.linalg.norm(x, axis=1), spread)[0, 1] > 0.6
    assert "rise from left to right" in repr(untrained_spread_figure(x, spread))


def test_the_librarys_prediction_leaves_mode_and_batch_norm_as_they_were():
    model = MCDropoutModel(10, 50, 1).eval()
    model.network.insert(1, torch.nn.BatchNorm1d(50).eval())
    before = model.network[1].running_mean.clone()
    model.predict_with_uncertainty(torch.randn(8, 10), num_samples=5)
    assert not model.training
    assert model.network[1].running_mean.equal(before)


def outputs_of_the_chapter():
    """The text that the chapter's cells printed, in one string."""
    import json
    from pathlib import Path

    path = Path(__file__).parents[2] / "chapters" / "08_code_examples.ipynb"
    cells = json.loads(path.read_text("utf-8"))["cells"]
    outputs = [o for cell in cells for o in cell.get("outputs", ())]
    return "".join("".join(o["text"]) for o in outputs if o["output_type"] == "stream")


def test_the_specimen_prints_what_everybody_hopes_for_and_the_mended_one_cannot_tell():
    text = outputs_of_the_chapter()

    def percent(line):
        return int(text.split(line)[1].split("%")[0])

    without, dropped = percent("without dropout: "), percent("with dropout:    ")
    assert without < dropped
    assert "Dropout improves generalisation." in text
    assert "steps with dropout on: 10 of 200" in text
    assert "Ten runs cannot tell." in text
    assert "'fixed': 1}" in text


def test_the_quiz_is_right_about_zip():
    (question,) = (q for q in questions("08") if q["type"] == "numeric")
    (right,) = (a["value"] for a in question["answers"] if a.get("correct"))
    model = exercises._layers_as_found(784, [512, 256, 128], 10, [0.5])
    assert sum(isinstance(m, torch.nn.Linear) for m in model) == right
