"""Text and source code as a chapter shows them."""

import ast
import inspect
import textwrap


class Markdown:
    """Text that a notebook and the book render."""

    def __init__(self, text):
        self.text = text

    def _repr_markdown_(self):
        return self.text

    def __repr__(self):
        return self.text


def show_source(*objects):
    """Show the source of functions or classes as it stands in the library, less its docstrings.

    >>> show_source(Markdown.__repr__)
    ```python
    def __repr__(self):
        return self.text
    ```
    """
    sources = [_without_docstrings(textwrap.dedent(inspect.getsource(o))) for o in objects]
    return Markdown("```python\n" + "\n\n\n".join(sources) + "\n```")


def _without_docstrings(source):
    lines = source.rstrip().split("\n")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            docstring = node.body[0]
            for number in range(docstring.lineno, docstring.end_lineno + 1):
                lines[number - 1] = None
            if docstring.end_lineno < len(lines) and not lines[docstring.end_lineno]:
                lines[docstring.end_lineno] = None  # the empty line below a class's docstring
    return "\n".join(line for line in lines if line is not None)
