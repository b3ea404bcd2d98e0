"""What a mutant is, and a catalogue of them."""

from dataclasses import dataclass

from ..core import scratch_subject


@dataclass(frozen=True)
class Mutant:
    """A wrong dropout.

    Args:
        layer_class: the wrong implementation, a class, or a function of the family that has them.
        expected: the code of the first diagnosis that it should get.
        scaling: as in :class:`~dropout_lib.checks.Subject`.
        make_subject: ``make_subject(layer_class, scaling)``, what the checks examine.
    """

    layer_class: type
    expected: str
    scaling: str = "inverted"
    make_subject: object = scratch_subject

    @property
    def name(self):
        return self.layer_class.__name__

    @property
    def subject(self):
        return self.make_subject(self.layer_class, self.scaling)


def catalogue(make_subject=scratch_subject):
    """An empty list of mutants, and the decorator that enters a class in it."""
    mutants = []

    def mutant(expected, scaling="inverted"):
        def enter(layer_class):
            mutants.append(Mutant(layer_class, expected, scaling, make_subject))
            return layer_class

        return enter

    return mutants, mutant
