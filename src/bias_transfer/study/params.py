"""``params.yaml`` as frozen, validated models. Every default lives in that file, none here."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
    model_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bias_transfer.io.atomic import refuse_odd
from bias_transfer.io.errors import CREDENTIALS, InputError, unknown
from bias_transfer.study import targets

# DVC splits parameter paths at dots, and stage names are joined with dashes and an @.
CatalogueName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
DottedName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
COMMAND_LINE = "the command line"
Share = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]  # what NumPy takes
Resample = Literal["none", "half"]
Listed = Strict(False)  # YAML has lists, not tuples; what is in them is as strict as the rest


def _without_credentials(url: str) -> str:
    if CREDENTIALS.search(url):
        raise ValueError(
            "a URL must not hold a user or password, for params are published: set them in the "
            "environment"
        )
    return url


Address = Annotated[str, Field(min_length=1), AfterValidator(_without_credentials)]


def _address_alone(url: str) -> str:
    if not re.fullmatch(r"https?://[^\s?#]+", url):
        raise ValueError("it must begin with http:// or https://, and hold no ? and no #")
    return url.rstrip("/")


ServerUrl = Annotated[Address, AfterValidator(_address_alone)]
ENDPOINT = "endpoint:"


def _known_target(name: str) -> str:
    targets.parse(name)
    return name


Target = Annotated[str, AfterValidator(_known_target)]


class Section(BaseModel):
    """A frozen part of ``params.yaml``; an unknown key is refused, with the nearest known one."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, values: Any) -> Any:
        if isinstance(values, dict):
            for key in values:
                if key not in cls.model_fields:
                    raise ValueError(unknown("key", str(key), cls.model_fields))
        return values


class ArmsOf(Section):
    """Other seeds for some students and targets of a study; without seeds, they are left out."""

    students: Annotated[tuple[CatalogueName, ...], Listed, Field(min_length=1)]
    targets: Annotated[tuple[Target, ...], Listed, Field(min_length=1)]
    seeds: Annotated[tuple[Seed, ...], Listed]


class Choice(Section):
    """What a study compares: every student with every target and seed, but for two exceptions.

    Students in ``one_seed`` have the first seed alone. ``arms`` gives other seeds to some students
    and targets. Where several entries name both, the last one decides. An entry may name students
    and targets outside of the study; it has no effect on them.

    With ``resample: half`` every seed has a half of the training reviews of its own, drawn without
    replacement from each class once the validation reviews are set aside; all arms of a seed have
    the same.
    """

    reviews: CatalogueName
    teacher: DottedName
    students: Annotated[tuple[CatalogueName, ...], Listed, Field(min_length=1)]
    one_seed: Annotated[tuple[CatalogueName, ...], Listed]
    targets: Annotated[tuple[Target, ...], Listed, Field(min_length=1)]
    seeds: Annotated[tuple[Seed, ...], Listed, Field(min_length=1)]
    arms: Annotated[tuple[ArmsOf, ...], Listed]
    resample: Resample

    @model_validator(mode="after")
    def _no_repeats(self) -> "Choice":
        for owner in (self, *self.arms):
            for field in ("students", "one_seed", "targets", "seeds"):
                values = getattr(owner, field, ())
                if len(set(values)) != len(values):
                    raise ValueError(f"{field} names one of its entries twice: {list(values)}")
        if both := set(self.students) & set(self.one_seed):
            raise ValueError(f"{min(both)} is in both students and one_seed")
        return self

    @property
    def all_students(self) -> tuple[str, ...]:
        """Students with every seed, then those with one."""
        return self.students + self.one_seed

    def seeds_of(self, student: str, target: str) -> tuple[int, ...]:
        """Seeds of one student and target; none where ``arms`` leaves them out."""
        for entry in reversed(self.arms):
            if student in entry.students and target in entry.targets:
                return entry.seeds
        return self.seeds[:1] if student in self.one_seed else self.seeds

    def seeds_of_both(self, student: str, target: str, reference: str) -> tuple[int, ...]:
        """Seeds that a student has with either target."""
        others = self.seeds_of(student, reference)
        return tuple(seed for seed in self.seeds_of(student, target) if seed in others)


