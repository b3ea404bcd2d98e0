"""What many judges need: numbers out of whatever came back, and the formula behind them."""

import math

import numpy as np

from ..checks import Diagnosis
from .guard import NOT_STARTED


def as_number(value):
    """A float, or None for what is no single number: arrays with axes, strings, True, lists.

    >>> as_number(np.float32(0.5)), as_number([0.5]), as_number("0.5")
    (0.5, None, None)
    """
    if isinstance(value, str | bytes | bool | np.bool_) or getattr(value, "shape", ()) != ():
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def nothing_back(answers):
    """What to say where None came back, from every call or from some; None if from none.

    Args:
        answers: {the call, as a reader would write it: what it returned}.
    """
    missing = [call for call, answer in answers.items() if answer is None or answer is ...]
    if not missing:
        return None
    if len(missing) == len(answers):
        return NOT_STARTED
    given = next(call for call in answers if call not in missing)
    return Diagnosis(
        "returns-nothing-here",
        f"{given} returns something, and {missing[0]} returns None.",
        "follow that call line by line: one branch ends without `return`",
    )


def in_both_modes(name, function, x):
    """{the call: what it returned}, in training and in evaluation, at p = 0.5."""
    return {
        f"{name}(x, 0.5, {training}, rng)": function(
            x.copy(), 0.5, training, np.random.default_rng(0)
        )
        for training in (True, False)
    }


def wrong_shape(answers, x):
    """What to say where no array of the shape of x came back; None where one always did."""
    if diagnosis := nothing_back(answers):
        return diagnosis
    for call, answer in answers.items():
        if np.shape(answer) != x.shape:
            return Diagnosis(
                "shape-changed",
                f"for x of shape {x.shape}, {call} gives {described(answer)}.",
                "return the array of outputs and nothing else",
            )
    return None


def numbers(answers, hint="return the number itself"):
    """{call: float}, or the Diagnosis of the first answer that is no single number."""
    if diagnosis := nothing_back(answers):
        return diagnosis
    found = {call: as_number(answer) for call, answer in answers.items()}
    for call, number in found.items():
        if number is None:
            return Diagnosis(
                "not-one-number",
                f"one number is asked for, and {call} gives {described(answers[call])}.",
                hint,
            )
    return found


def pairs(answers, code, names):
    """{call: (float, float)}, or the Diagnosis of the first answer that is no pair of numbers.

    Tuples, lists and arrays of length 2 are pairs.
    """
    if diagnosis := nothing_back(answers):
        return diagnosis
    found = {}
    for call, answer in answers.items():
        listed = isinstance(answer, tuple | list) or len(getattr(answer, "shape", ())) == 1
        entries = tuple(answer) if listed else ()
        found[call] = tuple(as_number(entry) for entry in entries)
        if len(entries) != 2 or None in found[call]:
            return Diagnosis(
                code,
                f"two numbers are asked for, and {call} gives {described(answer)}.",
                f"return {names}",
            )
    return found


def judge_formula(answer, points, right, slips, *, name, advice, hint="return the number itself"):
    """Compare a function that returns one number with a formula, and with the usual slips.

    Args:
        answer: the reader's function.
        points: tuples of arguments to ask it for; enough of them to tell the slips apart.
        right: the formula.
        slips: {code: (formula, what it is, what to look at)}.
        name: what the function is called in the exercise.
        advice: what to look at if it is none of the slips.
        hint: what to look at if no single number comes back.
    """
    given = {
        called(name, *point): answer(*(_copy(argument) for argument in point)) for point in points
    }
    values = numbers(given, hint)
    if isinstance(values, Diagnosis):
        return values
    values = list(values.values())
    return name_the_slip(list(given), values, points, right, slips, advice)


def name_the_slip(calls, values, points, right, slips, advice):
    """None if the values are right, else a Diagnosis with one value that is not."""
    expected = _table(right, points)
    if _agree(values, expected):
        return None
    seen = _most_telling(values, expected)
    got = f"{calls[seen]} gives {values[seen]:.4g}"
    for code, (formula, message, next_step) in slips.items():
        if _agree(values, _table(formula, points)):
            return Diagnosis(code, f"{got}: {message}", next_step)
    if all(close(*both, 0.03) for both in zip(values, expected, strict=True)):
        return Diagnosis(
            "nearly-right",
            f"{calls[seen]} gives {values[seen]:.6g}, and {expected[seen]:.6g} is right: close.",
            "is it rounded, an average over draws, or an approximation? A formula gives all digits",
        )
    fine = [call for call, *both in zip(calls, values, expected, strict=True) if close(*both)]
    digits = f"{got}, and {expected[seen]:.4g} is right"
    if not math.isfinite(values[seen]):
        advice = f"where does it divide by 0, or take the root of a negative number? Then: {advice}"
    where = f"; {fine[0]} is right already." if fine else "."
    return Diagnosis("another-formula", f"{digits}{where}", advice)


