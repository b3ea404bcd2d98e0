"""Exercises and quiz of chapter 11."""

import math

from ..checks import Diagnosis
from ..experiments import mean_interval, paired_difference
from .answers import agrees, first_wrong
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
    ends = (right.mean, right.low, right.high)
    if _close(found, ends):
        return _judge_more_runs(paired_interval)
    if any(_close(found, [round(end, digits) for end in ends]) for digits in (1, 2)):
        return Diagnosis(
            "rounded",
            f"right, but rounded: {found} instead of ({', '.join(f'{end:.4f}' for end in ends)}).",
            "return the numbers as they are, and round where you print them",
        )
    if _close(sorted(found), sorted(ends)):
        return Diagnosis(
            "another-order",
            f"the three numbers are right, in another order: {found}.",
            "return mean, low, high",
        )
    if not math.isclose(mean, right.mean, rel_tol=1e-3):
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
    if math.isclose(mean, sorted(_differences())[2], rel_tol=1e-6):
        return Diagnosis(
            "median",
            f"{mean:g} is the median of the five differences.",
            f"Student's interval is one of the mean, {right:.2f}",
        )
    if math.isclose(mean, sum(map(abs, _differences())) / 5, rel_tol=1e-6):
        return Diagnosis(
            "absolute-differences",
            f"{mean:g} is the mean of the differences without their signs.",
            "a run that speaks against it has to count against it: no abs()",
        )
    relative = [d / x for d, x in zip(_differences(), A, strict=True)]
    if math.isclose(mean, sum(relative) / 5, rel_tol=1e-6):
        return Diagnosis(
            "relative",
            "the differences were divided by a.",
            "the interval of the difference a − b is asked for, in the unit of the errors",
        )
    return Diagnosis(
        "mean-off",
        f"the mean of the five differences is not {mean:g}.",
        "subtract pair by pair, then take the mean",
    )