class Study(Choice):
    """The current study; its name is in every path and stage name it writes."""

    name: DottedName


class _Split(Section):
    """How many reviews there are of each kind, and what the teacher is asked about.

    With ``swapped_whole`` held-out reviews of at most so many words are swapped as they are, and
    longer ones are left out; else of each review a passage is. ``placebo_size`` is how many
    held-out reviews the placebo is made of, the lowest ids; None for all.
    """

    train_size: int | None = Field(gt=0)
    test_size: int | None = Field(gt=0)
    seed: Seed
    labelled_test_size: int | None = Field(gt=0)
    labelled_versions: bool
    swapped_whole: int | None = Field(gt=0)
    placebo_size: int | None = Field(gt=0)


class Snippets(_Split):
    """Sentences from Rotten Tomatoes with human ratings, out of a registry package."""

    source: Literal["snippets"]


class Files(_Split):
    """Reviews from the user's CSV or parquet, local or at any fsspec URL (``hf://``, ``s3://``, …).

    Either ``path`` (one table or several, taken together; ``split_column``, if given, says
    ``train`` or ``test``), or ``train`` and ``test``. ``held_out`` says which of the two no student
    learns from.
    """

    source: Literal["files"]
    path: Address | Annotated[tuple[Address, ...], Listed, Field(min_length=1)] | None = None
    train: Address | None = None
    test: Address | None = None
    split_column: str | None = None
    text_column: str
    label_column: str
    overlap: Literal["refuse", "drop"]
    held_out: Literal["train", "test"] = "test"

    @model_validator(mode="after")
    def _one_way_to_say_where(self) -> "Files":
        if (self.path is None) == (self.train is None) or (self.train is None) != (
            self.test is None
        ):
            raise ValueError("give either 'path' or both 'train' and 'test'")
        if self.split_column and not self.path:
            raise ValueError("'split_column' goes with 'path'")
        return self


Reviews = Annotated[Snippets | Files, Field(discriminator="source")]


class Examples(Section):
    """Solved reviews in the teacher's prompt, drawn from the training split and balanced by class.

    ``fixed`` shows every text the same ones; ``random`` draws anew for each training review, as the
    original study did.
    """

    count: int = Field(gt=0)
    choice: Literal["fixed", "random"]
    seed: Seed


class Teacher(Section):
    """A causal language model and the question put to it.

    ``variants`` are other wordings of the question, put to the EEC alone. ``chat`` puts the prompt
    through the model's chat template. ``quantization`` keeps weights in 8 bits (``int8``) or, by
    bitsandbytes, in 4 (``bnb-nf4``). ``cpu-int8`` and ``bnb-int8`` also multiply in 8 bits; a label
    then depends on what else is in its batch.

    ``model`` is ``package:NAME``, a folder or a hub id; or ``endpoint:NAME``, a model that a server
    knows by that name. Then ``tokenizer`` says what the prompt is written with: a package, folder
    or hub id. Revision, dtype and quantization are what the server is said to have.

    ``sentences`` names the entry that answers to EEC and film sentences in its place: the same
    model and questions with another precision or text budget, whose labels are there already.
    """

    model: str = Field(min_length=1)
    tokenizer: str | None = Field(default=None, min_length=1)
    revision: str | None
    prompt: str
    variants: Annotated[tuple[str, ...], Listed] = ()
    examples: Examples | None = None
    chat: bool = False
    labels: Annotated[tuple[str, str], Listed]
    max_text_tokens: int = Field(gt=0)
    dtype: Literal["float32", "bfloat16", "float16"]
    quantization: Literal["int8", "cpu-int8", "bnb-int8", "bnb-nf4"] | None = None
    sentences: DottedName | None = None

    @model_validator(mode="after")
    def _prompt_holds_the_text(self) -> "Teacher":
        if any(prompt.count("{text}") != 1 for prompt in (self.prompt, *self.variants)):
            raise ValueError("the prompt and each of its variants must hold {text} exactly once")
        if len({self.prompt, *self.variants}) <= len(self.variants):
            raise ValueError("the prompt or one of its variants stands twice")
        if self.labels[0].strip() == self.labels[1].strip():
            raise ValueError("the two labels are the same word")
        if not all(label.strip() for label in self.labels):
            raise ValueError("a label is empty")
        return self

    @model_validator(mode="after")
    def _tokenizer_where_the_model_is_elsewhere(self) -> "Teacher":
        if self.model == ENDPOINT:
            raise ValueError("model lacks the name by which the server knows it: `endpoint:NAME`")
        if self.served_as and not self.tokenizer:
            raise ValueError(
                "a model behind an endpoint needs `tokenizer`, to write its prompts with: "
                "`package:NAME`, a folder or a hub id"
            )
        if self.tokenizer and not self.served_as:
            raise ValueError("`tokenizer` goes with a `model: endpoint:NAME`; others bring theirs")
        return self

    @property
    def served_as(self) -> str | None:
        """The name by which a server knows the model; None of a model that is run here."""
        return self.model.removeprefix(ENDPOINT) if self.model.startswith(ENDPOINT) else None


