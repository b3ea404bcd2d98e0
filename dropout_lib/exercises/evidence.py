"""Exercises and quiz of chapter 11."""

import math

from ..checks import Diagnosis
from ..experiments import mean_interval, paired_difference
from .core import NOT_STARTED, Exercise, multiple_choice

A = (10.1, 9.0, 11.2, 8.7, 10.4)
B = (9.7, 8.8, 10.1, 8.8, 9.9)
T = 2.77645  # Student's t at 97.5% with 4 degrees of freedom


def judge_interval(paired_interval):
    """Compare with the interval of the library, and with the usual wrong ones."""
    a, b = list(A), list(B)
    answer = paired_interval(a, b)
    if answer is None:
        return NOT_STARTED
    if (a, b) != (list(A), list(B)):
        return Diagnosis("input-changed", "your function changes its lists.", "work on new ones")
    try:
        found = tuple(float(number) for number in answer)
        mean, low, high = found
    except (TypeError, ValueError):
        return Diagnosis(
            "not-three-numbers",
            f"three numbers are asked for, but it gave {answer!r}.",
            "return mean, low, high",
        )
    right = paired_difference(a, b)
    if _close(found, (right.mean, right.low, right.high)):
        return _judge_more_runs(paired_interval)
    if not math.isclose(mean, right.mean, rel_tol=1e-6):
        return _wrong_mean(mean, right.mean)
    return _wrong_width((low, high), right)


def _judge_more_runs(paired_interval):
    """With eight runs the quantile is another one than with five."""
    a, b = [*A, 9.6, 10.9, 8.9], [*B, 9.9, 10.2, 8.1]
    right = paired_difference(a, b)
    found = tuple(float(number) for number in paired_interval(list(a), list(b)))
    if _close(found, (right.mean, right.low, right.high)):
        return None
    says = (
        f"right for five runs, but for eight it is [{right.low:.2f}, {right.high:.2f}], and "
        f"[{found[1]:.2f}, {found[2]:.2f}] came back."
    )
    fixed = T * _standard_error([x - y for x, y in zip(a, b, strict=True)])
    if math.isclose((found[2] - found[1]) / 2, fixed, rel_tol=2e-3):
        hint = "take n = len(a), also for the degrees of freedom of t"
        return Diagnosis("five-runs-only", says, hint)
    return Diagnosis("other-pairs", says, "pairs are at the same place: subtract, and don't sort")


def _wrong_mean(mean, right):
    if math.isclose(mean, -right, rel_tol=1e-6):
        return Diagnosis(
            "sign-reversed",
            f"the mean difference is {right:.2f}, yours is {mean:.2f}.",
            "a − b: positive where the errors of b are smaller",
        )
    return Diagnosis(
        "mean-off",
        f"the mean of the five differences is not {mean:g}.",
        "subtract pair by pair, then take the mean",
    )


def _wrong_width(ends, right):
    """What is wrong with an interval whose mean is right."""
    low, high = ends
    if low > high:
        return Diagnosis("ends-swapped", "low lies above high.", "return mean, low, high")
    half = (high - low) / 2
    n, standard_error = len(A), _standard_error(_differences())
    t = (right.high - right.mean) / standard_error
    known = {
        "normal-not-student": (
            1.96 * standard_error,
            "1.96 is for many runs",
            "five runs: t, 2.78",
        ),
        "deviation-of-all-n": (
            t * standard_error * math.sqrt((n - 1) / n),
            "the standard deviation divides by n",
            "from a sample, divide by n − 1: statistics.stdev, or ddof=1",
        ),
        "not-of-the-mean": (
            t * standard_error * math.sqrt(n),
            "this is how far single runs spread",
            "the mean of n runs varies √n times less",
        ),
        "not-paired": (_welch_half(), "you compare two heaps", "differences first, pair by pair"),
        "wrong-freedom": (
            2.5706 * standard_error,
            "this is t for 5 degrees of freedom",
            "n differences leave n − 1",
        ),
        "one-sided": (
            2.1318 * standard_error,
            "this is t at 95%, with 5% on each side",
            "95% in the middle leaves 2.5% on each side: t at 97.5%",
        ),
        "standard-error-only": (
            standard_error,
            "this is one standard error to each side",
            "multiply it by Student's t",
        ),
    }
    for code, (wrong, says, hint) in known.items():
        if math.isclose(half, wrong, rel_tol=2e-3):
            return Diagnosis(code, f"mean right, width not: {says}.", hint)
    return Diagnosis(
        "width-off",
        f"the mean is right, but the interval is {high - low:.2f} wide.",
        "mean ± t · s/√n, with s the standard deviation of the differences",
    )


