"""The quiz of a chapter, shown by jupyterquiz and made accessible.

jupyterquiz draws the questions, shuffles the answers and judges them. What it lacks is added by
``quiz.js`` from outside, with attributes and with listeners that hear an event before it does:

- a question is a group with a name, and its feedback a live region that says right or not right
  in words, and what to read again;
- arrow keys move from answer to answer; in jupyterquiz they answer. Space and Enter answer;
- the field for a number has a name and a button, and takes a decimal comma, 1/4, and what is
  pasted; jupyterquiz lets through few keys, and empties the field whenever it gets the focus;
- a focus that stays where it was; jupyterquiz takes it away, or moves it to the next question;
- at the end, how many were right at the first attempt.

Its script logs much, and on some pages fetches MathJax from another host. It runs here in a
function in which there is no MathJax and a console that is silent; mathematics is MathML. Its
element is handed to it under the name by which it looks for it, so that a quiz may stand in a page
twice. Where no script runs, all questions can be read, with their answers folded away.
"""

import re
from hashlib import sha256

from .component import as_json, drawn_by, quiet, script_beside, style, without_links
from .core import questions
from .markup import to_html

COLOURS = {
    "--jq-multiple-choice-bg": "var(--dx-paper)",
    "--jq-numeric-bg": "var(--dx-paper)",
    "--jq-mc-button-bg": "var(--dx-paper)",
    "--jq-mc-button-border": "var(--dx-soft)",
    "--jq-numeric-input-bg": "var(--dx-paper)",
    "--jq-numeric-input-label": "var(--dx-ink)",
    "--jq-text-color": "var(--dx-ink)",
    "--jq-link-color": "var(--dx-with-dropout)",
    "--jq-incorrect-color": "var(--dx-wrong)",
    "--jq-correct-color": "var(--quiz-right)",
}


def quiz(chapter):
    """Show the quiz of a chapter, such as "02"."""
    from IPython.display import HTML, display

    display(HTML(quiz_html(chapter, questions(chapter))))


def question_id(question):
    """What a page remembers an answer by: eight hexadecimal digits of the question's words.

    >>> question_id({"question": "1 + 1?"})
    'c97c3a9c'
    """
    return sha256(question["question"].encode()).hexdigest()[:8]


def quiz_html(chapter, asked):
    """What ``quiz`` shows: the same text every time."""
    from jupyterquiz import display_quiz

    drawn, script = drawn_by(
        display_quiz,
        [_converted(question) for question in asked],
        colors=COLOURS,
        max_width=700,
        seed=f"quiz {chapter}",
    )
    name = re.search(r'id="(\w+)"', drawn)[1]
    element = f'document.querySelector(".dx-quiz:not([data-started]) #{name}")'
    about = [{"id": question_id(q), "section": to_html(q["section"])} for q in asked]
    return f"""\
<div class="dx dx-quiz" data-chapter="{chapter}" data-count="{len(asked)}" \
data-lm-suppress-shortcuts="true">
{_plain(asked)}
{drawn}
<style>{style("quiz.css")}</style>
<script type="application/json">{as_json(about)}</script>
<script>
{quiet(script, **{name: element})}
{script_beside("quiz.js")}</script>
</div>"""


def _converted(question):
    """The question with its texts as HTML."""
    answers = [
        {
            key: to_html(value) if key in ("answer", "feedback") else value
            for key, value in a.items()
        }
        for a in question["answers"]
    ]
    return question | {"question": to_html(question["question"]), "answers": answers}


def _plain(asked):
    """The questions where no script runs, in an order that does not tell the right answer."""
    items = "\n".join(f"<li>{_plain_question(question)}</li>" for question in asked)
    return f'<div class="dx-quiz-plain">\n<ol>\n{without_links(items)}\n</ol>\n</div>'


def _plain_question(question):
    answers = [a for a in question["answers"] if a.get("type") != "default"]
    answers.sort(key=_words)
    options = "".join(f"<li>{_words(a)}</li>" for a in answers if "answer" in a)
    judged = "".join(
        f"<dt>{_words(a)}</dt>\n<dd>{'Right' if a['correct'] else 'Not right'}. "
        f"{to_html(a['feedback'])}</dd>\n"
        for a in answers
    )
    return (
        f"<p>{to_html(question['question'])}</p>\n"
        + (f"<ul>{options}</ul>\n" if options else "")
        + f"<details><summary>Answers</summary>\n<dl>\n{judged}</dl>\n</details>"
    )


def _words(answer):
    return to_html(answer["answer"]) if "answer" in answer else f"{answer['value']:.15g}"
