"""Exercises and quiz of chapter 8: specimens of code to be mended, and judged as mended."""

import ast
import math

from ..checks import Diagnosis
from . import paired
from .core import NOT_STARTED, Exercise, multiple_choice

# --- an accuracy that leaves no trace ------------------------------------------------------------


def accuracy_mended(model, x, y):
    import torch

    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            return (model(x).argmax(dim=1) == y).float().mean().item()
    finally:
        for module, training in modes:
            module.training = training


def _accuracy_as_found(model, x, y):
    import torch

    model.eval()
    with torch.no_grad():
        return (model(x).argmax(dim=1) == y).float().mean().item()


def _accuracy_no_grad_only(model, x, y):
    import torch

    with torch.no_grad():
        return (model(x).argmax(dim=1) == y).float().mean().item()


def _accuracy_then_train(model, x, y):
    found = _accuracy_as_found(model, x, y)
    model.train()
    return found


def _accuracy_restores_the_top(model, x, y):
    training = model.training
    found = _accuracy_as_found(model, x, y)
    model.train(training)
    return found


def _accuracy_without_finally(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    found = _accuracy_as_found(model, x, y)
    for module, training in modes:
        module.training = training
    return found


def _accuracy_swallows(model, x, y):
    try:
        return accuracy_mended(model, x, y)
    except:  # noqa: E722
        return float("nan")


def _accuracy_counted(model, x, y):
    return round(accuracy_mended(model, x, y) * len(y))


def _accuracy_along_cases(model, x, y):
    import torch

    modes = [(module, module.training) for module in model.modules()]
    with torch.no_grad():
        best = model.eval()(x).argmax(dim=0)
    for module, training in modes:
        module.training = training
    return (best == y[: len(best)]).float().mean().item()


def _accuracy_of_the_loss(model, x, y):
    return 1 - accuracy_mended(model, x, y)


def _examinees():
    """Models with dropout, each with data of which it gets a known share right in evaluation."""
    import torch
    from torch import nn

    examinees = []
    for cases, wrong, classes in ((400, 100, 3), (60, 42, 4)):
        with torch.random.fork_rng():
            torch.manual_seed(cases)
            model = nn.Sequential(nn.Dropout(0.9), nn.Linear(8, classes))
            x = torch.randn(cases, 8)
        y = model.eval()(x).argmax(dim=1)
        y[:wrong] = (y[:wrong] + 1) % classes
        examinees.append((model.train(), x, y, 1 - wrong / cases))
    return examinees


def _slip_of_accuracy(answer, model, x, y, right):
    import torch

    values = []
    for seed in range(2):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            values.append(answer(model.train(), x, y))
    found, again = values
    if any(value is None for value in values):
        return NOT_STARTED
    counted = right * len(y)
    if not isinstance(found, float) and math.isclose(float(found), counted, rel_tol=1e-6):
        return Diagnosis(
            "counted",
            f"that is how many answers are right, {float(found):g} of {len(y)}.",
            "a share is their number divided by that of all cases",
        )
    if not isinstance(found, float):
        return Diagnosis(
            "no-number",
            f"it returns {type(found).__name__}, and a float is asked for.",
            "`.item()` makes a float of a tensor with one entry",
        )
    if math.isclose(found, right, abs_tol=1e-6):
        return None
    if found != again:
        return Diagnosis(
            "dropping",
            f"{right:.2f} of the answers are right, but it finds {found:.2f}, and then "
            f"{again:.2f}.",
            "no_grad() does not switch dropout off: model.eval() does",
        )
    slips = {
        1 - right: (
            "error-rate",
            "that is the share of wrong answers.",
            "accuracy counts where the answer equals y",
        ),
        100 * right: ("per-cent", "that is in per cent.", "a share lies between 0 and 1"),
        counted: (
            "counted",
            f"that is how many answers are right, {found:g} of {len(y)}.",
            "a share is their number divided by that of all cases",
        ),
    }
    for value, words in slips.items():
        if math.isclose(found, value, abs_tol=1e-4):
            return Diagnosis(*words)
    return Diagnosis(
        "another-share",
        f"for {len(y)} cases, of which {counted:.0f} are answered rightly, it finds {found:.4g}.",
        "the class with the largest output, argmax(dim=1), is the answer to a case",
    )


def judge_accuracy(answer):
    import torch
    from torch import nn

    examinees = _examinees()
    for examinee in examinees:
        if problem := _slip_of_accuracy(answer, *examinee):
            return problem
    dropping, x, y, _ = examinees[0]
    if not dropping.training:
        return Diagnosis(
            "left-in-evaluation",
            "the model was training before and is in evaluation afterwards: the next epoch would "
            "run without dropout.",
            "remember the mode before eval() and set it again",
        )
    answer(dropping.eval(), x, y)
    if dropping.training:
        return Diagnosis(
            "left-in-training",
            "the model was in evaluation before and is in training mode afterwards.",
            "set the mode that it had, not one that you suppose",
        )
    with torch.random.fork_rng():
        frozen = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 3)).train()
    frozen[1].eval()  # as one does in fine-tuning
    answer(frozen, x, y)
    if frozen[1].training or not frozen[2].training:
        return Diagnosis(
            "frozen-layer-thawed",
            "one layer of the model was in evaluation on purpose, and is in training mode now.",
            "every module has a mode of its own: remember it for all of model.modules()",
        )

    class Fails(nn.Linear):
        def forward(self, x):
            raise KeyboardInterrupt

    with torch.random.fork_rng():
        fails = Fails(8, 3).train()
    try:
        answer(fails, x, y)
    except KeyboardInterrupt:
        if fails.training:
            return None
        return Diagnosis(
            "left-when-interrupted",
            "if the evaluation is interrupted, the model stays in evaluation.",
            "put what restores the modes behind `finally`",
        )
    return Diagnosis(
        "interruption-hidden",
        "whoever interrupts the evaluation is not heard: your function goes on and returns.",
        "`finally:` lets the interruption through, a bare `except:` does not",
    )