def _differences():
    return [x - y for x, y in zip(A, B, strict=True)]


def _standard_error(values):
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return math.sqrt(variance / len(values))


def _welch_half():
    from scipy.stats import ttest_ind

    ends = ttest_ind(A, B, equal_var=False).confidence_interval(0.95)
    return float(ends.high - ends.low) / 2


def _close(found, wanted):
    return all(math.isclose(x, y, rel_tol=1e-3) for x, y in zip(found, wanted, strict=True))


def paired_interval(a, b):
    import scipy.stats

    differences = [x - y for x, y in zip(a, b, strict=True)]
    n = len(differences)
    mean = sum(differences) / n
    variance = sum((d - mean) ** 2 for d in differences) / (n - 1)
    half = scipy.stats.t.ppf(0.975, n - 1) * (variance / n) ** 0.5
    return mean, mean - half, mean + half


# --- verdicts ----------------------------------------------------------------------------------

LEDGERS = (  # intervals, right verdict
    ([(0.2, 1.5), (1.0, 3.0)], "holds"),
    ([(0.2, 1.5), (-0.4, 0.9)], "depends"),
    ([(0.2, 1.5), (-2.0, -0.5)], "depends"),
    ([(-0.4, 0.9), (-0.1, 1.9)], "fails"),
    ([(-2.0, -0.5)], "fails"),
    ([(0.0, 1.0)], "fails"),
    ([(-2.0, -0.5), (-0.1, 3.0)], "fails"),
)


def judge_verdict(verdict):
    answers = [verdict(list(intervals)) for intervals, _ in LEDGERS]
    if all(answer is None for answer in answers):
        return NOT_STARTED
    unknown = [answer for answer in answers if answer not in ("holds", "depends", "fails")]
    if unknown:
        return Diagnosis(
            "no-such-verdict",
            f"{unknown[0]!r} is no verdict.",
            'return "holds", "depends" or "fails"',
        )
    wrong = {i for i, (_, right) in enumerate(LEDGERS) if answers[i] != right}
    return _diagnosis_of_verdicts(answers, wrong) if wrong else None


def _diagnosis_of_verdicts(answers, wrong):
    if wrong == {5}:
        return Diagnosis(
            "touching-is-not-above",
            "the interval from 0 to 1 touches 0.",
            "to support a claim an interval has to lie above 0, not on it",
        )
    if answers[3] == "holds":
        return Diagnosis(
            "means-not-intervals",
            "(−0.4, 0.9) and (−0.1, 1.9) have their middle above 0, and contain 0.",
            "the lower end has to lie above 0",
        )
    if answers[1] == "holds":
        return Diagnosis(
            "undecided-counted-as-support",
            "one interval of two contains 0, and you say the claim holds.",
            "no support is no support, also where nothing is contradicted",
        )
    if answers[3] == "depends":
        return Diagnosis(
            "not-shown-is-not-depends",
            "no interval lies above 0, and you say it depends.",
            "“depends” asks for at least one condition that supports the claim",
        )
    if answers[1] == "fails" or answers[2] == "fails":
        return Diagnosis(
            "one-support-is-something",
            "one interval of two lies above 0, and you say the claim fails.",
            "that is what “depends” is for",
        )
    intervals, right = LEDGERS[min(wrong)]
    return Diagnosis(
        "verdict-off",
        f"{intervals} gives {right!r}, not {answers[min(wrong)]!r}.",
        "count how many intervals lie above 0: all, some or none",
    )


def verdict(intervals):
    supports = [low > 0 for low, high in intervals]
    if all(supports):
        return "holds"
    return "depends" if any(supports) else "fails"


# --- tuning ------------------------------------------------------------------------------------

RUNS = (
    {"learning_rate": 0.02, "validation_error": 0.091, "test_error": 0.098},
    {"learning_rate": 0.05, "validation_error": 0.082, "test_error": 0.101},
    {"learning_rate": 0.1, "validation_error": 0.079, "test_error": 0.104},
    {"learning_rate": 0.2, "validation_error": 0.095, "test_error": 0.092},
)


