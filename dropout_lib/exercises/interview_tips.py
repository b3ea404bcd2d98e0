"""The interview tips of chapter 10: flashcards, questions, and a live coding round."""

from . import interview_tasks as tasks
from .core import Exercise, multiple_choice
from .interview_questions import DRILL

__all__ = ["CARDS", "DRILL", "EXERCISES", "QUIZ", "TIPS"]

TIPS = {  # number of the tip: (what it advises, in our words; how it fares)
    1: ("Say that dropout drops random units in training, against overfitting.", "incomplete"),
    2: ("Tell training mode, in which units are dropped, from evaluation mode.", "right"),
    3: ("Tell inverted from standard dropout, and which of the two is used today.", "right"),
    4: ("Say why the activations are scaled: to keep their expected value.", "incomplete"),
    5: ("Speak of an ensemble: exponentially many subnetworks are trained.", "wrong"),
    6: ("Know typical rates: 0.5 in dense layers, 0.2 to 0.3 in CNNs.", "incomplete"),
    7: ("Say that spatial dropout drops whole feature maps, not pixels.", "right"),
    8: ("Say that it makes training longer and improves generalisation.", "wrong"),
    9: ("Discuss batch norm, which it may get in the way of.", "incomplete"),
    10: ("Know when not to use it: small or well-regularised networks.", "incomplete"),
    11: ("Say that variational dropout keeps one mask over the time steps.", "incomplete"),
    12: ("Mention Monte Carlo dropout: left on at prediction, for uncertainty.", "incomplete"),
    13: ("Compare it with L2: a penalty on weights, zeros among activations.", "incomplete"),
    14: ("Know that PyTorch wants model.eval() before testing.", "incomplete"),
    15: ("Mention the paper of Hinton and co-authors, 2012.", "right"),
}


def _card(front, back, section):
    return {"front": front, "back": back, "section": section}


