"""The drill can be read without scripts and without tags, and what it teaches is so."""

import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from dropout_lib.claims import load_claims
from dropout_lib.claims_html import anchor
from dropout_lib.exercises import coding_round as timed
from dropout_lib.exercises.drill import drill, first_order
from dropout_lib.exercises.interview_tips import CARDS, DRILL, EXERCISES, TIPS

CHAPTERS = Path(__file__).parents[1] / "chapters"
CLAIMS = load_claims()
QUESTIONS = [pytest.param(question, id=question.question[:40]) for question in DRILL]


class Text(HTMLParser):
    """What is left where tags, styles and scripts are thrown away; and whether tags match."""

    VOID = ("input", "br")

    def __init__(self, html):
        super().__init__()
        self.words, self.open, self.tags = [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.words.append(data)

    def __str__(self):
        return " ".join("".join(self.words).split())


@pytest.fixture(scope="module")
def html():
    return drill("10")._repr_html_()


# --- as it is shown ----------------------------------------------------------------------------


def test_it_is_the_same_text_every_time(html):
    assert drill("10")._repr_html_() == html
    assert f'data-order="{" ".join(map(str, first_order(len(DRILL))))}"' in html


def test_tags_match_and_there_is_no_id_to_clash(html):
    assert not [tag for tag, attributes in Text(html).tags if "id" in attributes]


def test_without_scripts_every_question_and_answer_is_there_to_unfold(html):
    tags = Text(html).tags
    folded = [attributes for tag, attributes in tags if tag == "details"]
    assert len(folded) == 4 * len(DRILL)  # the question; minute, whiteboard, what comes after
    assert not any("hidden" in attributes or "open" in attributes for attributes in folded)
    assert not [tag for tag, _ in tags if tag in ("button", "textarea", "select", "input")]
    assert "Show the answer" not in str(Text(html))


def test_formulas_can_be_read_where_their_tags_are_thrown_away(html):
    shown = str(Text(html)).replace(" ", "")
    for formula in (
        "Var[y]=𝔼[y^2]−𝔼[y]^2",
        "=(x^2)/(1−p)−x^2=p/(1−p)x^2",
        "(1−p)^T",
        "w_j^2",
        "n<(2−p)/p·(s^2)/(w^2)",
    ):
        assert formula in shown, formula


def test_no_markup_is_left_over(html):
    shown = str(Text(html))
    assert not re.search(r"\$|\\[a-z]|\*\*|`", shown)


def test_links_of_the_drill_lead_to_headings_and_rows():
    for question in DRILL:
        for _, address in question.where:
            stem, _, fragment = address.partition(".ipynb#")
            assert fragment in anchors(stem), address


def test_places_are_told_once(html):
    """In a preview without styles, too."""
    shown = str(Text(html))
    assert shown.count("A fresh team for every case") == 1


def test_cards_lead_to_headings():
    for card in CARDS:
        stem, link, fragment = card["section"].partition(".ipynb#")
        headings = anchors(stem) if link else anchors("10_interview_tips")
        assert (fragment if link else anchor(stem)) in headings, card["section"]


def anchors(stem):
    cells = json.loads((CHAPTERS / f"{stem}.ipynb").read_text("utf-8"))["cells"]
    text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    return {anchor(words) for words in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


# --- what is asked -----------------------------------------------------------------------------


def test_every_tip_is_practised():
    assert set(TIPS) == set(range(1, 16))
    assert {tip for question in DRILL for tip in question.tips} == set(TIPS)
    assert len(DRILL) >= 18
    assert 25 <= len(CARDS) <= 35


@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_grow_and_have_a_follow_up(question):
    depths = [len(question.sentence), len(question.minute), len(question.whiteboard)]
    assert depths[0] < depths[1]
    assert len(question.sentence) < 260
    assert 40 < len(question.minute.split()) < 120, "a minute is about a hundred words"
    assert question.whiteboard.strip()
    assert question.follow_up.endswith("?")
    assert question.follow_up_answer.strip()
    assert question.tips
    assert question.where


@pytest.mark.parametrize("question", QUESTIONS)
def test_verdicts_are_those_of_the_ledger(question):
    assert question.claims
    for name, verdict in question.claims:
        assert CLAIMS[name].verdict == verdict


def test_questions_and_cards_are_asked_once():
    assert len({question.question for question in DRILL}) == len(DRILL)
    assert len({card["front"] for card in CARDS}) == len(CARDS)


# --- the formulas on the whiteboards, by enumeration -------------------------------------------

P = 0.3


def masks(n, p=P):
    """All masks of n units, and their probabilities."""
    every = np.array(list(itertools.product((0, 1), repeat=n)))
    return every, np.prod(np.where(every == 1, 1 - p, p), axis=1)


def mean(values, chances):
    return np.tensordot(chances, values, axes=1)


def variance(values, chances):
    return mean(values**2, chances) - mean(values, chances) ** 2


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_mean_and_variance_of_an_output():
    m, chances = masks(1)
    y = m[:, 0] * 3.0 / (1 - P)
    assert mean(y, chances) == pytest.approx(3)
    assert variance(y, chances) == pytest.approx(P / (1 - P) * 9)


def test_the_relu_of_two_units_has_the_mean_one_half():
    m, chances = masks(2, p=0.5)
    y = m / 0.5
    assert mean(np.maximum(y[:, 0] - y[:, 1], 0), chances) == pytest.approx(0.5)


def test_noise_of_a_sum_and_of_equal_terms(rng):
    m, chances = masks(6)
    w, x = rng.standard_normal((2, 6))
    assert variance((m / (1 - P)) @ (w * x), chances) == pytest.approx(
        P / (1 - P) * (w**2 * x**2).sum()
    )
    equal = (m / (1 - P)).sum(axis=1)
    assert np.sqrt(variance(equal, chances)) == pytest.approx(np.sqrt(P / ((1 - P) * 6)) * 6)


def test_what_batch_norm_stores(rng):
    x = rng.normal(1.3, 0.8, 500)
    mu, v = x.mean(), x.var()
    m, chances = masks(1)
    y = m * x / (1 - P)  # (masks, cases)
    stored = mean((y**2).mean(axis=1), chances) - mean(y.mean(axis=1), chances) ** 2
    assert stored == pytest.approx(v + P / (1 - P) * (v + mu**2))
    assert stored / v == pytest.approx(1 / (1 - P) + P / (1 - P) * mu**2 / v)
    assert 1 + 0.5 / 0.5 * (1 + 1**2) / 1 == 3  # mu = 1, v = 1, p = 0.5


def test_two_units_of_one_map_have_the_covariance_of_the_whiteboard():
    m, chances = masks(1)
    x, z = 1.5, -0.4
    y, u = m[:, 0] * x / (1 - P), m[:, 0] * z / (1 - P)
    covariance = mean(y * u, chances) - mean(y, chances) * mean(u, chances)
    assert covariance == pytest.approx(P / (1 - P) * x * z)
    places = np.array([1.0, 2.0, 4.0])
    shared = variance((m[:, 0] / (1 - P)) * places.sum(), chances)
    assert shared == pytest.approx(P / (1 - P) * places.sum() ** 2)
    own, chances = masks(3)
    separate = variance((own / (1 - P)) @ places, chances)
    assert separate == pytest.approx(P / (1 - P) * (places**2).sum())


def test_standard_dropout_moves_the_output_by_the_square_of_keep():
    x, w, rate = np.array([1.0, 2.0, 3.0]), np.array([0.4, -0.1, 0.7]), 0.1
    m = np.array([1, 0, 1])
    inverted, standard = m * x / (1 - P), m * x
    assert inverted @ w == pytest.approx(standard @ (w / (1 - P)))
    moved = [y @ (rate * y) for y in (standard, inverted)]
    assert moved[0] / moved[1] == pytest.approx((1 - P) ** 2)


def test_the_geometric_mean_behind_a_softmax_is_one_pass(rng):
    m, chances = masks(7)
    w, b, x = rng.standard_normal((4, 7)), rng.standard_normal(4), rng.standard_normal(7)
    logits = (m * x / (1 - P)) @ w.T + b
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    geometric = np.exp(mean(logs, chances))
    one_pass = np.exp(w @ x + b)
    assert geometric / geometric.sum() == pytest.approx(one_pass / one_pass.sum())


def test_dropout_on_a_linear_regression_is_ridge(rng):
    m, chances = masks(5)
    x, w, t = rng.standard_normal((9, 5)), rng.standard_normal(5), rng.standard_normal(9)
    errors = sum(mean((target - (m * row / (1 - P)) @ w) ** 2, chances)
                 for target, row in zip(t, x, strict=True))  # fmt: skip
    ridge = P / (1 - P) * (w**2 * (x**2).sum(axis=0)).sum()
    assert errors == pytest.approx(((t - x @ w) ** 2).sum() + ridge)


def test_one_weight_pays_below_the_crossover():
    w, s = 1.2, 2.0
    edge = (2 - P) / P * s**2 / w**2
    for n in (1, 5, edge * 0.99, edge * 1.01, 100):
        m, chances = masks(1)
        target = 0.7  # least squares on inputs of size 1 is the mean of the targets

        def loss(weight, n=n, m=m, chances=chances, target=target):
            return n * mean((target - m[:, 0] / (1 - P) * weight) ** 2, chances)

        best = min(np.linspace(0, 1, 100_001)[::100], key=loss)
        assert best == pytest.approx((1 - P) * target, abs=1e-3)
        risk = P**2 * w**2 + (1 - P) ** 2 * s**2 / n
        assert (risk < s**2 / n) == (n < edge)


def test_one_pass_pays_the_variance_and_many_pass_it_by(rng):
    m, chances = masks(5)
    f = np.tanh((m / (1 - P)) @ rng.standard_normal(5))
    spread = variance(f, chances)
    error = (mean(f, chances) - 0.3) ** 2
    assert mean((f - 0.3) ** 2, chances) == pytest.approx(error + spread)
    draws = rng.choice(f, size=(200_000, 4), p=chances).mean(axis=1)
    assert ((draws - 0.3) ** 2).mean() == pytest.approx(error + spread / 4, rel=0.02)


def test_noise_in_front_of_the_last_layer_raises_the_cross_entropy(rng):
    m, chances = masks(5)
    w, x = rng.standard_normal((3, 5)), rng.standard_normal(5)
    logits = (m * x / (1 - P)) @ w.T
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[:, 0]
    still = w @ x
    assert mean(losses, chances) > np.log(np.exp(still).sum()) - still[0]


def test_survival_and_mean_of_a_unit_that_remembers():
    steps = 6
    m, chances = masks(steps)
    fresh = np.prod(m / (1 - P), axis=1)
    assert chances[fresh > 0].sum() == pytest.approx((1 - P) ** steps)
    assert mean(fresh, chances) == pytest.approx(1)
    m, chances = masks(1)
    tied = (m[:, 0] / (1 - P)) ** steps
    assert chances[tied > 0].sum() == pytest.approx(1 - P)
    assert mean(tied, chances) == pytest.approx((1 - P) ** (1 - steps))
    assert 0.5**10 == 1 / 1024


def test_different_masks_that_a_run_draws(rng):
    def expected(n, draws):
        return 2.0**n * -np.expm1(draws * np.log1p(-(2.0**-n)))

    drawn = len(set(rng.integers(0, 2**12, 5000)))
    assert drawn == pytest.approx(expected(12, 5000), rel=0.03)
    assert expected(8, 40_000) == pytest.approx(256)
    assert expected(64, 40_000) == pytest.approx(40_000)
    assert 2**64 > 1e19


def test_second_order_of_a_noisy_logit():
    """The loss log(1 + exp(z)) has the second derivative q (1 - q)."""
    z, noise = 0.4, 0.05
    values = np.log1p(np.exp(z + noise * np.array([-1, 1])))
    q = 1 / (1 + np.exp(-z))
    assert values.mean() - np.log1p(np.exp(z)) == pytest.approx(
        0.5 * q * (1 - q) * noise**2, rel=1e-2
    )


def test_numbers_said_in_passing():
    from scipy.stats import t

    assert t.ppf(0.975, 9) == pytest.approx(2.26, abs=0.005)
    assert [np.sqrt(p / (1 - p)) for p in (0.2, 0.5, 0.8, 0.9)] == pytest.approx([0.5, 1, 2, 3])
    assert 0.5**4 == 1 / 16


def test_code_of_the_whiteboards_runs():
    import torch
    from torch import nn

    model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 2))
    names = {"torch": torch, "nn": nn, "model": model.eval(), "x": torch.randn(4, 3), "T": 5}
    blocks = [
        block
        for question in DRILL
        for block in re.findall(r"```python\n(.*?)```", inspect_cleandoc(question), re.DOTALL)
    ]
    assert len(blocks) == 4
    for block in blocks:
        exec(block, names)
    assert names["quiet"]
    buffers = [buffer.clone() for buffer in model.buffers()]
    model.train()
    exec(blocks[2], names)  # the passes: a model that comes in training mode goes back in it
    assert all(module.training for module in model.modules())
    assert all(torch.equal(a, b) for a, b in zip(buffers, model.buffers(), strict=True))
    model.eval()
    assert names["mean"].shape == names["std"].shape == (4, 2)
    assert not any(module.training for module in model.modules())
    x = np.ones((2, 3))
    for p in (0.0, 0.4, 1.0):
        out, mask = names["forward"](x, p, True, np.random.default_rng(0))
        assert np.array_equal(names["backward"](x, mask, p), out)


