"""The band of Monte Carlo dropout around a curve that was seen on the left and on the right."""

from .chart import LIGHT, axes, picture
from .explorer import Figure


def band_over_a_gap(x, mean, std, x_train, y_train, gap):
    """Mean and two standard deviations over x, the points of training, and where there are none.

    Args:
        x, mean, std: the curve, each (N,).
        x_train, y_train: the points of training, each (M,).
        gap: (left, right), the ends of the stretch without points.
    """
    left, right = gap
    within = (x > left) & (x < right)
    among = ~within & (x >= x_train.min()) & (x <= x_train.max())
    with axes(width=4.6, height=2.7) as (figure, plot):
        plot.axvspan(left, right, color=LIGHT["faint"], alpha=0.35, linewidth=0)
        plot.fill_between(
            x, mean - 2 * std, mean + 2 * std, color=LIGHT["with-dropout"], alpha=0.25, linewidth=0
        )
        plot.plot(x, mean, color=LIGHT["with-dropout"])
        plot.plot(x_train, y_train, "o", markersize=3, color=LIGHT["train"])
        low, high = plot.get_ylim()
        plot.annotate(
            "no data",
            ((left + right) / 2, low + 0.04 * (high - low)),
            ha="center",
            color=LIGHT["soft"],
        )
        plot.set(xlabel="input x", ylabel="output")
    reading = (
        f"Among the points the spread is up to {std[among].max():.2f}; in the gap between them it "
        f"is {std[within].max():.2f} at most."
    )
    return Figure(
        picture(figure, reading),
        "Mean and band (two standard deviations over masks) of a network with one hidden layer, "
        "trained on the points. In the grey stretch it has seen nothing.",
    )
