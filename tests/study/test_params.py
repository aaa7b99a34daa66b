"""``params.yaml``: the shipped file loads, and every mistake is named with what was meant."""

import copy
import re
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from bias_transfer.io.errors import InputError, unknown
from bias_transfer.study import params

SHIPPED = Path(__file__).resolve().parents[2] / "params.yaml"


@pytest.fixture(scope="module")
def shipped_values():
    return yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))


@pytest.fixture
def values(shipped_values):
    return copy.deepcopy(shipped_values)


def put(values, dotted, value):
    *folders, last = dotted.split("/")
    place = values
    for name in folders:
        place = place[name]
    place[last] = value


def error_of(values):
    with pytest.raises(InputError) as caught:
        params.validate(values, "params.yaml")
    message = str(caught.value)
    assert message.startswith("params.yaml: ")
    assert "\n" not in message
    return message


def error_after(values, dotted, value):
    put(values, dotted, value)
    return error_of(values)


def load_error(path):
    with pytest.raises(InputError) as caught:
        params.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_shipped_file_loads_and_holds_the_catalogue():
    shipped = params.load(SHIPPED)
    assert {"snippets", "imdb", "files"} <= set(shipped.reviews)
    assert {"smollm2", "llama3.1-8b", "dolphin3-8b"} <= set(shipped.teachers)
    assert {"bow", "cnn", "minilm", "distilbert"} <= set(shipped.students)
    assert shipped.study.reviews in shipped.reviews
    assert shipped.study.teacher in shipped.teachers


def test_shipped_study_is_one_of_the_catalogue():
    shipped = params.load(SHIPPED)
    assert (
        shipped.study.model_dump(exclude={"name"})
        == shipped.studies[shipped.study.name].model_dump()
    )


def test_every_entry_of_the_shipped_catalogue_can_be_chosen():
    shipped = params.load(SHIPPED)
    for name in shipped.reviews:
        assert shipped.with_study(reviews=name).study.reviews == name
    for name in shipped.teachers:
        assert shipped.with_study(teacher=name).study.teacher == name
    for name in shipped.students:
        assert shipped.with_study(students=[name], one_seed=[]).study.students == (name,)


def test_params_are_frozen():
    shipped = params.load(SHIPPED)
    with pytest.raises(ValidationError, match="frozen"):
        shipped.study.teacher = "another"


@pytest.mark.parametrize(
    ("where", "key", "meant"),
    [
        ("", "studdy", "study"),
        ("study", "studnets", "students"),
        ("study", "one_sead", "one_seed"),
        ("studies/imdb", "studnets", "students"),
        ("distillation", "temprature", "temperature"),
        ("bias", "margin_logodds", "margin_log_odds"),
        ("students/bow", "epoch", "epochs"),
        ("students/cnn", "filter_width", "filter_widths"),
        ("teachers/smollm2", "promt", "prompt"),
        ("teachers/llama3.1-8b/examples", "cuont", "count"),
        ("labelling", "batch_token", "batch_tokens"),
        ("reviews/snippets", "train_sise", "train_size"),
        ("reviews/files", "text_colum", "text_column"),
    ],
)
def test_unknown_key_is_refused_with_the_nearest_known_one(values, where, key, meant):
    message = error_after(values, f"{where}/{key}" if where else key, 1)
    assert f"unknown key {key!r}: did you mean {meant!r}?" in message
    assert (where.replace("/", ".") or "params.yaml") + ": unknown" in message


def test_unknown_key_that_resembles_nothing_lists_the_known_ones(values):
    message = error_after(values, "distillation/zzz", 1)
    assert "unknown key 'zzz'" in message
    assert "alpha" in message


