"""The checks pass what is right and name what is wrong."""

import inspect
import re
import time
from dataclasses import replace

import numpy as np
import pytest

from dropout_lib import pytorch, scratch
from dropout_lib.checks import (
    ELEMENTWISE,
    dropblock_subject,
    dropblock_torch_subject,
    examine,
    function_subject,
    property_name,
    recurrent_subject,
    recurrent_torch_subject,
    scratch_dropconnect_subject,
    scratch_subject,
    sequence_subject,
    sequence_torch_subject,
    spatial_subject,
    spatial_torch_subject,
    torch_dropconnect_subject,
    torch_subject,
)
from dropout_lib.checks.monte_carlo import prediction_subject
from dropout_lib.checks.mutants import FAMILIES, dropconnect, monte_carlo
from dropout_lib.checks.mutants.dropblock import TextbookDropBlock
from dropout_lib.checks.mutants.elementwise import Textbook, TextbookStandard
from dropout_lib.checks.mutants.grouped import TextbookSpatial, TextbookVariational
from dropout_lib.checks.mutants.recurrent import TextbookRNN


def mc_predict(model, x, num_samples):
    return pytorch.mc_predict(model, x, num_samples)


def mc_predict_classes(model, x, num_samples):
    return pytorch.mc_predict(model, x, num_samples, outputs="logits")


def mc_predict_in_small_chunks(model, x, num_samples):
    return pytorch.mc_predict(model, x, num_samples, chunk_size=500)


CORRECT = {  # family: implementations that have every property
    "dropblock": [
        dropblock_subject(scratch.DropBlock2d),
        dropblock_torch_subject(pytorch.DropBlock2d),
        dropblock_torch_subject(pytorch.DropBlock2d, block_size=2),
        dropblock_subject(TextbookDropBlock),
    ],
    "dropconnect": [
        scratch_dropconnect_subject(scratch.DropConnectLinear),
        torch_dropconnect_subject(pytorch.DropConnectLinear),
        dropconnect.textbook_subject(dropconnect.Textbook),
    ],
    "elementwise": [
        scratch_subject(scratch.Dropout),
        scratch_subject(scratch.StandardDropout, "standard"),
        torch_subject(pytorch.Dropout),
        torch_subject(pytorch.StandardDropout, "standard"),
        scratch_subject(Textbook),
        scratch_subject(TextbookStandard, "standard"),
    ],
    "grouped": [
        spatial_subject(scratch.Dropout2d),
        spatial_torch_subject(pytorch.Dropout2d),
        spatial_subject(TextbookSpatial),
        sequence_subject(scratch.VariationalDropout),
        sequence_torch_subject(pytorch.VariationalDropout),
        sequence_subject(TextbookVariational),
    ],
    "monte_carlo": [
        prediction_subject(mc_predict),
        prediction_subject(mc_predict_classes, "probabilities"),
        prediction_subject(mc_predict_in_small_chunks),
        prediction_subject(pytorch.MCDropoutModel.predict_with_uncertainty),
        prediction_subject(monte_carlo.textbook),
        prediction_subject(monte_carlo.textbook_classes, "probabilities"),
    ],
    "recurrent": [
        recurrent_subject(scratch.VariationalRNN),
        recurrent_torch_subject(pytorch.VariationalRNN),
        recurrent_subject(TextbookRNN),
    ],
}
UNPROVOKED = {"p-zero-changes", "variance-off"}  # each needs a mutant caught earlier by another


SUBJECTS = [
    pytest.param(subject, FAMILIES[family][0], id=f"{family}-{subject.name}")
    for family, subjects in CORRECT.items()
    for subject in subjects
]
PROPERTIES = [
    pytest.param(subject, check, id=f"{family}-{subject.name}-{check.__name__}")
    for family, subjects in CORRECT.items()
    for subject in subjects
    for check in FAMILIES[family][0]
]
MUTANTS = [
    pytest.param(mutant, checks, id=f"{family}-{mutant.name}")
    for family, (checks, mutants) in FAMILIES.items()
    for mutant in mutants
]


@pytest.mark.parametrize(("subject", "check"), PROPERTIES)
def test_correct_dropout_has_the_property(subject, check):
    assert check(subject) is None


@pytest.mark.parametrize(("subject", "checks"), SUBJECTS)
def test_no_check_depends_on_one_lucky_seed(subject, checks):
    for seed in range(20):
        shifted = replace(subject, make=lambda p, s, seed=seed: subject.make(p, 1000 * seed + s))
        report = examine(shifted, checks)
        assert report.passed, (seed, report.first)


@pytest.mark.parametrize(("mutant", "checks"), MUTANTS)
def test_mutant_gets_the_right_diagnosis(mutant, checks):
    with np.errstate(all="ignore"):  # some of them divide by zero
        report = examine(mutant.subject, checks)
    assert report.first is not None, "not caught"
    assert report.first.code == mutant.expected, str(report)
    assert report.first.hint


def test_there_are_enough_mutants():
    counts = {family: len(mutants) for family, (_, mutants) in FAMILIES.items()}
    assert sum(counts.values()) >= 40
    assert min(counts.values()) >= 5
    elementwise = FAMILIES["elementwise"][1]
    assert {mutant.scaling for mutant in elementwise} == {"inverted", "standard"}


def own(family):
    """The checks that are this family's, not another one's in its place."""
    return [check for check in FAMILIES[family][0] if check.__module__.endswith(f".{family}")]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_check_is_the_first_to_catch_some_mutant(family):
    checks, mutants = FAMILIES[family]
    caught = set()
    with np.errstate(all="ignore"):
        for mutant in mutants:
            report = examine(mutant.subject, checks, stop_at_first=True)
            caught.add(report.outcomes[-1][0])
    assert {property_name(check) for check in own(family)} <= caught


@pytest.mark.parametrize("family", FAMILIES)
def test_every_diagnosis_in_the_code_has_a_mutant(family):
    checks, mutants = FAMILIES[family]

    def codes(checks):
        source = "".join(inspect.getsource(m) for m in {inspect.getmodule(c) for c in checks})
        return set(re.findall(r'Diagnosis\(\s*"([a-z-]+)"', source))

    provoked = {mutant.expected for mutant in mutants}
    assert codes(own(family)) - provoked <= UNPROVOKED
    assert provoked <= codes(checks)


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