class Labelling(Section):
    """How the teacher is run. It changes labels by rounding alone.

    ``batch_tokens`` is the size of a batch of prompts (None: what suits the device). With
    ``ray_workers`` above 0, so many processes of a Ray cluster share the work. ``url`` is where the
    server of engine ``endpoint`` is, up to its ``/v1``.
    """

    engine: Literal["transformers", "vllm", "endpoint"]
    url: ServerUrl | None = None
    batch_tokens: int | None = Field(gt=0)
    ray_workers: int = Field(ge=0)

    @model_validator(mode="after")
    def _url_of_the_endpoint(self) -> "Labelling":
        if self.engine == "endpoint" and not self.url:
            raise ValueError("engine endpoint needs `url`, such as http://localhost:8000/v1")
        return self


class Training(Section):
    """What the params of every student hold."""

    epochs: int = Field(gt=0)
    batch_size: int = Field(gt=0)
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    max_length: int = Field(gt=0)


class WordTraining(Training):
    """A student that reads words from a vocabulary of its own."""

    vocabulary_size: int = Field(gt=2)
    min_frequency: int = Field(gt=0)
    embedding_dim: int = Field(gt=0)
    dropout: float = Field(ge=0, lt=1)


class Bow(WordTraining):
    """Average of word embeddings, then a linear layer."""

    architecture: Literal["bow"]


class Cnn(WordTraining):
    """Convolutions over words, maximum over positions, then a linear layer (Kim, 2014)."""

    architecture: Literal["cnn"]
    filter_widths: Annotated[tuple[Annotated[int, Field(gt=0)], ...], Listed, Field(min_length=1)]
    filters: int = Field(gt=0)


class Encoder(Training):
    """A pretrained transformer encoder with a classification head.

    Weights are float32. ``dtype`` is what it multiplies in while it is fitted.
    """

    architecture: Literal["transformer"]
    model: str = Field(min_length=1)
    revision: str | None
    dtype: Literal["float32", "bfloat16"]


Student = Annotated[Bow | Cnn | Encoder, Field(discriminator="architecture")]


class Bias(Section):
    """How small a difference counts as none: one margin per unit of measurement."""

    margin_probability: float = Field(gt=0, lt=1)
    margin_log_odds: float = Field(gt=0)
    margin_share: float = Field(gt=0)


