"""What the engine asks of vLLM, and what it makes of the answer.

vLLM itself does not run here but in test_vllm_itself.py, where it is installed: the module ``vllm``
of these tests is a stand-in for the library and **not vLLM**. It has the names of vLLM's classes
and parameters, read in the sources of 0.21.0 to 0.33.0, refuses any other, and computes the answers
with the tiny Llama.
"""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from bias_transfer.io.errors import InputError
from bias_transfer.pretrained import hub
from bias_transfer.study import params
from bias_transfer.teacher import model
from bias_transfer.teacher.engines import vllm as engine
from bias_transfer.teacher.scoring import Question

LABELLING = params.Labelling(engine="vllm", batch_tokens=None, ray_workers=0)

# In vllm/sampling_params.py and vllm/engine/arg_utils.py of every version from 0.21.0 to 0.33.0.
SAMPLING_PARAMS = set(
    """allowed_token_ids bad_words detokenize extra_args flat_logprobs frequency_penalty ignore_eos
    include_stop_str_in_output logit_bias logprob_token_ids logprobs max_tokens min_p min_tokens n
    output_kind presence_penalty prompt_logprobs repetition_detection repetition_penalty seed
    skip_clone skip_reading_prefix_cache skip_special_tokens spaces_between_special_tokens stop
    stop_token_ids structured_outputs temperature thinking_token_budget top_k top_p""".split()
)
ENGINE_ARGUMENTS = set(
    """model runner dtype quantization revision tokenizer_revision trust_remote_code load_format
    max_model_len enable_prefix_caching logprobs_mode seed gpu_memory_utilization enforce_eager
    disable_log_stats use_tqdm_on_load""".split()
)
MOST_LOGPROB_TOKEN_IDS = 128


class SamplingParams:
    def __init__(self, **options) -> None:
        assert options.keys() <= SAMPLING_PARAMS
        self.options = options

    num_logprobs = property(lambda self: len(self.options["logprob_token_ids"]))


class LLM:
    """Not vLLM's: answers in the shape of its ``RequestOutput``, with a plain forward pass."""

    loaded: list[dict]
    asked: list[dict]

    def __init__(self, model: str, **options) -> None:
        assert options.keys() <= ENGINE_ARGUMENTS
        if options["dtype"] == "bfloat16":
            raise ValueError("1 validation error for VllmConfig\n  no bfloat16 here")
        self.loaded.append({"model": model, **options})
        self.network = AutoModelForCausalLM.from_pretrained(
            model, dtype=getattr(torch, options["dtype"])
        ).eval()

    def generate(self, prompts, sampling_params=None, *, use_tqdm=True):
        assert use_tqdm is False
        assert len(prompts) == len(sampling_params)
        return [self._answer(*pair) for pair in zip(prompts, sampling_params, strict=True)]

    def _answer(self, prompt: dict, sampling: SamplingParams) -> SimpleNamespace:
        options = sampling.options
        self.asked.append(prompt | options)
        assert options["max_tokens"] == 1
        assert 0 < len(options["logprob_token_ids"]) <= MOST_LOGPROB_TOKEN_IDS
        assert options.keys().isdisjoint({"prompt_logprobs", "logprobs"})
        with torch.inference_mode():
            logits = self.network(input_ids=torch.tensor([prompt["prompt_token_ids"]])).logits[
                0, -1
            ]
        values = logits.float().log_softmax(-1)
        tokens = [int(values.argmax()), *options["logprob_token_ids"]]  # the one chosen comes first
        logprobs = {token: SimpleNamespace(logprob=values[token].item()) for token in tokens}
        return SimpleNamespace(outputs=[SimpleNamespace(token_ids=tokens[:1], logprobs=[logprobs])])


@pytest.fixture
def stand_in(monkeypatch) -> type[LLM]:
    module = ModuleType("vllm")
    module.__version__ = "0.33.0"
    module.SamplingParams = SamplingParams
    module.LLM = type("LLM", (LLM,), {"loaded": [], "asked": []})
    monkeypatch.setitem(sys.modules, "vllm", module)
    monkeypatch.setenv("VLLM_NO_USAGE_STATS", "1")
    monkeypatch.setenv("VLLM_LOGGING_LEVEL", "ERROR")
    return module.LLM


def scores(teacher, texts, done=()) -> dict[str, tuple[float, float, int]]:
    return {
        name: tuple(answer)
        for batch in teacher.score(texts, done)
        for name, answer in batch.items()
    }


@pytest.fixture(scope="module")
def texts(sentences) -> dict[str, str]:
    return {f"{i:016x}": text for i, text in enumerate([*sentences, "x", " ".join(sentences)])}


@pytest.mark.parametrize(
    "labels", [(" Negative", " Positive"), (" Neg", " Positive"), (" mixed up", " mixed in")]
)
def test_answers_are_those_of_the_default_engine(stand_in, tiny_teacher, texts, labels):
    """One token each; of several; and of several that begin alike."""
    chosen = tiny_teacher(labels=labels)
    found = scores(model.load(chosen, None, LABELLING, "cpu"), texts)
    expected = scores(
        model.load(chosen, None, LABELLING.model_copy(update={"engine": "transformers"}), "cpu"),
        texts,
    )
    assert found.keys() == expected.keys()
    np.testing.assert_allclose(
        [found[name] for name in texts], [expected[name] for name in texts], atol=1e-5
    )


