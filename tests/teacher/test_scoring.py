"""The teacher's answers against a plain computation, whatever the labels, examples and batches."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from bias_transfer.io.errors import InputError
from bias_transfer.study import params
from bias_transfer.teacher import model, scoring
from bias_transfer.teacher.examples import Pool
from bias_transfer.teacher.prompt import Query
from bias_transfer.teacher.scoring import Question, Scorer

LABELS = {
    "one token each": (" Negative", " Positive"),
    "several tokens": (" really terrible", " quite wonderful"),
    "of different length": (" Negative", " wonderful lovely warm"),
    "with the same beginning": (" Positive lovely", " Positive dull"),
}
CHOICES = [None, "fixed", "random"]


class Prompts:
    """A prompt that notes how many texts it gets at a time, with labels of one and two tokens."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def queries(self, texts):
        self.sizes.append(len(texts))
        return [
            Query([ord(c) for c in text], ([1], [2, 3]), n_cut=len(text)) for text in texts.values()
        ]


class Adds:
    """An engine by arithmetic, two texts per batch.

    Every token has the log-probability -(tokens before it) - token / 10.
    """

    def score(self, asked, done):
        todo = [i for i in range(len(asked)) if i not in done]
        for part in (todo[i : i + 2] for i in range(0, len(todo), 2)):
            yield {
                i: [[-len(ids) - token / 10 for token in wanted] for ids, wanted in asked[i]]
                for i in part
            }


def answers_of(teacher: Scorer, texts, done=()) -> dict[str, scoring.Answer]:
    return {name: answer for batch in teacher.score(texts, done) for name, answer in batch.items()}


def table(answers: dict[str, scoring.Answer], texts) -> np.ndarray:
    return np.array([answers[name][:2] for name in texts])


@pytest.fixture(scope="module")
def network(tiny_llama):
    return AutoModelForCausalLM.from_pretrained(tiny_llama, dtype=torch.float32).eval()


@pytest.fixture
def teacher(tiny_teacher, labelling, train):
    """A tiny teacher with a choice of examples, a budget of tokens, and any of its params."""

    def load(choice=None, batch_tokens=256, **changes) -> Scorer:
        examples = params.Examples(count=3, choice=choice, seed=0) if choice else None
        pool = Pool(train, examples) if examples else None
        how = labelling.model_copy(update={"batch_tokens": batch_tokens})
        return model.load(
            tiny_teacher(max_text_tokens=24, examples=examples, **changes), pool, how, "cpu"
        )

    return load


@pytest.mark.parametrize(
    ("labels", "steps"),
    [
        (([1], [2]), [([9], [1, 2])]),
        (([1, 5, 6], [2]), [([9], [1, 2]), ([9, 1], [5]), ([9, 1, 5], [6])]),
        (([1, 5], [1, 6]), [([9], [1]), ([9, 1], [5, 6])]),
        (([1, 5], [2, 5]), [([9], [1, 2]), ([9, 1], [5]), ([9, 2], [5])]),
    ],
    ids=LABELS,
)
def test_questions_by_hand(labels, steps):
    assert scoring.questions(Query([9], labels, 0)) == [Question(*step) for step in steps]


def test_labels_are_what_their_names_say(teacher):
    tokenizer = teacher().prompt.tokenizer
    tokens = {
        kind: [tokenizer.tokenize(label) for label in labels] for kind, labels in LABELS.items()
    }
    lengths = {kind: tuple(map(len, both)) for kind, both in tokens.items()}
    assert lengths["one token each"] == (1, 1)
    assert min(lengths["several tokens"]) > 1
    assert len(set(lengths["of different length"])) == 2
    first, second = tokens["with the same beginning"]
    assert first[0] == second[0]


@pytest.mark.parametrize("choice", CHOICES, ids=str)
@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_answers_match_a_plain_computation(teacher, network, plain, cut, texts, labels, choice):
    loaded = teacher(choice, labels=labels)
    prompt, tokenizer = loaded.prompt, loaded.prompt.tokenizer

    def asked(name: str) -> str:
        shown = (
            [(one.text, labels[one.label]) for one in prompt.pool.examples(name)] if choice else []
        )
        turns = [*shown, (texts[name], "")]
        said = [f"Text: {cut(tokenizer, text, 24)}\nSentiment:{label}" for text, label in turns]
        return prompt.params.prompt.split("Text:")[0] + "\n\n".join(said)

    expected = np.array([plain(network, tokenizer, asked(name), labels) for name in texts])
    # The texts do differ, or the comparison would say little.
    assert np.ptp(expected, axis=0).min() > 0.5
    np.testing.assert_allclose(table(answers_of(loaded, texts), texts), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "labels", [LABELS["one token each"], LABELS["of different length"]], ids=str
)
def test_neither_batches_nor_order_nor_chunks_matter(teacher, texts, labels, monkeypatch):
    expected = table(answers_of(teacher("random", labels=labels), texts), texts)
    shuffled = dict(np.random.default_rng(1).permutation(list(texts.items())).tolist())
    for batch_tokens in (1, 64, 1000, 10**6):
        found = answers_of(teacher("random", batch_tokens, labels=labels), shuffled)
        np.testing.assert_allclose(table(found, texts), expected, atol=1e-5, rtol=0)
    monkeypatch.setattr(scoring, "CHUNK", 7)
    found = answers_of(teacher("random", labels=labels), texts)
    np.testing.assert_allclose(table(found, texts), expected, atol=1e-5, rtol=0)


