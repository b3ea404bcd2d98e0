"""Where and how often to draw the masks of a recurrent network: language, and memory.

All runs of a seed (every arm at every setting of its grid) are trained side by side, as one batched
computation: the first axis of every tensor is the run.
"""

import hashlib
import math
import platform
import re
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from .registry import experiment

ALPHABET = " abcdefghijklmnopqrstuvwxyz.,:()'"


@dataclass(frozen=True)
class Arm:
    """What is dropped, and when masks are drawn.

    Args:
        recurrent: whether h[t-1] is dropped on its way into step t, beside inputs and outputs.
        tied: one draw for a whole sequence; else a fresh one at every step.
        drops: False drops nothing.
    """

    recurrent: bool
    tied: bool
    drops: bool = True


ARMS = {
    "none": Arm(recurrent=False, tied=False, drops=False),
    "not recurrent": Arm(recurrent=False, tied=False),
    "per step": Arm(recurrent=True, tied=False),
    "tied": Arm(recurrent=True, tied=True),
}
MEMORY_ARMS = ("none", "per step", "tied")


@dataclass(frozen=True)
class Settings:
    characters: tuple = (8000, 8000, 16_000)  # to train, validate and test
    embedding: int = 32
    hidden: int = 64
    rates: tuple = (0.25, 0.4)  # drop probabilities of an arm's grid
    learning_rates: tuple = (0.01, 0.02)  # of Adam, for each of them
    rates_without: tuple = (0.005, 0.01, 0.02, 0.03)  # Adam's, without dropout
    steps: int = 600
    batch_size: int = 16
    length: int = 25  # characters per training sequence
    measured_every: int = 50  # steps; the best on validation is kept

    memory_lengths: tuple = (3, 10, 20)  # steps between the symbol and the question
    memory_symbols: int = 8
    memory_hidden: int = 48
    memory_p: float = 0.25
    memory_learning_rates: tuple = (0.001, 0.004)
    memory_steps: int = 400
    memory_batch_size: int = 24
    memory_passes: int = 20  # with other masks each, whose mean is also asked


@experiment(
    settings=Settings(),
    quick={
        "characters": (2000, 2000, 2000),
        "hidden": 16,
        "rates": (0.2,),
        "learning_rates": (0.01,),
        "rates_without": (0.01,),
        "steps": 20,
        "measured_every": 10,
        "memory_lengths": (1, 3),
        "memory_steps": 20,
        "memory_passes": 2,
    },
    question="Does it matter whether a recurrent network's masks are kept over time?",
)
def recurrent_dropout(seed, settings):
    """Bits per character of a small LSTM, and what an Elman network and an LSTM can remember."""
    text, source = python_topics()
    return {
        "text": source,
        "language": language(text, seed, settings),
        "memory": {
            cell: [memory(cell, length, seed, settings) for length in settings.memory_lengths]
            for cell in CELLS
        },
    }


def python_topics():
    """Python's own help pages as one text over ``ALPHABET``, and where it comes from.

    The pages differ a little from one version of Python to the next, so results do too.

    Returns:
        text: int64 tensor of letters, as indices into ``ALPHABET``.
        source: dict of Python's version, the length and a checksum.

    >>> text, source = python_topics()
    >>> len(text) == source["characters"]
    True
    """
    from pydoc_data.topics import topics

    pages = "\n\n".join(topics[name] for name in sorted(topics))
    paragraphs = dict.fromkeys(pages.split("\n\n"))  # each once: some pages share them
    text = re.sub(r"[^a-z.,:()']+", " ", " ".join(paragraphs).lower())
    checksum = hashlib.sha256(text.encode()).hexdigest()[:12]
    source = {
        "python": platform.python_version(),
        "characters": len(text),
        "checksum": checksum,
    }
    return torch.tensor([ALPHABET.index(letter) for letter in text]), source


# --- language ----------------------------------------------------------------------------------


def split(text, seed, characters):
    """Stretches of text to train, validate and test on, from three places that lie far apart."""
    start = torch.randint(len(text), (), generator=torch.Generator().manual_seed(seed)).item()
    third = len(text) // 3
    rolled = text.roll(-start)
    return [rolled[i * third :][:size] for i, size in enumerate(characters)]


