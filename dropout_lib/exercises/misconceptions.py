"""Exercises and quiz of chapter 12."""

import numpy as np
import torch
from torch.nn import functional as F

from ..checks import Diagnosis
from .core import NOT_STARTED, Exercise, multiple_choice

# --- 12-one-mask: a demonstration that settles who shares a mask --------------------------------


def _fresh(rng):
    return lambda x: np.where(rng.random(np.shape(x)) >= 0.5, 2.0 * np.asarray(x), 0)


def _shared(rng):
    return lambda x: np.where(rng.random(np.shape(x)[1:]) >= 0.5, 2.0 * np.asarray(x), 0)


def _frozen(rng):
    seed = int(rng.integers(2**32))
    return lambda x: _fresh(np.random.default_rng(seed))(x)


def _whole_cases(rng):
    def dropout(x):
        plays = rng.random((len(x), *(1 for _ in np.shape(x)[1:]))) >= 0.5
        return np.where(plays, 2.0 * np.asarray(x), 0)

    return dropout


KINDS = {  # kind: (what makes one of it, whether all cases of a batch share a mask)
    "fresh": (_fresh, False),
    "shared": (_shared, True),
    "frozen": (_frozen, False),
    "whole cases": (_whole_cases, False),
}
TRIES = 40


def judge_one_mask(one_mask_for_all):
    wrong = {}
    for kind, (make, shares) in KINDS.items():
        rng = np.random.default_rng(12)
        calls = []
        answers = [one_mask_for_all(_counted(make(rng), calls)) for _ in range(TRIES)]
        if any(answer is None for answer in answers):
            return NOT_STARTED
        if any(not isinstance(answer, bool | np.bool_) for answer in answers):
            other = next(a for a in answers if not isinstance(a, bool | np.bool_))
            return Diagnosis(
                "not-a-verdict",
                f"it returned {other!r}.",
                "the answer is True or False; .all() makes one of many comparisons",
            )
        wrong[kind] = sum(answer != shares for answer in answers)
    return _slip_of_demonstration(wrong, calls_each=len(calls) / TRIES)


def _counted(dropout, calls):
    def counted(x):
        calls.append(1)
        return dropout(x)

    return counted


def _slip_of_demonstration(wrong, calls_each):
    if wrong["fresh"] == TRIES and wrong["shared"] == 0:
        return Diagnosis(
            "always-shared",
            "it says that all cases share a mask, also of a dropout that draws one for each.",
            "an input of zeros looks the same behind every mask, and a batch of one case always "
            "agrees with itself: feed several cases, and something that isn't 0",
        )
    if wrong["shared"] == TRIES and wrong["frozen"] == TRIES:
        return Diagnosis(
            "compares-two-calls",
            "it takes a mask that is drawn anew at each call for one of each case, and a mask "
            "that stays for good for one that the cases share.",
            "one call is enough: compare the rows of its output with each other",
        )
    if wrong["shared"] == TRIES and wrong["whole cases"] == TRIES:
        return Diagnosis(
            "compares-units",
            "of a dropout that loses whole cases it says that all cases share a mask.",
            "you compare the units of a case: rows are cases, so compare row with row",
        )
    if wrong["shared"] == TRIES and calls_each > 1:
        return Diagnosis(
            "rows-of-two-calls",
            "it doesn't notice a dropout with one mask for the whole batch.",
            "it calls the dropout more than once, and every call may draw anew. Keep the output "
            "of one call under a name, and compare its rows with each other",
        )
    if wrong["shared"] == TRIES:
        return Diagnosis(
            "misses-it",
            "it doesn't notice a dropout with one mask for the whole batch.",
            "under one mask all rows lose the same units. Rows that go in different come out "
            "different all the same, so feed it ones. Does your function ever return True?",
        )
    if wrong["fresh"] or wrong["frozen"]:
        found = max(wrong["fresh"], wrong["frozen"])
        return Diagnosis(
            "by-luck",
            f"of {TRIES} dropouts that draw a mask for each case it accused {found}.",
            "two short rows agree by luck. At p = 0.5 and 3 units that happens once in 8 times: "
            "take more units, and more than two cases",
        )
    if wrong["shared"]:
        return Diagnosis(
            "misses-some",
            f"of {TRIES} dropouts with one mask for the batch it missed {wrong['shared']}.",
            "how much is dropped doesn't tell who shares a mask: do the rows agree in every unit?",
        )
    if wrong["whole cases"]:
        return Diagnosis(
            "too-few-cases",
            f"of {TRIES} dropouts that lose whole cases it accused {wrong['whole cases']}.",
            "a few cases can all be lost, or all be kept, by luck: take more, and compare all rows",
        )
    return None