class DeclaredContrast(Section):
    """One question to every student of a study: is this estimate 0?

    ``target`` is compared with the first of ``references`` that the study has. Tests are two-sided;
    ``direction`` says which sign was expected, ``above`` or ``below`` 0, or nothing. An estimate
    smaller than ``margin``, in units of ``scale``, counts as none; a slope has no unit.
    """

    name: Annotated[str, Field(min_length=1)]
    corpus: Literal["eec", "film", "swaps"]
    axis: Literal["gender", "race"]
    scale: Literal["log-odds", "probability"]
    estimand: Literal[
        "change in gap",
        "slope on teacher's differences",
        "partial slope on teacher's differences",
        "partial slope, minus that of the reference",
    ]
    target: Target
    references: Annotated[tuple[Target, ...], Listed, Field(min_length=1)]
    direction: Literal["above", "below"] | None
    margin: float = Field(gt=0)

    @model_validator(mode="after")
    def _can_be_measured(self) -> "DeclaredContrast":
        fault = self._fault()
        if fault:
            raise ValueError(f"contrast {self.name!r}: {fault}")
        return self

    def _fault(self) -> str:
        """What keeps it from being measured; empty where nothing does."""
        partial = self.estimand.startswith("partial slope")
        if self.corpus == "swaps" and self.axis != "gender":
            return "reviews are swapped by gender alone"
        if self.corpus != "swaps" and partial:
            return f"{self.estimand!r} is measured on swaps alone"
        if self.corpus == "swaps" and not partial and self.estimand != "change in gap":
            return f"{self.estimand!r} is not measured on swaps: take the partial slope"
        if len(set(self.references)) < len(self.references):
            return f"references name one target twice: {list(self.references)}"
        for reference in self.references:
            both = (self.target, reference)
            if both not in targets.comparisons(both):
                return (
                    f"{self.target} is not compared with {reference}: every target is compared "
                    f"with {targets.BASELINE}, {targets.DISTILLED} with the controls, and a target "
                    "with its remedies"
                )
            if partial and (reference == targets.BASELINE) != self.estimand.endswith("differences"):
                return f"{self.estimand!r} cannot have the reference {reference}"
        return ""


class Hypotheses(Section):
    """What a study is asked, declared before it is measured.

    Holm's correction runs over these tests alone. A change in a gap is small if it is below
    ``smallest_share`` of the teacher's own gap.
    """

    smallest_share: float = Field(gt=0)
    contrasts: Annotated[tuple[DeclaredContrast, ...], Listed]

    @model_validator(mode="after")
    def _each_once(self) -> "Hypotheses":
        names: list[str] = []
        asked: list[dict[str, Any]] = []
        for contrast in self.contrasts:
            what = contrast.model_dump(exclude={"name", "direction", "margin"})
            if contrast.name in names:
                raise ValueError(f"contrast {contrast.name!r} stands twice")
            if what in asked:
                other = names[asked.index(what)]
                raise ValueError(f"contrasts {other!r} and {contrast.name!r} ask the same")
            names.append(contrast.name)
            asked.append(what)
        return self


class Swaps(Section):
    """How held-out reviews are swapped: how many words of each, between spaces, at most."""

    passage_words: int = Field(gt=0)


class Distillation(Section):
    """What all targets of a student share; ``alpha`` is 0 for a baseline."""

    calibration: Literal["none", "contextual", "batch", "temperature"]
    alpha: Share
    temperature: float = Field(gt=0)
    validation_share: float = Field(gt=0, lt=1)
    patience: int = Field(gt=0)
    warmup_share: Share