# --- layers --------------------------------------------------------------------------------------


def layers(input_size, hidden_sizes, num_classes, dropout_rates):
    from torch import nn

    if len(hidden_sizes) != len(dropout_rates):
        raise ValueError(
            f"{len(hidden_sizes)} hidden sizes but {len(dropout_rates)} rates: "
            "give one rate per hidden layer"
        )
    built = []
    for size, rate in zip(hidden_sizes, dropout_rates, strict=True):
        built += [nn.Linear(input_size, size), nn.ReLU(), nn.Dropout(rate)]
        input_size = size
    return nn.Sequential(*built, nn.Linear(input_size, num_classes))


def _layers_as_found(input_size, hidden_sizes, num_classes, dropout_rates):
    from torch import nn

    built = []
    for size, rate in zip(hidden_sizes, dropout_rates):  # noqa: B905
        built += [nn.Linear(input_size, size), nn.ReLU(), nn.Dropout(rate)]
        input_size = size
    return nn.Sequential(*built, nn.Linear(input_size, num_classes))


def _layers_filled_up(input_size, hidden_sizes, num_classes, dropout_rates):
    missing = len(hidden_sizes) - len(dropout_rates)
    rates = [*dropout_rates, *missing * [0.0]][: len(hidden_sizes)]
    return layers(input_size, hidden_sizes, num_classes, rates)


def _layers_asserts(input_size, hidden_sizes, num_classes, dropout_rates):
    assert len(hidden_sizes) == len(dropout_rates)
    return layers(input_size, hidden_sizes, num_classes, dropout_rates)


def _layers_one_way(input_size, hidden_sizes, num_classes, dropout_rates):
    if len(dropout_rates) < len(hidden_sizes):
        raise ValueError(f"{len(dropout_rates)} rates for {len(hidden_sizes)} layers")
    return _layers_as_found(input_size, hidden_sizes, num_classes, dropout_rates)