def _wrong_width(ends, right):
    """What is wrong with an interval whose mean is right."""
    low, high = ends
    if math.isclose(low, right.low - right.mean, rel_tol=2e-3):
        return Diagnosis(
            "around-zero",
            f"the ends are {low:.2f} and {high:.2f}: that is how far the interval reaches from its "
            "middle.",
            "its middle is the mean: mean − half and mean + half",
        )
    if low > high:
        return Diagnosis("ends-swapped", "low lies above high.", "return mean, low, high")
    if math.isclose(low, min(_differences())) and math.isclose(high, max(_differences())):
        return Diagnosis(
            "lowest-and-highest",
            "mean right, width not: these are the lowest and the highest of the differences.",
            "more runs would make that wider; how well is the mean known?",
        )
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
        "two-standard-errors": (
            2 * standard_error,
            "two standard errors are for many runs",
            "with five runs it is Student's t for them",
        ),
        "another-confidence": (
            4.6041 * standard_error,
            "this is the 99% interval",
            "95% in the middle leaves 2.5% on each side: t at 97.5%",
        ),
        "not-paired ": (
            _pooled_half(),
            "you compare two heaps",
            "differences first, pair by pair",
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
            return Diagnosis(code.strip(), f"mean right, width not: {says}.", hint)
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


def _welch_half(equal_var=False):
    from scipy.stats import ttest_ind

    ends = ttest_ind(A, B, equal_var=equal_var).confidence_interval(0.95)
    return float(ends.high - ends.low) / 2


def _pooled_half():
    return _welch_half(equal_var=True)


def _close(found, wanted):
    return all(
        math.isclose(x, y, rel_tol=1e-3, abs_tol=6e-4) for x, y in zip(found, wanted, strict=True)
    )


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
    ([(-0.4, 0.9), (0.2, 1.5)], "depends"),
    ([(0.2, 1.5), (0.3, 2.0), (-0.1, 0.9)], "depends"),
    ([(0.2, 1.5), (-0.4, 0.9), (-0.3, 0.7)], "depends"),
)
_USUAL = (  # other rules than the book's
    (
        lambda intervals: "holds" if intervals[0][0] > 0 else "fails",
        "first-only",
        "it goes by the first interval, whatever the others are.",
        "one interval for each condition, and all of them count",
    ),
    (
        lambda intervals: "holds" if intervals[-1][0] > 0 else "fails",
        "last-only",
        "it goes by the last interval, whatever the others are: does your loop return, or "
        "overwrite, too early?",
        "look at all intervals first, and decide then",
    ),
    (
        lambda intervals: (
            "holds" if 2 * sum(low > 0 for low, _ in intervals) > len(intervals) else "fails"
        ),
        "majority",
        "it goes by the majority of the intervals.",
        "one condition without support is enough for “depends”, and so is one with it",
    ),
    (
        lambda intervals: "holds" if any(low > 0 for low, _ in intervals) else "fails",
        "one-is-not-all",
        "one interval above 0 is enough for you, and the claim holds.",
        "it holds if all of them are above 0",
    ),
    (
        lambda intervals: {"holds": "fails", "fails": "holds"}.get(verdict(intervals), "depends"),
        "turned-round",
        "intervals above 0 make the claim fail, and the others make it hold.",
        "the claim asks for an effect above 0",
    ),
    (
        lambda intervals: verdict([(0.5 if high < 0 else low, high) for low, high in intervals]),
        "direction-ignored",
        "an interval below 0 is taken for support: it is clear, and speaks for the opposite.",
        "the claim asks for an effect *above* 0",
    ),
    (
        lambda intervals: verdict([(high, high) for _, high in intervals]),
        "upper-end",
        "an interval that contains 0 is taken for support: it is the upper end that you look at.",
        "all of the interval lies above 0 if its *lower* end does",
    ),
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
    if len(set(answers)) == 1:
        return Diagnosis(
            "always-the-same",
            f"it says {answers[0]!r} whatever the intervals are.",
            "some of these claims hold, some depend and some fail: what tells them apart?",
        )
    for rule, *words in _USUAL:
        if answers == [rule(intervals) for intervals, _ in LEDGERS]:
            return Diagnosis(*words)
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


_OTHER_RUNS = (
    {"learning_rate": 0.03, "validation_error": 0.120, "test_error": 0.118},
    {"learning_rate": 0.3, "validation_error": 0.100, "test_error": 0.125},
    {"learning_rate": 0.01, "validation_error": 0.140, "test_error": 0.110},
    {"learning_rate": 0.1, "validation_error": 0.150, "test_error": 0.130},
    {"learning_rate": 0.5, "validation_error": 0.104, "test_error": 0.113},
)
_TUNED = ((RUNS,), (RUNS[1:],), (_OTHER_RUNS,), (RUNS[::-1],))


def _of_the_run_with(best, by):
    """The rule that takes the test error of the run that is best, min or max, by some number."""
    return lambda runs: best(runs, key=by)["test_error"]


_SLIPS_OF_TUNING = (
    (
        lambda runs: min(run["test_error"] for run in runs),
        "tuned-on-test",
        "that is the lowest test error: you chose by what you want to measure.",
        "choose by the validation error; look at the test error once, afterwards",
    ),
    (
        lambda runs: min(run["validation_error"] for run in runs),
        "validation-reported",
        "that is the validation error of the run chosen.",
        "the lowest of several is low by luck too: report the test error of that run",
    ),
    (
        lambda runs: min(runs, key=lambda run: run["validation_error"])["learning_rate"],
        "a-learning-rate",
        "that is the learning rate chosen.",
        'return the "test_error" of that run',
    ),
    (
        lambda runs: sum(run["test_error"] for run in runs) / len(runs),
        "mean-of-all",
        "that is the mean test error of all runs.",
        "one run is chosen; the others do not count",
    ),
    (
        lambda runs: runs[0]["test_error"],
        "first-run",
        "that is the first run's.",
        "which has the lowest validation error?",
    ),
    (
        lambda runs: runs[-1]["test_error"],
        "last-run",
        "that is the last run's.",
        "which has the lowest validation error?",
    ),
    (
        lambda runs: max(run["test_error"] for run in runs),
        "worst-of-all",
        "you take the highest test error.",
        "let the validation error choose, whatever the test error says",
    ),
    (
        _of_the_run_with(max, lambda run: run["validation_error"]),
        "highest-chosen",
        "the run with the *highest* validation error was chosen.",
        "of errors the lowest is the best",
    ),
    (
        _of_the_run_with(min, lambda run: run["validation_error"] + run["test_error"]),
        "chosen-by-both",
        "validation and test error together did the choosing.",
        "the test error may not choose at all, not even with half a voice",
    ),
    (
        _of_the_run_with(min, lambda run: abs(run["validation_error"] - run["test_error"])),
        "smallest-difference",
        "the run was chosen whose validation and test error are closest to each other.",
        "the test error may not choose: the lowest validation error does",
    ),
)


def judge_tuned_error(tuned_error):
    answers = [tuned_error([dict(run) for run in runs]) for (runs,) in _TUNED]
    if any(answer is None for answer in answers):
        return NOT_STARTED
    if isinstance(answers[0], dict):
        return Diagnosis(
            "whole-run", "that is a whole run.", 'the number asked for is its "test_error"'
        )
    try:
        answers = [float(answer) for answer in answers]
    except (TypeError, ValueError):
        return Diagnosis("not-a-number", f"{answers[0]!r} is not a number.", "return an error")
    if agrees(answers, _TUNED, chosen_by_validation):
        return None
    for rule, *words in _SLIPS_OF_TUNING:
        if agrees(answers, _TUNED, rule):
            return Diagnosis(*words)
    (runs,), found, right = first_wrong(answers, _TUNED, chosen_by_validation)
    if runs is not RUNS:
        return Diagnosis(
            "same-run-always",
            f"for {len(runs)} other runs {right:g} may be printed, and {found:g} came back.",
            "find the run by its validation error, not by its place or its learning rate",
        )
    return Diagnosis(
        "another-number",
        f"for validation errors {[run['validation_error'] for run in runs]} and test errors "
        f"{[run['test_error'] for run in runs]} it gives {found:g}.",
        "choose by the one, then look up the other",
    )


def chosen_by_validation(runs):
    return _of_the_run_with(min, lambda run: run["validation_error"])(runs)


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


def _half(a, b):
    mean, low, _ = paired_interval(a, b)
    return mean - low


def _interval_of_medians(a, b):
    import statistics

    middle = statistics.median(x - y for x, y in zip(a, b, strict=True))
    return middle, middle - _half(a, b), middle + _half(a, b)


def _interval_relative(a, b):
    return paired_interval([(x - y) / x for x, y in zip(a, b, strict=True)], [0.0] * len(a))


def _sorts_in_place(a, b):
    a.sort()
    b.sort()
    return _interval_unpaired(a, b)


EXERCISES = (
    Exercise(
        name="11-interval",
        title="The interval of a paired comparison",
        statement=(
            "Write `paired_interval(a, b)`: two lists of errors, at least three in each, of which "
            "those at the same place belong to the same seed. Return `mean, low, high` of the "
            "difference a − b, with Student's 95% interval, not rounded. "
            "`scipy.stats.t.ppf(q, degrees_of_freedom)` gives the quantiles. For `[3, 5, 4]` and "
            "`[1, 2, 3]` they are 2, −0.48 and 4.48."
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
            (_ends_swapped, "another-order"),
            (lambda a, b: paired_interval(a, b)[::-1], "another-order"),
            (
                lambda a, b: paired_interval(
                    [abs(x - y) for x, y in zip(a, b, strict=True)], [0.0] * len(a)
                ),
                "absolute-differences",
            ),
            (
                lambda a, b: (
                    paired_interval(a, b)[0],
                    min(x - y for x, y in zip(a, b, strict=True)),
                    max(x - y for x, y in zip(a, b, strict=True)),
                ),
                "lowest-and-highest",
            ),
            (_interval_with(lambda se, n: 2 * se), "two-standard-errors"),
            (_interval_with(lambda se, n: 4.6041 * se), "another-confidence"),
            (_interval_with(lambda se, n: _pooled_half()), "not-paired"),
            (lambda a, b: tuple(round(x, 2) for x in paired_interval(a, b)), "rounded"),
            (_interval_of_medians, "median"),
            (_interval_relative, "relative"),
            (lambda a, b: (paired_interval(a, b)[0], 2 * _half(a, b)), "not-three-numbers"),
            (lambda a, b: (paired_interval(a, b)[0], -_half(a, b), _half(a, b)), "around-zero"),
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
            "claim that asks for an effect above 0; there is at least one. Return the book's "
            'verdict on the claim: "holds", "depends" or "fails".'
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
            *((rule, code) for rule, code, *_ in _USUAL),
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
            "A report finds the error of a tuned network so:\n\n"
            "```python\ndef tuned_error(runs):\n"
            '    return min(run["test_error"] for run in runs)\n```\n\n'
            "Each of `runs` is a dict with the numbers `learning_rate`, `validation_error` and "
            "`test_error`. What is wrong with that? Write `tuned_error(runs)` so that it returns "
            "the one error that such a report may print."
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
            (lambda runs: 0.104, "same-run-always"),
            (lambda runs: min(runs, key=lambda r: r["validation_error"]), "whole-run"),
            *((rule, code) for rule, code, *_ in _SLIPS_OF_TUNING[2:]),
            (lambda runs: runs[len(runs) // 2]["test_error"], "same-run-always"),
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