CARDS = [
    _card(
        "What does dropout do, in one sentence?",
        "In training it sets each hidden unit to 0 with probability $p$, by a draw for every unit "
        "and training case; afterwards all units work.",
        "01_what_is_dropout.ipynb#the-idea",
    ),
    _card(
        "Your $p$: keep or drop?",
        "Drop, as in PyTorch. The papers of dropout's authors print the probability to retain.",
        "03_types_of_dropout.ipynb#drop-or-keep",
    ),
    _card(
        "How often is a new mask drawn?",
        "For every training case, not once for a batch.",
        "01_what_is_dropout.ipynb#a-fresh-team-for-every-case",
    ),
    _card(
        "How many of $n$ units are dropped?",
        "A binomial number: $np$ on average, with standard deviation $\\sqrt{np(1-p)}$.",
        "01_what_is_dropout.ipynb#a-fresh-team-for-every-case",
    ),
    _card(
        "Give me inverted dropout as a formula.",
        "$y = m\\,x/(1-p)$ in training, $y = x$ in evaluation; $m$ is 1 with probability $1-p$.",
        "02_how_dropout_works.ipynb#five-steps",
    ),
    _card(
        "And standard dropout?",
        "$y = m\\,x$ in training, $y = (1-p)\\,x$ in evaluation.",
        "02_how_dropout_works.ipynb#standard-and-inverted",
    ),
    _card(
        "Why the scale?",
        "It keeps the mean of each output: $(1-p)\\cdot x/(1-p) = x$.",
        "02_how_dropout_works.ipynb#mean-and-variance",
    ),
    _card(
        "And the variance of the output?",
        "$p\\,x^2/(1-p)$: at $p = 0.5$ the standard deviation is as large as the activation.",
        "02_how_dropout_works.ipynb#mean-and-variance",
    ),
    _card(
        "What is the gradient?",
        "$m/(1-p)$ times the gradient that comes in: forward's mask and forward's scale.",
        "02_how_dropout_works.ipynb#backward",
    ),
    _card(
        "Is the mean kept through a ReLU?",
        "In general not. Evaluation is a cheap approximation to the mean over masks.",
        "02_how_dropout_works.ipynb#mean-and-variance",
    ),
    _card(
        "Validation loss below training loss: why?",
        "The logged training loss is measured with dropout on, and while the network still "
        "improves. Measure both with dropout off, after the epoch.",
        "02_how_dropout_works.ipynb#why-is-the-validation-loss-below-the-training-loss",
    ),
    _card(
        "What does `model.eval()` do?",
        "It clears the flag `training` of every module: `nn.Dropout` stops dropping, batch norm "
        "uses stored statistics.",
        "02_how_dropout_works.ipynb#train-and-eval",
    ),
    _card(
        "And `torch.no_grad()`?",
        "It stops recording for gradients. Dropout goes on.",
        "02_how_dropout_works.ipynb#train-and-eval",
    ),
    _card(
        "`F.dropout(x, 0.5)` in a model in evaluation mode?",
        "It drops: its default is `training=True`. Pass `training=self.training`.",
        "02_how_dropout_works.ipynb#train-and-eval",
    ),
    _card(
        "Does dropout train $2^n$ networks?",
        "No. It samples one thinned network per case and step, and all share one set of weights.",
        "04_why_dropout_prevents_overfitting.ipynb#how-many-networks",
    ),
    _card(
        "What does the whole network average?",
        "With dropout only in front of one softmax layer, exactly the normalised geometric mean of "
        "the thinned networks; deeper, an approximation.",
        "04_why_dropout_prevents_overfitting.ipynb#what-the-whole-network-averages",
    ),
    _card(
        "Which $p$ for hidden layers, which for inputs?",
        "0.2 to 0.5 for hidden layers, about 0.2 for inputs: places to begin a search.",
        "02_how_dropout_works.ipynb#where-to-put-it-and-which-p",
    ),
    _card(
        "What does `nn.Dropout2d` drop?",
        "Whole maps: one draw per case and channel, shared by all places of the map.",
        "03_3_spatial_dropout.ipynb#one-draw-per-map",
    ),
    _card(
        "Why not single pixels?",
        "A pixel's neighbours tell what it was. That maps give less error is a claim of its own, "
        "and the book's runs don't show it.",
        "03_3_spatial_dropout.ipynb#what-a-neighbour-knows",
    ),
    _card(
        "What does DropConnect drop?",
        "Single weights, others for every case.",
        "03_4_dropconnect.ipynb#single-weights-instead-of-columns",
    ),
    _card(
        "Variational dropout: what is it?",
        "One mask for all time steps (Gal and Ghahramani 2016). Kingma et al. 2015 use the name "
        "for learned Gaussian noise.",
        "03_5_variational_dropout.ipynb#two-methods-one-name",
    ),
    _card(
        "What does `nn.LSTM(dropout=p)` drop?",
        "What goes from layer to layer, anew at every step. Never the state.",
        "03_5_variational_dropout.ipynb#what-pytorch-s-dropout-argument-does",
    ),
    _card(
        "A unit that only remembers, $T$ steps, fresh masks: how likely does it survive?",
        "$(1-p)^T$; with one mask for all steps, $1-p$.",
        "03_5_variational_dropout.ipynb#what-is-remembered",
    ),
    _card(
        "What goes wrong between dropout and batch norm?",
        "Variance shift: batch norm stores the variance with the noise and meets it without.",
        "06_limitations.ipynb#batch-norm",
    ),
    _card(
        "Dropout directly before batch norm, mean 0, $p = 0.5$: ratio of the variances?",
        "$1/(1-p) = 2$.",
        "06_limitations.ipynb#one-unit-by-hand",
    ),
    _card(
        "How is dropout related to L2?",
        "In linear regression, dropout on the inputs is on average a ridge penalty: "
        "$p/(1-p)\\,\\sum_j w_j^2\\,\\lVert x_j\\rVert^2$.",
        "04_why_dropout_prevents_overfitting.ipynb#linear-regression-ridge-exactly",
    ),
    _card(
        "How many more steps does it take?",
        "At $p = 0.5$ about two to three times as many to the same training loss, in the book's "
        "runs and as the paper of 2014 reports; fewer than twice at 0.2.",
        "06_limitations.ipynb#more-steps",
    ),
    _card(
        "When not?",
        "In small networks, networks that underfit, a single pass over the data; and test before "
        "you add it to batch norm or weight decay.",
        "07_when_to_use_dropout.ipynb#a-guide",
    ),
    _card(
        "Monte Carlo dropout in one sentence?",
        "Only the dropout layers on at prediction time, many passes, their mean and their spread.",
        "08_5_monte_carlo_dropout.ipynb#the-recipe",
    ),
    _card(
        "Is a small spread a reason to trust?",
        "No. At fixed $p$ the spread does not shrink as data come in, and may be small far from "
        "the data.",
        "08_5_monte_carlo_dropout.ipynb#when-to-trust-it",
    ),
    _card(
        "Who, and when?",
        "Hinton, Srivastava, Krizhevsky, Sutskever, Salakhutdinov, 2012; Srivastava et al., JMLR "
        "2014, is the long paper.",
        "01_what_is_dropout.ipynb#a-little-history",
    ),
    _card(
        "You don't know whether it helps here. What do you say?",
        "“I would measure it”: same splits and seeds, both sides tuned alike on validation, the "
        "paired difference on test with an interval.",
        "When you don't know",
    ),
]