def one_mask_for_all(dropout):
    out = dropout(np.ones((16, 64)))  # 16 cases, 64 units
    return bool((out == out[0]).all())


# --- 12-symptoms ---------------------------------------------------------------------------------

CAUSES = {
    1: "all cases of a batch share one mask",
    2: "nobody called `eval()`",
    3: "the scale is applied in evaluation, too",
    4: "training data leaked into the validation data",
    5: "the training loss in the log is measured with dropout on",
    6: "a retention was passed as a drop probability",
    7: "batch norm has updated its statistics on test data",
}
ONE_MASK, NO_EVAL, TWICE, LEAK, LOG, RETENTION, STATISTICS = CAUSES
SYMPTOMS = {  # letter: (what is seen, its cause)
    "A": ("Asked twice about one picture, the deployed model gives two answers.", NO_EVAL),
    "B": (
        "In the first epochs validation loss is below the training loss of the log. Measured "
        "anew after an epoch, in evaluation mode, the training loss is the lower one.",
        LOG,
    ),
    "C": (
        'A paper has "p = 0.8" at its inputs. With `nn.Dropout(0.8)` there your network, unlike '
        "the paper's, hardly learns its training data.",
        RETENTION,
    ),
    "D": (
        "You wrote a dropout of your own. In evaluation the model gives the same answer each time, "
        "errs a little more than it should, and is far less sure of everything.",
        TWICE,
    ),
    "E": (
        "Since somebody asked it for error bars on dark pictures, the model errs more on "
        "ordinary ones. It is in evaluation mode, and answers the same question the same way.",
        STATISTICS,
    ),
}
TEMPTING = {  # (symptom, cause): (code, what speaks against it)
    ("A", ONE_MASK): (
        "mask-in-evaluation",
        "whoever shares a mask, in evaluation there is none: two answers mean that it still drops",
    ),
    ("A", STATISTICS): (
        "statistics-in-evaluation",
        "statistics that were updated give another answer than before, but the same one twice",
    ),
    ("B", LEAK): (
        "suspects-a-leak",
        "with a leak, validation would stay as low as training when both are measured alike. "
        "Here the order is right again",
    ),
    ("B", NO_EVAL): (
        "validation-with-dropout",
        "without eval() validation would be measured with dropout on, too, and lie higher",
    ),
    ("C", TWICE): (
        "scale-and-training",
        "a second scale spoils evaluation; here it is training that goes wrong",
    ),
    ("C", LOG): (
        "noise-of-the-log",
        "the paper's log has dropout on, too. What differs is how much is dropped: four of five",
    ),
    ("D", NO_EVAL): (
        "forgotten-eval",
        "without eval() the answers would vary from call to call, and these don't",
    ),
    ("D", LOG): (
        "no-log-involved",
        "nothing here is read off a log: the answers themselves are timid",
    ),
    ("E", NO_EVAL): (
        "mode-is-right",
        "the mode is right, and the answers don't vary: something in the model has changed",
    ),
    ("E", TWICE): (
        "scale-does-not-change",
        "a wrong scale would have been there before the error bars were asked for",
    ),
}