def _layers_strict_only(input_size, hidden_sizes, num_classes, dropout_rates):
    from torch import nn

    built = []
    for size, rate in zip(hidden_sizes, dropout_rates, strict=True):
        built += [nn.Linear(input_size, size), nn.ReLU(), nn.Dropout(rate)]
        input_size = size
    return nn.Sequential(*built, nn.Linear(input_size, num_classes))


def _layers_drop_outputs(input_size, hidden_sizes, num_classes, dropout_rates):
    from torch import nn

    return nn.Sequential(
        *layers(input_size, hidden_sizes, num_classes, dropout_rates), nn.Dropout(0.5)
    )


def _layers_drop_inputs(input_size, hidden_sizes, num_classes, dropout_rates):
    from torch import nn

    built = []
    for size, rate in zip(hidden_sizes, dropout_rates, strict=True):
        built += [nn.Dropout(rate), nn.Linear(input_size, size), nn.ReLU()]
        input_size = size
    return nn.Sequential(*built, nn.Linear(input_size, num_classes))


def _layers_without_relu(input_size, hidden_sizes, num_classes, dropout_rates):
    from torch import nn

    model = layers(input_size, hidden_sizes, num_classes, dropout_rates)
    return nn.Sequential(*(layer for layer in model if not isinstance(layer, nn.ReLU)))


def _layers_always_on(input_size, hidden_sizes, num_classes, dropout_rates):
    from torch import nn

    class AlwaysOn(nn.Dropout):
        def forward(self, x):
            return nn.functional.dropout(x, self.p)

    model = layers(input_size, hidden_sizes, num_classes, dropout_rates)
    rebuilt = (AlwaysOn(m.p) if isinstance(m, nn.Dropout) else m for m in model)
    return nn.Sequential(*rebuilt)


def _layers_and_softmax(input_size, hidden_sizes, num_classes, dropout_rates):
    from torch import nn

    model = layers(input_size, hidden_sizes, num_classes, dropout_rates)
    return nn.Sequential(*model, nn.Softmax(dim=-1))


def _layers_in_reverse(input_size, hidden_sizes, num_classes, dropout_rates):
    return layers(input_size, hidden_sizes, num_classes, dropout_rates[::-1])


def _layers_two_only(input_size, hidden_sizes, num_classes, dropout_rates):
    return layers(input_size, hidden_sizes[:2], num_classes, dropout_rates[:2])


def _layers_keep(input_size, hidden_sizes, num_classes, dropout_rates):
    return layers(input_size, hidden_sizes, num_classes, [1 - rate for rate in dropout_rates])


def _linear_layers(model, bias, inputs=20, rows=2000):
    """(inputs, outputs, share of zeros in the input) of each linear layer, and the output.

    All weights and inputs are positive: with a positive bias every unit is active, and zeros are
    dropped units; with one far below 0 every unit is silent.
    """
    import torch
    from torch import nn

    seen, hooks = [], []

    def zeros(values):
        return (values == 0).float().mean().item()

    def note(layer, values):
        seen.append((layer.in_features, layer.out_features, zeros(values[0])))

    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.constant_(layer.weight, 0.1)
            nn.init.constant_(layer.bias, bias)
            hooks.append(layer.register_forward_pre_hook(note))
    with torch.no_grad():
        output = model(torch.ones(rows, inputs))
    for hook in hooks:
        hook.remove()
    return seen, output


_ORDERS = (  # inputs, hidden sizes, classes, rates
    (20, [16, 8], 3, [0.5, 0.2]),
    (12, [10], 4, [0.3]),
    (6, [9, 7, 11], 2, [0.2, 0.6, 0.4]),
)