# --- the coding round ------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        name="10-layer",
        title="Task 1. A layer, from an empty editor",
        statement=(
            "“Write me dropout. No framework.” A class `Dropout(p, rng)` with `forward(x)`, "
            "`backward(grad_output)`, `train()` and `eval()`; inverted, for arrays of any shape, "
            "with `p` from 0 to 1, both included. A new layer is in training mode. The class must "
            "not write into its arguments, nor change their dtype, nor hand back the very array "
            "that came in; and it draws from `rng`."
        ),
        starter=(
            "class Dropout:\n    def __init__(self, p, rng): ...\n\n"
            "    def forward(self, x): ...\n\n    def backward(self, grad_output): ...\n\n"
            "    def train(self): ...\n\n    def eval(self): ...\n\n\n"
            'check("10-layer", Dropout)'
        ),
        hints=(
            "What does backward need that only forward knows? Keep it in `self`.",
            "Forward in training: `self.mask = self.rng.random(x.shape) >= self.p`, then multiply "
            "and divide by `1 - p`. In evaluation: `self.mask = None`, and return a copy.",
            "Backward asks the mask, not the mode: somebody may call `eval()` between the two. "
            "And `1 / (1 - p)` at p = 1? `.astype(x.dtype)` keeps float32.",
        ),
        solution=tasks.Dropout,
        explanation=(
            "Forward and backward multiply by the same thing, so one method does it for both. "
            "`mask = None` says “this pass was an evaluation”, which makes backward right whatever "
            "the mode is by then.\n\n"
            "**What the examiner listens for:** that you say *drop* or *keep* before you write the "
            "comparison; that you mention p = 1 unasked; that you name a test (finite differences "
            "under one mask). **And then:** “Your mask is an array of bools of the size of x. "
            "Could backward do without it?” It could draw it again from a stored seed: less "
            "memory, one more draw. Inferring it from zeros in the output is wrong where x is 0."
        ),
        judge=tasks.judge_layer,
        wrong_answers=(
            (tasks._Untouched, "not-started"),
            (tasks._NoBackward, "methods-missing"),
            (tasks._KeepsWithP, "keep-and-drop-swapped"),
            (tasks._Unscaled, "scale-forgotten"),
            (tasks._OneForTheBatch, "one-mask-for-the-batch"),
            (tasks._DrawsOnce, "mask-never-redrawn"),
            (tasks._EvalDoesNothing, "active-in-evaluation"),
            (tasks._OldMaskInEvaluation, "wrong-in-evaluation"),
            (tasks._DrawsInBackward, "backward-with-another-mask"),
            (tasks._BackwardUnscaled, "backward-without-scale"),
            (tasks._BackwardByMode, "backward-follows-the-mode"),
            (tasks._DividesByZero, "nan-at-p-one"),
            (tasks._WithoutGenerator, "no-such-class"),
        ),
    ),
    Exercise(
        name="10-loop",
        title="Task 2. Three bugs in a loop",
        statement=(
            "“This trains, and the curve looks odd. Repair it.”\n\n"
            "```python\n"
            "def train(model, batches, validation, optimiser, loss_function, epochs):\n"
            "    model.train()\n"
            "    losses = []\n"
            "    for _ in range(epochs):\n"
            "        for x, y in batches:\n"
            "            loss_function(model(x), y).backward()\n"
            "            optimiser.step()\n"
            "        model.eval()\n"
            "        x, y = validation\n"
            "        losses.append(loss_function(model(x), y))\n"
            "    return losses\n"
            "```\n\n"
            "Write `train` so that every epoch trains with dropout on and validates with it off, "
            "each batch takes a step of its own gradient, validation records nothing for "
            "gradients, and what comes back is a list of numbers, one validation loss per epoch."
        ),
        starter=(
            "def train(\n    model, batches, validation, optimiser, loss_function, epochs\n):\n"
            '    # your code\n    ...\n\n\ncheck("10-loop", train)'
        ),
        hints=(
            "Follow `model.training` through *two* epochs with a pencil.",
            "`backward()` adds to the gradients that are there. Where are they set to zero?",
            "The list holds tensors that carry their graphs along: `torch.no_grad()` and "
            "`.item()`.",
            "In each epoch: `train()`; per batch `zero_grad`, `backward`, `step`; `eval()`; the "
            "loss of the validation cases under `no_grad`.",
        ),
        solution=tasks.train,
        explanation=(
            "`train()` stood outside of the loop, so only the first epoch had dropout; "
            "`zero_grad()` was missing; and the list kept tensors with their graphs.\n\n"
            "**What the examiner listens for:** that you state the mode at each line; that you "
            "don't take `no_grad()` for `eval()`. **And then:** “How would you have noticed "
            "without reading the code?” The training loss in the log falls as soon as dropout is "
            "off, after epoch 1; and a test can assert `model.training` inside the loop."
        ),
        judge=tasks.judge_train,
        wrong_answers=(
            (lambda *arguments: None, "not-started"),
            (tasks._broken(train_once=True), "never-back-to-train"),
            (tasks._broken(no_eval=True), "validation-drops"),
            (tasks._broken(gradients=True), "validation-records-gradients"),
            (tasks._broken(zero_late=True), "nothing-learned"),
            (tasks._broken(zero_once=True), "gradients-add-up"),
            (tasks._broken(tensors=True), "returns-tensors"),
            (tasks._broken(last=True), "one-loss-per-epoch"),
        ),
    ),
    Exercise(
        name="10-pooled",
        title="Task 3. Maps dropped for less",
        statement=(
            "“You drop whole maps and then average each map over its places. Can you save the "
            "work of multiplying all of x?” Write `drop_maps_and_pool(x, keep, p)`: `x` has shape "
            "(N, C, H, W); `keep` (N, C) holds True for the maps that stay. Return `out` (N, C), "
            "what spatial dropout in training mode and then global average pooling give, and a "
            "function `backward(grad_out)` that turns the gradient by `out` into the one by `x`."
        ),
        starter=(
            "def drop_maps_and_pool(x, keep, p):\n    # your code\n    ...\n\n\n"
            'check("10-pooled", drop_maps_and_pool)'
        ),
        hints=(
            "All places of a map are multiplied by the same number. What does that do to their "
            "mean?",
            "Pool first: `x.mean(axis=(2, 3))` has shape (N, C), and so has `keep / (1 - p)`.",
            "Backward: each of the H·W places gets `grad_out * keep / (1 - p) / (H * W)`, spread "
            "over the map. Mind p = 1.",
        ),
        solution=tasks.drop_maps_and_pool,
        explanation=(
            "A factor that a whole map shares passes through any average over the map, so dropping "
            "behind the pooling is the same as dropping in front of it, for N·C products in place "
            "of N·C·H·W.\n\n"
            "**What the examiner listens for:** the reason, not the trick; the gradient's shape "
            "said before it is written. **And then:** “Is it the same with max pooling? With "
            "dropout of single units?” Max pooling: yes, as the factor is not negative. "
            "Single units: no; there the mean keeps its expected value, and the maximum does not."
        ),
        judge=tasks.judge_pooled,
        wrong_answers=(
            (lambda x, keep, p: None, "not-started"),
            (tasks._pool_without_backward, "not-a-pair"),
            (tasks._pool_keeping_axes, "wrong-shape"),
            (tasks._pooled_with(output=lambda out, p, hw: out * (1 - p)), "unscaled"),
            (tasks._pooled_with(output=lambda out, p, hw: out * hw), "sums"),
            (tasks._pooled_with(swap=True), "keeps-the-dropped"),
            (tasks._pooled_with(output=lambda out, p, hw: out * (1 - p) / p), "divides-by-p"),
            (tasks._pool_gradient_of_all, "gradient-of-dropped-maps"),
            (
                tasks._pooled_with(gradient=lambda grad, keep, p, hw: grad * (1 - p)),
                "gradient-unscaled",
            ),
            (
                tasks._pooled_with(gradient=lambda grad, keep, p, hw: grad * hw),
                "gradient-not-shared",
            ),
            (
                tasks._pooled_with(gradient=lambda grad, keep, p, hw: grad[:, :, 0, 0]),
                "gradient-shape",
            ),
            (tasks._pooled_with(gradient=lambda grad, keep, p, hw: None), "no-gradient"),
            (tasks._pool_divides_by_zero, "p-one"),
        ),
    ),
    Exercise(
        name="10-thinned",
        title="Task 4. The thinned network as a network",
        statement=(
            "“Show me one of the networks that dropout trains.” A network computes "
            "`relu(x @ w1.T + b1) @ w2.T + b2`, with dropout on its hidden layer; for one case the "
            "mask is `keep`. Write `thinned(w1, b1, w2, b2, keep, p)`: the weights and biases of "
            "a *smaller* network, without dropout, that gives the same output for this mask. "
            "`w1` has shape (hidden, inputs), `w2` (outputs, hidden); p is below 1."
        ),
        starter=(
            "def thinned(w1, b1, w2, b2, keep, p):\n    # your code\n    ...\n\n\n"
            'check("10-thinned", thinned)'
        ),
        hints=(
            "Which row, which entry and which column belong to one hidden unit?",
            "`w1[keep]` picks rows, `w2[:, keep]` columns.",
            "Inverted dropout divides what the kept units say by 1 - p. Put that into `w2`. What "
            "about `b2`?",
        ),
        solution=tasks.thinned,
        explanation=(
            "A dropped unit's incoming weights don't matter, and its outgoing ones multiply 0: "
            "all of them go. The factor goes into the weights that follow; `b2` is added behind "
            "the dropout. (Scaling `w1` *and* `b1` gives the same, since a ReLU hands on a "
            "positive factor.)\n\n"
            "**What the examiner listens for:** rows and columns without trying; that the bias "
            "stays. **And then:** “So is a trained network with dropout smaller?” No: this is one "
            "of $2^n$, for one case. When the network is used, all units work."
        ),
        judge=tasks.judge_thinned,
        wrong_answers=(
            (lambda w1, b1, w2, b2, keep, p: None, "not-started"),
            (lambda w1, b1, w2, b2, keep, p: w2[:, keep] / (1 - p), "not-four"),
            (
                lambda w1, b1, w2, b2, keep, p: (
                    w1 * keep[:, None],
                    b1 * keep,
                    w2 * keep / (1 - p),
                    b2,
                ),
                "not-smaller",
            ),
            (
                lambda w1, b1, w2, b2, keep, p: (w1[keep], b1, w2[:, keep] / (1 - p), b2),
                "wrong-shapes",
            ),
            (
                lambda w1, b1, w2, b2, keep, p: tasks.thinned(w1, b1, w2, b2, ~keep, p),
                "keeps-the-dropped",
            ),
            (
                lambda w1, b1, w2, b2, keep, p: (w1[keep], b1[keep], w2[:, keep], b2),
                "unscaled",
            ),
            (
                lambda w1, b1, w2, b2, keep, p: (w1[keep], b1[keep], w2[:, keep] * (1 - p), b2),
                "scaled-the-other-way",
            ),
            (
                lambda w1, b1, w2, b2, keep, p: (w1[keep], b1[keep], w2[:, keep] / p, b2),
                "divides-by-p",
            ),
            (
                lambda w1, b1, w2, b2, keep, p: (
                    w1[keep],
                    b1[keep],
                    w2[:, keep] / (1 - p),
                    b2 / (1 - p),
                ),
                "bias-scaled",
            ),
            (
                lambda w1, b1, w2, b2, keep, p: (w1[keep] / (1 - p), b1[keep], w2[:, keep], b2),
                "half-of-the-first-layer",
            ),
            (
                lambda w1, b1, w2, b2, keep, p: (
                    w1[keep] / (1 - p),
                    b1[keep] / (1 - p),
                    w2[:, keep] / (1 - p),
                    b2,
                ),
                "scaled-twice",
            ),
        ),
    ),
    Exercise(
        name="10-one-call",
        title="Task 5. A hundred passes, one call",
        statement=(
            "“Monte Carlo dropout, please, and not in a loop.” Write "
            "`mean_and_spread(model, x, passes)` for `x` of shape (N, inputs): the mean and the "
            "standard deviation, over the passes, of what the model gives, each (N, classes), "
            "with *one* call of the model. In whatever mode the model comes: during the call only "
            "its `nn.Dropout` layers are in training mode, gradients are not recorded, and "
            "afterwards every module is in the mode that it had before."
        ),
        starter=(
            "def mean_and_spread(model, x, passes):\n    # your code\n    ...\n\n\n"
            'check("10-one-call", mean_and_spread)'
        ),
        hints=(
            "Dropout draws a mask for every row of the batch. So what if a case stands in it "
            "`passes` times?",
            "`x.repeat(passes, 1)` stacks whole copies of the batch; `.view(passes, N, -1)` takes "
            "the output apart again.",
            "The modes: note `module.training` of everything in `model.modules()`; `model.eval()`; "
            "switch the `nn.Dropout` layers on; and put all flags back in a `finally`.",
        ),
        solution=tasks.mean_and_spread,
        explanation=(
            "It works because masks belong to cases: copies in one batch get masks of their own. "
            "With batch norm in evaluation mode the rows don't hear each other.\n\n"
            "**What the examiner listens for:** “fresh mask per case”, as the reason; that batch "
            "norm is in evaluation, in whatever mode the model came. **And then:** “What does it "
            "cost?” Memory for passes · N rows: cut it into pieces. “And is the mean better than "
            "one pass with dropout off?” In the book's runs it is not shown to err less; it costs "
            "a hundred times as much."
        ),
        judge=tasks.judge_one_call,
        wrong_answers=(
            (lambda model, x, passes: None, "not-started"),
            (tasks._mean_only, "not-a-pair"),
            (tasks._one_call(loop=True), "many-calls"),
            (tasks._one_call(whole=True), "moves-batch-norm"),
            (tasks._one_call(restore=False), "left-in-training"),
            (tasks._one_call(on=False), "nothing-drops"),
            (tasks._one_call(gradients=True), "keeps-gradients"),
            (tasks._interleaved, "cases-mixed"),
            (tasks._one_number, "wrong-shape"),
            (tasks._probabilities, "applies-softmax"),
            (tasks._one_call(), "takes-the-mode-it-finds"),
            (tasks._leaves_evaluation, "another-mode-than-before"),
            (tasks._variance, "not-the-spread"),
            (tasks._standard_error, "not-the-spread"),
        ),
    ),
)