def judge_symptoms(causes):
    if not isinstance(causes, dict):
        return Diagnosis(
            "not-a-dictionary",
            f"{causes!r} came in place of a dictionary.",
            'keep the form {"A": 3, "B": ...}, with the number of a cause for each letter',
        )
    if all(cause is ... or cause is None for cause in causes.values()):
        return NOT_STARTED
    missing = [letter for letter in SYMPTOMS if causes.get(letter) in (None, ...)]
    if missing:
        return Diagnosis(
            "some-are-missing",
            f"there is no cause yet for {' and '.join(missing)}.",
            "a guess is fine: you'll hear what speaks against it",
        )
    for letter, (_, right) in SYMPTOMS.items():
        said = causes[letter]
        if said == right:
            continue
        if said not in CAUSES:
            return Diagnosis(
                "no-such-cause",
                f"{letter} has the cause {said!r}.",
                f"the causes are the numbers 1 to {len(CAUSES)}",
            )
        code, against = TEMPTING.get(
            (letter, said),
            ("other-cause", f"read {letter} again: which words would be missing if it were that?"),
        )
        return Diagnosis(code, f"{letter} is not the work of cause {said}.", against)
    return None


def _with(**other):
    return {**{letter: cause for letter, (_, cause) in SYMPTOMS.items()}, **other}


_SYMPTOM_LIST = "\n".join(f"- **{letter}.** {seen}" for letter, (seen, _) in SYMPTOMS.items())
_CAUSE_LIST = "\n".join(f"{number}. {cause}" for number, cause in CAUSES.items())


# --- 12-same-batches -----------------------------------------------------------------------------


def judge_epochs(epochs):
    found, drawn_next = {}, set()
    for p in (0.0, 0.5):
        for start in (0, 1):  # of the global generator, which dropout draws from
            torch.manual_seed(start)
            orders = epochs(50, p, 3, 7)
            if orders is None:
                return NOT_STARTED
            found[p, start] = [[int(case) for case in order] for order in orders]
            drawn_next.add((p, torch.rand(1).item()))
    torch.manual_seed(0)
    other_seed = [[int(case) for case in order] for order in epochs(50, 0.5, 3, 8)]
    after_dropping = torch.rand(1)
    torch.manual_seed(0)
    slip = _slip_of_epochs(found, other_seed, after_dropping.equal(torch.rand(1)))
    if slip is None and len(drawn_next) < 4:
        return Diagnosis(
            "sets-the-global-seed",
            "the orders are right, but whatever the program draws after your function is the same "
            "each time: it sets the global seed.",
            "a torch.Generator has a seed of its own, and leaves all others alone",
        )
    return slip


def _slip_of_epochs(found, other_seed, nothing_dropped):
    orders = found[0.5, 0]
    if len(orders) != 3 or any(sorted(order) != list(range(50)) for order in orders):
        return Diagnosis(
            "not-orders",
            f"for 3 epochs over 50 cases it returned {len(orders)} lists, or lists that are not "
            "the cases 0 to 49 in some order.",
            "torch.randperm(cases) gives each case once; append it to a list in every epoch",
        )
    if all(order == sorted(order) for order in orders):
        return Diagnosis(
            "not-shuffled", "the cases come in their own order.", "torch.randperm shuffles"
        )
    if orders[0] == orders[1] == orders[2]:
        return Diagnosis(
            "seed-in-every-epoch",
            "every epoch has the same order.",
            "whoever seeds within the loop begins again each time: make the generator once, "
            "before the loop",
        )
    if found[0.0, 0][0] == orders[0] and found[0.0, 0] != orders:
        return Diagnosis(
            "global-generator-shared",
            "the first order is the same with p = 0 and with p = 0.5, the second one isn't.",
            "both draw from the global generator, and dropout draws in between. Give the "
            "shuffling a torch.Generator of its own",
        )
    if found[0.5, 0] != found[0.5, 1]:
        return Diagnosis(
            "global-state-decides",
            "called again with the same seed, it gives other orders.",
            "make the generator from the argument: torch.Generator().manual_seed(seed)",
        )
    if found[0.0, 0] != orders:
        return Diagnosis(
            "orders-part",
            "with p = 0 and with p = 0.5 the orders differ.",
            "p must have no part in the shuffling",
        )
    if other_seed == orders:
        return Diagnosis(
            "seed-has-no-effect",
            "seeds 7 and 8 give the same orders.",
            "the argument seed has to reach the generator",
        )
    if nothing_dropped:
        return Diagnosis(
            "nothing-dropped",
            "the orders are right, but nothing was dropped in between: no mask was drawn.",
            "call F.dropout(torch.ones(100), p) in every epoch; it stands for the training",
        )
    return None