def language(text, seed, settings):
    """Every arm with the rate, learning rate and step that are best for it on validation."""
    runs = [("none", 0.0, rate) for rate in settings.rates_without]
    runs += [
        (name, p, rate)
        for name, arm in ARMS.items()
        if arm.drops
        for p in settings.rates
        for rate in settings.learning_rates
    ]
    generator = torch.Generator().manual_seed(seed)
    train, validation, test = split(text, seed, settings.characters)
    arms = [ARMS[name] for name, _, _ in runs]
    p = torch.tensor([p for _, p, _ in runs])
    network = Network("LSTM", len(ALPHABET), settings.embedding, settings.hidden, len(ALPHABET))
    parameters = network.initial(len(runs), generator)
    optimiser = Adam(parameters, torch.tensor([rate for _, _, rate in runs]))
    curves = []
    for step in range(settings.steps):
        starts = torch.randint(
            len(train) - settings.length, (settings.batch_size,), generator=generator
        )
        windows = torch.stack([train[start : start + settings.length + 1] for start in starts])
        masks = draw_masks(arms, p, windows[:, :-1].shape, network, generator)
        logits = network(parameters, windows[:, :-1], masks)
        loss = cross_entropy(logits, windows[:, 1:])
        optimiser.step(loss, 1 - step / settings.steps)
        if (step + 1) % settings.measured_every == 0:
            with torch.no_grad():
                curves.append(
                    [measure(network, parameters, part) for part in (train, validation, test)]
                )
    curves = torch.tensor(curves)  # (measurements, 3, runs)
    result = {}
    for name in ARMS:
        own = [i for i, run in enumerate(runs) if run[0] == name]
        best = min(own, key=lambda i: curves[:, 1, i].min())
        at = int(curves[:, 1, best].argmin())
        result[name] = {
            "p": runs[best][1],
            "learning_rate": runs[best][2],
            "steps": (at + 1) * settings.measured_every,
            "validation_bits": round(curves[at, 1, best].item(), 4),
            "test_bits": round(curves[at, 2, best].item(), 4),
            "train_bits_by_step": [round(value, 3) for value in curves[:, 0, best].tolist()],
            "validation_bits_by_step": [round(value, 3) for value in curves[:, 1, best].tolist()],
            "grid": [
                {
                    "p": runs[i][1],
                    "learning_rate": runs[i][2],
                    "validation_bits": round(curves[:, 1, i].min().item(), 4),
                    "test_bits": round(curves[curves[:, 1, i].argmin(), 2, i].item(), 4),
                }
                for i in own
            ],
        }
    return result


