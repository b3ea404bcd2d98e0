"""What interviewers ask about dropout, with answers at three depths."""

from .drill import Question

DRILL = [
    Question(
        question="What is dropout?",
        topic="Basics",
        tips=(1,),
        sentence="In training, each hidden unit is set to 0 with probability $p$, by a draw of its "
        "own for each training case; when the network is used, all units work.",
        minute=r"""
        For each case of a batch you draw a mask of zeros and ones, one number per unit. Units with
        a 0 say nothing and learn nothing from this case. What is left is divided by $1-p$, so that
        the next layer hears on average what it will hear when all units work. It is a regulariser
        for networks that overfit. Whether it lowers the test error depends on how wide the network
        is, how often it sees a case, and what else regularises it.
        """,
        whiteboard=r"""
        For one unit with activation $x$, and $m = 1$ with probability $1-p$:

        $$y = \frac{m\,x}{1-p} \quad \text{in training}$$

        $$y = x \quad \text{in evaluation}$$

        1. Draw $m$ anew for every unit and every *case*, not for every batch.
        2. Multiply and scale.
        3. Backward goes through the same mask and the same scale.
        4. Forget the mask.
        """,
        follow_up="So it removes a fraction $p$ of the units?",
        follow_up_answer=r"""
        No, only on average. Each unit has its own draw, so the number dropped out of $n$ is
        binomial: mean $np$, standard deviation $\sqrt{np(1-p)}$. Of four units at $p = 0.5$ all
        are dropped once in $2^4 = 16$ cases.
        """,
        where=(
            ("The idea", "01_what_is_dropout.ipynb#the-idea"),
            ("A fresh team for every case", "01_what_is_dropout.ipynb#a-fresh-team-for-every-case"),
        ),
        claims=(
            ("04-one-mask-for-a-batch", "fails"),
            ("02-a-fixed-fraction", "fails"),
            ("56-improves-generalisation", "depends"),
        ),
    ),
    Question(
        question="Why are the activations scaled, and why by 1/(1 − p)?",
        topic="Mathematics",
        tips=(4,),
        sentence="So that the next layer hears on average in training what it hears in evaluation.",
        minute=r"""
        Without a scale, a layer in training passes on $1-p$ of its activation on average, and all
        of it in evaluation. The weights behind it were learned at the lower volume. Dividing by
        $1-p$ in training mends the mean of every output. It mends nothing else: the variance
        grows, and behind a ReLU the mean over masks is in general not what evaluation gives.
        """,
        whiteboard=r"""
        One unit: $y = x/(1-p)$ with probability $1-p$, and 0 with probability $p$.

        $$\mathbb{E}[y] = (1-p)\cdot\frac{x}{1-p} + p\cdot 0 = x$$

        A linear layer behind it keeps that: $\mathbb{E}[\sum_i w_i y_i] = \sum_i w_i x_i$.

        A ReLU does not. Two units that both say 1, with weights 1 and −1, at $p = 0.5$: evaluation
        gives $\max(1-1, 0) = 0$. In training the sum is 2 in one case of four, when only the first
        is kept, and the ReLU is 0 otherwise: on average 0.5.
        """,
        follow_up="And if you forget the scale altogether?",
        follow_up_answer=r"""
        Take a network trained with standard dropout at $p = 0.5$ and leave out the scale in
        evaluation. In the book's runs the error rose by less than a point, and the loss became
        more than three times as large: the logits are too big, the network too sure. So watch the
        loss or the mean confidence, not the error alone.
        """,
        where=(
            ("Mean and variance", "02_how_dropout_works.ipynb#mean-and-variance"),
            ("What a wrong scale costs", "03_1_standard_dropout.ipynb#what-a-wrong-scale-costs"),
        ),
        claims=(
            ("07-expected-value", "definition"),
            ("07-mean-through-a-relu", "fails"),
            ("forgotten-scale-triples-the-loss", "holds"),
        ),
    ),
    Question(
        question="What does dropout do to the variance of an activation? Derive it.",
        topic="Mathematics",
        tips=(4,),
        sentence="Inverted dropout adds the variance $p/(1-p)$ times the square of the activation.",
        minute=r"""
        The mean stays $x$, the mean of the square becomes $x^2/(1-p)$, and the difference is
        $\frac{p}{1-p}x^2$. At $p = 0.5$ the standard deviation is as large as the activation; at
        $p = 0.9$ three times as large. In a sum the draws are independent, so the variances add:
        against a sum of $n$ equal terms the noise falls with $\sqrt{n}$. Where terms cancel, the
        sum is small and the noise is not.
        """,
        whiteboard=r"""
        $$\mathbb{E}[y^2] = (1-p)\cdot\frac{x^2}{(1-p)^2} = \frac{x^2}{1-p}$$

        $$\operatorname{Var}[y] = \mathbb{E}[y^2] - \mathbb{E}[y]^2$$

        $$= \frac{x^2}{1-p} - x^2 = \frac{p}{1-p}\,x^2$$

        Behind weights, as the masks of different units are independent:

        $$\operatorname{Var}\Bigl[\sum_i w_i y_i\Bigr] = \frac{p}{1-p}\sum_i w_i^2 x_i^2$$

        With $n$ equal terms the noise is $\sqrt{p/((1-p)\,n)}$ times the sum.
        """,
        follow_up="And if $x$ itself varies over the cases, with mean $\\mu$ and variance $v$?",
        follow_up_answer=r"""
        Then the variance is $v + \frac{p}{1-p}(v + \mu^2)$: the signal's own, and the noise on
        average over the cases, since $\mathbb{E}[x^2] = v + \mu^2$. That is what a batch norm
        directly behind it stores.
        """,
        where=(
            ("Mean and variance", "02_how_dropout_works.ipynb#mean-and-variance"),
            ("How noisy is a sum?", "03_2_inverted_dropout.ipynb#how-noisy-is-a-sum"),
        ),
        claims=(("variance-of-an-output", "definition"), ("noise-of-a-sum", "definition")),
    ),
    Question(
        question="Standard and inverted dropout: what is the difference, and is it only "
        "bookkeeping?",
        topic="Basics",
        tips=(3,),
        sentence="Standard dropout multiplies by $1-p$ in evaluation, inverted dropout divides by "
        "$1-p$ in training and does nothing in evaluation; frameworks use the inverted one.",
        minute=r"""
        In both, what a layer gives in evaluation is the mean of what it gives in training.
        Inverted is the practical one: the deployed network contains no trace of $p$, so no scale
        can be forgotten. They describe the same networks, with weights that differ by a factor.
        But trained by gradient descent they take other paths: the weights behind standard dropout
        move as with $(1-p)^2$ times the learning rate.
        """,
        whiteboard=r"""
        Same mask $m$, same output: standard $y_s = m x$ needs weights $w_s = w/(1-p)$ where
        inverted $y_i = m x/(1-p)$ has $w$.

        1. Gradients with respect to these weights are the activations times $g = \partial L /
           \partial z$: $\;g\,m x$ against $g\,m x/(1-p)$, so standard's is $1-p$ times as large.
        2. A step $\eta\,g\,m x$ acts on the output through activations $m x$, which again are
           $1-p$ times as large.
        3. Together the output moves $(1-p)^2$ times as far.

        At $p = 0.5$ that is a quarter of the learning rate. The bias has no such factor.
        """,
        follow_up="You get the weights of a network that was trained with standard dropout. How do "
        "you run it in PyTorch?",
        follow_up_answer=r"""
        Multiply the weight matrix behind each dropout by $1-p$, and leave its bias alone: the bias
        is added behind the dropped units and came in full in training. Then compare the logits of
        a few inputs with the sender's, in case the weights were scaled already.
        """,
        where=(
            ("Standard and inverted", "02_how_dropout_works.ipynb#standard-and-inverted"),
            ("Two places for one scale", "03_1_standard_dropout.ipynb#two-places-for-one-scale"),
        ),
        claims=(
            ("09-inverted-does-nothing-in-evaluation", "definition"),
            ("10-standard-scales-in-evaluation", "definition"),
            ("a-step-of-standard-dropout-is-shorter", "definition"),
        ),
    ),
    Question(
        question="Write the forward and the backward pass of dropout.",
        topic="Code",
        tips=(3, 4),
        sentence="Forward multiplies by $m/(1-p)$, and backward multiplies the gradient by the "
        "same $m/(1-p)$.",
        minute=r"""
        Once the mask is drawn, dropout is multiplication by a constant, so its derivative is that
        constant. What goes wrong in practice is the mask: drawn again in backward, inferred from
        zeros in the output (an input may be 0 by itself), forgotten, or without the scale. So
        forward keeps it and backward uses it. In evaluation both hand through what they get.
        """,
        whiteboard=r"""
        $$\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y}\cdot
        \frac{\partial y}{\partial x} = \frac{m}{1-p}\,\frac{\partial L}{\partial y}$$

        ```python
        def forward(x, p, training, rng):
            if not training:
                return x.copy(), None
            mask = rng.random(x.shape) >= p
            scale = 1 / (1 - p) if p < 1 else 0.0
            return x * mask * scale, mask

        def backward(grad, mask, p):
            if mask is None:
                return grad.copy()
            scale = 1 / (1 - p) if p < 1 else 0.0
            return grad * mask * scale
        ```

        Say aloud what you would test: $p = 0$ and $p = 1$, the mean over many draws, the gradient
        by finite differences under the same mask, evaluation is the identity.
        """,
        follow_up="Why `>= p` and not `> p` or `< p`?",
        follow_up_answer=r"""
        `rng.random()` gives numbers from 0 up to, but not including, 1. So `>= p` keeps with
        probability $1-p$, and is right at both ends: nothing is dropped at $p = 0$, everything at
        $p = 1$. `< p` swaps keep and drop, which nobody notices at $p = 0.5$. `> p` would drop a
        unit at $p = 0$ if the draw is exactly 0.0: very rarely, and once too often.
        """,
        where=(("Backward", "02_how_dropout_works.ipynb#backward"),),
        claims=(
            ("08-gradient-of-a-dropped-unit", "definition"),
            ("one-half-hides-three-mistakes", "definition"),
        ),
    ),
    Question(
        question="Your validation loss lies below your training loss. Is something wrong?",
        topic="Debugging",
        tips=(2,),
        sentence="Not necessarily: the training loss in the log is measured with dropout on, the "
        "validation loss with dropout off.",
        minute=r"""
        Two rulers. The log shows thinned, noisy networks; validation the whole one. A second
        reason needs no dropout: the log is an average over an epoch in which the network was still
        improving, and validation comes at its end. To compare, measure the training data too, in
        evaluation mode and after the epoch. If validation is *then* still lower, look for easier
        validation data, leaking cases, or a penalty that is logged with the loss.
        """,
        whiteboard=r"""
        Write four numbers on the board: training and validation, each with dropout on and off.
        Only numbers in one column may be compared.

        Why noise raises the loss: cross-entropy is convex in the logits $z$, and for logits whose
        mean over masks is $\bar{z}$ Jensen's inequality says

        $$\mathbb{E}\bigl[\ell(z)\bigr] \ge \ell(\bar{z})$$

        With one dropout directly in front of the last linear layer, $\bar{z}$ is what evaluation
        gives: with the same weights, the loss with dropout on is on average never the lower one.
        Behind a ReLU $\bar{z}$ is only near it.
        """,
        follow_up="Then what is the gap between the two curves good for?",
        follow_up_answer=r"""
        As logged, for little: it mixes two rulers. Measured alike, it says how much better the
        network does on cases that it has seen. That is not yet overfitting: for that, watch
        whether the validation loss rises while the training loss falls.
        """,
        where=(
            (
                "Why is the validation loss below the training loss?",
                "02_how_dropout_works.ipynb#why-is-the-validation-loss-below-the-training-loss",
            ),
            (
                "First suspect: the ruler",
                "08_4_with_and_without_dropout.ipynb#first-suspect-the-ruler",
            ),
        ),
        claims=(
            ("validation-below-the-log", "holds"),
            ("like-with-like", "holds"),
            ("a-log-runs-late-without-dropout-too", "holds"),
        ),
    ),
    Question(
        question="What if you forget `model.eval()` before you predict?",
        topic="Debugging",
        tips=(2, 14),
        sentence="Nothing warns you: dropout goes on dropping, so each prediction is that of a "
        "random thinned network, and batch norm uses, and updates, the statistics of your batch.",
        minute=r"""
        A fresh module is in training mode, and `eval()` sets a flag in every submodule. Forgotten,
        predictions differ from call to call, and they are as a rule worse than those of the whole
        network, by the noise. `torch.no_grad()` does not help: it stops the recording of gradients,
        not dropout. And `eval()` itself does not reach `F.dropout(x, p)`, whose default is
        `training=True`: pass `training=self.training`. Afterwards, `model.train()` again.
        """,
        whiteboard=r"""
        For squared error and one case, over the masks, with $\bar{f} = \mathbb{E}[f_m]$:

        $$\mathbb{E}\bigl[(f_m - t)^2\bigr] = (\bar{f} - t)^2 + \operatorname{Var}[f_m]$$

        One pass pays the variance over masks on top of the error of the mean. The detector:

        ```python
        with torch.no_grad():
            quiet = torch.equal(model(x), model(x))
        ```

        Do it on a copy: in training mode a pass moves the averages of batch norm. (Batch
        norm in that mode it does not find: the same batch has the same statistics twice.)
        """,
        follow_up="The outputs in training and in evaluation differ. Does that prove that dropout "
        "is right?",
        follow_up_answer=r"""
        No. Broken dropout passes that test as well: with keep and drop swapped, without a scale,
        with a scale applied twice. Test that evaluation is *the identity*, that the mean over many
        masks is the input, and the share of zeros.
        """,
        where=(
            ("Train and eval", "02_how_dropout_works.ipynb#train-and-eval"),
            ("A detector", "06_limitations.ipynb#a-detector"),
        ),
        claims=(
            ("41-train-and-eval", "definition"),
            ("one-pass-errs-by-the-spread-too", "definition"),
            ("the-last-line-passes-broken-networks", "fails"),
        ),
    ),
    Question(
        question="Dropout trains an ensemble of 2ⁿ networks. Do you agree?",
        topic="Interpretation",
        tips=(5,),
        sentence="There are $2^n$ thinned networks, and they share one set of weights; training "
        "samples one of them per case, and of a wide layer it visits a vanishing part.",
        minute=r"""
        As a picture it helps, as a statement it is false. A run of 40,000 presentations draws at
        most 40,000 masks, and 64 units alone have more than $10^{19}$. Nearly every network that
        comes has one case in one step, and that step moves weights that the others use, too.
        In an ensemble the members are trained to the end, independently. That one network with
        dropout beats ten such networks is not shown in the book's runs.
        """,
        whiteboard=r"""
        Expected number of *different* masks after $k$ draws at $p = 0.5$, where each of the
        $N = 2^n$ masks has probability $1/N$:

        $$N\,\bigl(1 - (1 - 1/N)^k\bigr)$$

        1. $n = 8$: $N = 256$, and $k = 40{,}000$ draws visit all of them.
        2. $n = 64$: $N \approx 1.8\cdot 10^{19}$, so about 40,000 different ones, once each.

        Ensemble: $M$ weight vectors, each at the end of its own training. Dropout: one weight
        vector, $2^n$ ways to thin it.
        """,
        follow_up="Is one network with dropout as good as an ensemble, then?",
        follow_up_answer=r"""
        That it errs less than ten networks averaged is not shown on this book's digits; against
        five of its width it erred less, and its loss was not shown to be lower. What is certain is
        the price: an ensemble costs so many trainings and so many passes. If you can pay, try it.
        """,
        where=(
            ("How many networks?", "04_why_dropout_prevents_overfitting.ipynb#how-many-networks"),
            (
                "Many networks for the price of one?",
                "05_advantages.ipynb#many-networks-for-the-price-of-one",
            ),
        ),
        claims=(
            ("25-trains-every-network", "fails"),
            ("ensemble-against-dropout", "fails"),
            ("dropout-instead-of-an-ensemble", "depends"),
        ),
    ),
    Question(
        question="What does the whole network average in evaluation mode?",
        topic="Interpretation",
        tips=(5,),
        sentence="With dropout only in front of one softmax layer, exactly the normalised "
        "geometric mean of all thinned networks; through hidden layers, something near it.",
        minute=r"""
        With dropout directly in front of a softmax layer, averaging the logits over the masks and
        taking the softmax is the geometric mean of the probabilities, normalised. Since the logits
        are linear in the mask, their average is one pass with all units on. ReLUs in between break
        the linearity, so there it is an approximation, and in the book's networks a worse one at
        $p = 0.5$ than at 0.2. It is not the arithmetic mean, which Monte Carlo passes estimate.
        """,
        whiteboard=r"""
        Logits of class $c$ under mask $m$, inverted dropout: $z_c(m) = \sum_i w_{ci} \frac{m_i
        x_i}{1-p} + b_c$. The geometric mean over masks with probabilities $P(m)$:

        $$\prod_m \left(\frac{e^{z_c(m)}}{Z(m)}\right)^{P(m)}
        = \frac{e^{\sum_m P(m)\,z_c(m)}}{\prod_m Z(m)^{P(m)}}$$

        The denominator does not depend on $c$, so it goes when you normalise:

        $$\frac{e^{\mathbb{E}[z_c]}}{\sum_k e^{\mathbb{E}[z_k]}}$$

        $$\mathbb{E}[z_c] = \sum_i w_{ci} x_i + b_c$$

        which is the softmax of one pass with all units on.
        """,
        follow_up="Then should you not average many passes instead?",
        follow_up_answer=r"""
        You can: in the book's runs the mean of fifty passes erred as often as the whole network,
        to a quarter of a point, and its loss was lower. It costs so many passes. Compare it with
        the whole network, not with one noisy pass, which lost to both.
        """,
        where=(
            (
                "What the whole network averages",
                "04_why_dropout_prevents_overfitting.ipynb#what-the-whole-network-averages",
            ),
        ),
        claims=(
            ("geometric-mean-of-a-softmax", "definition"),
            ("26-whole-network-is-the-average", "depends"),
            ("mean-of-fifty-meets-whole-network", "holds"),
            ("mean-of-k-has-a-lower-loss", "holds"),
        ),
    ),
    Question(
        question="In a convolutional network, why drop whole feature maps and not pixels?",
        topic="Variants",
        tips=(7,),
        sentence="Neighbours in a map say nearly the same, so a dropped pixel can be guessed from "
        "them; spatial dropout makes one draw per case and map, and nothing of that map is left.",
        minute=r"""
        That is the argument of Tompson and co-authors, and its first half is easy to measure:
        neighbours betray a dropped unit. In the book's network the other maps tell even more.
        Within a map that stays, all differences are kept up to the scale. That it therefore gives
        *less error* is another statement, and in this book's small networks on digits it is not
        shown: single units dropped behind the convolutions gave the lower loss. In PyTorch
        `nn.Dropout2d` drops maps.
        """,
        whiteboard=r"""
        Two units of one map, activations $x$ and $z$. They share the draw: $y = mx/(1-p)$ and
        $u = mz/(1-p)$ with the same $m$, and $m^2 = m$.

        $$\operatorname{Cov}[y, u] = \mathbb{E}[yu] - xz$$

        $$= \frac{(1-p)\,xz}{(1-p)^2} - xz = \frac{p}{1-p}\,xz$$

        With separate draws it is 0. So the noise of a map's sum has the variance

        $$\frac{p}{1-p}\Bigl(\sum_i x_i\Bigr)^2 \quad\text{against}\quad
        \frac{p}{1-p}\sum_i x_i^2$$

        With $k$ equal units in a map that is $k$ times as much: equal $p$ is not equal noise.
        """,
        follow_up="Your tensor has shape (N, H, W, C). What does `nn.Dropout2d` drop?",
        follow_up_answer=r"""
        It takes the second axis for the channels, so it drops whole *rows* of the picture and
        every channel loses the same ones. No error, no warning. Bring the channels to the front
        first, or draw a mask of shape (N, 1, 1, C).
        """,
        where=(
            ("What a neighbour knows", "03_3_spatial_dropout.ipynb#what-a-neighbour-knows"),
            ("What it does to the error", "03_3_spatial_dropout.ipynb#what-it-does-to-the-error"),
        ),
        claims=(
            ("16-drops-whole-maps", "definition"),
            ("covariance-within-a-map", "definition"),
            ("neighbours-betray-a-unit", "holds"),
            ("other-maps-tell-more", "holds"),
            ("42-spatial-is-better-for-convolutions", "fails"),
            ("spatial-is-better-in-loss", "fails"),
        ),
    ),
    Question(
        question="Dropout and batch norm in one network: what happens?",
        topic="Interactions",
        tips=(9,),
        sentence="A batch norm behind dropout stores the variance with the noise and meets it "
        "without, so put dropout behind the last batch norm, if you need it at all.",
        minute=r"""
        The mean is kept, the variance is not. In training batch norm normalises signal plus noise,
        in evaluation it divides the signal by a standard deviation that is too large. Directly
        behind dropout the variance is too large by a factor of at least $1/(1-p)$; behind weights
        and a ReLU it was much less in the book's networks. With two hidden layers no harm to the
        error was shown; with six, $p = 0.5$ and dropout directly before every batch norm, it
        ruined the predictions. That dropout lowers the error on top of batch norm was shown
        nowhere.
        """,
        whiteboard=r"""
        Unit with mean $\mu$ and variance $v$ over the cases, dropout, then batch norm.

        $$\mathbb{E}[y] = \mu$$

        $$\mathbb{E}[y^2] = \frac{\mathbb{E}[x^2]}{1-p} = \frac{v + \mu^2}{1-p}$$

        $$\operatorname{Var}[y] = \frac{v+\mu^2}{1-p} - \mu^2$$

        $$= v + \frac{p}{1-p}(v + \mu^2)$$

        Stored over met: $\;\frac{1}{1-p} + \frac{p}{1-p}\cdot\frac{\mu^2}{v}$. With $\mu = 0$ that
        is $1/(1-p)$; with $\mu = 1$, $v = 1$, $p = 0.5$ it is 3.
        """,
        follow_up="How do you find out whether the shift is to blame, in a network you can't "
        "retrain?",
        follow_up_answer=r"""
        Recalibrate: reset the running statistics and send training data through with batch norm in
        training mode and dropout off. No weight moves. If the error falls, the stored statistics
        did the harm. Li and co-authors (2019) named it *variance shift*.
        """,
        where=(
            ("One unit by hand", "06_limitations.ipynb#one-unit-by-hand"),
            ("Deeper", "06_limitations.ipynb#deeper"),
        ),
        claims=(
            ("ratio-of-one-unit", "definition"),
            ("40-variance-shift", "depends"),
            ("40-shift-does-harm", "depends"),
            ("33-works-with-batch-norm", "fails"),
            ("worse-than-with-dropout-left-on", "holds"),
        ),
    ),
    Question(
        question="How would you use dropout in an LSTM?",
        topic="Variants",
        tips=(11,),
        sentence="Between the layers first; on the state, if at all, with one mask for all "
        "time steps, which is variational dropout in the sense of Gal and Ghahramani.",
        minute=r"""
        `nn.LSTM(dropout=p)` drops the outputs of each layer but the last, with fresh masks at
        every step, and never the state. Fresh masks on the state wear away what is to be
        remembered; one mask per sequence leaves some units alone from beginning to end. (Gal and
        Ghahramani tie the masks of inputs and outputs, too.) Say that the name has two owners:
        Kingma and co-authors (2015) use it for learned Gaussian noise. And say that a gain of tied
        masks over fresh ones was not shown in this book's runs on text.
        """,
        whiteboard=r"""
        A unit that only carries its value on for $T$ steps survives with probability $(1-p)^T$
        under fresh masks, and $1-p$ under one mask. At $p = 0.5$ and $T = 10$ that is 1 in 1,024
        against 1 in 2.

        The price: under one mask the scale is applied $T$ times to a unit that is kept,
        $h_T = (m/(1-p))^T h_0$, and as $m^T = m$

        $$\mathbb{E}[h_T] = \frac{1-p}{(1-p)^T}\,h_0 = (1-p)^{1-T} h_0$$

        so for such a unit the mean is not kept. With fresh masks it is: $(1-p)^T/(1-p)^T = 1$.
        """,
        follow_up="Does it help on your text model?",
        follow_up_answer=r"""
        Measure it: no dropout, inputs and outputs only, fresh masks, tied masks, each with the
        same number of settings, over seeds. On 8,000 characters dropout helped; dropping the state
        on top of inputs and outputs was not shown to.
        """,
        where=(
            ("Two methods, one name", "03_5_variational_dropout.ipynb#two-methods-one-name"),
            ("What is remembered", "03_5_variational_dropout.ipynb#what-is-remembered"),
        ),
        claims=(
            ("22-one-mask-over-time", "definition"),
            ("nn-lstm-drops-the-state", "fails"),
            ("fresh-masks-forget", "definition"),
            ("49-tied-masks-in-recurrent-networks", "depends"),
            ("dropping-the-state-pays", "fails"),
        ),
    ),
    Question(
        question="What is Monte Carlo dropout, and how do you do it in PyTorch?",
        topic="Uncertainty",
        tips=(12,),
        sentence="Leave dropout on when you predict, ask $T$ times, and take the mean and the "
        "spread of the answers.",
        minute=r"""
        Put the model into evaluation mode, switch on the dropout layers *alone*, run $T$ passes
        under `no_grad()`, average probabilities (not logits), and restore every module's mode.
        `model.train()` for all is the usual mistake: batch norm then uses the batch and learns
        from your test data. The mean of many passes is not shown to err less than the whole
        network in one pass; what you buy is the spread.
        """,
        whiteboard=r"""
        ```python
        modes = [(m, m.training) for m in model.modules()]
        try:
            model.eval()
            for m, _ in modes:
                if isinstance(m, nn.Dropout):
                    m.train()
            with torch.no_grad():
                passes = torch.stack(
                    [model(x).softmax(-1) for _ in range(T)]
                )
        finally:
            for m, mode in modes:
                m.training = mode
        mean, std = passes.mean(0), passes.std(0)
        ```

        `nn.Dropout2d` is a class of its own: name it, too, if the model has one.

        How many passes? The squared error of the mean of $T$ passes is that of all masks plus
        $\sigma^2/T$, where $\sigma^2$ is the variance over masks:

        $$\mathbb{E}\bigl[(\bar{f}_T - t)^2\bigr] = (\bar{f} - t)^2 + \frac{\sigma^2}{T}$$
        """,
        follow_up="Against what do you compare the mean of the passes?",
        follow_up_answer=r"""
        Against one pass with dropout *off*, on the same network. Against one *noisy* pass the mean
        wins by averaging alone, so ask of any table which of the two it shows. For probabilities
        also against one pass with a temperature fitted on validation.
        """,
        where=(
            ("The recipe", "08_5_monte_carlo_dropout.ipynb#the-recipe"),
            ("Three traps", "08_5_monte_carlo_dropout.ipynb#three-traps"),
        ),
        claims=(
            ("example-5-changes-the-network", "definition"),
            ("error-of-k-passes", "holds"),
            ("many-passes-beat-weight-scaling", "fails"),
            ("weight-scaling-beats-one-pass", "holds"),
        ),
    ),
    Question(
        question="Is the spread of Monte Carlo dropout the model's uncertainty?",
        topic="Uncertainty",
        tips=(12,),
        sentence="Not by itself: it is the variance over masks, which at a fixed $p$ does not "
        "shrink as data come in and need not be large where the error is.",
        minute=r"""
        A large spread is a reason to doubt, a small one is no reason to trust. How the spread
        grows away from the data hangs on the activation function: ReLU networks open a funnel,
        tanh networks don't, and the funnel is there before any training. The size follows $p$,
        which you chose. So check the band's coverage on held-out data of the kind you will meet,
        and compare with an ensemble and with one pass and a temperature.
        """,
        whiteboard=r"""
        The variance over masks of a linear output, with dropout on its inputs:

        $$\operatorname{Var}\Bigl[\sum_j w_j y_j\Bigr] = \frac{p}{1-p}\sum_j w_j^2 x_j^2$$

        The number of training cases is not in it. With $N$ cases the weights come to
        within about $1/\sqrt{N}$ of some $w^*$, and the spread stays near that of $w^*$. Far
        away, $x \to 2x$ doubles the standard deviation, whatever the weights: a funnel is no sign
        that the network knows where its data end.
        """,
        follow_up="Then what would make it right?",
        follow_up_answer=r"""
        Nothing for certain. What helps is choosing $p$ on validation, anew for each amount of
        data: in the book the spread then got smaller with more data, and at some sizes it came
        within a factor of two of the error. The Bayesian reading (Gal and Ghahramani, 2016) takes
        the masks for an approximate posterior; how good an approximation, no theorem tells you for
        your network.
        """,
        where=(
            ("Spread and error", "08_5_monte_carlo_dropout.ipynb#spread-and-error"),
            ("When to trust it", "08_5_monte_carlo_dropout.ipynb#when-to-trust-it"),
        ),
        claims=(
            ("52-spread-is-an-uncertainty", "fails"),
            ("spread-stays-where-it-is", "holds"),
            ("spread-of-a-linear-output", "definition"),
            ("funnel-before-training", "definition"),
            ("52-small-spread-means-small-error", "depends"),
            ("spread-shrinks-by-choosing-p", "depends"),
            ("chosen-p-brings-it-near", "depends"),
        ),
    ),
    Question(
        question="Dropout or L2: how do they differ?",
        topic="Interactions",
        tips=(13,),
        sentence="L2 adds a penalty on the weights and dropout noise on the activations; in linear "
        "regression that noise *is*, on average, an L2 penalty, scaled by the data.",
        minute=r"""
        "L2 shrinks weights, dropout zeroes activations" says what the code does, and makes them
        look unrelated. For linear regression with dropout on the inputs the expected loss is the
        squared error plus a ridge penalty, each weight weighed by the size of its input. In
        logistic regression, to second order, it also depends on how unsure the model is. Which one
        does better, tuned alike, depends on the data; together they need not beat either.
        """,
        whiteboard=r"""
        One case, target $t$, inputs $x_j$ replaced by $y_j$ with mean $x_j$ and variance
        $\frac{p}{1-p}x_j^2$, independent:

        $$\mathbb{E}\Bigl[\bigl(t - \sum_j w_j y_j\bigr)^2\Bigr]$$

        $$= \bigl(t - \sum_j w_j x_j\bigr)^2 + \operatorname{Var}\Bigl[\sum_j w_j y_j\Bigr]$$

        $$= \bigl(t - \sum_j w_j x_j\bigr)^2 + \frac{p}{1-p}\sum_j w_j^2 x_j^2$$

        Sum over the cases, with $\lVert x_j \rVert^2$ the sum of squares of input $j$: squared
        error plus $\frac{p}{1-p}\sum_j w_j^2\,\lVert x_j\rVert^2$. If the inputs are standardised,
        that is plain ridge.
        """,
        follow_up="And in a deep network?",
        follow_up_answer=r"""
        No such identity is known. The picture of an adaptive penalty (Wager and co-authors, 2013)
        is a first-order argument for generalised linear models. So tune both, and compare tuned
        with tuned: on this book's digits dropout had the lower error, and which has the lower loss
        ten runs can't say.
        """,
        where=(
            (
                "Linear regression: ridge, exactly",
                "04_why_dropout_prevents_overfitting.ipynb#linear-regression-ridge-exactly",
            ),
            ("Together, or instead", "05_advantages.ipynb#together-or-instead"),
        ),
        claims=(
            ("ridge-identity", "definition"),
            ("unsure-cases-pay-more", "holds"),
            ("dropout-over-l2", "depends"),
            ("32-with-other-regularisers", "depends"),
        ),
    ),
    Question(
        question="Which p would you choose: hidden layers, inputs, a CNN?",
        topic="Practice",
        tips=(6,),
        sentence="As places to begin a search: 0.2 to 0.5 in hidden fully connected layers, about "
        "0.2 on inputs, 0.5 in a CNN's head, less behind convolutions; then tune on validation.",
        minute=r"""
        First say that your $p$ is the probability to *drop*. If somebody says "0.5 to 0.8 for the
        inputs", a probability to keep was taken for one to drop: the paper of 2014 keeps 80% of
        the inputs. In the book's sweep there is a plateau and a cliff, and how far the plateau
        reaches depends on the width. Width and learning rate belong to the search: the best
        learning rate with dropout need not be the best without.
        """,
        whiteboard=r"""
        Keep is $1-p$: "retain 0.8" is $p = 0.2$.

        Noise of one unit at $p$, relative to its activation: $\sqrt{p/(1-p)}$.

        1. $p = 0.2$: 0.5
        2. $p = 0.5$: 1
        3. $p = 0.8$: 2

        The same width at a larger $p$ is a smaller network per case: $n(1-p)$ units on average.
        The paper's advice is therefore to use $n/(1-p)$ units where $n$ would do without dropout.
        """,
        follow_up="Why 0.2 to 0.3 in convolutional layers, and not 0.5?",
        follow_up_answer=r"""
        It is custom rather than a result. One reason for less: dropped *maps* share their draw, so
        at equal $p$ they shake the outputs more than dropped units. A rate tuned for units is too
        high a first guess for maps.
        """,
        where=(
            ("Which p", "06_limitations.ipynb#which-p"),
            ("Drop or keep?", "03_types_of_dropout.ipynb#drop-or-keep"),
            ("The second rate", "05_advantages.ipynb#the-second-rate"),
        ),
        claims=(
            ("13-rates-for-hidden-layers", "holds"),
            ("14-rates-for-inputs", "fails"),
            ("38-careful-tuning", "depends"),
            ("34-no-other-hyperparameter", "fails"),
            ("maps-shake-more", "holds"),
        ),
    ),
    Question(
        question="When would you not use dropout?",
        topic="Practice",
        tips=(10,),
        sentence="Where the network does not overfit: too small, underfitting, each case seen "
        "once, or regularised enough already.",
        minute=r"""
        Ask whether there is a gap between training and validation, measured alike. In the book's
        sweeps dropout raised the error of small networks, of a network that saw each case only
        once, and the training loss of one that underfits. With batch norm no gain was shown. With
        tuned weight decay it depends on the rate. More data, where you can get it, beat the best
        dropout. In pre-training practice differs: BERT had it, T5 1.1 was
        trained without, and its authors advise to switch it on for fine-tuning.
        """,
        whiteboard=r"""
        One weight, input of size 1, true weight $w$, $n$ noisy targets with standard deviation
        $s$. Least squares gives $\hat{w}$ with mean $w$ and variance $s^2/n$. Dropout on the input
        is ridge with the factor $\frac{p}{1-p}\,n$ before the squared weight, so it lands on
        $(1-p)\,\hat{w}$. Bias squared plus variance is less than before if

        $$p^2w^2 + (1-p)^2\frac{s^2}{n} < \frac{s^2}{n}$$

        Since $1 - (1-p)^2 = p\,(2-p)$, that is

        $$p^2 w^2 < p\,(2-p)\,\frac{s^2}{n}$$

        $$n < \frac{2-p}{p}\cdot\frac{s^2}{w^2}$$

        Few cases, much noise: it pays. Beyond that number of cases its bias costs more than the
        variance it saves.
        """,
        follow_up="Should it be off when you fine-tune a pre-trained model?",
        follow_up_answer=r"""
        "Often disabled" is no rule. In the book a network that was pre-trained with dropout did
        better if it stayed on at a moderate rate; $p = 0.5$ harmed one that was pre-trained
        without. BERT's published configuration keeps 0.1. Try on and off.
        """,
        where=(
            ("A guide", "07_when_to_use_dropout.ipynb#a-guide"),
            ("One weight", "07_when_to_use_dropout.ipynb#one-weight"),
            ("Practice today", "07_when_to_use_dropout.ipynb#practice-today"),
        ),
        claims=(
            ("39-hurts-small-networks", "holds"),
            ("underfitting-standard-hurts", "holds"),
            ("33-works-with-batch-norm", "fails"),
            ("39-hurts-regularised-networks", "depends"),
            ("single-pass-hurts", "holds"),
            ("new-data-beat-dropout", "holds"),
            ("one-weight-crossover", "definition"),
            ("t5-without-then-with", "holds"),
            ("bert-keeps-dropout", "holds"),
            ("50-off-while-fine-tuning", "depends"),
        ),
    ),
    Question(
        question="Does dropout make training slower?",
        topic="Practice",
        tips=(8,),
        sentence="It takes more steps to the same training loss, about two to three times as "
        "many at $p = 0.5$ and fewer than twice at 0.2 in the book's runs; and each step takes "
        "longer.",
        minute=r"""
        "It increases training time" needs a ruler: steps to the same training loss, measured with
        dropout *off*, each side with its own learning rate. The log, with dropout on, looks worse
        even if nothing is slower. The cause is the noise: Gaussian noise of the same variance
        costs steps too, weight decay doesn't. The draws themselves are work per unit, the matrix
        products work per pair of units, so their share falls as layers get wider.
        """,
        whiteboard=r"""
        Work of one step between two layers of width $n$, batch of $B$ cases: one draw per unit and
        case is $Bn$; three products (forward, gradient of the input, gradient of the weights) are
        about $3Bn^2$ multiplications. Share of the draws:

        $$\frac{Bn}{3Bn^2} = \frac{1}{3n}$$

        It halves when the width doubles. (A draw is dearer than a multiplication, so the factor
        before $1/n$ is not $1/3$ on a clock.)
        """,
        follow_up="Is it then a price worth paying?",
        follow_up_answer=r"""
        It depends on what you get. If the loss on validation, at the best learning rate for each
        side, is lower after the time you have, yes. Train the network *without* dropout equally
        well before you say so.
        """,
        where=(
            ("What it costs", "06_limitations.ipynb#what-it-costs"),
            ("What a step costs", "05_advantages.ipynb#what-a-step-costs"),
        ),
        claims=(
            ("37-two-to-three-times-the-steps", "depends"),
            ("noise-takes-steps", "holds"),
            ("weight-decay-takes-no-steps", "holds"),
            ("30-minimal-overhead", "definition"),
            ("a-step-takes-longer", "holds"),
        ),
    ),
    Question(
        question="How would you find out whether dropout helps here?",
        topic="Practice",
        tips=(8,),
        sentence="Train with and without on the same splits and seeds, tune both sides alike on "
        "validation, and report the paired difference on test data with an interval.",
        minute=r"""
        Same width unless width is the question, the same number of settings tried on each side,
        learning rate tuned for each. Choose on validation, look at test once. Several seeds, in
        pairs: the difference per seed, its mean and a 95% interval. Loss as well as error, for
        they need not agree. And write down the result if it is nothing. In the book dropout
        improves generalisation under some conditions and not under others.
        """,
        whiteboard=r"""
        Differences $d_1, \dots, d_n$, one per seed (error without minus error with):

        $$\bar{d} = \frac{1}{n}\sum_i d_i$$

        $$s = \sqrt{\frac{1}{n-1}\sum_i (d_i - \bar{d})^2}$$

        $$\bar{d} \pm t_{n-1}\,\frac{s}{\sqrt{n}}$$

        For $n = 10$ and 95%, $t_9 \approx 2.26$. Why in pairs: with errors $a_i$ and $b_i$,

        $$\operatorname{Var}[a - b] = \operatorname{Var}[a] + \operatorname{Var}[b]$$

        $$\qquad - \; 2\operatorname{Cov}[a, b]$$

        and a hard split is mostly hard for both, so the covariance is as a rule positive.
        """,
        follow_up="The interval contains 0. What do you tell your manager?",
        follow_up_answer=r"""
        "With ten runs I can't tell it from nothing. If there is a gain, it is probably smaller
        than the end of the interval." Not "it makes no difference": for that the whole interval
        has to lie within what would not matter to us.
        """,
        where=(
            ("How to fool yourself", "07_when_to_use_dropout.ipynb#how-to-fool-yourself"),
            ("Runs in pairs", "11_evidence.ipynb#runs-in-pairs"),
        ),
        claims=(
            ("56-improves-generalisation", "depends"),
            ("chosen-on-test", "holds"),
            ("one-learning-rate-for-all", "depends"),
        ),
    ),
    Question(
        question="A deployed model answers the same input differently each time. Debug it.",
        topic="Debugging",
        tips=(14, 2),
        sentence="If the answers differ by more than rounding, something still draws: ask for the "
        "modes of all modules, then look for functional dropout that does not hear `eval()`.",
        minute=r"""
        1. Run one input twice, in a batch by itself. How large is the difference? Sums taken in
           another order change the last digits, dropout changes far more.
        2. List the modules whose `training` is True.
        3. If there are none, search the code for `F.dropout` without `training=self.training`, for
           `torch.bernoulli`, `rand` and for a Monte Carlo function that left the model switched on.
        4. Outputs that change with the *neighbours* in the batch point to batch norm in training
           mode, not to dropout.
        5. Add the test that would have caught it: two calls, equal outputs.
        """,
        whiteboard=r"""
        ```python
        def still_on(model):
            return [
                name for name, m in model.named_modules()
                if m.training
            ]

        model.eval()
        print(still_on(model))  # []
        with torch.no_grad():
            print(torch.equal(model(x), model(x)))
        ```

        Empty list and outputs that differ by more than rounding: something draws that does not ask
        for its mode. `F.dropout(x, p)` has `training=True` as its default.
        """,
        follow_up="The list is empty and the outputs are equal, but accuracy dropped after "
        "deployment. Still dropout?",
        follow_up_answer=r"""
        It can be: a scale applied twice or forgotten on the way to another framework. It leaves
        outputs deterministic. The mean confidence shows it without labels: it rises if the scale
        was forgotten and falls if it was applied twice. Compare logits for a few inputs with those
        of the training code.
        """,
        where=(
            (
                "Training mode, evaluation mode",
                "06_limitations.ipynb#training-mode-evaluation-mode",
            ),
            (
                "Deployed in training mode",
                "08_2_pytorch_mlp.ipynb#deployed-in-training-mode",
            ),
        ),
        claims=(
            ("41-train-and-eval", "definition"),
            ("confidence-shows-a-wrong-scale", "holds"),
        ),
    ),
    Question(
        question="Why does dropout work?",
        topic="Interpretation",
        tips=(1, 5),
        sentence="Its authors' idea is that no unit can rely on the others; it can also be read as "
        "an ensemble or as a penalty, and none of these readings is proven for deep networks.",
        minute=r"""
        Three readings. Co-adaptation: a unit that can't count on its neighbours has to be of use
        by itself. Ensemble: evaluation approximates an average of thinned networks. Noise: it acts
        like a penalty, in linear regression exactly. What held in the book's runs: networks
        trained with it survive the loss of units better. What is unsettled: units were less
        correlated in an autoencoder, but more in a layer of a classifier, and dropout was not
        shown to beat Gaussian noise of the same variance, which drops nothing.
        """,
        whiteboard=r"""
        Linear regression, exact if each input is multiplied by independent noise of mean 1 and
        variance $\sigma^2$, of any distribution: the expected squared error is the squared error
        without noise, plus

        $$\sigma^2\sum_j w_j^2 x_j^2$$

        with $\sigma^2 = p/(1-p)$ for dropout. The zeros don't matter here, only the variance. For
        a loss $\ell$ that is not quadratic, to second order in noise $\epsilon$ of the logit with
        mean 0:

        $$\mathbb{E}[\ell(z + \epsilon)] \approx
        \ell(z) + \frac{1}{2}\ell''(z)\operatorname{Var}[\epsilon]$$
        """,
        follow_up="How would you test the co-adaptation story?",
        follow_up_answer=r"""
        Ask it for a prediction that could fail: less correlation between units, or less harm when
        units are deleted. Compare at equal learning rates *and* at tuned ones, since the learning
        rate alone moves the correlation further than dropout does. Deleting units came out as the
        story says; correlation depends.
        """,
        where=(
            ("Co-adaptation", "04_why_dropout_prevents_overfitting.ipynb#co-adaptation"),
            (
                "What an explanation is worth",
                "04_why_dropout_prevents_overfitting.ipynb#what-an-explanation-is-worth",
            ),
        ),
        claims=(
            ("03-units-less-alike", "depends"),
            ("05-redundant-units", "holds"),
            ("27-noise-is-a-penalty", "definition"),
            ("zeros-add-to-the-noise", "fails"),
            ("rate-moves-correlation-further", "holds"),
        ),
    ),
    Question(
        question="Who introduced dropout, and what came of it?",
        topic="Basics",
        tips=(15,),
        sentence="Hinton, Srivastava, Krizhevsky, Sutskever and Salakhutdinov, 2012; the long "
        "paper is Srivastava and the same co-authors, JMLR 2014.",
        minute=r"""
        The report of 2012 drops hidden units and shows lower errors on digits, speech, pictures
        and text. The paper of 2014 adds experiments and practical advice, mentions the scaled form
        used today, and prints the probability to *retain*. Noise on inputs is older (Sietsma and
        Dow 1991, Bishop 1995). Then: DropConnect (Wan and others 2013), spatial dropout (Tompson
        and others 2015), Monte Carlo and variational dropout (Gal and Ghahramani 2016), and a
        variational dropout with learned noise (Kingma and others 2015).
        """,
        whiteboard=r"""
        No derivation here, but one conversion, for every number you quote from those papers:
        retention $q = 1-p$. "0.8 for inputs and 0.5 for hidden units" is $p = 0.2$ and $p = 0.5$.

        And one distinction: the papers multiply the *weights* behind a dropped unit by $q$ at test
        time, which is the same as multiplying the activations,
        $W(q\,h) + b = (q\,W)\,h + b$, with the bias left as it is.
        """,
        follow_up="How large was the gain on MNIST?",
        follow_up_answer=r"""
        Don't quote a number you have not read. It is safe to say: the paper of 2012 reports fewer
        errors than the best standard network it cites, and that one was not a matched run. A
        reported gain is always over *somebody's* baseline; ask how well that was tuned.
        """,
        where=(
            ("A little history", "01_what_is_dropout.ipynb#a-little-history"),
            ("Names that mislead", "03_types_of_dropout.ipynb#names-that-mislead"),
        ),
        claims=(
            ("01-introduced-in-2012", "holds"),
            ("06-p-is-the-probability-to-drop", "definition"),
        ),
    ),
]