def epochs(cases, p, number, seed):
    shuffling = torch.Generator().manual_seed(seed)
    orders = []
    for _ in range(number):
        orders.append(torch.randperm(cases, generator=shuffling))
        F.dropout(torch.ones(100), p)  # stands for the epoch's training
    return orders


def _one_generator_for_everything(cases, p, number, seed):
    torch.manual_seed(seed)
    orders = []
    for _ in range(number):
        orders.append(torch.randperm(cases))
        F.dropout(torch.ones(100), p)
    return orders


def _orders_first_from_the_global_seed(cases, p, number, seed):
    torch.manual_seed(seed)
    orders = [torch.randperm(cases) for _ in range(number)]
    for _ in range(number):
        F.dropout(torch.ones(100), p)
    return orders


def _epochs_with(make, drop=True):
    """Wrong answers: ``make(cases, seed, p)`` returns a function that draws an order."""

    def epochs(cases, p, number, seed):
        draw, orders = make(cases, seed, p), []
        for _ in range(number):
            orders.append(draw())
            if drop:
                F.dropout(torch.ones(100), p)
        return orders

    return epochs


def _own_generator(cases, seed, p=None):
    generator = torch.Generator().manual_seed(seed)
    return lambda: torch.randperm(cases, generator=generator)


# --- 12-lost-whole -------------------------------------------------------------------------------

CALLS = {  # letter: (layer, shape, what is lost whole)
    "A": ("nn.Dropout(0.5)", "(N, L, C)", "numbers"),
    "B": ("nn.Dropout1d(0.5)", "(N, L, C)", "steps"),
    "C": ("nn.Dropout1d(0.5)", "(N, C, L)", "channels"),
    "D": ("nn.Dropout1d(0.5)", "(N, C)", "cases"),
    "E": ("nn.Dropout2d(0.5)", "(N, C, H, W)", "channels"),
}
LOST = ("numbers", "steps", "channels", "cases")
SHAPES_TO_TRY = {"A": (4, 6, 3), "B": (4, 6, 3), "C": (4, 3, 6), "D": (4, 8), "E": (4, 3, 6, 6)}
MISTAKEN = {
    ("A", "channels"): (
        "dropout-knows-no-channels",
        "nn.Dropout tosses a coin for every number, whatever the axes mean",
    ),
    ("A", "steps"): (
        "dropout-knows-no-steps",
        "nn.Dropout tosses a coin for every number, whatever the axes mean",
    ),
    ("B", "channels"): (
        "named-axis",
        "the layer can't read your letters: it drops along the second axis, and here that is L",
    ),
    ("C", "steps"): (
        "second-axis-is-channels",
        "the second axis is dropped whole, and here it holds the channels",
    ),
    ("D", "channels"): (
        "no-batch-axis-seen",
        "two axes mean (C, L), one example without a batch axis: the first axis is dropped whole. "
        "What is yours?",
    ),
    ("D", "numbers"): (
        "two-axes-mean-one-example",
        "so does nn.Dropout2d, with a warning. nn.Dropout1d takes two axes for (C, L), one example",
    ),
    ("E", "numbers"): (
        "pixels-for-maps",
        "that is nn.Dropout: one coin for each number. Here all pixels of a map share one",
    ),
}


