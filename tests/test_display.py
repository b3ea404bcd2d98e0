"""Source is shown as it stands in the library, less its docstrings."""

from dropout_lib.display import show_source
from dropout_lib.scratch import Dropout, dropout_backward, dropout_forward


def test_docstrings_go_and_code_stays():
    shown = repr(show_source(dropout_forward, dropout_backward))
    assert shown.startswith("```python\ndef dropout_forward(")
    assert '"""' not in shown
    assert "return apply_keep_mask(x, mask, inverted_scale(p)), mask" in shown


def test_what_is_shown_compiles():
    for shown in (show_source(Dropout), show_source(dropout_forward)):
        code = shown.text.removeprefix("```python\n").removesuffix("```")
        compile(code, "shown", "exec")