QUIZ = [
    multiple_choice(
        "“Dropout improves generalisation.” Which answer would you give?",
        "The tips that cost points",
        (
            "“Under some conditions. Shall I say which, and how I would test it here?”",
            "It agrees with what is right in the sentence and adds what is missing.",
        ),
        (
            "“Yes, it always does: it is a regulariser.”",
            "In small networks, and with a single pass over the data, the book's runs show the "
            "opposite.",
        ),
        (
            "“No, that is a myth.”",
            "It did help in wide networks on few cases. A flat no is as wrong as a flat yes.",
        ),
    ),
    multiple_choice(
        "The interviewer insists that inputs are dropped with 0.5 to 0.8. What do you say?",
        "The tips that cost points",
        (
            "“Could that be the probability to keep? The 2014 paper retains 0.8 of the inputs.”",
            "A question with the source in it lets the other be right, too.",
        ),
        (
            "“Yes, inputs need the most noise.”",
            "You would agree to dropping most of every picture. In the book's runs 0.8 does harm.",
        ),
        (
            "“You have obviously never read the paper.”",
            "Right in the matter, perhaps. Would you hire this person?",
        ),
    ),
    {
        "question": "A quick one: a unit says 4, $p = 0.2$, training mode, and it is kept. What "
        "does the next layer hear?",
        "section": "What they listen for",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 5,
                "correct": True,
                "feedback": "4 / (1 − 0.2) = 5.",
            },
            {
                "type": "value",
                "value": 20,
                "correct": False,
                "feedback": "That is 4 / 0.2: here $p$ was taken for the probability to keep.",
            },
            {
                "type": "value",
                "value": 3.2,
                "correct": False,
                "feedback": "That is what *standard* dropout gives in evaluation, 4 · (1 − p).",
            },
            {
                "type": "value",
                "value": 4,
                "correct": False,
                "feedback": "Unscaled: so it is in evaluation, or with standard dropout in "
                "training.",
            },
            {"type": "default", "feedback": "Divide by $1 - p$."},
        ],
    },
    multiple_choice(
        "“How would you know whether dropout helps on our data?” What has to be in the answer?",
        "When you don't know",
        (
            "both sides tuned alike on validation, the same seeds, a paired interval on test data",
            "It takes two sentences, and it is the answer that shows experience.",
        ),
        (
            "the training curves with and without dropout",
            "One is logged with dropout on: two rulers. And curves of one seed prove nothing.",
        ),
        (
            "the rate that was best in the paper, since it is peer-reviewed",
            "Another network, other data. The rate is a place to begin a search.",
        ),
    ),
    multiple_choice(
        "How large was the gain that the paper of 2012 reports? You have forgotten. You say:",
        "Who did what",
        (
            "“I don't know the number. They report fewer errors on digits, speech, pictures and "
            "text, over baselines whose tuning I would want to look at.”",
            "What you know, what you don't, and what you would look at.",
        ),
        (
            "“Around 30 percent, I think.”",
            "A number without a source. If they know the paper, the rest of your answers is "
            "doubted as well.",
        ),
        (
            "“That paper is outdated.”",
            "It is asked whether you know where the idea comes from, not whether you like it.",
        ),
    ),
    multiple_choice(
        "Which of these sentences about batch norm can you defend at a whiteboard?",
        "The tips that cost points",
        (
            "“In training it hears the noise of a dropout in front of it, and stores a variance "
            "that it does not meet in evaluation.”",
            "E[y²] = E[x²] / (1 − p) is one line.",
        ),
        (
            "“They must never be used together.”",
            "Behind the last batch norm no batch norm hears the noise; and in networks of two "
            "hidden layers no harm to the error was shown in the book's runs.",
        ),
        (
            "“Batch norm removes the noise, since it normalises.”",
            "It divides by a larger number. The noise of each case stays.",
        ),
    ),
    multiple_choice(
        "Where does the mask of spatial dropout differ from place to place within a map?",
        "What they listen for",
        ("nowhere at all", "One draw per case and map, shared by all of its places."),
        ("at the edges", "Edges get the same factor as everything else of the map."),
        (
            "everywhere",
            "That is `nn.Dropout` on a convolutional layer, and every place has its own draw.",
        ),
    ),
]
