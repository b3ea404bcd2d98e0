"""The checks pass what is right and name what is wrong."""

import time

import numpy as np
import pytest

from dropout_lib import pytorch, scratch
from dropout_lib.checks import (
    ELEMENTWISE,
    Subject,
    examine,
    function_subject,
    property_name,
    scratch_subject,
    torch_subject,
)
from dropout_lib.checks.mutants import MUTANTS, Textbook, TextbookStandard

CORRECT = [
    scratch_subject(scratch.Dropout),
    scratch_subject(scratch.StandardDropout, "standard"),
    torch_subject(pytorch.Dropout),
    torch_subject(pytorch.StandardDropout, "standard"),
    scratch_subject(Textbook),
    scratch_subject(TextbookStandard, "standard"),
]


def _id(case):
    return case.name if hasattr(case, "name") else None


@pytest.mark.parametrize("subject", CORRECT, ids=_id)
@pytest.mark.parametrize("check", ELEMENTWISE, ids=property_name)
def test_correct_dropout_has_the_property(subject, check):
    assert check(subject) is None


@pytest.mark.parametrize("subject", CORRECT, ids=_id)
def test_no_check_depends_on_one_lucky_seed(subject):
    for seed in range(20):
        shifted = Subject(
            subject.name, lambda p, s, seed=seed: subject.make(p, 1000 * seed + s), subject.scaling
        )
        assert examine(shifted, ELEMENTWISE).passed, seed


@pytest.mark.parametrize("mutant", MUTANTS, ids=_id)
def test_mutant_gets_the_right_diagnosis(mutant):
    with np.errstate(all="ignore"):  # some of them divide by zero
        report = examine(mutant.subject, ELEMENTWISE)
    assert report.first is not None, "not caught"
    assert report.first.code == mutant.expected, str(report)
    assert report.first.hint


def test_there_are_enough_mutants_for_both_variants():
    assert len(MUTANTS) >= 15
    assert {mutant.scaling for mutant in MUTANTS} == {"inverted", "standard"}


def test_every_check_is_the_first_to_catch_some_mutant():
    caught = set()
    for mutant in MUTANTS:
        report = examine(mutant.subject, ELEMENTWISE, stop_at_first=True)
        caught.add(report.outcomes[-1][0])
    assert {property_name(check) for check in ELEMENTWISE} <= caught


def test_every_diagnosis_in_the_code_has_a_mutant():
    import inspect
    import re

    from dropout_lib.checks import elementwise

    codes = set(re.findall(r'Diagnosis\(\s*"([a-z-]+)"', inspect.getsource(elementwise)))
    provoked = {mutant.expected for mutant in MUTANTS}
    assert codes - provoked <= {"p-zero-changes", "variance-off"}
    assert provoked <= codes


def test_an_exception_in_the_subject_becomes_a_diagnosis():
    def forward(x, p, training, rng):
        raise KeyError("mask")

    report = examine(function_subject(forward), ELEMENTWISE[:2])
    assert report.first.code == "raises"
    assert "KeyError" in report.first.message


def test_all_checks_together_take_less_than_a_second():
    start = time.perf_counter()
    examine(scratch_subject(scratch.Dropout), ELEMENTWISE)
    assert time.perf_counter() - start < 1
