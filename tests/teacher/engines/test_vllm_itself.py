"""vLLM itself against the default engine, on a CPU or a GPU.

Runs where it is installed; docs/teacher.md says how.
"""

import numpy as np
import pytest
import tiny_models

from bias_transfer.pretrained import hub
from bias_transfer.study import params
from bias_transfer.teacher import model, scoring
from bias_transfer.teacher.engines import vllm as engine

pytest.importorskip("vllm", reason="vLLM is not installed")
pytestmark = pytest.mark.filterwarnings("default")  # vLLM has many of its own
DEFAULT = params.Labelling(engine="transformers", batch_tokens=None, ray_workers=0)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory, tiny_teacher) -> params.Teacher:
    """A Llama with heads of 64: for the 16 of the tests' usual one vLLM has no kernel on a CPU."""
    return tiny_teacher(
        model=str(tiny_models.llama(tmp_path_factory.mktemp("wide-llama"), hidden_size=128))
    )


@pytest.fixture(scope="module")
def loaded(teacher):
    """vLLM takes half a minute to start, so that the tests share one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        return engine.load(teacher, hub.locate(teacher.model, None))


def scores(teacher, texts) -> dict[str, tuple[float, float, int]]:
    return {name: tuple(answer) for batch in teacher.score(texts) for name, answer in batch.items()}


@pytest.mark.parametrize(
    "labels", [(" Negative", " Positive"), (" Neg", " Positive"), (" mixed up", " mixed in")]
)
def test_answers_are_those_of_the_default_engine(loaded, teacher, texts, labels):
    """One token each; of several; and of several that begin alike."""
    default = model.load(teacher.model_copy(update={"labels": labels}), None, DEFAULT, "cpu")
    expected = scores(default, texts)
    found = scores(scoring.Scorer(default.prompt, loaded), texts)
    assert list(found) == list(texts)
    np.testing.assert_allclose(
        [found[name] for name in texts], [expected[name] for name in texts], atol=1e-4, rtol=0
    )


def test_what_prompts_share_is_read_once(loaded, teacher, texts):
    """Blocks of up to 128 tokens, on a CPU, are kept: the instruction is longer than that."""
    teacher = teacher.model_copy(update={"prompt": "Take your time. " * 20 + teacher.prompt})
    default = model.load(teacher, None, DEFAULT, "cpu")
    scores(scoring.Scorer(default.prompt, loaded), texts)
    others = {name: f"another {text}" for name, text in texts.items()}
    prompts = [{"prompt_token_ids": query.context} for query in default.prompt.queries(others)]
    outputs = loaded.model.generate(prompts, use_tqdm=False)
    assert all(0 < output.num_cached_tokens < len(output.prompt_token_ids) for output in outputs)