def judge_lost_whole(lost):
    if not isinstance(lost, dict):
        return Diagnosis(
            "not-a-dictionary",
            f"{lost!r} came in place of a dictionary.",
            'keep the form {"A": "numbers", "B": ...}',
        )
    if all(word is ... or word is None for word in lost.values()):
        return NOT_STARTED
    missing = [letter for letter in CALLS if lost.get(letter) in (None, ...)]
    if missing:
        return Diagnosis(
            "some-are-missing",
            f"there is no prediction yet for {' and '.join(missing)}.",
            "say what you expect, and compute what you can't foresee",
        )
    for letter, (layer, shape, right) in CALLS.items():
        said = lost[letter]
        if said == right:
            continue
        if said not in LOST:
            return Diagnosis(
                "no-such-word", f"{letter} loses {said!r}.", f"the words are {', '.join(LOST)}"
            )
        code, advice = MISTAKEN.get(
            (letter, said),
            ("try-it", f"run {layer}(torch.ones{SHAPES_TO_TRY[letter]}) and look at the zeros"),
        )
        return Diagnosis(code, f"{layer} on {shape} does not lose whole {said}.", advice)
    return None


def _losing(**other):
    return {**{letter: right for letter, (_, _, right) in CALLS.items()}, **other}


_CALL_LIST = "\n".join(
    f"- **{letter}.** `{layer}` on an array {shape}" for letter, (layer, shape, _) in CALLS.items()
)


