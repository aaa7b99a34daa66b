"""Systems and their names, made and parsed here alone.

A teacher is called ``teacher-smollm2``, a student ``bow-distilled/seed-0``. Without its seed the
name is that of a group: the same student and target with every seed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bias_transfer.io.errors import InputError
from bias_transfer.study import targets
from bias_transfer.study.params import Choice, Study

TEACHER = "teacher"
_SEED = re.compile(r"/seed-(\d+)$")


@dataclass(frozen=True)
class System:
    """What a name says.

    ``group`` is the name without the seed, and ``student`` the group without its target. The
    ``target`` of a teacher is ``teacher``. A user's own system has none: its ``target`` is empty.
    """

    name: str
    group: str
    student: str
    target: str
    seed: int | None

    @classmethod
    def parse(cls, name: str) -> "System":
        """Take a name apart. Any name is a system's; one that ends in no target is a user's own."""
        found = _SEED.search(name)
        group = name[: found.start()] if found else name
        seed = int(found[1]) if found else None
        if group.startswith(f"{TEACHER}-"):
            return cls(name, group, group, TEACHER, seed)
        for dash in range(1, len(group)):  # the first that fits: targets hold dashes too
            if group[dash] == "-" and targets.find(group[dash + 1 :]):
                return cls(name, group, group[:dash], group[dash + 1 :], seed)
        return cls(name, group, group, "", seed)


@dataclass(frozen=True)
class Arm:
    """One student, trained on one target with one seed."""

    student: str
    target: str
    seed: int

    @property
    def group(self) -> str:
        """Name without the seed, as in ``bow-distilled``."""
        return f"{self.student}-{self.target}"

    @property
    def system(self) -> str:
        """Name with the seed, as in ``bow-distilled/seed-0``."""
        return f"{self.group}/seed-{self.seed}"


def pairings(study: Choice) -> list[tuple[str, str]]:
    """Every student with every target: one stage ``train`` and one ``predict`` for each."""
    return [(student, target) for student in study.all_students for target in study.targets]


def arms(study: Choice) -> list[Arm]:
    """Every arm of the study, in the order of ``params.yaml``."""
    return [
        Arm(student, target, seed)
        for student, target in pairings(study)
        for seed in study.seeds_of(student, target)
    ]


def teacher_system(study: Study) -> str:
    """Name of the teacher as a system, as in ``teacher-smollm2``."""
    return f"{TEACHER}-{study.teacher}"


def systems(study: Study) -> list[str]:
    """Every system of the study: the teacher, then the students."""
    return [teacher_system(study), *(arm.system for arm in arms(study))]


def group_of(name: str) -> str:
    """Name of a system without its seed."""
    return System.parse(name).group


def groups(names: Iterable[str]) -> dict[str, list[str]]:
    """Systems by group; where a group has a single member, by that member's full name.

    Raises
    ------
    InputError
        If the group of several systems is also the name of one of them.
    """
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(group_of(name), []).append(name)
    for group, members in found.items():
        if len(members) > 1 and group in members:
            raise InputError(
                f"{group!r} and {members[-1]!r} would be one system's seeds: call one of them "
                "otherwise"
            )
    return {group if len(names) > 1 else names[0]: names for group, names in found.items()}