class Params(Section):
    """All of ``params.yaml``."""

    study: Study
    studies: dict[DottedName, Choice]
    distillation: Distillation
    bias: Bias
    hypotheses: Hypotheses
    swaps: Swaps
    device: Literal["auto", "cpu", "cuda"]
    labelling: Labelling
    reviews: dict[CatalogueName, Reviews]
    teachers: dict[DottedName, Teacher]
    students: dict[CatalogueName, Student]

    @model_validator(mode="after")
    def _study_is_in_the_catalogue(self) -> "Params":
        named = {f"studies.{name}": study for name, study in self.studies.items()}
        for where, study in ({"study": self.study} | named).items():
            _look_up("reviews", study.reviews, self.reviews, where)
            _look_up("teacher", study.teacher, self.teachers, where)
            in_arms = (name for entry in study.arms for name in entry.students)
            for student in (*study.all_students, *in_arms):
                _look_up("student", student, self.students, where)
        return self

    @model_validator(mode="after")
    def _sentences_are_put_to_the_same_model(self) -> "Params":
        for name, teacher in self.teachers.items():
            if not teacher.sentences:
                continue
            _look_up("teacher", teacher.sentences, self.teachers, f"teachers.{name}")
            other = self.teachers[teacher.sentences]
            differing = [
                field
                for field in ("model", "revision", "prompt", "variants", "chat", "labels")
                if getattr(teacher, field) != getattr(other, field)
            ]
            if other.sentences or differing:
                what = "`sentences` of its own" if other.sentences else f"another {differing[0]}"
                raise ValueError(f"teachers.{name}.sentences: {teacher.sentences} has {what}")
        return self

    @property
    def teacher_of_sentences(self) -> Teacher:
        """Who answers to EEC and film sentences: the study's teacher, or its ``sentences``."""
        teacher = self.teachers[self.study.teacher]
        return self.teachers[teacher.sentences] if teacher.sentences else teacher

    def with_study(self, **changes: Any) -> "Params":
        """The same params with another choice of study, validated anew.

        Raises
        ------
        InputError
            If the choice is not in the catalogue.
        """
        values = self.model_dump()
        values["study"] |= changes
        return validate(values, COMMAND_LINE)


def _look_up(what: str, name: str, catalogue: dict[str, Any], where: str) -> None:
    if name not in catalogue:
        raise ValueError(f"{where}: {unknown(what, name, catalogue)}")


_WORDS = {  # in place of pydantic's, which speak of Python
    "tuple_type": "give a list, as in [a, b]",
    "too_short": "give at least one",
    "string_pattern_mismatch": "a name has letters, digits, - and _ alone (some also a dot)",
}


def validate(values: Any, origin: str) -> Params:
    """Turn plain values into ``Params``; ``origin`` is named in the error.

    Raises
    ------
    InputError
        On the first key or value that does not fit.
    """
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        # pydantic puts the tag of a union after the name of the entry, as in
        # students.<name>.<architecture>.epochs
        loc = [str(part) for part in first["loc"] if "[" not in str(part)]  # names of its own
        where = ".".join(
            loc[:2] + loc[3:] if loc[:1] in (["reviews"], ["students"]) and len(loc) > 2 else loc
        )
        what = _WORDS.get(first["type"], first["msg"].removeprefix("Value error, "))
        own = first["type"] == "value_error"  # its words say it all
        if not own and isinstance(first["input"], str | int | float):
            what += f", not {str(first['input'])[:60]!r}"
        shown = f"{where}: {what}" if where and not (own and origin == COMMAND_LINE) else what
        raise InputError(f"{origin}: {shown}") from None


def load(path: Path) -> Params:
    """Read and validate ``path``.

    Raises
    ------
    InputError
        If the file is missing, is not YAML, or holds an unknown key, a key twice, or a value that
        does not fit.
    """
    refuse_odd(path)
    try:
        return parse(path.read_text(encoding="utf-8-sig"), str(path))
    except FileNotFoundError:
        raise InputError(f"{path} is missing: run from the root of the project") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not valid YAML: it must be UTF-8 ({error})") from None


def parse(text: str, origin: str) -> Params:
    """Read YAML 1.2, as DVC does, and validate it; ``origin`` is named in the error.

    Raises
    ------
    InputError
        As ``load``.
    """
    try:
        values = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        what = getattr(error, "problem", None) or str(error)
        raise InputError(
            f"{origin} is not valid YAML: {where}{' '.join(str(what).split())}"
        ) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{origin} is not valid YAML: {type(error).__name__}: {error}") from None
    return validate(values, origin)