@pytest.mark.parametrize(
    ("field", "value", "what", "meant"),
    [
        ("students", ["bwo"], "student 'bwo'", "bow"),
        ("one_seed", ["minlm"], "student 'minlm'", "minilm"),
        ("teacher", "smolm2", "teacher 'smolm2'", "smollm2"),
        ("reviews", "snipets", "reviews 'snipets'", "snippets"),
    ],
)
def test_study_that_is_not_in_the_catalogue_is_refused_with_the_nearest(
    values, field, value, what, meant
):
    for study in ("study", "studies/imdb"):
        message = error_after(values, f"{study}/{field}", value)
        assert f"unknown {what}: did you mean {meant!r}?" in message
        values = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))


def test_unknown_target_is_refused_with_the_nearest_or_the_known_ones(values):
    message = error_after(values, "study/targets", ["baseline", "distiled"])
    assert message == (
        "params.yaml: study.targets.1: unknown target 'distiled': did you mean 'distilled'?"
    )
    message = error_after(values, "study/targets", ["xyz"])
    known = "known: baseline, distilled, teacher-argmax, smoothed, permuted, planted-1"
    assert known in message


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ("planted", "target 'planted' needs a dose, as in 'planted-1'"),
        ("planted-x", "the dose of 'planted' must be a number such as 1 or 0.5"),
        ("planted-1.0", "the dose of 'planted' must be a number such as 1 or 0.5"),
        ("distilled-1", "target 'distilled' takes no dose"),
    ],
)
@pytest.mark.parametrize("study", ["study", "studies/imdb"])
def test_dose_that_does_not_fit_is_refused_where_it_stands(values, study, target, fault):
    message = error_after(values, f"{study}/targets", ["baseline", target])
    assert message.startswith(f"params.yaml: {study.replace('/', '.')}.targets.1: {fault}")


@pytest.mark.parametrize(
    "target", ["teacher-argmax", "smoothed", "permuted", "planted-1", "planted-random-0.5"]
)
def test_every_target_of_the_table_is_one_of_a_study(values, target):
    put(values, "study/targets", ["baseline", target])
    assert params.validate(values, "params.yaml").study.targets == ("baseline", target)


def arms(*students, targets=("permuted",), seeds=()) -> dict:
    return {"students": list(students), "targets": list(targets), "seeds": list(seeds)}


def with_arms(values, *entries) -> params.Study:
    choice = {"students": ["bow", "cnn"], "one_seed": ["minilm"], "seeds": [2, 0, 1]}
    values["study"] |= choice | {"targets": ["baseline", "permuted"], "arms": list(entries)}
    return params.validate(values, "params.yaml").study


def test_arms_give_a_student_fewer_seeds_of_a_target_or_others(values):
    study = with_arms(values, arms("cnn", seeds=[0]), arms("minilm", seeds=[7, 8]))
    assert study.seeds_of("cnn", "permuted") == (0,)
    assert study.seeds_of("minilm", "permuted") == (7, 8)
    for student, seeds in (("bow", (2, 0, 1)), ("cnn", (2, 0, 1)), ("minilm", (2,))):
        assert study.seeds_of(student, "baseline") == seeds
    assert study.seeds_of("bow", "permuted") == (2, 0, 1)


def test_arms_without_seeds_are_left_out(values):
    study = with_arms(values, arms("cnn", "minilm", targets=["permuted", "baseline"]))
    assert study.seeds_of("cnn", "permuted") == study.seeds_of("minilm", "baseline") == ()
    assert study.seeds_of("bow", "permuted") == (2, 0, 1)


def test_arms_outside_of_the_study_say_nothing(values):
    study = with_arms(
        values, arms("distilbert", seeds=[5]), arms("bow", targets=["planted-1"], seeds=[5])
    )
    assert study.seeds_of("bow", "permuted") == study.seeds_of("bow", "baseline") == (2, 0, 1)
    assert study.all_students == ("bow", "cnn", "minilm")


