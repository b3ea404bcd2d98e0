"""Wrong dropouts that people really write, and what the checks should say of each.

A family is a module here with a list ``MUTANTS`` and the textbook implementation that they
spoil; :data:`FAMILIES` pairs each with the checks that have to catch its mutants. The tests hold
that the first diagnosis of each is the one that the catalogue names, and that no check is without
a mutant that it is the first to catch.
"""

from ..dropblock import DROPBLOCK
from ..dropconnect import DROPCONNECT
from ..elementwise import ELEMENTWISE
from ..grouped import GROUPED
from ..monte_carlo import MONTE_CARLO
from ..recurrent import RECURRENT
from . import dropblock, dropconnect, elementwise, grouped, monte_carlo, recurrent

FAMILIES = {  # name: (checks, mutants)
    "dropblock": (DROPBLOCK, dropblock.MUTANTS),
    "dropconnect": (DROPCONNECT, dropconnect.MUTANTS),
    "elementwise": (ELEMENTWISE, elementwise.MUTANTS),
    "grouped": (GROUPED, grouped.MUTANTS),
    "monte_carlo": (MONTE_CARLO, monte_carlo.MUTANTS),
    "recurrent": (RECURRENT, recurrent.MUTANTS),
}
