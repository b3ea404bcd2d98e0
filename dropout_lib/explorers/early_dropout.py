"""Figure of the experiment ``early_dropout``: training and test loss against no dropout."""

from ..experiments import paired_difference
from .intervals import interval_chart

_ARMS = {"standard": "all the time", "early": "early only", "late": "late only"}


def gain_of_each_schedule(results):
    """What each schedule of dropout gains over none, in training loss and in test loss."""
    rows = [
        (f"{where}, {words}", _gain(results, arm, f"{part}_loss"))
        for part, where in (("train", "training"), ("test", "test"))
        for arm, words in _ARMS.items()
    ]
    return interval_chart(
        [*rows[:3], None, *rows[3:]],
        "lower loss than without dropout (nats)",
        "A network too small for its data: what dropout gains in training loss and in test loss, "
        "both measured with dropout off; to the left of 0 it costs. Lines: 95% interval over "
        f"{len(results)} runs.",
        digits=3,
    )


def _gain(results, arm, measure):
    pairs = [(result["none"][measure], result[arm][measure]) for result in results]
    return paired_difference(*zip(*pairs, strict=True))