def test_answers_are_in_the_order_of_the_questions_and_of_the_tokens_wanted(stand_in, tiny_llama):
    llm = stand_in(str(tiny_llama), dtype="float32")
    questions = [
        [Question([0, 5, 9], [7, 3])],
        [Question([0, 8], [3]), Question([0, 8, 3], [7, 7])],
    ]
    (found,) = engine.VllmEngine(llm).score(questions, ())
    assert [len(values) for i in (0, 1) for values in found[i]] == [2, 1, 2]
    with torch.inference_mode():
        plain = llm.network(input_ids=torch.tensor([[0, 5, 9]])).logits[0, -1].log_softmax(-1)
    assert found[0][0] == pytest.approx(plain[[7, 3]].tolist(), abs=1e-6)


def test_only_what_is_not_done_is_asked(stand_in, tiny_teacher, texts):
    names = list(texts)
    found = scores(model.load(tiny_teacher(), None, LABELLING, "cpu"), texts, names[::2])
    assert list(found) == names[1::2]
    assert len(stand_in.asked) == len(names[1::2])


def test_model_is_loaded_without_code_or_pickles_and_with_the_prefix_cache(
    stand_in, tiny_teacher, tiny_llama
):
    model.load(tiny_teacher(), None, LABELLING, "cpu")
    (options,) = stand_in.loaded
    assert options["model"] == str(tiny_llama)
    assert options["trust_remote_code"] is False
    assert options["load_format"] == "safetensors"
    assert options["enable_prefix_caching"] is True
    assert options["logprobs_mode"] == "raw_logprobs"
    assert options["dtype"] == "float32"


def test_revision_is_that_of_model_and_tokenizer(stand_in, tiny_teacher, tiny_llama):
    engine.load(tiny_teacher(), hub.Checkpoint(str(tiny_llama), None, "abc", None))
    (options,) = stand_in.loaded
    assert (options["revision"], options["tokenizer_revision"]) == ("abc", "abc")


def test_four_bits_are_asked_of_bitsandbytes(stand_in, tiny_teacher, monkeypatch):
    monkeypatch.setitem(sys.modules, "bitsandbytes", ModuleType("bitsandbytes"))
    model.load(tiny_teacher(quantization="bnb-nf4"), None, LABELLING, "cpu")
    assert stand_in.loaded[0]["quantization"] == "bitsandbytes"


@pytest.mark.parametrize(
    ("quantization", "message"),
    [
        ("cpu-int8", "engine vllm has no quantization cpu-int8"),
        ("bnb-int8", "engine vllm has no quantization bnb-int8: set bnb-nf4"),
        ("bnb-nf4", "pip install vllm-bnb-plugin"),
    ],
)
def test_quantization_that_cannot_be_had(
    stand_in, tiny_teacher, monkeypatch, quantization, message
):
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(InputError, match=message):
        model.load(tiny_teacher(quantization=quantization), None, LABELLING, "cpu")


def test_engine_that_ends_in_the_middle_says_what_is_kept(
    stand_in, tiny_teacher, texts, monkeypatch
):
    class EngineDeadError(Exception):
        """As in vllm/v1/engine/exceptions.py."""

    def generate(*_, **__):
        raise EngineDeadError("EngineCore encountered an issue.")

    teacher = model.load(tiny_teacher(), None, LABELLING, "cpu")
    monkeypatch.setattr(teacher.engine.model, "generate", generate)
    with pytest.raises(
        InputError, match=r"vLLM stopped .*: EngineCore encountered an issue\. .* keeps what was"
    ):
        scores(teacher, texts)


def test_gguf_is_refused(stand_in, tiny_teacher, tmp_path):
    with pytest.raises(InputError, match="GGUF: set `engine: transformers`"):
        engine.load(tiny_teacher(), hub.Checkpoint(str(tmp_path), tmp_path, None, "model.gguf"))


def test_missing_vllm(tiny_teacher, monkeypatch):
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(InputError, match="engine vllm is not installed: pip install vllm"):
        model.load(tiny_teacher(), None, LABELLING, "cpu")


def test_old_vllm(stand_in, tiny_teacher, monkeypatch):
    monkeypatch.setattr(sys.modules["vllm"], "SamplingParams", type("SamplingParams", (), {}))
    monkeypatch.setattr(sys.modules["vllm"], "__version__", "0.20.2")
    with pytest.raises(InputError, match=r"needs vLLM 0\.21 or newer, not 0\.20\.2"):
        model.load(tiny_teacher(), None, LABELLING, "cpu")


def test_what_vllm_says_reaches_the_user_in_one_line(stand_in, tiny_teacher):
    with pytest.raises(
        InputError, match=r"vLLM cannot run model .*: 1 validation error for VllmConfig no bfl"
    ):
        model.load(tiny_teacher(dtype="bfloat16"), None, LABELLING, "cpu")
