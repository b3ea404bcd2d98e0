"""Explorers: the live widget and the plain HTML show the same, and both can be read aloud."""

import json
import re
from html import unescape
from itertools import product

import ipywidgets
import pytest

from dropout_lib.experiments import load
from dropout_lib.explorers import Choice, Explorer, Figure, Picture, Slider
from dropout_lib.explorers.benched_units import hidden_masks
from dropout_lib.explorers.drop_count import drop_count_figure
from dropout_lib.explorers.running_mean import running_mean
from dropout_lib.explorers.theme import COLOURS, colour, stylesheet
from tests.explorer_support import MAKE_EXPLORERS, live_widgets

EXPLORERS = [make() for make in MAKE_EXPLORERS]
each_explorer = pytest.mark.parametrize("explorer", EXPLORERS, ids=lambda e: e.name)


def frames(html):
    """Every picture of a static explorer: (what is read, what is drawn)."""
    data = re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)[1]
    stored = json.loads(data)
    for frame in stored["frames"]:
        reading, *lines = (stored["parts"][part] for part in frame)
        yield reading, "\n".join(lines)


def settings(explorer):
    names = [control.name for control in explorer.controls]
    for values in product(*(control.values for control in explorer.controls)):
        yield dict(zip(names, values, strict=True))


@each_explorer
def test_live_and_static_show_the_same_picture(explorer):
    static = list(frames(explorer.html()))
    controls, picture = live_widgets(explorer.live())
    for wanted, (reading, drawn) in list(zip(settings(explorer), static, strict=True))[::7]:
        for widget, value in zip(controls, wanted.values(), strict=True):
            widget.value = value
        live = picture.value.partition('role="img"')[2]
        drawn_live, _, rest = live.partition(">")[2].partition("</div><p ")
        assert drawn_live == drawn
        assert unescape(rest) == f'class="explorer-reading">{reading}</p></div>'


@each_explorer
def test_every_control_changes_what_is_drawn_and_what_is_read(explorer):
    first = {control.name: control.start for control in explorer.controls}
    for control in explorer.controls:
        pictures = [explorer.picture(**{**first, control.name: v}) for v in control.values]
        assert len({picture.markup for picture in pictures}) > 1, control.name
        assert len({picture.reading for picture in pictures}) > 1, control.name


@each_explorer
def test_a_reading_is_a_sentence(explorer):
    assert all(30 < len(reading) < 300 for reading, _ in frames(explorer.html()))


@each_explorer
def test_the_first_picture_needs_no_script(explorer):
    before_script = explorer.html().partition("<script")[0]
    assert explorer.first_picture.markup in before_script
    assert explorer.first_picture.reading in unescape(before_script)


@each_explorer
def test_drawing_twice_gives_the_same_text(explorer):
    assert explorer.html() == explorer.html()


@each_explorer
def test_the_static_explorer_asks_no_other_host_and_stays_small(explorer):
    html = explorer.html()
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", html)
    assert len(html) < 400_000


def test_a_button_moves_its_slider_round_and_round():
    slider = Slider("n", "n", (1, 2, 3), start=2, button="Next")
    widget, (button,) = slider.widgets(ipywidgets)
    seen = []
    for _ in range(3):
        button.click()
        seen.append(widget.value)
    assert seen == [3, 1, 2]


def test_without_a_kernel_only_text_is_in_the_bundle():
    explorer = Explorer(
        "tiny",
        "Tiny",
        "Try.",
        [Choice("c", "c", {"a": 1, "b": 2})],
        lambda c: Picture("<i></i>", "x"),
    )
    assert set(explorer._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_markup_cannot_end_the_script_that_carries_it():
    explorer = Explorer(
        "tiny", "Tiny", "Try.", [Slider("n", "n", (1, 2), 1)], lambda n: Picture("</script>", "x")
    )
    data = explorer.html().partition('application/json">')[2]
    assert data.startswith('{"parts":["x","<\\/script>"]')


def test_a_figure_says_in_words_what_is_to_be_seen():
    figure = drop_count_figure(cases=100)
    assert f'aria-label="{figure.picture.reading}"' in unescape(figure._repr_html_())
    assert "<style" not in figure.picture.markup  # a style in an svg would reach the whole page
    assert isinstance(figure, Figure)


def test_more_dropping_benches_the_same_units_and_others():
    few, many = hidden_masks(0.3, case=1), hidden_masks(0.6, case=1)
    assert all((less <= more).all() for less, more in zip(many, few, strict=True))


def test_running_mean_converges_to_what_the_caption_says():
    assert abs(running_mean(0.5, scaled=True, passes=5000)[-1] - 1) < 0.1
    assert abs(running_mean(0.9, scaled=False, passes=5000)[-1] - 0.1) < 0.03


def _luminance(hex_colour):
    channels = [int(hex_colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", [name for name in COLOURS if name not in ("paper", "faint")])
@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_text_colours_stand_out_from_the_paper(name, mode):
    low, high = sorted((_luminance(COLOURS[name][mode]), _luminance(COLOURS["paper"][mode])))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_an_unknown_colour_is_named():
    with pytest.raises(ValueError, match="no colour is named 'teal'"):
        colour("teal")
    assert "--dx-ink" in stylesheet()


def explorer(name):
    return next(explorer for explorer in EXPLORERS if explorer.name == name)


@pytest.mark.parametrize(
    ("variant", "training", "factor"),
    [
        ("inverted dropout", True, "times 5.00"),
        ("inverted dropout", False, "times 1.00"),
        ("standard dropout", True, "times 1.00"),
        ("standard dropout", False, "times 0.20"),
    ],
)
def test_mask_scale_output_tells_the_factor_of_each_variant_and_mode(variant, training, factor):
    picture = explorer("mask-scale-output").picture(
        p=0.8, variant=variant, training=training, draw_number=1
    )
    assert factor in picture.reading
    assert f"× {factor.split()[1]}" in picture.markup


def test_in_evaluation_every_variant_gives_the_mean_of_its_training():
    draw = explorer("mask-scale-output").picture
    for variant, expected in (("inverted dropout", 9.0), ("standard dropout", 4.5)):
        reading = draw(p=0.5, variant=variant, training=False, draw_number=1).reading
        assert f"becomes {expected:.2f}" in reading


@pytest.mark.parametrize("survivors", ["plain", "rescaled"])
def test_deleted_units_names_each_network_with_its_own_numbers(survivors):
    results = load("deleted_units")
    reading = explorer("deleted-units").picture(deleted=70, survivors=survivors).reading
    for name in ("without", "with"):
        errors = [result[name][survivors]["error"][7] for result in results]
        share = f"{100 * (1 - sum(errors) / len(errors)):.0f}%"
        own = reading.partition(f"trained {name} dropout")[2].partition(";")[0]
        assert share in own, (name, share, reading)


def test_benched_units_are_those_of_the_masks():
    reading = explorer("benched-units").picture(p=0.5, case=3).reading
    first, second = hidden_masks(0.5, case=3)
    for layer, mask in (("hidden 1", first), ("hidden 2", second)):
        units = ", ".join(str(i + 1) for i, keep in enumerate(mask) if not keep)
        assert f"{units} of {layer}" in reading
    assert f"{(~first).sum() + (~second).sum()} of 16" in reading


def test_every_training_case_has_a_mask_of_its_own():
    masks = {b"".join(mask.tobytes() for mask in hidden_masks(0.5, case)) for case in range(1, 13)}
    assert len(masks) == 12