def _slip_of_layers(model, inputs, hidden, classes, ordered):
    from torch import nn

    if not isinstance(model, nn.Module):
        return Diagnosis(
            "no-network",
            f"it returns {type(model).__name__}, and a network is asked for.",
            "return nn.Sequential(*built, nn.Linear(...))",
        )
    wanted = list(zip([inputs, *hidden], [*hidden, classes], strict=True))
    linear, output = _linear_layers(model.train(), bias=1.0, inputs=inputs)
    sizes = [layer[:2] for layer in linear]
    if sizes != wanted:
        return Diagnosis(
            "wrong-layers",
            f"for {inputs} inputs, hidden sizes {hidden} and {classes} classes the layers are "
            f"{sizes}.",
            "each layer begins where the one before it ended",
        )
    at_the_input, *rates = (round(layer[2], 1) for layer in linear)
    if (output == 0).any():
        return Diagnosis(
            "drops-outputs",
            "there is dropout behind the output layer.",
            "a dropped logit is a wrong answer, not noise to learn from",
        )
    if at_the_input > 0:
        return Diagnosis(
            "drops-inputs",
            "there is dropout in front of the first layer: it drops inputs.",
            "dropout stands behind each hidden layer's ReLU",
        )
    if rates != ordered and rates == [round(1 - rate, 1) for rate in ordered]:
        return Diagnosis(
            "keep-and-drop-swapped",
            "the rates are turned into 1 − rate: nn.Dropout's p is the probability to drop.",
            "hand the rates on as they are",
        )
    if rates != ordered:
        return Diagnosis(
            "wrong-rates",
            f"for rates {ordered} it drops with {rates}.",
            "one for each hidden layer, in their order",
        )
    if any(layer[2] for layer in _linear_layers(model.eval(), bias=1.0, inputs=inputs)[0]):
        return Diagnosis(
            "drops-in-evaluation",
            "it drops units after model.eval().",
            "nn.Dropout looks at the mode itself; F.dropout has to be told: training=self.training",
        )
    linear, output = _linear_layers(model.eval(), bias=-100.0, inputs=inputs)
    if not all(layer[2] == 1 for layer in linear[1:]):
        return Diagnosis(
            "no-relu",
            "hidden units pass on what is below 0.",
            "each hidden layer is linear, then ReLU, then dropout",
        )
    if not (output == -100).all():
        return Diagnosis(
            "activation-behind-the-output",
            f"where the output layer says −100, {output[0, 0].item():.3g} comes out of the "
            "network.",
            "logits may be anything, and F.cross_entropy takes the softmax itself: end with the "
            "linear layer",
        )
    return None


def judge_layers(answer):
    for inputs, hidden, classes, rates in _ORDERS:
        model = answer(inputs, list(hidden), classes, list(rates))
        if model is None:
            return NOT_STARTED
        if problem := _slip_of_layers(model, inputs, hidden, classes, rates):
            return problem
    for sizes, given in ((5 * [8], 3 * [0.5]), (3 * [8], 5 * [0.5])):
        try:
            answer(20, sizes, 3, given)
        except ValueError as error:
            words = str(error)
            if not (str(len(sizes)) in words and str(len(given)) in words):
                return Diagnosis(
                    "says-too-little",
                    f"the error says {words!r}: whoever reads it does not learn how many of what.",
                    "name both numbers, and what to do",
                )
        except Exception as error:
            return Diagnosis(
                "wrong-error",
                f"{len(sizes)} sizes with {len(given)} rates raise {type(error).__name__}.",
                "a bad value is a ValueError (and `assert` disappears under python -O)",
            )
        else:
            return Diagnosis(
                "mismatch-accepted",
                f"{len(sizes)} hidden sizes and {len(given)} rates are accepted.",
                "compare the lengths before you begin, in both directions, and raise a ValueError",
            )
    return None


# --- a verdict -----------------------------------------------------------------------------------


def verdict(with_dropout, without):
    from dropout_lib.experiments import paired_difference

    gain = paired_difference(with_dropout, without)
    if gain.low > 0:
        return "helped"
    return "hurt" if gain.high < 0 else "cannot tell"


