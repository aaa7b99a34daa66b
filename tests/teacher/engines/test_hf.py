"""The default engine: prefixes, padding, budgets and full memories may change no answer."""

import sys
from itertools import takewhile

import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    MambaConfig,
    MistralConfig,
    Qwen3NextConfig,
)

from bias_transfer.io.errors import InputError
from bias_transfer.teacher.engines import hf
from bias_transfer.teacher.engines.hf import HfEngine
from bias_transfer.teacher.scoring import Question

VOCABULARY = 100
SHARED = [7, 3, 3, 9, 21, 4, 8, 8, 15, 2, 6, 30]
SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "initializer_range": 0.3,
}
EXPERTS = {"num_experts": 2, "num_experts_per_tok": 1, "head_dim": 16}
LINEAR = {
    f"linear_{name}": n
    for name, n in [("num_key_heads", 2), ("num_value_heads", 2), ("key_head_dim", 8)]
}
KINDS = {
    # The window is smaller than what the prompts share.
    "mistral": lambda: MistralConfig(**SIZES, sliding_window=8),
    "gpt2": lambda: GPT2Config(
        vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=2, initializer_range=0.3
    ),
    "mamba": lambda: MambaConfig(
        vocab_size=VOCABULARY, hidden_size=32, state_size=8, num_hidden_layers=2
    ),
    "qwen3-next": lambda: Qwen3NextConfig(
        **SIZES,
        **EXPERTS,
        **LINEAR,
        linear_value_head_dim=8,
        layer_types=["linear_attention", "full_attention"],
    ),
}


def network(kind: str = "mistral", **options):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return AutoModelForCausalLM.from_config(KINDS[kind](), **options).eval()


class Watched:
    """A model that notes the rows and tokens it is fed, and has no room for more than a limit."""

    def __init__(self, model, rows: int = sys.maxsize, tokens: int = sys.maxsize) -> None:
        self.model, self.device = model, model.device
        self.rows, self.tokens = rows, tokens
        self.fed: list[tuple[int, int]] = []
        self.refused = 0
        self.logits: list[torch.Tensor] = []

    def __call__(self, input_ids, **options):
        if input_ids.shape[0] > self.rows or input_ids.numel() > self.tokens:
            self.refused += 1
            raise torch.OutOfMemoryError("no room")
        self.fed.append(tuple(input_ids.shape))
        output = self.model(input_ids=input_ids, **options)
        self.logits.append(output.logits)
        return output


@pytest.fixture(scope="module")
def asked() -> list[list[Question]]:
    """24 texts of many lengths that begin alike.

    Every third has a second question, as a label of two tokens has.
    """
    random = np.random.default_rng(0)
    asked = []
    for i, length in enumerate(random.integers(1, 40, 24)):
        ids = SHARED + random.integers(1, VOCABULARY, length).tolist()
        asked.append([Question(ids, [5, 17])] + [Question([*ids, 17], [40])] * (i % 3 == 0))
    columns = zip(*(question.ids for questions in asked for question in questions), strict=False)
    assert [
        column[0] for column in takewhile(lambda column: len(set(column)) == 1, columns)
    ] == SHARED
    return asked


def plain(model, asked: list[list[Question]]) -> list[list[list[float]]]:
    """Each question by itself, from the logits of every position, in float64."""
    with torch.inference_mode():
        steps = [
            [model(input_ids=torch.tensor([ids])).logits[0, -1] for ids, _ in one] for one in asked
        ]
    return [
        [
            logits.double().log_softmax(-1)[wanted].tolist()
            for logits, (_, wanted) in zip(step, one, strict=True)
        ]
        for step, one in zip(steps, asked, strict=True)
    ]


def answers_of(engine: HfEngine, asked, done=()) -> list[list[list[float]]]:
    """Of every text, or None where it was left out."""
    found = {i: one for batch in engine.score(asked, done) for i, one in batch.items()}
    return [found.get(i) for i in range(len(asked))]


def flat(answers) -> np.ndarray:
    return np.array([value for one in answers for values in one for value in values])