def judge_tuned_error(tuned_error):
    answer = tuned_error([dict(run) for run in RUNS])
    if answer is None:
        return NOT_STARTED
    if isinstance(answer, dict):
        return Diagnosis(
            "whole-run", "that is a whole run.", 'the number asked for is its "test_error"'
        )
    try:
        value = float(answer)
    except (TypeError, ValueError):
        return Diagnosis("not-a-number", f"{answer!r} is not a number.", "return an error")
    tests = [run["test_error"] for run in RUNS]
    known = {
        0.092: (
            "tuned-on-test",
            "0.092 is the lowest test error: you chose by what you want to measure.",
            "choose by the validation error; look at the test error once, afterwards",
        ),
        0.079: (
            "validation-reported",
            "0.079 is the validation error of the run chosen.",
            "the lowest of four is low by luck too: report the test error of that run",
        ),
        0.1: (
            "a-learning-rate",
            "0.1 is the learning rate chosen.",
            'return the "test_error" of that run',
        ),
        sum(tests) / 4: (
            "mean-of-all",
            "that is the mean test error of all four.",
            "one run is chosen; the others do not count",
        ),
        tests[0]: (
            "first-run",
            "that is the first run's.",
            "which has the lowest validation error?",
        ),
    }
    if math.isclose(value, 0.104):
        return _judge_other_runs(tuned_error)
    for wrong, diagnosis in known.items():
        if math.isclose(value, wrong):
            return Diagnosis(*diagnosis)
    return Diagnosis("another-number", f"{value:g} is not it.", "choose, then look up")


def _judge_other_runs(tuned_error):
    """The chosen run is the third, and its test error the highest: with other runs it is not."""
    runs = [dict(run, test_error=0.2 - run["test_error"]) for run in RUNS]
    answer = tuned_error(runs)
    if math.isclose(answer, max(run["test_error"] for run in runs)):
        return Diagnosis(
            "worst-of-all",
            "you take the highest test error.",
            "let the validation error choose, whatever the test error says",
        )
    validation = [run["validation_error"] for run in reversed(RUNS)]
    others = [dict(run, validation_error=v) for run, v in zip(RUNS, validation, strict=True)]
    if not (math.isclose(answer, 0.2 - 0.104) and math.isclose(tuned_error(others), 0.101)):
        return Diagnosis(
            "same-run-always",
            "with other errors the answer is another one, and yours is not.",
            "find the run by its validation error, not by its place or its learning rate",
        )
    return None


def tuned_error(runs):
    chosen = min(runs, key=lambda run: run["validation_error"])
    return chosen["test_error"]


def _interval_with(half_of):
    """A wrong interval: right mean, and a half width of the differences' standard error."""

    def wrong(a, b):
        differences = [x - y for x, y in zip(a, b, strict=True)]
        mean = sum(differences) / len(differences)
        half = half_of(_standard_error(differences), len(differences))
        return mean, mean - half, mean + half

    return wrong


def _interval_unpaired(a, b):
    mean, half = sum(a) / len(a) - sum(b) / len(b), _welch_half()
    return mean, mean - half, mean + half


def _interval_of_b(a, b):
    found = paired_difference(b, a)
    return found.mean, found.low, found.high


def _interval_of_a(a, b):
    found = mean_interval(a)
    return found.mean, found.low, found.high


def _ends_swapped(a, b):
    found = paired_difference(a, b)
    return found.mean, found.high, found.low


def _sorts_in_place(a, b):
    a.sort()
    b.sort()
    return _interval_unpaired(a, b)