@pytest.mark.parametrize("last", [(), (1,), (9, 0)])
def test_of_several_arms_the_last_decides(values, last):
    study = with_arms(
        values, arms("cnn", "bow", seeds=[4]), arms("cnn"), arms("cnn", "minilm", seeds=last)
    )
    assert study.seeds_of("cnn", "permuted") == last
    assert study.seeds_of("bow", "permuted") == (4,)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (arms("cn", seeds=[0]), "unknown student 'cn': did you mean 'cnn'?"),
        (arms("cnn", targets=["permutd"]), "arms.0.targets.0: unknown target 'permutd': did you"),
        (arms("cnn", targets=["planted"]), "arms.0.targets.0: target 'planted' needs a dose"),
        (arms("cnn", targets=[]), "arms.0.targets: "),
        (arms(), "arms.0.students: "),
        (arms("cnn", seeds=[-1]), "arms.0.seeds.0: "),
        (arms("cnn", seeds=["0"]), "arms.0.seeds.0: "),
        (arms("cnn", "cnn"), "students names one of its entries twice"),
        (arms("cnn", seeds=[1, 1]), "seeds names one of its entries twice"),
        (arms("cnn") | {"seed": [0]}, "unknown key 'seed': did you mean 'seeds'?"),
        ({"students": ["cnn"], "targets": ["permuted"]}, "arms.0.seeds: "),
        ("cnn", "arms.0: "),
    ],
)
@pytest.mark.parametrize("study", ["study", "studies/imdb"])
def test_arms_that_do_not_fit_are_refused(values, study, entry, fault):
    message = error_after(values, f"{study}/arms", [entry])
    assert fault in message
    assert study.replace("/", ".") in message


@pytest.mark.parametrize(
    ("dotted", "value", "named"),
    [
        ("students/bow/epochs", "ten", "students.bow.epochs"),
        ("students/cnn/dropout", 1.0, "students.cnn.dropout"),
        ("students/minilm/model", 3, "students.minilm.model"),
        ("reviews/snippets/train_size", 0, "reviews.snippets.train_size"),
        ("reviews/files/train_size", 0.5, "reviews.files.train_size"),
        ("reviews/files/labelled_test_size", 0, "reviews.files.labelled_test_size"),
        ("reviews/snippets/labelled_test_size", "all", "reviews.snippets.labelled_test_size"),
        ("reviews/files/path", 3, "reviews.files.path"),
        ("reviews/files/path", [], "reviews.files.path"),
        ("reviews/files/path", ["a.csv", 3], "reviews.files.path"),
        ("reviews/imdb/overlap", "keep", "reviews.imdb.overlap"),
        ("teachers/smollm2/labels", [" Negative"], "teachers.smollm2.labels"),
        ("teachers/smollm2/dtype", "int4", "teachers.smollm2.dtype"),
        ("teachers/smollm2/quantization", "int4", "teachers.smollm2.quantization"),
        ("teachers/llama3.1-8b/examples/count", 0, "teachers.llama3.1-8b.examples.count"),
        ("teachers/llama3.1-8b/examples/choice", "best", "teachers.llama3.1-8b.examples.choice"),
        ("teachers/llama3.1-8b/examples/seed", -1, "teachers.llama3.1-8b.examples.seed"),
        ("labelling/engine", "llama.cpp", "labelling.engine"),
        ("labelling/url", "localhost:8000/v1", "labelling.url"),
        ("labelling/url", "http://localhost:8000/v1?key=1", "labelling.url"),
        ("labelling/batch_tokens", 0, "labelling.batch_tokens"),
        ("labelling/ray_workers", -1, "labelling.ray_workers"),
        ("distillation/alpha", 1.01, "distillation.alpha"),
        ("distillation/temperature", 0, "distillation.temperature"),
        ("distillation/validation_share", 0, "distillation.validation_share"),
        ("bias/margin_probability", 0, "bias.margin_probability"),
        ("bias/margin_probability", 1, "bias.margin_probability"),
        ("bias/margin_log_odds", 0, "bias.margin_log_odds"),
        ("bias/margin_share", -0.2, "bias.margin_share"),
        ("study/seeds", ["first"], "study.seeds.0"),
        ("study/seeds", [1.5], "study.seeds.0"),
        ("study/seeds", [-1], "study.seeds.0"),
        ("study/students", "bow", "study.students"),
        ("study/students", [], "study.students"),
        ("study/one_seed", "minilm", "study.one_seed"),
        ("study/one_seed", None, "study.one_seed"),
        ("studies/imdb/seeds", [], "studies.imdb.seeds"),
        ("studies", None, "studies"),
        ("study/name", "../elsewhere", "study.name"),
        ("device", "gpu", "device"),
        ("study", None, "study"),
    ],
)
def test_value_that_does_not_fit_is_named_by_its_path(values, dotted, value, named):
    message = error_after(values, dotted, value)
    assert message.startswith(f"params.yaml: {named}: ") or message.startswith(
        f"params.yaml: {named}."
    )


