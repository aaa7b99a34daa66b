"""Names of systems and groups, in the order in which reports list them."""

import pytest

from bias_transfer.study.params import Study
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import arms, groups, systems


def study(*seeds: int, one_seed: tuple[str, ...] = ()) -> Study:
    return Study(
        name="tiny",
        reviews="mine",
        teacher="t1.5",
        students=("bow", "cnn"),
        one_seed=one_seed,
        targets=("baseline", "distilled"),
        seeds=seeds,
    )


def test_one_seed_keeps_the_full_names_with_the_teacher_first():
    names = "teacher-t1.5 bow-baseline/seed-7 bow-distilled/seed-7 cnn-baseline/seed-7 cnn-distilled/seed-7".split()
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
    assert [arm.system for arm in found if arm.student in ("bow", "cnn")] == systems(study(2, 0))[
        1:
    ]
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


def test_inputs_and_what_a_study_makes_have_roots_of_their_own(tmp_path):
    layout = Layout(study(0), root=tmp_path / "made", inputs=tmp_path / "given")
    assert (
        layout.labels("eec-variants") == tmp_path / "given/data/teacher/mine/t1.5/eec-variants.csv"
    )
    assert layout.report("bias.csv") == tmp_path / "made/reports/tiny/bias.csv"
