"""Sliders for the chapters: live where a kernel runs, plain HTML where none does.

Every explorer is a function in a module of its own that returns an :class:`Explorer`.
"""

from .explorer import Choice, Explorer, Figure, Picture, Slider

__all__ = ["Choice", "Explorer", "Figure", "Picture", "Slider"]