@pytest.mark.parametrize(
    "dotted",
    [
        "device",
        "bias",
        "bias/margin_share",
        "study/seeds",
        "distillation/alpha",
        "students/bow/epochs",
    ],
)
def test_missing_key_is_named(values, dotted):
    *folders, last = dotted.split("/")
    place = values
    for name in folders:
        place = place[name]
    del place[last]
    message = error_of(values)
    assert dotted.replace("/", ".") + ":" in message
    assert "required" in message


@pytest.mark.parametrize(
    ("field", "entries"),
    [
        *(("students", ["bow", "cnn", "bow"]), ("one_seed", ["distilbert", "distilbert"])),
        *(("targets", ["baseline", "baseline"]), ("seeds", [0, 1, 0])),
    ],
)
def test_entry_that_stands_twice_in_the_study_is_refused(values, field, entries):
    message = error_after(values, f"study/{field}", entries)
    assert f"{field} names one of its entries twice" in message


@pytest.mark.parametrize(
    ("path", "fault"),
    [(3, "valid string"), ([3], "valid string"), ("https://me:secret@host/x", "user or password")],
)
def test_errors_name_keys_of_the_file_and_nothing_else(values, path, fault):
    message = error_after(values, "reviews/imdb/path", path)
    assert message.startswith("params.yaml: reviews.imdb.path: ")
    assert fault in message


@pytest.mark.parametrize("study", ["study", "studies/imdb"])
def test_student_with_every_seed_is_not_one_with_one_seed(values, study):
    put(values, f"{study}/students", ["bow", "cnn"])
    assert "cnn is in both students and one_seed" in error_after(
        values, f"{study}/one_seed", ["cnn"]
    )


def test_students_with_one_seed_have_the_first(values):
    values["study"] |= {"students": ["cnn", "bow"], "one_seed": ["minilm"], "seeds": [3, 1, 2]}
    values["study"]["arms"] = []
    study = params.validate(values, "params.yaml").study
    assert study.all_students == ("cnn", "bow", "minilm")
    assert [study.seeds_of(student, "distilled") for student in study.all_students] == [
        (3, 1, 2),
        (3, 1, 2),
        (3,),
    ]


def test_what_dvc_looks_up_in_the_study_must_be_there(values):
    """Else the mistake would be told in DVC's words."""
    dvc = (SHIPPED.parent / "dvc.yaml").read_text(encoding="utf-8")
    keys = set(re.findall(r"(?:\$\{|- )study\.(\w+)", dvc))
    assert {"name", "students", "one_seed", "targets", "seeds", "arms"} <= keys
    for key in sorted(keys):
        study = {name: value for name, value in values["study"].items() if name != key}
        assert f"study.{key}:" in error_of(values | {"study": study})


def test_several_tables_may_be_one_source(values):
    put(values, "reviews/files/path", ["a.csv", "b.parquet"])
    assert params.validate(values, "params.yaml").reviews["files"].path == ("a.csv", "b.parquet")


@pytest.mark.parametrize(("kind", "entry"), [("students", "bow"), ("reviews", "snippets")])
def test_unknown_kind_of_entry_is_refused_with_the_known_ones(values, kind, entry):
    field, known = {"students": ("architecture", "transformer"), "reviews": ("source", "files")}[
        kind
    ]
    message = error_after(values, f"{kind}/{entry}/{field}", "lstm")
    assert f"{kind}.{entry}" in message
    assert "'lstm'" in message
    assert known in message