def test_number_of_threads_changes_answers_by_rounding_alone(teacher, texts, set_threads):
    found = []
    for n in (1, 3):
        set_threads(n)
        found.append(table(answers_of(teacher("random"), texts), texts))
    np.testing.assert_allclose(found[1], found[0], atol=1e-5, rtol=0)


def test_every_text_is_answered_once_with_the_tokens_that_were_cut(teacher, texts):
    loaded = teacher()
    batches = list(loaded.score(texts))
    assert sorted(name for batch in batches for name in batch) == sorted(texts)
    assert len(batches) > 3
    tokens = {name: len(loaded.prompt.tokenizer.tokenize(text)) for name, text in texts.items()}
    found = {name: answer.n_cut for batch in batches for name, answer in batch.items()}
    assert found == {name: max(0, n - 24) for name, n in tokens.items()}
    assert 0 < sum(map(bool, found.values())) < len(texts)


def test_no_texts_give_no_answers(teacher):
    assert list(teacher().score({})) == []


def test_label_of_several_tokens_is_the_product_of_its_tokens():
    answers = answers_of(Scorer(Prompts(), Adds()), {"a": "xy", "b": "xyz"})
    assert answers == {
        "a": pytest.approx((-2.1, -2.2 - 3.3, 2), abs=1e-12),
        "b": pytest.approx((-3.1, -3.2 - 4.3, 3), abs=1e-12),
    }


@pytest.mark.parametrize("n", [1, 4, 5, 11])
def test_texts_are_tokenised_a_chunk_at_a_time(monkeypatch, n):
    monkeypatch.setattr(scoring, "CHUNK", 4)
    prompts = Prompts()
    found = Scorer(prompts, Adds()).score({str(i): "x" * i for i in range(n)})
    assert next(found).keys() <= {"0", "1"}
    assert prompts.sizes == [min(n, 4)]  # the rest waits
    assert {"0", "1"} | {name for batch in found for name in batch} >= {str(i) for i in range(n)}
    assert prompts.sizes == [min(4, n - i) for i in range(0, n, 4)]


def test_done_texts_are_left_out_and_a_chunk_of_them_is_not_even_tokenised(monkeypatch):
    monkeypatch.setattr(scoring, "CHUNK", 4)
    prompts = Prompts()
    texts = {str(i): "x" * i for i in range(11)}
    done = {"0", "2", *"4567", "10"}
    assert answers_of(Scorer(prompts, Adds()), texts, done).keys() == texts.keys() - done
    assert prompts.sizes == [4, 3]


def test_run_that_goes_on_gives_the_very_digits_of_an_unbroken_one(teacher, texts, monkeypatch):
    monkeypatch.setattr(scoring, "CHUNK", 16)
    loaded = teacher("fixed", labels=LABELS["of different length"])
    batches = list(loaded.score(texts))
    done = {name for batch in batches[: len(batches) // 2] for name in batch}
    assert list(loaded.score(texts, done)) == batches[len(batches) // 2 :]


def test_answer_that_is_not_a_number_is_refused_and_its_text_named():
    class Fails(Adds):
        def score(self, asked, done):
            for batch in super().score(asked, done):
                yield {
                    i: found if i < 2 else [[float("nan"), -1.0], found[1]]
                    for i, found in batch.items()
                }

    with pytest.raises(InputError, match=r"text b3 is not a number \(NaN\).*dtype"):
        answers_of(Scorer(Prompts(), Fails()), {"a1": "x", "b2": "y", "b3": "z"})


def test_model_whose_logits_are_not_numbers_is_refused(teacher, texts):
    loaded = teacher()
    with torch.no_grad():
        loaded.engine.model.lm_head.weight[0, 0] = float("nan")
    with pytest.raises(InputError, match=r"not a number \(NaN\)"):
        answers_of(loaded, texts)


def test_chat_is_scored_as_it_is_rendered(teacher, network, plain, texts):
    loaded = teacher()
    chat = loaded.prompt.params.model_copy(update={"chat": True})
    loaded = replace(loaded, prompt=replace(loaded.prompt, params=chat))
    loaded.prompt.tokenizer.chat_template = (
        "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}:"
    )
    name, text = min(texts.items(), key=lambda one: len(one[1]))
    tokenizer = loaded.prompt.tokenizer
    rendered = "[user]" + chat.prompt.replace("{text}", text) + ":"
    start, answers = len(tokenizer.encode(rendered, add_special_tokens=False)), []
    for label in ("Negative", "Positive"):
        ids = tokenizer.encode(rendered + label, add_special_tokens=False)
        steps = network(input_ids=torch.tensor([ids])).logits[0].double().log_softmax(-1)
        answers.append(sum(steps[i - 1, ids[i]].item() for i in range(start, len(ids))))
    assert answers_of(loaded, {name: text})[name][:2] == pytest.approx(answers, abs=1e-5)