EXERCISES = (
    Exercise(
        name="12-one-mask",
        title="Settle it in one cell",
        statement=(
            "Somebody hands you a dropout and says that all cases of a batch share a mask. Write "
            "`one_mask_for_all(dropout)`, which finds out. `dropout(x)` takes an array (cases, "
            "units) and returns it with each number dropped or doubled, in training mode at "
            "p = 0.5. Return True if one mask serves all cases, else False. (Your function will "
            "be tried on dropouts of four kinds, many of each.)"
        ),
        starter=(
            "def one_mask_for_all(dropout):\n    # your code\n    ...\n\n\n"
            'check("12-one-mask", one_mask_for_all)'
        ),
        hints=(
            "What would you have to feed it, so that you can read the mask off the output?",
            "On ones, a 0 is a dropped unit and a 2 a kept one. Which rows have to agree?",
            "`out = dropout(np.ones((16, 64)))`; then compare every row with the first: "
            "`(out == out[0]).all()`.",
        ),
        solution=one_mask_for_all,
        explanation=(
            "Ones show the mask, 64 units make two masks differ (they agree by luck once in "
            "$2^{64}$ times), and 16 cases catch a dropout that drops whole cases. Three choices, "
            "and each of them is what makes the demonstration settle something."
        ),
        judge=judge_one_mask,
        wrong_answers=(
            (lambda dropout: bool((dropout(np.zeros((16, 64))) == 0).all()), "always-shared"),
            (lambda dropout: _all_equal(dropout(np.ones((1, 64)))), "always-shared"),
            (
                lambda dropout: bool(
                    (dropout(np.ones((16, 64))) == dropout(np.ones((16, 64)))).all()
                ),
                "compares-two-calls",
            ),
            (lambda dropout: _all_equal(dropout(np.ones((16, 64))).T), "compares-units"),
            (
                lambda dropout: _all_equal(dropout(np.arange(1.0, 1025).reshape(16, 64))),
                "misses-it",
            ),
            (lambda dropout: _all_equal(dropout(np.ones((2, 3)))), "by-luck"),
            (lambda dropout: _all_equal(dropout(np.ones((2, 64)))), "too-few-cases"),
            (
                lambda dropout: bool(abs((dropout(np.ones((16, 64))) == 0).mean() - 0.5) > 0.1),
                "misses-some",
            ),
            (
                lambda dropout: bool(
                    (dropout(np.ones((16, 64))) == dropout(np.ones((16, 64)))[0]).all()
                ),
                "rows-of-two-calls",
            ),
            (lambda dropout: False, "misses-it"),
            (lambda dropout: dropout(np.ones((16, 64))), "not-a-verdict"),
            (lambda dropout: None, "not-started"),
        ),
    ),
    Exercise(
        name="12-symptoms",
        title="Five symptoms",
        statement=(
            f"Give each symptom the cause that explains all of it.\n\n{_SYMPTOM_LIST}\n\n"
            f"The causes; two of them are not needed:\n\n{_CAUSE_LIST}"
        ),
        starter=(
            'causes = {"A": ..., "B": ..., "C": ..., "D": ..., "E": ...}\n\n'
            'check("12-symptoms", causes)'
        ),
        hints=(
            "Ask of each: is it training that goes wrong, or evaluation, or only what a log says?",
            "Do the answers vary from call to call? Then something is drawn. If they are another "
            "than before, but always the same, something was changed.",
            "A second factor $1-p$ makes logits smaller: the order of the classes hardly moves, "
            "and all probabilities move towards each other.",
        ),
        solution=_with(),
        explanation=(
            "A draws, so it still drops (2). B is in order as soon as both are measured alike (5). "
            "C fits neither its training data nor the paper: four of five inputs are gone (6). D "
            "is constant and timid (3), E is constant and has changed (7)."
        ),
        judge=judge_symptoms,
        wrong_answers=(
            (_with(A=ONE_MASK), "mask-in-evaluation"),
            (_with(A=STATISTICS), "statistics-in-evaluation"),
            (_with(B=LEAK), "suspects-a-leak"),
            (_with(B=NO_EVAL), "validation-with-dropout"),
            (_with(C=TWICE), "scale-and-training"),
            (_with(C=LOG), "noise-of-the-log"),
            (_with(D=NO_EVAL), "forgotten-eval"),
            (_with(D=LOG), "no-log-involved"),
            (_with(E=NO_EVAL), "mode-is-right"),
            (_with(E=TWICE), "scale-does-not-change"),
            (_with(E=ONE_MASK), "other-cause"),
            (_with(E=9), "no-such-cause"),
            (_with(E=...), "some-are-missing"),
            ([2, 5, 6, 3, 7], "not-a-dictionary"),
            (..., "not-started"),
        ),
    ),
    Exercise(
        name="12-same-batches",
        title="Two runs that differ in dropout alone",
        statement=(
            "Write `epochs(cases, p, number, seed)`. In each of `number` epochs it draws an order "
            "of the cases with `torch.randperm`, and then calls `F.dropout(torch.ones(100), p)`, "
            "which stands for the training. Return the list of orders. With the same seed they "
            "have to be the same whatever p is, and whatever was drawn before the call. The global "
            "seed belongs to the rest of the program: don't set it."
        ),
        starter=(
            "def epochs(cases, p, number, seed):\n    # your code\n    ...\n\n\n"
            'check("12-same-batches", epochs)'
        ),
        hints=(
            "From which generator does `torch.randperm` draw, and from which does dropout?",
            "`torch.randperm` takes an argument `generator`.",
            "`shuffling = torch.Generator().manual_seed(seed)`, once, before the loop.",
        ),
        solution=epochs,
        explanation=(
            "The shuffling has a generator of its own, so nothing that dropout draws can move it. "
            "A DataLoader takes such a generator, too. (The masks still come from the global "
            "generator; nn.Dropout can't be told otherwise, the book's layer can.)"
        ),
        judge=judge_epochs,
        wrong_answers=(
            (_one_generator_for_everything, "global-generator-shared"),
            (
                _epochs_with(
                    lambda cases, seed, p: (
                        lambda: torch.randperm(cases, generator=torch.Generator().manual_seed(seed))
                    )
                ),
                "seed-in-every-epoch",
            ),
            (
                _epochs_with(lambda cases, seed, p: lambda: torch.randperm(cases)),
                "global-generator-shared",
            ),
            (
                _epochs_with(lambda cases, seed, p: _own_generator(cases, seed + int(10 * p))),
                "orders-part",
            ),
            (_epochs_with(lambda cases, seed, p: _own_generator(cases, 0)), "seed-has-no-effect"),
            (
                _epochs_with(
                    lambda cases, seed, p: _own_generator(cases, torch.initial_seed() + seed)
                ),
                "global-state-decides",
            ),
            (_epochs_with(_own_generator, drop=False), "nothing-dropped"),
            (_epochs_with(lambda cases, seed, p: lambda: torch.arange(cases)), "not-shuffled"),
            (
                _epochs_with(lambda cases, seed, p: lambda: torch.randint(cases, (cases,))),
                "not-orders",
            ),
            (_orders_first_from_the_global_seed, "sets-the-global-seed"),
            (lambda cases, p, number, seed: None, "not-started"),
        ),
    ),
    Exercise(
        name="12-lost-whole",
        title="Predict, then compute",
        statement=(
            "What does each call lose as a whole: single `numbers`, time `steps` with all their "
            "channels, `channels` with all their places, or whole `cases`? N counts cases, L time "
            "steps, C channels. Write down what you expect before you run anything.\n\n"
            f"{_CALL_LIST}"
        ),
        starter=(
            'lost = {"A": ..., "B": ..., "C": ..., "D": ..., "E": ...}\n\n'
            'check("12-lost-whole", lost)'
        ),
        hints=(
            "The layers know axes by their place and not by the letters that you give them.",
            "`nn.Dropout1d(0.5)(torch.ones(4, 6, 3))`: which entries become 0 together?",
            "With three axes `Dropout1d` drops along the second one. With two it takes the array "
            "for *one* example (C, L), and drops along the first.",
        ),
        solution=_losing(),
        explanation=(
            "Each of these runs without an error, and `nn.Dropout1d` without a warning. B is how "
            "embeddings lose whole words where channels were meant, D how a hidden layer "
            "loses whole cases."
        ),
        judge=judge_lost_whole,
        wrong_answers=(
            (_losing(A="channels"), "dropout-knows-no-channels"),
            (_losing(A="steps"), "dropout-knows-no-steps"),
            (_losing(B="channels"), "named-axis"),
            (_losing(C="steps"), "second-axis-is-channels"),
            (_losing(D="channels"), "no-batch-axis-seen"),
            (_losing(D="numbers"), "two-axes-mean-one-example"),
            (_losing(E="numbers"), "pixels-for-maps"),
            (_losing(E="cases"), "try-it"),
            (_losing(E="maps"), "no-such-word"),
            (_losing(E=...), "some-are-missing"),
            ("numbers", "not-a-dictionary"),
            (..., "not-started"),
        ),
    ),
)