_RUNS = paired.runs(middle=60.0)
_WORDS = ("helped", "cannot tell", "hurt")


def judge_verdict(answer):
    said = [answer(list(a), list(b)) for a, b in _RUNS]
    if any(words is None for words in said):
        return NOT_STARTED
    for (a, b), words in zip(_RUNS, said, strict=True):
        if not isinstance(words, str) or words not in _WORDS:
            return Diagnosis(
                "other-words",
                f"for {a} with dropout and {b} without it says {words!r}.",
                'return one of "helped", "hurt" and "cannot tell"',
            )
    return paired.slip(said, _RUNS, _WORDS)


def _verdict_by(rule):
    return lambda with_dropout, without: _WORDS[1 - rule(with_dropout, without)]


# --- fixed prints --------------------------------------------------------------------------------


def fixed_prints(source):
    fixed = 0
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "print":
            named = any(isinstance(n, ast.Name) for a in call.args for n in ast.walk(a))
            fixed += not named
    return fixed


def _fixed_all_prints(source):
    return source.count("print(")


def _fixed_without_braces(source):
    return sum("print(" in line and "{" not in line for line in source.splitlines())


def _fixed_not_f(source):
    return source.count('print("')


def _fixed_computed(source):
    return sum(
        isinstance(call, ast.Call) and getattr(call.func, "id", "") == "print"
        for call in ast.walk(ast.parse(source))
    ) - fixed_prints(source)


def _fixed_bare_names(source):
    return sum(
        not any(isinstance(arg, ast.Name) for arg in call.args)
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "print"
    )


def _fixed_top_level(source):
    found = 0
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call = statement.value
            if getattr(call.func, "id", "") == "print":
                found += not any(isinstance(n, ast.Name) for a in call.args for n in ast.walk(a))
    return found


_SOURCES = (  # with what each is there for
    ('print("a")\nprint("b", 1)\nprint(f"{x:.2f}")\n', "one of three names a variable"),
    ('print("loss", loss)\nprint("better")\n', "a variable needs no braces"),
    ('print(f"always the same")\nprint(f"{1 + 1}")\n', "an f-string may be fixed"),
    (
        'def report(a):\n    if a > 1:\n        print(\n            "Dropout wins."\n        )\n'
        "    print(a)\n",
        "a print may stand inside a function, over several lines",
    ),
    ('print(run.loss, losses[-1])\nprint("done")\n', "a variable may stand inside an expression"),
    (
        '# print("old")\nprint("new")\ntext = \'print("no")\'\n',
        "not all that looks like a print is",
    ),
)


def judge_fixed_prints(answer):
    said = [answer(source) for source, _ in _SOURCES]
    if any(number is None for number in said):
        return NOT_STARTED
    if said == [fixed_prints(source) for source, _ in _SOURCES]:
        return None
    slips = {
        "all-prints": (
            _fixed_all_prints,
            "it counts every print.",
            "leave out those that name a variable",
        ),
        "computed-instead": (
            _fixed_computed,
            "it counts the prints that do name a variable.",
            "the others are asked for",
        ),
        "braces": (
            _fixed_without_braces,
            'it takes braces for the sign of a variable: print("loss", loss) has none.',
            "look for names, ast.Name, in the arguments",
        ),
        "quotes": (
            _fixed_not_f,
            "it looks for a quote behind the bracket: an f-string may be fixed too, and a plain "
            "string may be followed by a variable.",
            "look for names, ast.Name, in the arguments",
        ),
        "top-level": (
            _fixed_top_level,
            "it misses a print inside a function.",
            "ast.walk goes everywhere, tree.body only along the top",
        ),
    }
    for code, (formula, message, hint) in slips.items():
        if said == [formula(source) for source, _ in _SOURCES]:
            return Diagnosis(code, message, hint)
    for (source, why), number in zip(_SOURCES, said, strict=True):
        right = fixed_prints(source)
        if number != right:
            return Diagnosis(
                "another-count",
                f"for {source!r} it says {number}, not {right}: {why}.",
                "let `ast.parse` read the source, and `ast.walk` find the calls of print",
            )