@pytest.mark.parametrize(
    "change",
    [
        {"path": None},
        {"train": "a.csv"},
        {"train": "a.csv", "test": "b.csv"},
        {"path": None, "train": "a.csv"},
    ],
)
def test_files_source_is_one_path_or_a_train_and_a_test(values, change):
    values["reviews"]["files"] |= change
    assert "'path' or both 'train' and 'test'" in error_of(values)


@pytest.mark.parametrize("prompt", ["no place for it", "{text} and {text}"])
def test_prompt_holds_the_text_once(values, prompt):
    assert "{text} exactly once" in error_after(values, "teachers/smollm2/prompt", prompt)


@pytest.mark.parametrize("variant", ["no place for it", "{text} and {text}"])
def test_every_variant_holds_the_text_once(values, variant):
    message = error_after(values, "teachers/smollm2/variants", ["{text} is", variant])
    assert "teachers.smollm2" in message
    assert "each of its variants must hold {text} exactly once" in message


@pytest.mark.parametrize(
    "variants", [["{text} is", "so {text} is", "{text} is"], ["so {text} is", "the prompt"]]
)
def test_wording_that_stands_twice_is_refused(values, variants):
    prompt = values["teachers"]["smollm2"]["prompt"]
    variants = [prompt if variant == "the prompt" else variant for variant in variants]
    message = error_after(values, "teachers/smollm2/variants", variants)
    assert "teachers.smollm2" in message
    assert "stands twice" in message


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"sentences": "nobody"}, "unknown teacher 'nobody'"),
        ({"sentences": "smollm2"}, "smollm2 has another model"),
        ({"prompt": "So {text}"}, "qwen2.5-1.5b has another prompt"),
        ({"labels": ["no", "yes"]}, "qwen2.5-1.5b has another labels"),
        ({"sentences": "qwen2.5-1.5b-long"}, "qwen2.5-1.5b-long has `sentences` of its own"),
    ],
)
def test_sentences_are_left_to_the_same_model_and_questions_alone(values, change, fault):
    values["teachers"]["qwen2.5-1.5b-long"] |= change
    message = error_of(values)
    assert fault in message


def test_teacher_answers_to_sentences_itself_unless_it_names_another(values):
    loaded = params.validate(values, "params.yaml")
    assert loaded.teacher_of_sentences == loaded.teachers["qwen2.5-1.5b"]
    long = loaded.with_study(teacher="qwen2.5-1.5b-long")
    assert long.teacher_of_sentences == loaded.teachers["qwen2.5-1.5b"]


def test_variants_keep_their_order_and_may_be_left_out(values):
    put(values, "teachers/smollm2/variants", ["{text} is", "a {text} is"])
    values["teachers"]["llama3.1-8b"]["prompt"] = (
        "{text} is"  # another teacher's wording is no repeat
    )
    values["teachers"]["llama3.1-8b"].pop("variants", None)
    teachers = params.validate(values, "params.yaml").teachers
    assert teachers["smollm2"].variants == ("{text} is", "a {text} is")
    assert teachers["llama3.1-8b"].variants == ()


def test_labels_of_a_teacher_differ(values):
    assert "same word" in error_after(values, "teachers/smollm2/labels", ["Positive", " Positive"])
    assert "a label is empty" in error_after(values, "teachers/smollm2/labels", [" ", "Positive"])


@pytest.mark.parametrize("name", ["with space", "a/b", ".hidden", "a@b"])
def test_names_that_paths_or_stages_cannot_hold_are_refused(values, name):
    error_after(values, "study/name", name)


@pytest.mark.parametrize("kind", ["reviews", "students"])
def test_names_with_a_dot_are_refused_where_dvc_looks_them_up(values, kind):
    values[kind]["v1.5"] = next(iter(values[kind].values()))
    assert "v1.5" in error_of(values)


def test_missing_file_says_where_to_run(tmp_path):
    assert "missing: run from the root" in load_error(tmp_path / "params.yaml")