def _all_equal(rows):
    return bool((rows == rows[0]).all())


# --- quiz ----------------------------------------------------------------------------------------


def _true(statement, section, said, slip):
    return multiple_choice(statement, section, ("True", said), ("False", slip))


def _false(statement, section, said, slip):
    return multiple_choice(statement, section, ("False", said), ("True", slip))


QUIZ = [
    _false(
        "In the log the validation loss lies below the training loss, in the first epochs. So "
        "there is a bug, or a leak.",
        "“Validation loss below training loss means a bug”",
        "The log is measured with dropout on. Measure both alike before you search.",
        "It may be neither. The log shows the loss of thinned networks during the epoch, "
        "validation that of the whole one after it.",
    ),
    _true(
        "Under `torch.no_grad()`, a model in training mode drops as before.",
        "“no_grad() switches dropout off”",
        "It stops the recording of gradients and nothing else.",
        "It does. `no_grad()` is about gradients; what drops or not is a matter of the mode.",
    ),
    _false(
        "A layer of 100 units at $p = 0.3$ loses 30 of them in every case.",
        "“A share p of the units is dropped”",
        "Every unit tosses its own coin, so the number varies, like that of heads.",
        "On average it does. Each unit tosses a coin of its own, so the number varies.",
    ),
    _true(
        "In a batch of 32 cases, 32 masks are drawn.",
        "“All cases of a batch share one mask”",
        "A row of the batch has a mask of its own.",
        "They are. A mask belongs to a case, not to a batch.",
    ),
    _false(
        "A training step with $p = 0.5$ takes about half of the products of one without dropout.",
        "“Half of the units, half of the work”",
        "The zeros are multiplied like any other number, and the masks come on top.",
        "The matrices keep their size, and zeros are multiplied like any other number.",
    ),
    _true(
        "A network with $p = 0.5$ in its hidden layers can learn nearly all of its labels by "
        "heart, also those that are wrong.",
        "“A network with dropout cannot learn by heart”",
        "At some learning rates it takes longer; the capacity is there.",
        "It can. Dropout can slow that down. It doesn't make it impossible.",
    ),
    _false(
        "A network that uses `nn.Dropout(p)` has to multiply its activations by $1-p$ when it is "
        "deployed.",
        "“In evaluation, multiply by 1 − p”",
        "`nn.Dropout` has made up for it in training already.",
        "That belongs to standard dropout. `nn.Dropout` scales in training, and once is enough.",
    ),
    _true(
        "A call of `F.dropout(x, 0.5)` in `forward` goes on dropping after `model.eval()`.",
        "“F.dropout follows model.eval()”",
        "A function knows nothing of the model that calls it.",
        "It does: it is a function, knows no mode, and its `training` is True unless you say "
        "otherwise.",
    ),
    _false(
        "The whole network in evaluation mode gives exactly the mean of the probabilities that "
        "its thinned networks give.",
        "“The whole network is the average of the thinned ones”",
        "In front of one softmax layer it is another mean, the geometric one.",
        "It is not that mean. Directly in front of a softmax it is the geometric mean, and behind "
        "a ReLU layer not even that exactly.",
    ),
    _true(
        "With `num_layers=1`, the argument `dropout` of `nn.LSTM` drops nothing at all.",
        "“nn.LSTM(dropout=0.5) is variational dropout”",
        "It drops between stacked layers, and here there is no between.",
        "It drops nothing. It acts between stacked layers only, and says so in a warning.",
    ),
    _false(
        "As training data come in, the ± of Monte Carlo dropout at a fixed $p$ shrinks to 0.",
        "“The ± of Monte Carlo dropout shrinks with the data”",
        "It settles where weights, inputs and $p$ put it, while the error goes on falling.",
        "The error falls. The spread is one over masks, and they are as noisy as before.",
    ),
    _false(
        "In the middle of training a unit is dropped for a whole batch. In that step, Adam leaves "
        "its weights where they are.",
        "“Where a unit is dropped, its weights rest”",
        "The gradient is 0, and Adam still moves by what it remembers of earlier ones.",
        "The gradient is 0, but Adam's step is made of earlier gradients, too.",
    ),
    _true(
        "Behind the last batch norm of a network, dropout shifts no variance that a batch norm "
        "has stored.",
        "“Never use dropout beside batch norm”",
        "No batch norm comes after it, so none hears its noise.",
        "It shifts none: only a batch norm that comes *after* a dropout hears its noise.",
    ),
    _false(
        "Two training runs on a CPU begin from the same seed, one with $p = 0$ and one with "
        "$p = 0.5$. Without further care they see the same batches in every epoch.",
        "“Same seed, so the runs differ in dropout alone”",
        "Dropout draws from the same generator as the shuffling, and moves it.",
        "In the first epoch they may. Then dropout has drawn from the generator that shuffles.",
    ),
    {
        "question": "`nn.Dropout(0.8)` in training mode gets activations of 1. What value do those "
        "have that survive?",
        "section": "“p is the probability to keep”",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 5,
                "correct": True,
                "feedback": "$1/(1-0.8)$: one unit in five is kept.",
            },
            {
                "type": "value",
                "value": 1.25,
                "correct": False,
                "feedback": "That would be the scale if 0.8 were kept. In PyTorch 0.8 is dropped.",
            },
            {
                "type": "value",
                "value": 1,
                "correct": False,
                "feedback": "Nothing would make up for those that are missing. The scale is "
                "$1/(1-p)$.",
            },
            {
                "type": "value",
                "value": 0.2,
                "correct": False,
                "feedback": "That is the share that survives. They are divided by it.",
            },
            {"type": "default", "feedback": "The scale is $1/(1-p)$, with $p$ dropped."},
        ],
    },
]
