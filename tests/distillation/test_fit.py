"""One loop for both arms: it learns, it is repeatable, and the arms differ in the target alone."""

from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

from bias_transfer.distillation.fit import GROUP, LabelledTexts, Setting, batches, fit
from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.students.evaluation import log_loss
from bias_transfer.students.student import Student, build
from bias_transfer.study.params import Distillation

GOOD = "warm funny lovely clever moving bright fresh tender".split()
BAD = "dull stale lifeless thin clumsy tired loud empty".split()
FILLER = "the a film plot it is and so very of".split()


def texts_and_labels(n: int, seed: int) -> tuple[list[str], np.ndarray]:
    """Texts of 3 to 12 words in which two words, good or bad, decide the label."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, n)
    texts = []
    for label in labels:
        words = [
            *random.choice(FILLER, random.integers(1, 11)),
            *random.choice(GOOD if label else BAD, 2),
        ]
        texts.append(" ".join(random.permutation(words)))
    return texts, labels


def examples(n: int = 160, seed: int = 0, flipped: bool = False) -> LabelledTexts:
    """The teacher knows the labels, but is sure of none."""
    texts, labels = texts_and_labels(n, seed)
    if flipped:
        labels = 1 - labels
    positive = np.where(labels == 1, 0.8, 0.3)
    return LabelledTexts(texts, labels, np.stack([1 - positive, positive], 1))


@pytest.fixture
def train() -> LabelledTexts:
    return examples()


@pytest.fixture
def validation() -> LabelledTexts:
    return examples(40, seed=1)


@pytest.fixture
def train_bow(tiny_student, train, validation):
    """Fit a fresh bag of words, or another ``kind``: the student and its history.

    Keywords change params.
    """

    def run(
        kind="bow",
        fitting=train,
        judge=validation,
        wrap=lambda s: s,
        seed=0,
        watch=None,
        **changes,
    ):
        shared = {"alpha": 0.0, "temperature": 1.0, "warmup_share": 0.1, "patience": 100}
        shared |= {key: changes.pop(key) for key in list(changes) if key in shared}
        settings = {"epochs": 3, "batch_size": 8, "learning_rate": 0.02} | (
            {"dropout": 0.3} if kind in ("bow", "cnn") else {}
        )
        training = tiny_student(kind, **settings | changes)
        student = wrap(build(training, fitting.texts, seed))
        distillation = Distillation(calibration="none", validation_share=0.5, **shared)
        setting = Setting(shared["alpha"], seed, "cpu", "bow/seed-0")
        return student, fit(student, fitting, judge, training, distillation, setting, watch)

    return run


def weight_bytes(student: Student) -> bytes:
    return b"".join(value.numpy().tobytes() for value in student.network.state_dict().values())


@dataclass
class Recorder(Student):
    """A student that notes the batches it is trained on."""

    seen: list[list[list[int]]] = field(default_factory=list)

    def logits(self, ids):
        if self.network.training:
            self.seen.append([tokens.tolist() for tokens in ids])
        return super().logits(ids)


def recorder(student: Student) -> Recorder:
    return Recorder(
        student.network, student.tokenizer, student.max_length, student.pad_id, student.config
    )


def test_learns_separable_texts_from_hard_labels(train_bow):
    student, history = train_bow(epochs=8)
    unseen, labels = texts_and_labels(200, seed=2)
    assert ((student.predict_proba(unseen)[:, 1] > 0.5) == labels).mean() > 0.95
    assert history["train_loss"].iloc[-1] < history["train_loss"].iloc[0] / 2


def test_learns_the_teachers_probabilities(train_bow):
    """With alpha 1 the student ends near .8 and .3; hard labels would draw it to 1 and 0."""
    student, _ = train_bow(epochs=25, alpha=1.0, dropout=0.0)
    unseen, labels = texts_and_labels(200, seed=2)
    positive = student.predict_proba(unseen)[:, 1]
    assert positive[labels == 1].mean() == pytest.approx(0.8, abs=0.05)
    assert positive[labels == 0].mean() == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize("kind", ["bow", "cnn"])
def test_same_seed_gives_the_same_bytes(train_bow, kind):
    (one, first), (other, second) = (train_bow(kind, alpha=0.5, seed=4) for _ in range(2))
    assert weight_bytes(one) == weight_bytes(other)
    assert first.equals(second)


@pytest.mark.parametrize("kind", ["bow", "cnn", "tiny_encoder"])
def test_number_of_threads_changes_scores_by_rounding_alone(
    train_bow, validation, set_threads, kind
):
    scores = []
    for n in (1, 3):
        set_threads(n)
        scores.append(train_bow(kind, alpha=0.5)[0].predict_proba(validation.texts))
    np.testing.assert_allclose(scores[1], scores[0], atol=1e-5, rtol=0)


def test_another_seed_gives_other_weights(train_bow):
    assert weight_bytes(train_bow(seed=0)[0]) != weight_bytes(train_bow(seed=1)[0])


def test_alpha_0_is_the_baseline_byte_for_byte_whatever_the_teacher_says(train_bow, train):
    baseline, first = train_bow(alpha=0.0)
    contrary = LabelledTexts(train.texts, train.labels, train.teacher[:, ::-1].copy())
    distilled, second = train_bow(alpha=0.0, temperature=3.0, fitting=contrary)
    assert weight_bytes(baseline) == weight_bytes(distilled)
    assert first.equals(second)


def test_alpha_1_does_not_see_the_hard_labels_of_the_training_split(train_bow, train):
    one, _ = train_bow(alpha=1.0)
    other, _ = train_bow(
        alpha=1.0, fitting=LabelledTexts(train.texts, 1 - train.labels, train.teacher)
    )
    assert weight_bytes(one) == weight_bytes(other)


def test_both_arms_see_the_same_batches(train_bow, train):
    baseline, _ = train_bow(alpha=0.0, wrap=recorder)
    distilled, _ = train_bow(alpha=1.0, wrap=recorder)
    assert weight_bytes(baseline) != weight_bytes(distilled)
    assert baseline.seen == distilled.seen

    ids = baseline.encode(train.texts)
    random = np.random.default_rng(0)
    lengths = np.array([len(tokens) for tokens in ids])
    expected = [rows for _ in range(3) for rows in batches(lengths, 8, random)]
    assert baseline.seen == [[ids[i].tolist() for i in rows] for rows in expected]


@pytest.mark.parametrize(
    ("n", "size"), [(1, 8), (8, 8), (100, 8), (8 * GROUP + 3, 8), (500, 32), (7, 1)]
)
def test_batches_hold_every_text_once_and_only_one_is_short(n, size):
    lengths = np.random.default_rng(1).integers(0, 50, n)
    parts = batches(lengths, size, np.random.default_rng(0))
    assert sorted(np.concatenate(parts).tolist()) == list(range(n))
    assert sorted((len(part) for part in parts), reverse=True) == [size] * (n // size) + [
        n % size
    ] * bool(n % size)


def test_batches_depend_on_the_random_numbers_only():
    lengths = np.random.default_rng(1).integers(0, 50, 300)

    def drawn(seed: int) -> list[list[int]]:
        return [part.tolist() for part in batches(lengths, 16, np.random.default_rng(seed))]

    torch.manual_seed(0)
    first = drawn(5)
    torch.manual_seed(1)
    assert drawn(5) == first
    assert drawn(6) != first


def test_batches_of_two_epochs_differ():
    random = np.random.default_rng(0)
    first, second = (batches(np.arange(100), 10, random) for _ in range(2))
    assert [part.tolist() for part in first] != [part.tolist() for part in second]


def test_batches_hold_texts_of_similar_length():
    lengths = np.random.default_rng(1).integers(1, 400, 32 * GROUP)
    spread = [np.ptp(lengths[part]) for part in batches(lengths, 32, np.random.default_rng(0))]
    assert max(spread) < 400 / GROUP * 3


def test_history_has_a_row_per_epoch_and_fits_its_schema(train_bow):
    _, history = train_bow(epochs=4, watch=lambda student: {"epoch_gender_gap": 0.5})
    tables.validate(history, schemas.HISTORY, "history")
    assert list(history.columns) == list(schemas.HISTORY.columns)
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    assert history["validation_accuracy"].between(0, 1).all()


@pytest.mark.parametrize("kind", ["bow", "cnn", "tiny_encoder"])
def test_a_watched_fit_is_the_same_to_the_byte(train_bow, validation, kind):
    """Whoever watches sees the student of each epoch without dropout, and leaves no trace."""
    seen = []

    def watch(student):
        seen.append(student.predict_proba(validation.texts)[:, 1])
        return {"seen": float(len(seen))}

    watched, history = train_bow(kind, watch=watch)
    alone, plain = train_bow(kind)
    assert weight_bytes(watched) == weight_bytes(alone)
    assert history.drop(columns="seen").equals(plain)
    assert history["seen"].tolist() == [1, 2, 3]
    losses = [log_loss(validation.labels, scores) for scores in seen]
    assert losses == pytest.approx(history["validation_log_loss"].tolist(), abs=1e-9)


def test_train_loss_is_the_mean_over_texts_and_not_over_batches(train_bow):
    """The learning rate moves nothing, so every epoch's loss is that of the first weights."""
    odd = examples(13)
    student, history = train_bow(fitting=odd, learning_rate=1e-12, dropout=0.0)
    expected = log_loss(odd.labels, student.predict_proba(odd.texts)[:, 1])
    assert history["train_loss"].tolist() == pytest.approx([expected] * 3, abs=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_weights_of_the_best_epoch_are_kept(train_bow, alpha):
    """Validation labels contradict the training labels: the longer it learns, the worse it gets."""
    judge = examples(40, seed=1, flipped=True)
    student, history = train_bow(judge=judge, alpha=alpha, epochs=5)
    best = history["validation_log_loss"].min()
    assert history["validation_log_loss"].idxmin() < len(history) - 1
    assert history["validation_log_loss"].iloc[-1] > best + 0.05
    assert log_loss(judge.labels, student.predict_proba(judge.texts)[:, 1]) == pytest.approx(
        best, abs=1e-6
    )


def test_fit_stops_when_patience_is_spent(train_bow):
    judge = examples(40, seed=1, flipped=True)
    _, whole = train_bow(judge=judge, epochs=8)
    best = int(whole["epoch"][whole["validation_log_loss"].idxmin()])
    assert best + 3 < 8
    _, history = train_bow(judge=judge, epochs=8, patience=3)
    assert history["epoch"].tolist() == list(range(1, best + 4))
    assert history.equals(whole.head(best + 3))


@pytest.mark.parametrize("kind", ["tiny_encoder", "tiny_distilbert"])
def test_bfloat16_fits_nearly_the_same_transformer_and_leaves_its_weights_float32(
    train_bow, validation, kind
):
    coarse, fine = (
        train_bow(kind, dtype=name, learning_rate=3e-4)[0] for name in ("bfloat16", "float32")
    )
    assert {weights.dtype for weights in coarse.network.state_dict().values()} == {torch.float32}
    difference = np.abs(
        coarse.predict_proba(validation.texts) - fine.predict_proba(validation.texts)
    ).max()
    assert 0 < difference < 0.05  # at 1e-3 roundings can decide where the fit goes


def test_last_history_row_matches_the_student_when_it_is_the_best(train_bow, validation):
    student, history = train_bow(epochs=4)
    scores = student.predict_proba(validation.texts)[:, 1]
    last = history.iloc[-1]
    assert history["validation_log_loss"].idxmin() == 3
    assert log_loss(validation.labels, scores) == pytest.approx(
        last["validation_log_loss"], abs=1e-6
    )
    assert ((scores > 0.5) == validation.labels).mean() == last["validation_accuracy"]


def test_validation_counts_hard_labels_in_both_arms(train_bow, validation):
    _, plain = train_bow(alpha=1.0)
    other = LabelledTexts(validation.texts, validation.labels, validation.teacher[:, ::-1].copy())
    _, contrary = train_bow(alpha=1.0, judge=other)
    assert plain.equals(contrary)


def test_learning_rate_warms_up_and_falls_to_0(train_bow):
    """160 texts in batches of 8 are 20 steps per epoch; 40 steps go up, 40 down in a line."""
    _, history = train_bow(epochs=4, warmup_share=0.5, learning_rate=0.04)
    assert history["learning_rate"].tolist() == pytest.approx(
        [0.04 * 21 / 40, 0.04, 0.02, 0.0], abs=1e-12
    )


@pytest.mark.parametrize(("share", "expected"), [(0.0, [0.02, 0.0]), (1.0, [0.04 * 21 / 40, 0.0])])
def test_learning_rate_at_the_edges_of_the_warmup_share(train_bow, share, expected):
    _, history = train_bow(epochs=2, warmup_share=share, learning_rate=0.04)
    assert history["learning_rate"].tolist() == pytest.approx(expected, abs=1e-12)


def test_padding_stays_the_zero_vector(train_bow):
    for kind in ("bow", "cnn"):
        student, _ = train_bow(kind, weight_decay=0.1)
        assert torch.equal(student.network.embedding.weight[0], torch.zeros(8))


def test_teacher_that_is_not_a_number_is_refused(train_bow, train):
    nowhere = LabelledTexts(train.texts, train.labels, np.full_like(train.teacher, np.nan))
    with pytest.raises(InputError, match="bow/seed-0: the training loss is not a number"):
        train_bow(fitting=nowhere, alpha=1.0)


@pytest.mark.parametrize("learning_rate", [1e20, 1e30])
def test_learning_rate_that_blows_up_is_refused(train_bow, learning_rate):
    with pytest.raises(InputError, match=r"bow/seed-0.*lower the student's learning_rate"):
        train_bow(learning_rate=learning_rate)


def test_blow_up_in_the_very_last_step_is_refused(train_bow):
    """The only loss is that of the first weights, a number; the weights after it are not."""
    with pytest.raises(InputError, match=r"bow/seed-0.*lower the student's learning_rate"):
        train_bow(fitting=examples(8), epochs=1, warmup_share=0.0, learning_rate=1e30)


def test_student_that_is_sure_and_wrong_in_every_epoch_is_refused(train_bow):
    """Its training loss is a number, but its validation log loss is always infinite."""
    with pytest.raises(InputError, match="bow/seed-0"):
        train_bow(judge=examples(40, seed=1, flipped=True), learning_rate=1e3)
