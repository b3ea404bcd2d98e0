"""Every variant of dropout, from scratch and in PyTorch, with the checks, experiments and
explorers of the book.

``import dropout_lib`` imports nothing but this file: the rooms (``scratch``, ``pytorch``,
``checks``, ``explorers``, ...) are imported by name, and only ``pytorch`` needs PyTorch.
"""

__version__ = "0.1.0"