def measure(network, parameters, text, length=100):
    """Bits per character of every run, in evaluation, on the text cut into sequences."""
    windows = text[: len(text) // length * length].view(-1, length)
    logits = network(parameters, windows[:, :-1], None)
    return (cross_entropy(logits, windows[:, 1:]) / math.log(2)).tolist()


# --- memory ------------------------------------------------------------------------------------


def memory(cell, length, seed, settings):
    """How often each arm names the first symbol of a sequence ``length`` steps later.

    After the symbol come ``length`` steps without one; only the last output is asked. The Elman
    network begins with W_hh = 1 and has ReLUs. Only the state is dropped: no input, no output.
    The share of right answers is measured in evaluation, in one pass with masks as in training,
    and for the mean prediction of several such passes.
    """
    runs = [(name, rate) for name in MEMORY_ARMS for rate in settings.memory_learning_rates]
    arms = [ARMS[name] for name, _ in runs]
    p = torch.tensor([settings.memory_p if arm.drops else 0.0 for arm in arms])
    generator = torch.Generator().manual_seed(seed)
    symbols = settings.memory_symbols
    network = Network(cell, symbols + 1, symbols + 1, settings.memory_hidden, symbols)
    parameters = network.initial(len(runs), generator)
    optimiser = Adam(parameters, torch.tensor([rate for _, rate in runs]))

    def sequences(count):
        tokens = torch.full((count, length + 1), symbols)  # the last symbol says "nothing"
        tokens[:, 0] = torch.randint(symbols, (count,), generator=generator)
        return tokens

    def masks_for(tokens):
        masks = draw_masks(arms, p, tokens.shape, network, generator)
        return {"recurrent": masks["recurrent"]}

    for step in range(settings.memory_steps):
        tokens = sequences(settings.memory_batch_size)
        logits = network(parameters, tokens, masks_for(tokens))[:, :, -1:]
        optimiser.step(cross_entropy(logits, tokens[:, :1]), 1 - step / settings.memory_steps)

    @torch.no_grad()
    def accuracy(passes):
        """Share of right answers (R,): of the mean over so many masked passes, 0 = evaluation."""
        tokens = sequences(500)
        logits = [
            network(parameters, tokens, masks_for(tokens) if passes else None)[:, :, -1]
            for _ in range(max(passes, 1))
        ]
        answer = torch.stack(logits).softmax(dim=-1).mean(dim=0).argmax(dim=-1)
        return (answer == tokens[:, 0]).float().mean(dim=1)

    validation, test, masked = accuracy(0), accuracy(0), accuracy(1)
    averaged = accuracy(settings.memory_passes)
    result = {"length": length}
    for name in MEMORY_ARMS:
        best = max((i for i, run in enumerate(runs) if run[0] == name), key=validation.__getitem__)
        result[name] = {
            "learning_rate": runs[best][1],
            "evaluation": round(test[best].item(), 4),
            "one masked pass": round(masked[best].item(), 4),
            "mean of masked passes": round(averaged[best].item(), 4),
        }
    return result


# --- many networks at once ---------------------------------------------------------------------


def lstm_step(gates, h, c):
    i, f, g, o = gates.chunk(4, dim=-1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def elman_step(gates, h, c):
    return gates.relu(), c


CELLS = {"Elman": (1, elman_step), "LSTM": (4, lstm_step)}  # gates, and a step


@dataclass(frozen=True)
class Network:
    """Embedding, one recurrent layer, read-out; R runs side by side."""

    cell: str
    tokens: int
    embedding: int
    hidden: int
    outputs: int

    def initial(self, runs, generator):
        """The same initial weights in every run: each (R, in, out), biases (R, 1, out)."""
        gates, _ = CELLS[self.cell]
        wide, bound = gates * self.hidden, self.hidden**-0.5

        def uniform(*shape):
            return (2 * torch.rand(shape, generator=generator) - 1) * bound

        parameters = {
            "embedding": torch.randn(self.tokens, self.embedding, generator=generator),
            "weight_ih": uniform(self.embedding, wide),
            "weight_hh": uniform(self.hidden, wide),
            "bias": torch.zeros(1, wide),
            "readout": uniform(self.hidden, self.outputs),
            "readout_bias": torch.zeros(1, self.outputs),
        }
        if self.cell == "LSTM":
            parameters["bias"][:, self.hidden : 2 * self.hidden] = 1  # remembers at first
        else:
            parameters["weight_hh"] = torch.eye(self.hidden)
        return {
            name: value.expand(runs, *value.shape).clone().requires_grad_()
            for name, value in parameters.items()
        }

    def __call__(self, parameters, tokens, masks):
        """Logits (R, N, T, outputs) for tokens (N, T); masks as from :func:`draw_masks`."""
        masks = masks or {}
        x = parameters["embedding"][:, tokens.t()]  # (R, T, N, E)
        if "input" in masks:
            x = x * masks["input"]
        runs, steps, cases, _ = x.shape
        projected = torch.baddbmm(
            parameters["bias"], x.reshape(runs, steps * cases, -1), parameters["weight_ih"]
        ).view(runs, steps, cases, -1)
        h = c = projected.new_zeros(runs, cases, self.hidden)
        _, cell_step = CELLS[self.cell]
        outputs = []
        for t, step in enumerate(projected.unbind(1)):
            seen = h * masks["recurrent"][:, t] if "recurrent" in masks else h
            h, c = cell_step(torch.baddbmm(step, seen, parameters["weight_hh"]), h, c)
            outputs.append(h)
        outputs = torch.stack(outputs, dim=1)  # (R, T, N, H)
        if "output" in masks:
            outputs = outputs * masks["output"]
        logits = torch.baddbmm(
            parameters["readout_bias"],
            outputs.view(runs, steps * cases, self.hidden),
            parameters["readout"],
        )
        return logits.view(runs, steps, cases, -1).transpose(1, 2)


def draw_masks(arms, p, shape, network, generator):
    """Masks with their scale, each (R, T, N, units), for the input, the state and the output."""
    cases, steps = shape
    masks = {}
    for place, units in (
        ("input", network.embedding),
        ("recurrent", network.hidden),
        ("output", network.hidden),
    ):
        # one draw for all runs, so that they differ in what they make of it and not in their luck
        draw = torch.rand(steps, cases, units, generator=generator)
        draws = torch.stack([draw[:1].expand_as(draw) if arm.tied else draw for arm in arms])
        here = torch.tensor([float(arm.recurrent or place != "recurrent") for arm in arms])
        p_here = (p * here).view(-1, 1, 1, 1)  # 0 where this arm drops nothing
        masks[place] = (draws >= p_here) / (1 - p_here)
    return masks


def cross_entropy(logits, targets):
    """Mean over cases and steps, in nats, of every run: logits (R, N, T, classes) to (R,)."""
    runs, classes = logits.shape[0], logits.shape[-1]
    losses = F.cross_entropy(
        logits.reshape(-1, classes),
        targets.expand(runs, *targets.shape).reshape(-1),
        reduction="none",
    )
    return losses.view(runs, -1).mean(dim=1)


class Adam:
    """Adam (Kingma and Ba, 2015) with a learning rate and a bound on the gradient for each run."""

    def __init__(self, parameters, learning_rates, largest_norm=1.0):
        self.parameters, self.learning_rates = parameters, learning_rates
        self.largest_norm, self.steps = largest_norm, 0
        self.moments = {
            name: (torch.zeros_like(value), torch.zeros_like(value))
            for name, value in parameters.items()
        }

    def step(self, losses, share):
        """One step down the losses (R,), at this share of the learning rates."""
        self.steps += 1
        # the runs share no parameter, so the gradient of the sum is that of each one's own loss
        grads = torch.autograd.grad(losses.sum(), list(self.parameters.values()))
        norms = sum(grad.square().sum(dim=(1, 2)) for grad in grads).sqrt()
        bounded = (self.largest_norm / norms.clamp(min=self.largest_norm)).view(-1, 1, 1)
        rates = (share * self.learning_rates).view(-1, 1, 1)
        with torch.no_grad():
            for (name, value), grad in zip(self.parameters.items(), grads, strict=True):
                first, second = self.moments[name]
                grad = grad * bounded
                first.lerp_(grad, 0.1)
                second.lerp_(grad.square(), 0.001)
                unbiased = (second / (1 - 0.999**self.steps)).sqrt() + 1e-8
                value -= rates * (first / (1 - 0.9**self.steps)) / unbiased