_STARTER = 'def {name}({arguments}):\n    # your code\n    ...\n\n\ncheck("{exercise}", {name})'

EXERCISES = (
    Exercise(
        name="08-accuracy",
        title="An accuracy that leaves no trace",
        statement=(
            "The specimen's `accuracy` leaves the model in evaluation. Mend it: "
            "`accuracy_mended(model, x, y)` returns the share of right answers in evaluation mode, "
            "a Python float from 0 to 1, for a batch x, the class numbers y (N,) and a model that "
            "gives logits (N, classes). Afterwards every module has the mode that it had before, "
            "also if some of them were in evaluation on purpose, and also if the pass was "
            "interrupted."
        ),
        starter=_STARTER.format(
            name="accuracy_mended", arguments="model, x, y", exercise="08-accuracy"
        ),
        hints=(
            "What do you have to remember before you call `model.eval()`? For how many modules?",
            "`modes = [(m, m.training) for m in model.modules()]`, and afterwards "
            "`m.training = mode` for each.",
            "What has to happen in any case goes behind `finally:`.",
        ),
        solution=accuracy_mended,
        explanation=(
            "`model.train(was_training)` at the end would be shorter, and would thaw layers that "
            "somebody froze. `dropout_lib.training.evaluate` does it as here."
        ),
        judge=judge_accuracy,
        wrong_answers=(
            (_accuracy_as_found, "left-in-evaluation"),
            (_accuracy_no_grad_only, "dropping"),
            (_accuracy_then_train, "left-in-training"),
            (_accuracy_restores_the_top, "frozen-layer-thawed"),
            (_accuracy_without_finally, "left-when-interrupted"),
            (_accuracy_of_the_loss, "error-rate"),
            (_accuracy_counted, "counted"),
            (lambda model, x, y: 100 * accuracy_mended(model, x, y), "per-cent"),
            (_accuracy_along_cases, "another-share"),
            (_accuracy_swallows, "interruption-hidden"),
            (lambda model, x, y: (model.eval()(x).argmax(dim=1) == y).float().mean(), "no-number"),
            (lambda model, x, y: None, "not-started"),
        ),
    ),
    Exercise(
        name="08-layers",
        title="What was ordered",
        statement=(
            "Mend example 2: `layers(input_size, hidden_sizes, num_classes, dropout_rates)` gives "
            "the network as it builds it (`nn.Linear`, ReLU and dropout for each hidden layer, "
            "then the output layer, whatever you put them into). If there are not as many rates as "
            "hidden layers, more or fewer, it raises a ValueError that names both numbers."
        ),
        starter=_STARTER.format(
            name="layers",
            arguments="input_size, hidden_sizes, num_classes, dropout_rates",
            exercise="08-layers",
        ),
        hints=(
            "The constructor of `MLPAsGiven`, folded away above, has everything but the check.",
            "Compare `len(hidden_sizes)` with `len(dropout_rates)` before anything is built.",
            "`zip(..., strict=True)` raises by itself, but says neither number in words that help "
            "(and it builds half of the network first).",
        ),
        solution=layers,
        explanation=(
            "`strict=True` costs nothing and should stand in every zip of lists that belong "
            "together. The error above it is for the reader of the traceback."
        ),
        judge=judge_layers,
        wrong_answers=(
            (_layers_as_found, "mismatch-accepted"),
            (_layers_filled_up, "mismatch-accepted"),
            (_layers_one_way, "mismatch-accepted"),
            (_layers_asserts, "wrong-error"),
            (_layers_strict_only, "says-too-little"),
            (_layers_drop_outputs, "drops-outputs"),
            (_layers_drop_inputs, "drops-inputs"),
            (_layers_without_relu, "no-relu"),
            (_layers_always_on, "drops-in-evaluation"),
            (_layers_keep, "keep-and-drop-swapped"),
            (_layers_and_softmax, "activation-behind-the-output"),
            (_layers_in_reverse, "wrong-rates"),
            (_layers_two_only, "wrong-layers"),
            (lambda *sizes: [1, 2, 3], "no-network"),
            (lambda *sizes: None, "not-started"),
        ),
    ),
    Exercise(
        name="08-verdict",
        title="A verdict that can fail",
        statement=(
            "Write what should stand in place of the specimen's last line: "
            "`verdict(with_dropout, without)` gets two lists of accuracies in %, run by run from "
            'the same seeds (three at least), and returns "helped", "hurt" or "cannot tell", by '
            "Student's 95% interval of the mean difference: above 0, below 0, or neither."
        ),
        starter=_STARTER.format(
            name="verdict", arguments="with_dropout, without", exercise="08-verdict"
        ),
        hints=(
            "The two numbers of a run belong together: look at their difference.",
            "`from dropout_lib.experiments import paired_difference` gives the mean of a − b with "
            "its interval: `gain.mean`, `gain.low`, `gain.high`.",
            "All of it above 0: helped. All of it below: hurt. Else nobody can tell.",
        ),
        solution=verdict,
        explanation=(
            "Three outcomes, of which the third is the most frequent one in practice. A verdict "
            "that cannot say so isn't one."
        ),
        judge=judge_verdict,
        wrong_answers=(
            (lambda a, b: "helped", "always-the-same"),
            (_verdict_by(paired.by_means), "means-compared"),
            (_verdict_by(paired.by_majority), "runs-counted"),
            (_verdict_by(paired.by_signs), "all-runs-agree"),
            (lambda a, b: verdict(b, a), "the-other-way-round"),
            (_verdict_by(paired.by_two_intervals), "runs-not-paired"),
            (_verdict_by(paired.by_unpaired_difference), "runs-not-paired"),
            (_verdict_by(paired.by_deviation), "spread-of-single-runs"),
            (_verdict_by(paired.by_two_deviations), "spread-of-single-runs"),
            (_verdict_by(paired.by_one_error), "one-standard-error"),
            (_verdict_by(paired.by_normal), "normal-not-student"),
            (_verdict_by(paired.by_one_side), "one-sided"),
            (_verdict_by(paired.by_n), "deviation-of-all-n"),
            (_verdict_by(paired.by_n_degrees), "wrong-freedom"),
            (_verdict_by(paired.by_99_percent), "another-confidence"),
            (
                lambda a, b: "helped" if paired.by_interval(a, b) > 0 else "cannot tell",
                "another-rule",
            ),
            (lambda a, b: "Dropout improves generalisation.", "other-words"),
            (lambda a, b: None, "not-started"),
        ),
    ),
    Exercise(
        name="08-fixed-prints",
        title="Results or comments?",
        statement=(
            "Write `fixed_prints(source)`: how many calls of `print` in a piece of Python source "
            "(a string), at any depth, name no variable among what they print. A whole number: 1 "
            "for "
            '`print("a"); print(loss)`. (The chapter\'s `prints` '
            "counts both kinds; here you write it yourself.)"
        ),
        starter=_STARTER.format(
            name="fixed_prints", arguments="source", exercise="08-fixed-prints"
        ),
        hints=(
            "Searching the text for `print(` finds comments and strings as well, and not what "
            "stands on the next line. Let Python read it: `ast.parse(source)`.",
            "`ast.walk(tree)` visits everything; a call of print is an `ast.Call` whose `func` is "
            'an `ast.Name` with id "print".',
            "Then walk each of `call.args` in the same way and look for an `ast.Name`.",
        ),
        solution=fixed_prints,
        explanation=(
            "It is a crude instrument: a print may name a variable and still say nothing, and one "
            "under an `if` is not fixed at all. It finds verdicts that nobody computed, which is "
            "more than reading did."
        ),
        judge=judge_fixed_prints,
        wrong_answers=(
            (_fixed_all_prints, "all-prints"),
            (_fixed_computed, "computed-instead"),
            (_fixed_without_braces, "braces"),
            (_fixed_not_f, "quotes"),
            (_fixed_top_level, "top-level"),
            (_fixed_bare_names, "another-count"),
            (lambda source: 1, "another-count"),
            (lambda source: None, "not-started"),
        ),
    ),
)


