"""What several questions with different numbers say about an answer."""

import numpy as np


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
