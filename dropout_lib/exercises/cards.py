"""The flashcards of a chapter, drawn by jupytercards and made accessible.

jupytercards draws a card and turns it over by a click. What it lacks is added by ``cards.js``:

- buttons for the keyboard, with names: turn over, previous, next, and what you know already. In
  jupytercards there is no way back, its marks for known cards are for the mouse alone, and its
  keys, switched off here, take every key of the deck, Tab too;
- a side that is turned away is hidden from screen readers, and the other one is announced;
- a card that grows with its text; in jupytercards a long one runs out of it on a phone.

Each card has a topic of its own in jupytercards, and is called by it. Its script runs in a
function in which there is no MathJax and a console that is silent, as that of the quiz does. For
its window it takes an object with nothing but CustomEvent: it asks the real one for its storage,
which some frames refuse, and leaves its functions in it. Its styles are confined to the deck.
Where no script runs, all cards can be read and unfolded.
"""

import re

from .component import as_json, drawn_by, quiet, script_beside, style, without_links
from .core import cards
from .markup import to_html

SIDE = ["var(--dx-paper)"]
TEXT = ["var(--dx-ink)"]


def flashcards(chapter):
    """Show the flashcards of a chapter, such as "10"."""
    from IPython.display import HTML, display

    display(HTML(cards_html(chapter, cards(chapter))))


def cards_html(chapter, deck):
    """What ``flashcards`` shows: the same text every time.

    Args:
        chapter: its number.
        deck: dicts with the texts "front" and "back", and "section": a heading of the chapter, or
            a place elsewhere such as "09_key_concepts.ipynb#drop-probability".

    Errors: ValueError if there is no card.
    """
    from jupytercards import display_flashcards

    if not deck:
        raise ValueError(f"chapter {chapter!r} has no flashcards")
    texts = [{side: to_html(card[side]) for side in ("front", "back")} for card in deck]
    topics = [text | {"topic": str(number)} for number, text in enumerate(texts)]
    drawn, script = drawn_by(
        display_flashcards,
        topics,
        keyControl=False,
        known_widgets=False,
        front_colors=SIDE,
        back_colors=SIDE,
        text_colors=TEXT,
        seed=f"cards {chapter}",
    )
    drawn = drawn.replace("<style>", "<style>.dx-cards {").replace("</style>", "}</style>")
    return f"""\
<div class="dx dx-cards" data-count="{len(deck)}" data-lm-suppress-shortcuts="true">
{_plain(texts)}
<div class="dx-cards-drawn">
{drawn}
</div>
<style>{style("cards.css")}</style>
<script type="application/json">{as_json([place(card["section"]) for card in deck])}</script>
<script>
{{
const library = {{ CustomEvent }};
{quiet(script, window="library")}
{script_beside("cards.js")}}}
</script>
</div>"""


def place(section):
    """Where to read: the heading, or the words of a place elsewhere and its address.

    >>> place("03_1_standard_dropout.ipynb#pitfalls")
    {'words': 'pitfalls (chapter 3.1)', 'address': '03_1_standard_dropout.ipynb#pitfalls'}
    """
    elsewhere = re.fullmatch(r"(?:0?(\d+)_(?:(\d)_)?\w+)\.ipynb(?:#(.+))?", section)
    if not elsewhere:
        return {"section": to_html(section)}
    number, part, anchor = elsewhere.groups()
    chapter = f"chapter {number}" + (f".{part}" if part else "")
    words = f"{anchor.replace('-', ' ')} ({chapter})" if anchor else chapter
    return {"words": words, "address": section}


def _plain(texts):
    folded = "\n".join(
        f"<details><summary>{text['front']}</summary>\n<p>{text['back']}</p></details>"
        for text in texts
    )
    return f'<div class="dx-cards-plain">\n{without_links(folded)}\n</div>'