def assert_same(found, expected) -> None:
    np.testing.assert_allclose(flat(found), flat(expected), atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch_tokens", [1, 200, 10**6])
def test_answers_match_a_plain_computation(asked, kind, batch_tokens):
    model = network(kind)
    expected = plain(model, asked)
    assert np.ptp(flat(expected)) > 1
    assert_same(answers_of(HfEngine(model, batch_tokens), asked), expected)


@pytest.mark.parametrize("kind", ["mistral", "gpt2"])
def test_shared_prefix_is_fed_once(asked, kind):
    model = Watched(network(kind))
    answers_of(HfEngine(model, 200), asked)
    first, *rest = model.fed
    assert first == (1, len(SHARED))
    questions = [question for one in asked for question in one]
    assert sum(rows for rows, _ in rest) == len(questions)
    assert max(width for _, width in rest) == max(
        len(question.ids) for question in questions
    ) - len(SHARED)


def test_prompt_that_is_all_prefix_keeps_a_token_to_ask_after(asked):
    """One prompt is the beginning of the others, and one is asked twice over."""
    asked = [[Question(SHARED, [5])], [Question(SHARED, [5, 6])], *asked]
    model = network()
    assert_same(answers_of(HfEngine(model, 200), asked), plain(model, asked))


def test_prompts_that_share_nothing(asked):
    asked = [
        [Question([i, *question.ids], question.wanted) for question in one]
        for i, one in enumerate(asked)
    ]
    model = Watched(network())
    assert_same(answers_of(HfEngine(model, 200), asked), plain(model.model, asked))
    assert sum(rows for rows, _ in model.fed) == sum(map(len, asked))


def test_neighbours_and_their_padding_do_not_matter(asked):
    """Each text between two that are longer, and alone."""
    model = network()
    long = [[Question(SHARED + [i] * 60, [5])] for i in (1, 2)]
    for one in asked[:8]:
        together = answers_of(HfEngine(model, 10**6), [long[0], one, long[1]])
        assert_same([together[1]], answers_of(HfEngine(model, 10**6), [one]))


@pytest.mark.parametrize("batch_tokens", [1, 100, 300])
def test_no_batch_holds_more_than_the_budget_unless_it_is_one_text(asked, batch_tokens):
    model = Watched(network())
    for batch in HfEngine(model, batch_tokens).score(asked, ()):
        rows, width = model.fed[-1]
        assert rows * (width + len(SHARED)) <= batch_tokens or len(batch) == 1


def test_batches_hold_what_the_budget_allows(asked):
    single = [one[:1] for one in asked]
    model = Watched(network())
    answers_of(HfEngine(model, 10**6), single)
    assert [rows for rows, _ in model.fed] == [1, len(single)]


def test_texts_that_are_done_are_left_out_and_the_rest_keep_every_digit(asked):
    engine = HfEngine(network(), 100)
    batches = list(engine.score(asked, ()))
    assert len(batches) > 6
    done = {i for batch in batches[::2] for i in batch}
    assert list(engine.score(asked, done)) == batches[1::2]


def test_of_a_batch_that_is_half_done_the_rest_is_asked(asked):
    engine = HfEngine(network(), 10**6)
    expected = answers_of(engine, asked)
    found = answers_of(engine, asked, done=range(10))
    assert found[:10] == [None] * 10
    assert_same(found[10:], expected[10:])


def test_full_memory_halves_the_batches_and_goes_on(asked, capsys):
    model = Watched(network(), rows=5)
    assert_same(answers_of(HfEngine(model, 10**6), asked), plain(model.model, asked))
    assert model.refused > 0
    assert "out of memory: batches hold" in capsys.readouterr().err


def test_full_memory_costs_no_more_of_the_budget_than_it_must(asked):
    """Both halves of a batch may have to be halved again; that is one more halving, not two."""
    single = [[Question([*SHARED, i], [5])] for i in range(64)]
    model = Watched(network(), rows=5)
    length = len(SHARED) + 1
    engine = HfEngine(model, 64 * length)
    assert_same(answers_of(engine, single), plain(model.model, single))
    assert 2 * length <= engine.batch_tokens <= 5 * length
    model.refused = 0
    answers_of(engine, single)
    assert model.refused == 0


@pytest.mark.parametrize("tokens", [40, 5], ids=["the prompt", "even what prompts share"])
def test_prompt_that_does_not_fit_by_itself_is_refused(tokens):
    asked = [[Question(SHARED + [i] * 50, [5])] for i in (1, 2)]
    with pytest.raises(
        InputError, match="does not fit into the device's memory: lower max_text_tokens"
    ):
        answers_of(HfEngine(Watched(network(), tokens=tokens), 10**6), asked)


def test_probabilities_of_a_bfloat16_model_come_from_a_float32_softmax(asked):
    model = Watched(network(dtype=torch.bfloat16))
    single = [one[:1] for one in asked[:1]]
    found = answers_of(HfEngine(model, 10**6), single)
    logits = model.logits[-1][0, -1]
    assert logits.dtype == torch.bfloat16
    assert found[0][0] == pytest.approx(logits.double().log_softmax(-1)[[5, 17]].tolist(), abs=1e-5)
    assert found[0][0] != pytest.approx(logits.log_softmax(-1)[[5, 17]].tolist(), abs=1e-4)


def test_budget_suits_the_device_unless_it_is_given():
    model = network()
    assert HfEngine(model, None).batch_tokens == hf.BATCH_TOKENS["cpu"]
    assert HfEngine(model, 77).batch_tokens == 77


@pytest.mark.parametrize("name", ["bnb-int8", "bnb-nf4"])
def test_quantization_without_bitsandbytes_says_how_to_get_it(monkeypatch, name):
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(InputError, match=f"{name} needs bitsandbytes: pip install bitsandbytes"):
        hf._quantization(name, "cuda")


def test_int8_of_the_cpu_is_refused_on_a_gpu():
    with pytest.raises(InputError, match="cpu-int8 runs on a CPU alone"):
        hf._quantization("cpu-int8", "cuda")