def close(value, expected, rel_tol=1e-5):
    return math.isclose(value, expected, rel_tol=rel_tol, abs_tol=1e-9)


def _agree(values, expected):
    return all(map(close, values, expected))


def _table(formula, points):
    """The values of a formula; NaN, which agrees with nothing, where it has none."""
    table = []
    for point in points:
        try:
            table.append(float(formula(*point)))
        except (ArithmeticError, ValueError):
            table.append(math.nan)
    return table


def _most_telling(values, expected):
    """Where the two differ so that four digits show it, or else where they differ at all."""
    apart = [i for i, both in enumerate(zip(values, expected, strict=True)) if not close(*both)]
    return next((i for i in apart if not close(values[i], expected[i], 0.01)), apart[0])


def called(name, *arguments):
    """A call as a reader would write it.

    >>> called("f", 0.5, np.ones(2), "SGD")
    "f(0.5, [1.0, 1.0], 'SGD')"
    """
    return f"{name}({', '.join(map(_written, arguments))})"


def _written(argument):
    if isinstance(argument, np.ndarray):
        short = argument.size <= 4
        return str(np.round(argument, 2).tolist()) if short else f"x of shape {argument.shape}"
    return repr(argument)


def described(value):
    """What sort of thing came back, in a few words."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"an array of shape {tuple(shape)}"
    if isinstance(value, tuple | list) and any(hasattr(entry, "shape") for entry in value):
        return f"a {type(value).__name__} of {len(value)} thing{'s' * (len(value) != 1)}"
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a class of the reader's own
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."


def every_unit_has_a_draw(subject):
    """A check: neither does one number decide over the whole array, nor is the count fixed."""
    x = np.ones((40, 40), dtype=np.float32)
    dropped = [np.asarray(subject.make(0.5, seed).forward(x.copy())) == 0 for seed in range(8)]
    shares = {float(mask.mean()) for mask in dropped}
    if len(shares) == 1 and (dropped[0] != dropped[1]).any():
        return Diagnosis(
            "fixed-number-dropped",
            f"in every pass exactly {dropped[0].sum():,} of the 1,600 units are dropped",
            "each unit tosses its own coin: the number dropped varies from pass to pass",
        )
    if shares == {0.0, 1.0}:
        return Diagnosis(
            "one-draw-for-all",
            "at p = 0.5 some passes drop all of the 1,600 units and the others drop none.",
            "one random number decides over everything: draw one for each entry of x",
        )
    return None


def _copy(argument):
    return argument.copy() if isinstance(argument, np.ndarray) else argument


# --- what several questions with different numbers say about an answer ---------------------------


def agrees(answers, questions, formula, rtol=1e-6, atol=1e-9):
    """Whether all answers are what ``formula`` gives for their questions.

    Args:
        answers: what came back, one for each question.
        questions: the arguments of each call, as tuples.
        formula: a function of these arguments.

    >>> agrees([4, 9], [(2,), (3,)], lambda x: x**2)
    True
    >>> agrees([4, 6], [(2,), (3,)], lambda x: x**2)  # right for one of them
    False
    """
    for answer, question in zip(answers, questions, strict=True):
        wanted = formula(*question)
        if np.shape(answer) != np.shape(wanted):
            return False
        if not np.allclose(answer, wanted, rtol=rtol, atol=atol):
            return False
    return True


def first_wrong(answers, questions, formula, rtol=1e-6, atol=1e-9):
    """(question, answer, what is right) for the first question that is answered otherwise.

    >>> first_wrong([4, 6], [(2,), (3,)], lambda x: x**2)
    ((3,), 6, 9)
    """
    return next(
        (question, answer, formula(*question))
        for answer, question in zip(answers, questions, strict=True)
        if not agrees([answer], [question], formula, rtol, atol)
    )