@pytest.mark.parametrize(
    "content",
    [b"study: [1,\nname: x", b"study:\n\tname: x", b"name: \xff\xfe"],
    ids=["bracket", "tab", "bytes"],
)
def test_broken_yaml_is_one_line_with_the_file(tmp_path, content):
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    assert "not valid YAML" in load_error(path)


@pytest.mark.parametrize("content", ["", "just text", "[1, 2]"])
def test_yaml_that_is_no_mapping_is_refused(tmp_path, content):
    path = tmp_path / "params.yaml"
    path.write_text(content, encoding="utf-8")
    load_error(path)


def test_folder_in_the_place_of_the_file_is_refused(tmp_path):
    load_error(tmp_path)


def test_with_study_changes_the_choice_alone():
    shipped = params.load(SHIPPED)
    changed = shipped.with_study(students=["cnn"], targets=["distilled"], seeds=[3])
    assert (changed.study.students, changed.study.targets, changed.study.seeds) == (
        ("cnn",),
        ("distilled",),
        (3,),
    )
    assert changed.study.name == shipped.study.name
    assert changed.model_dump(exclude={"study"}) == shipped.model_dump(exclude={"study"})
    assert shipped == params.load(SHIPPED)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"students": ["cn"]}, "unknown student 'cn': did you mean 'cnn'?"),
        ({"teacher": "llama"}, "unknown teacher 'llama': did you mean 'llama3.1-8b'?"),
        ({"student": ["cnn"]}, "unknown key 'student': did you mean 'students'?"),
        ({"targets": ["both"]}, "the command line: unknown target 'both'"),
        ({"students": "cnn"}, "study.students: give a list, as in [a, b], not 'cnn'"),
        ({"seeds": []}, "study.seeds: give at least one"),
        ({"name": "my study"}, "study.name: a name has letters, digits, - and _ alone"),
    ],
)
def test_with_study_validates_anew(change, expected):
    shipped = params.load(SHIPPED)
    with pytest.raises(InputError, match=r"^the command line: ") as caught:
        shipped.with_study(**change)
    assert expected in str(caught.value)


def test_unknown_names_the_nearest_or_all():
    assert (
        unknown("fruit", "aple", ["apple", "pear"]) == "unknown fruit 'aple': did you mean 'apple'?"
    )
    assert unknown("fruit", "xyz", ["apple", "pear"]) == "unknown fruit 'xyz': known: apple, pear"
    assert unknown("fruit", "xyz", []) == "unknown fruit 'xyz': known: none"


def test_endpoint_needs_a_url(values):
    message = error_after(values, "labelling/engine", "endpoint")
    assert "labelling: engine endpoint needs `url`" in message
    put(values, "labelling/url", "https://someone.example/v1/")
    assert params.validate(values, "params.yaml").labelling.url == "https://someone.example/v1"
    message = error_after(values, "labelling/url", "https://me:secret@someone.example/v1")
    assert "must not hold a user or password" in message
    assert "secret" not in message


@pytest.mark.parametrize(
    ("model", "tokenizer", "fault"),
    [
        ("endpoint:", "package:smollm2", "model lacks the name"),
        ("endpoint:smollm2", None, "needs `tokenizer`"),
        ("package:smollm2", "package:smollm2", "`tokenizer` goes with"),
    ],
)
def test_tokenizer_stands_where_the_model_is_elsewhere(values, model, tokenizer, fault):
    put(values, "teachers/smollm2/tokenizer", tokenizer)
    assert fault in error_after(values, "teachers/smollm2/model", model)


def test_model_behind_an_endpoint_has_the_servers_name_for_it(values):
    put(values, "teachers/smollm2/tokenizer", "package:smollm2")
    put(values, "teachers/smollm2/model", "endpoint:org/name:free")
    teachers = params.validate(values, "params.yaml").teachers
    assert teachers["smollm2"].served_as == "org/name:free"
    assert teachers["qwen2.5-0.5b"].served_as is None
