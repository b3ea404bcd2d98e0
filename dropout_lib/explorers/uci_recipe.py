"""A figure of the experiment ``uci_recipe``: one pass, many passes, and weight scaling."""

from ..experiments import mean_interval
from .chart import LIGHT, axes, picture
from .explorer import Figure

_PANELS = {
    "error": "test error (deviations of y)",
    "log_likelihood, own tau": "test log-likelihood (nats)",
}


def passes_against_weight_scaling(results, passes):
    """Test error and log-likelihood by the number of passes, beside weight scaling.

    Args:
        results: the stored results of the experiment.
        passes: its settings' numbers of passes.
    """
    means = {}
    with axes(columns=2, width=6.4, height=2.7) as (figure, plots):
        for plot, (measure, words) in zip(plots, _PANELS.items(), strict=True):
            curve = [
                mean_interval([r["by passes"][measure][i] for r in results]).mean
                for i in range(len(passes))
            ]
            scaled = mean_interval([r["weight scaling"][measure] for r in results]).mean
            plot.plot(passes, curve, "o-", markersize=4, color=LIGHT["with-dropout"])
            plot.axhline(scaled, color=LIGHT["ink"], linewidth=1.2, linestyle=(0, (4, 2)))
            offset = {"textcoords": "offset points", "ha": "right"}
            plot.annotate(
                "weight scaling",
                (passes[-1], scaled),
                (0, 6),
                **offset,
                color=LIGHT["ink"],
            )
            plot.annotate(
                "mean of passes",
                (passes[-1], curve[-1]),
                (0, -14),
                **offset,
                color=LIGHT["with-dropout"],
            )
            plot.annotate(
                "one pass",
                (passes[0], curve[0]),
                (9, -3),
                textcoords="offset points",
                color=LIGHT["with-dropout"],
            )
            plot.set(xscale="log", xlabel="passes (log scale)", ylabel=words)
            plot.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
            plot.minorticks_off()
            plot.margins(y=0.2)
            means[measure] = curve[0], curve[-1], scaled
        figure.subplots_adjust(wspace=0.32)
    reading = "; ".join(
        f"{words}: {one:.2f} for one pass, {many:.2f} for the mean of {passes[-1]:,}, "
        f"{scaled:.2f} for weight scaling"
        for words, (one, many, scaled) in zip(_PANELS.values(), means.values(), strict=True)
    )
    return Figure(
        picture(figure, reading[0].upper() + reading[1:] + "."),
        f"The same network, predicted in different ways: mean over {len(results)} splits of the "
        "diabetes data. For the likelihood, each way of predicting has the precision of the noise "
        "that suits it best on validation.",
    )
