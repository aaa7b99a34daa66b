"""Names of systems and groups, made and taken apart, in the order in which reports list them."""

import dataclasses

import pytest

from bias_transfer.io.errors import InputError
from bias_transfer.study.params import ArmsOf, Study
from bias_transfer.study.systems import (
    Arm,
    System,
    arms,
    group_of,
    groups,
    pairings,
    systems,
    teacher_system,
)
from bias_transfer.study.targets import TARGETS


def study(*seeds: int, one_seed: tuple[str, ...] = (), arms: tuple[ArmsOf, ...] = ()) -> Study:
    return Study(
        name="tiny",
        reviews="mine",
        teacher="t1.5",
        students=("bow", "cnn"),
        one_seed=one_seed,
        targets=("baseline", "distilled"),
        seeds=seeds,
        arms=arms,
        resample="none",
    )


def test_one_seed_keeps_the_full_names_with_the_teacher_first():
    students = "bow-baseline bow-distilled cnn-baseline cnn-distilled".split()
    names = ["teacher-t1.5", *(f"{student}/seed-7" for student in students)]
    assert list(groups(systems(study(7))).items()) == [(name, [name]) for name in names]
    assert systems(study(7)) == names


def test_several_seeds_are_grouped_in_the_order_of_the_params():
    assert list(groups(systems(study(2, 0))).items()) == [
        ("teacher-t1.5", ["teacher-t1.5"]),
        ("bow-baseline", ["bow-baseline/seed-2", "bow-baseline/seed-0"]),
        ("bow-distilled", ["bow-distilled/seed-2", "bow-distilled/seed-0"]),
        ("cnn-baseline", ["cnn-baseline/seed-2", "cnn-baseline/seed-0"]),
        ("cnn-distilled", ["cnn-distilled/seed-2", "cnn-distilled/seed-0"]),
    ]


def test_students_with_one_seed_come_last_and_with_the_first_alone():
    found = arms(study(2, 0, one_seed=("minilm", "distilbert")))
    with_all = [arm.system for arm in found if arm.student in ("bow", "cnn")]
    assert with_all == systems(study(2, 0))[1:]
    assert [arm.system for arm in found[8:]] == [
        f"{student}-{target}/seed-2"
        for student in ("minilm", "distilbert")
        for target in ("baseline", "distilled")
    ]


@pytest.mark.parametrize("one_seed", [(), ("minilm",)])
@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_every_system_is_in_one_group(seeds, one_seed):
    chosen = study(*seeds, one_seed=one_seed)
    members = [system for names in groups(systems(chosen)).values() for system in names]
    assert members == systems(chosen)


def test_arms_with_other_seeds_are_those_systems_and_the_stages_stay():
    other = ArmsOf(students=("cnn",), targets=("distilled",), seeds=(5,))
    none = ArmsOf(students=("bow",), targets=("baseline",), seeds=())
    chosen = study(0, 1, arms=(other, none))
    assert [arm.system for arm in arms(chosen)] == [
        *("bow-distilled/seed-0", "bow-distilled/seed-1"),
        *("cnn-baseline/seed-0", "cnn-baseline/seed-1", "cnn-distilled/seed-5"),
    ]
    assert pairings(chosen) == pairings(study(0, 1))
    assert len(pairings(chosen)) == 4


@pytest.mark.parametrize("student", ["bow", "all-MiniLM-L6", "bow-distilled", "x_1", "planted-1"])
@pytest.mark.parametrize(
    "target", ["baseline", "teacher-argmax", "planted-1", "planted-0.5", "planted-random-0.5"]
)
def test_what_an_arm_is_called_is_taken_apart_again(student, target):
    arm = Arm(student, target, 12)
    expected = (student, target, arm.group)
    alone, whole = System.parse(arm.group), System.parse(arm.system)
    assert (alone.student, alone.target, alone.group) == expected
    assert (whole.student, whole.target, whole.group) == expected
    assert (alone.name, alone.seed) == (arm.group, None)
    assert (whole.name, whole.seed) == (arm.system, 12)
    assert group_of(arm.system) == group_of(arm.group) == arm.group


def test_of_targets_that_end_alike_the_longest_is_meant(monkeypatch):
    for name in ("argmax", "random-planted"):
        row = dataclasses.replace(TARGETS["smoothed"], name=name)
        monkeypatch.setitem(TARGETS, name, row)
    assert System.parse("bow-teacher-argmax").student == "bow"
    assert System.parse("bow-argmax/seed-0").target == "argmax"
    assert System.parse("bow-random-planted").student == "bow"


@pytest.mark.parametrize("name", ["teacher-t1.5", "teacher-my-baseline", "teacher-planted-1"])
def test_a_teacher_is_no_student_whatever_it_is_called(name):
    found = System.parse(name)
    assert (found.target, found.group, found.student, found.seed) == ("teacher", name, name, None)


def test_the_teacher_of_a_study_is_parsed_as_one():
    assert System.parse(teacher_system(study(0))).target == "teacher"


@pytest.mark.parametrize(
    "name",
    [
        *("mine", "mine-2", "baseline", "distilled", "-distilled", "undistilled", "bow distilled"),
        *("mine-planted", "mine-planted-", "mine-planted-x", "mine-planted-1.0", "mine-planted-01"),
        *("mine-distilled-2", "mine-planted-random", "mine-distilled-v2", "distilled-mine"),
        *("my/own", "seed-0", "", "Ünïcode 😀"),
    ],
)
def test_a_system_of_ones_own_has_no_target(name):
    found = System.parse(name)
    assert found == System(name, group=name, student=name, target="", seed=None)
    seeded = System.parse(f"{name}/seed-3")
    assert seeded == System(f"{name}/seed-3", group=name, student=name, target="", seed=3)


@pytest.mark.parametrize("name", ["mine/seed-x", "mine/seed-1/more", "mine/seed--1", "mineseed-1"])
def test_what_is_no_seed_is_part_of_the_name(name):
    assert System.parse(name) == System(name, group=name, student=name, target="", seed=None)


def test_systems_of_ones_own_are_grouped_by_seed():
    names = ["mine/seed-1", "yours", "mine/seed-0", "lone/seed-4"]
    assert groups(names) == {
        "mine": ["mine/seed-1", "mine/seed-0"],
        "yours": ["yours"],
        "lone/seed-4": ["lone/seed-4"],
    }


def test_a_system_with_the_name_of_anothers_seeds_is_refused():
    with pytest.raises(InputError, match="call one of them otherwise") as caught:
        groups(["mine", "mine/seed-1"])
    assert "'mine' and 'mine/seed-1'" in str(caught.value)