EXERCISES = (
    Exercise(
        name="11-interval",
        title="The interval of a paired comparison",
        statement=(
            "Write `paired_interval(a, b)`: two lists of errors, of which those at the same place "
            "belong to the same seed. Return `mean, low, high` of the difference a − b, with "
            "Student's 95% interval. `scipy.stats.t.ppf(q, degrees_of_freedom)` gives the "
            "quantiles."
        ),
        starter=(
            "import scipy.stats\n\n\ndef paired_interval(a, b):\n    # your code\n    ...\n\n\n"
            'check("11-interval", paired_interval)'
        ),
        hints=(
            "Pairs first: make one list out of two, the differences.",
            "The mean of n values has the standard error s/√n, where s² divides by n − 1.",
            "95% in the middle leaves 2.5% at each end: `scipy.stats.t.ppf(0.975, n - 1)`.",
        ),
        solution=paired_interval,
        explanation=(
            "Everything that both runs of a seed share, an easy split or a hard one, drops out of "
            "the differences. Student's t in place of 1.96 is the price of estimating s from few "
            "runs: with five it is 2.78."
        ),
        judge=judge_interval,
        wrong_answers=(
            (_interval_unpaired, "not-paired"),
            (_interval_of_b, "sign-reversed"),
            (_interval_of_a, "mean-off"),
            (_interval_with(lambda se, n: 1.96 * se), "normal-not-student"),
            (_interval_with(lambda se, n: T * se * math.sqrt((n - 1) / n)), "deviation-of-all-n"),
            (_interval_with(lambda se, n: T * se * math.sqrt(n)), "not-of-the-mean"),
            (_interval_with(lambda se, n: 2.5706 * se), "wrong-freedom"),
            (_interval_with(lambda se, n: 2.1318 * se), "one-sided"),
            (_interval_with(lambda se, n: se), "standard-error-only"),
            (_interval_with(lambda se, n: 1.0), "width-off"),
            (_interval_with(lambda se, n: T * se), "five-runs-only"),
            (lambda a, b: paired_interval(sorted(a), sorted(b)), "other-pairs"),
            (_ends_swapped, "ends-swapped"),
            (_sorts_in_place, "input-changed"),
            (lambda a, b: 0.5, "not-three-numbers"),
            (lambda a, b: None, "not-started"),
        ),
    ),
    Exercise(
        name="11-verdict",
        title="From intervals to a verdict",
        statement=(
            "Write `verdict(intervals)`: a list of pairs (low, high), one for each condition of a "
            "claim that asks for an effect above 0. Return the book's verdict: `holds`, `depends` "
            "or `fails`."
        ),
        starter=(
            'def verdict(intervals):\n    # your code\n    ...\n\n\ncheck("11-verdict", verdict)'
        ),
        hints=(
            "What does one interval have to do to support the claim?",
            "All of it has to lie above 0, so look at its lower end alone.",
            "`supports = [low > 0 for low, high in intervals]`, and then all, some or none.",
        ),
        solution=verdict,
        explanation=(
            "An interval that contains 0 supports nothing. That is why “fails” covers two cases "
            "that you should keep apart: all intervals below 0 (the opposite is shown), and "
            "intervals that contain 0 (not shown). The ledger says which it is beside the verdict."
        ),
        judge=judge_verdict,
        wrong_answers=(
            (
                lambda intervals: "holds" if all(a + b > 0 for a, b in intervals) else "fails",
                "means-not-intervals",
            ),
            (
                lambda intervals: (
                    "holds"
                    if all(a >= 0 for a, _ in intervals)
                    else "depends"
                    if any(a >= 0 for a, _ in intervals)
                    else "fails"
                ),
                "touching-is-not-above",
            ),
            (
                lambda intervals: (
                    "fails"
                    if any(b < 0 for _, b in intervals) or not any(a > 0 for a, _ in intervals)
                    else "holds"
                ),
                "undecided-counted-as-support",
            ),
            (
                lambda intervals: (
                    "holds"
                    if all(a > 0 for a, _ in intervals)
                    else "fails"
                    if all(b < 0 for _, b in intervals)
                    else "depends"
                ),
                "not-shown-is-not-depends",
            ),
            (
                lambda intervals: "holds" if all(a > 0 for a, _ in intervals) else "fails",
                "one-support-is-something",
            ),
            (
                lambda intervals: "fails" if len(intervals) == 1 else "depends",
                "not-shown-is-not-depends",
            ),
            (lambda intervals: "definition", "no-such-verdict"),
            (lambda intervals: True, "no-such-verdict"),
            (lambda intervals: None, "not-started"),
        ),
    ),
    Exercise(
        name="11-tuned",
        title="Which of four?",
        statement=(
            "Write `tuned_error(runs)`. Each run is a dict with `learning_rate`, "
            "`validation_error` and `test_error`. Return the error that a report of the tuned "
            "network may print."
        ),
        starter=(
            'def tuned_error(runs):\n    # your code\n    ...\n\n\ncheck("11-tuned", tuned_error)'
        ),
        hints=(
            "Two numbers of a run have two purposes: one chooses, one reports.",
            "The number that chose is too low, because it was chosen for being low.",
            '`min(runs, key=lambda run: run["validation_error"])` gives the run that is chosen.',
        ),
        solution=tuned_error,
        explanation=(
            "Here another run has a lower test error, and it must not be printed. Whoever picks "
            "the best test error measures how many settings he tried as well as how good the "
            "network is. With more settings on one side than on the other, that side wins."
        ),
        judge=judge_tuned_error,
        wrong_answers=(
            (lambda runs: min(run["test_error"] for run in runs), "tuned-on-test"),
            (lambda runs: min(run["validation_error"] for run in runs), "validation-reported"),
            (lambda runs: sum(run["test_error"] for run in runs) / len(runs), "mean-of-all"),
            (lambda runs: max(run["test_error"] for run in runs), "worst-of-all"),
            (lambda runs: runs[0]["test_error"], "first-run"),
            (lambda runs: runs[2]["test_error"], "same-run-always"),
            (lambda runs: 0.104, "same-run-always"),
            (lambda runs: min(runs, key=lambda r: r["validation_error"]), "whole-run"),
            (lambda runs: 0.1, "a-learning-rate"),
            (lambda runs: 0.5, "another-number"),
            (lambda runs: "0.1 or so", "not-a-number"),
            (lambda runs: None, "not-started"),
        ),
    ),
)