QUIZ = [
    multiple_choice(
        "A script prints 'Outputs are different: True' for a network's two modes. What does "
        "that show?",
        "Example 2: a multilayer perceptron",
        (
            "That two passes differed",
            "No more than that: two passes in training mode differ as well.",
        ),
        (
            "That evaluation switches dropout off",
            "It would print True if evaluation did nothing: the second pass has other masks.",
        ),
        (
            "That dropout works as it should",
            "Any noise would do, with any scale and any rate.",
        ),
    ),
    {
        "question": "Example 2 is given the hidden sizes [512, 256, 128] and the rates [0.5]. "
        "How many linear layers does it build, the output layer included?",
        "section": "Example 2: a multilayer perceptron",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 2,
                "correct": True,
                "feedback": "One hidden layer of 512, and the output layer. `zip` stopped there.",
            },
            {
                "type": "value",
                "value": 4,
                "correct": False,
                "feedback": "That is what was ordered. `zip` stops at the shorter list.",
            },
            {
                "type": "value",
                "value": 1,
                "correct": False,
                "feedback": "The output layer stands behind the loop and is always built.",
            },
            {
                "type": "default",
                "feedback": "`zip` pairs as many as the shorter list has.",
            },
        ],
    },
    multiple_choice(
        "An untrained network with dropout gives unusual inputs larger error bars than usual "
        "ones. Why?",
        "Example 5: Monte Carlo dropout",
        (
            "Its outputs grow with its inputs, and the spread over masks with them",
            "Without biases it would be in proportion.",
        ),
        (
            "It has not seen such inputs before, and says how little it knows of them",
            "It has seen none at all, usual or unusual.",
        ),
        (
            "Dropout drops more units for unusual inputs",
            "The mask doesn't look at the input.",
        ),
    ),
    multiple_choice(
        "In the specimen, why does it not show that `nn.Dropout(keep)` drops four units in five?",
        "A specimen",
        (
            "From the second epoch on the network is in evaluation, and nothing is dropped",
            "One fault hides the other. Mend the first alone, and the second will show.",
        ),
        (
            "Because the scale makes up for it: what one in five keeps is multiplied by five",
            "The scale keeps the mean. The noise at p = 0.8 would be plain to see.",
        ),
        (
            "Because `nn.Dropout`'s argument is the probability to keep",
            "It is the probability to drop.",
        ),
    ),
    multiple_choice(
        "What does a fixed sentence in a print tell you about the network above it?",
        "Example 3: a convolutional network",
        (
            "Nothing: it is a comment that runs",
            "It says the same if the network is replaced by another.",
        ),
        (
            "What the author measured",
            "Perhaps. But then the measurement is somewhere else, and not in this code.",
        ),
        (
            "That the network does what the sentence says",
            "Nobody compared the two: the sentence is printed whatever the network does.",
        ),
    ),
    multiple_choice(
        "You copy a method that predicts with `self.train()` and `torch.no_grad()` into a "
        "network with batch norm. What happens to the network?",
        "Example 5: Monte Carlo dropout",
        (
            "Its running statistics move with every prediction",
            "`no_grad()` stops gradients; batch norm in training mode counts on.",
        ),
        (
            "Nothing, as no gradients are recorded",
            "The running mean and variance are not learned by gradients.",
        ),
        (
            "Its weights change",
            "Without a step of an optimiser they stay as they are.",
        ),
    ),
]
