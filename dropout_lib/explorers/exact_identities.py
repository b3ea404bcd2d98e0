"""Dropout as ridge regression, coefficient by coefficient, and exact averages of subnetworks."""

import numpy as np

from ..datasets import DIABETES_FEATURES, diabetes
from ..experiments import mean_interval
from ..experiments.exact_identities import ridge_solution
from . import svg
from .chart import LIGHT, axes, picture
from .explorer import Explorer, Figure, Picture, Slider

_WIDTH, _ROW, _TOP = 440, 22, 34
_ZERO, _SCALE = 268, 400  # where coefficient 0 stands, and units per 1
_ORDER = np.array([2, 8, 3, 9, 7, 0, 5, 6, 1, 4])  # of the rows: body mass first


def ridge_path_explorer(results):
    """Ten coefficients as p grows: ridge regression, and SGD with dropout on the inputs.

    Args:
        results: the stored results of the experiment ``exact_identities``, by seed.
    """
    linear = results[0]["linear"]
    rates = tuple(float(key.removeprefix("p = ")) for key in linear if key.startswith("p = "))
    data = diabetes(seed=0)
    x, y = data.x_train, data.y_train
    paths = np.array([ridge_solution(x, y, p) for p in (0, *rates)])  # (1 + rates, features)

    def draw(p):
        stored = linear[f"p = {p}"]
        by_sgd = np.array(stored["sgd"])
        ridge = paths[1 + rates.index(p)]
        height = _TOP + _ROW * len(ridge) + 26
        drawn = svg.drawing(_WIDTH, height, [*_frame(height), *_rows(paths, ridge, by_sgd)], 560)
        distance = np.linalg.norm(by_sgd - ridge) / np.linalg.norm(ridge)
        length = np.linalg.norm(ridge) / np.linalg.norm(paths[0])
        reading = (
            f"At p = {p} the ridge coefficients are {length:.0%} as long as those of least "
            f"squares, and SGD with dropout is {distance:.0%} of their length away. The largest, "
            f"body mass, is {ridge[2]:.2f} by ridge and {by_sgd[2]:.2f} by SGD. Test error: "
            f"{stored['test_error_ridge']:.2f} of the variance by ridge, "
            f"{stored['test_error_sgd']:.2f} by SGD with dropout, "
            f"{linear['test_error_least_squares']:.2f} by least squares."
        )
        return Picture(drawn, reading)

    return Explorer(
        "ridge-path",
        "Dropout lands on ridge",
        "Rings: ridge regression, by formula. Dots: SGD with dropout on the inputs, which knows "
        "no formula. Orange ticks: least squares, p = 0. Grey: the path of the ring from p = 0 to "
        "0.9. Which coefficients are in no hurry to shrink, and which change sign?",
        [Slider("p", "drop probability p", rates, rates[0], "{:.1f}")],
        draw,
    )


def _at(coefficient):
    return _ZERO + _SCALE * min(max(coefficient, -0.34), 0.4)


def _frame(height):
    bottom = height - 24
    elements = [
        svg.circle(120, 13, 5, "none", stroke=svg.colour("ink"), stroke_width=1.5),
        svg.text(130, 17, "ridge", 12),
        svg.circle(186, 13, 3, "with-dropout"),
        svg.text(194, 17, "SGD with dropout", 12, fill="with-dropout"),
        svg.line(312, 7, 312, 19, "without-dropout", 2),
        svg.text(320, 17, "least squares", 12, fill="without-dropout"),
        svg.line(_ZERO, _TOP - 6, _ZERO, bottom, "faint", 1),
    ]
    for tick in (-0.2, 0, 0.2, 0.4):
        words = f"{tick:g}".replace("-", "−")
        elements.append(svg.text(_at(tick), bottom + 14, words, 11, "middle", "soft"))
    elements.append(svg.text(4, bottom + 14, "coefficient", 11, fill="soft"))
    return elements


def _rows(paths, ridge, by_sgd):
    elements = []
    for row, feature in enumerate(_ORDER):
        y = _TOP + _ROW * (row + 0.5)
        path = [_at(value) for value in paths[:, feature]]
        least_squares = paths[0, feature]
        elements += [
            svg.text(4, y + 4, DIABETES_FEATURES[feature], 12),
            svg.line(min(path), y, max(path), y, "faint", 3),
            svg.line(path[0], y - 6, path[0], y + 6, "without-dropout", 2),
        ]
        if abs(least_squares) > 0.4 or least_squares < -0.34:  # off the scale: say where
            words = f"{least_squares:.2f}".replace("-", "−")
            side = 8 if least_squares < 0 else -8
            anchor = "start" if least_squares < 0 else "end"
            elements.append(svg.text(path[0] + side, y - 3, words, 10, anchor, "without-dropout"))
    for row, feature in enumerate(_ORDER):
        y = _TOP + _ROW * (row + 0.5)
        elements += [
            svg.circle(
                *(_at(ridge[feature]), y, 5), "none", stroke=svg.colour("ink"), stroke_width=1.5
            ),
            svg.circle(_at(by_sgd[feature]), y, 3, "with-dropout"),
        ]
    return elements


_WAYS = {
    "single": "one subnetwork",
    "arithmetic": "arithmetic mean",
    "geometric": "geometric mean",
    "weight scaling": "weight scaling",
}
_NETWORKS = {
    "softmax behind": "softmax behind it",
    "relu behind": "ReLU layer behind it",
}


def exact_averages_figure(results):
    """Test loss of exact averages over all masks of ten units, beside weight scaling."""
    said = []
    with axes(columns=2, width=5.2, height=2.5, sharey=True) as (figure, plots):
        figure.subplots_adjust(left=0.2, wspace=0.1, top=0.88)
        for plot, (network, title) in zip(plots, _NETWORKS.items(), strict=True):
            for p, fill, shift in ((0.2, "white", 0.12), (0.5, None, -0.12)):
                losses = {
                    way: mean_interval([r[network][f"p = {p}"][way]["loss"] for r in results])
                    for way in _WAYS
                }
                places = np.arange(len(_WAYS))[::-1] + shift
                means = [interval.mean for interval in losses.values()]
                low = [interval.mean - interval.low for interval in losses.values()]
                high = [interval.high - interval.mean for interval in losses.values()]
                plot.errorbar(
                    *(means, places),
                    xerr=[low, high],
                    fmt="o",
                    markersize=5,
                    markerfacecolor="none" if fill else LIGHT["with-dropout"],
                    color=LIGHT["with-dropout"],
                    elinewidth=1.2,
                )
                course = ", ".join(f"{_WAYS[w]} {i.mean:.2f}" for w, i in losses.items())
                said.append(f"{title}, p = {p}: {course}")
                plot.annotate(
                    f"p = {p}",
                    (means[0], places[0] + (0.16 if shift > 0 else -0.42)),
                    ha="center",
                    fontsize=8,
                    color=LIGHT["soft"],
                )
            plot.set(title=title, xlabel="test loss (nats)", xlim=(0, None), ylim=(-0.6, 3.7))
            plot.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        plots[0].set_yticks(range(len(_WAYS)), list(_WAYS.values())[::-1])
    return Figure(
        picture(figure, f"Mean test loss. {'; '.join(said)}."),
        "Networks with one layer of ten units under dropout, and all their 1,024 subnetworks: "
        f"test loss, mean of {len(results)} runs with 95% interval. Open circles: p = 0.2.",
    )