QUIZ = [
    multiple_choice(
        "The interval for what dropout gains, over ten paired runs, is [−0.1, 0.9] points. What "
        "may you write?",
        "How a verdict is made",
        (
            "Ten runs cannot tell whether it gains anything",
            "A loss of a tenth of a point and a gain of nine tenths are both within what was seen.",
        ),
        (
            "Dropout gains 0.4 points",
            "0.4 is the middle. The interval says how little that pins down.",
        ),
        (
            "Dropout gains nothing",
            "Then 0.9 would have to be excluded, too. Not seen is not absent.",
        ),
        (
            "It gains with a probability of 90%",
            "The interval is no distribution of the effect: nine tenths of its length say "
            "nothing about a probability.",
        ),
    ),
    multiple_choice(
        "A claim has three conditions: one interval above 0, one that contains 0, one below. "
        "What is the verdict?",
        "How a verdict is made",
        (
            "depends",
            "Some conditions support it, and some don't.",
        ),
        (
            "holds",
            "All conditions have to support a claim for it to hold.",
        ),
        (
            "fails",
            "It fails if no condition supports it. One does.",
        ),
    ),
    multiple_choice(
        "What do paired seeds buy?",
        "Runs in pairs",
        (
            "What both runs of a pair share drops out of the difference",
            "An easy split is easy for both. Where little is shared, pairing buys little, as "
            "you saw with half of the units deleted.",
        ),
        (
            "The effect gets larger",
            "The mean difference is the same number, paired or not. Its interval changes.",
        ),
        (
            "Both networks get the same error",
            "They get the same data and the same start. What they make of it is what is measured.",
        ),
    ),
    {
        "question": "Of 200 independent comparisons none has an effect. How many 95% intervals "
        "do you expect to leave 0 out?",
        "section": "What the ledger cannot say",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 10,
                "correct": True,
                "feedback": "5% of 200, and each of them looks like a discovery.",
            },
            {
                "type": "value",
                "value": 0,
                "correct": False,
                "feedback": "A 95% interval misses in one case of twenty, also if there is "
                "nothing to find.",
            },
            {
                "type": "value",
                "value": 190,
                "correct": False,
                "feedback": "These contain 0. The others are asked for.",
            },
            {
                "type": "default",
                "feedback": "A 95% interval misses in 5% of the cases.",
            },
        ],
    },
    multiple_choice(
        "You add runs one by one, and stop as soon as the interval leaves 0 out. What is wrong "
        "with the interval that you print?",
        "How many runs does it take?",
        (
            "It had many chances to leave 0 out, and you took the first",
            "95% is for one look at a number of runs fixed beforehand.",
        ),
        (
            "Nothing: it is a 95% interval",
            "It would be, had you fixed the number of runs beforehand.",
        ),
        (
            "It is too wide, as you stopped with as few runs as you could",
            "Student's t takes care of few runs. It does not know of the looks that came before.",
        ),
    ),
    multiple_choice(
        "The ledger says “fails, not shown” of a claim. What do you know?",
        "What the ledger cannot say",
        (
            "Our runs do not show it, in the conditions that are listed",
            "More runs, other data or a larger network may.",
        ),
        (
            "It is false",
            "“The opposite is shown” or “shown to be false” would say that, and the first of "
            "them for our conditions only.",
        ),
        (
            "The experiment had a mistake, or the effect would have appeared",
            "An effect that does not appear is a result. Looking for mistakes is due in both "
            "cases.",
        ),
    ),
]