def inspect_cleandoc(question):
    import inspect

    return inspect.cleandoc(question.whiteboard)


# --- the clock ---------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(timed, "_now", lambda: now[0])
    monkeypatch.setattr(timed, "_round", {})
    return now


def test_without_a_clock_a_verdict_is_as_ever(clock):
    task = EXERCISES[3]
    assert "Minute" not in repr(timed.check(task.name, task.solution))


def test_the_clock_says_minutes_and_tasks(clock):
    timed.coding_round(10)
    first, second = EXERCISES[2:4]
    clock[0] = 240
    assert "Minute 4 of 10: 1 of 5 tasks solved." in repr(timed.check(first.name, first.solution))
    assert "Minute" not in repr(timed.check(second.name, ...))
    clock[0] = 720
    said = repr(timed.check(second.name, second.solution))
    assert "Minute 12 of 10, after time: 2 of 5 tasks solved." in said
    timed.coding_round(None)
    assert "Minute" not in repr(timed.check(first.name, first.solution))


@pytest.mark.parametrize("minutes", [0, -5, "ten", float("nan")])
def test_a_round_needs_minutes(clock, minutes):
    with pytest.raises(ValueError, match="positive number of minutes"):
        timed.coding_round(minutes)


def test_there_are_as_many_tasks_as_the_clock_counts():
    assert len(EXERCISES) == timed.TASKS
