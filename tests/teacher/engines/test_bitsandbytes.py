"""bitsandbytes itself, whose layers run on a CPU too."""

import numpy as np
import pytest
import tiny_models

from bias_transfer.io.errors import InputError
from bias_transfer.pretrained import hub
from bias_transfer.teacher import model
from bias_transfer.teacher.engines import hf

pytestmark = pytest.mark.filterwarnings("ignore:.*_check_is_size.*:FutureWarning")
LAYERS = {"bnb-int8": "Linear8bitLt", "bnb-nf4": "Linear4bit"}
# Correlation with the whole model; 4 bits are few for random weights.
LEAST = {"bnb-int8": 0.99, "bnb-nf4": 0.7}


@pytest.fixture(scope="module")
def load(tmp_path_factory, tiny_teacher, labelling):
    """Loads a Llama that is wide enough for blocks of 64 weights."""
    folder = tiny_models.llama(tmp_path_factory.mktemp("wide-llama"), hidden_size=128)

    def loaded(batch_tokens: int | None = None, **changes):
        run = labelling.model_copy(update={"batch_tokens": batch_tokens})
        return model.load(tiny_teacher(model=str(folder), **changes), None, run, "cpu")

    return loaded


def log_odds(teacher, texts) -> np.ndarray:
    answers = {name: answer for batch in teacher.score(texts) for name, answer in batch.items()}
    return np.array([answers[name][1] - answers[name][0] for name in texts])


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("quantization", LAYERS)
def test_answers_are_much_as_those_of_the_whole_model(load, texts, capfd, quantization, dtype):
    whole, quantized = log_odds(load(), texts), load(quantization=quantization, dtype=dtype)
    kinds = [type(module).__name__ for module in quantized.engine.model.modules()]
    # Seven in each of two layers: not the language head.
    assert kinds.count(LAYERS[quantization]) == 14
    found = log_odds(quantized, texts)
    assert np.abs(found - whole).max() > 1e-4
    assert np.corrcoef(found, whole)[0, 1] > LEAST[quantization]
    assert "MatMul8bitLt" not in capfd.readouterr().err


def test_large_value_in_one_text_leaves_the_columns_of_the_others_alone(load):
    """LLM.int8() leaves a column in float16 for a batch with one value above its threshold."""
    network = load(quantization="bnb-int8").engine.model
    layers = [module for module in network.modules() if type(module).__name__ == "Linear8bitLt"]
    assert {layer.state.threshold for layer in layers} == {0.0}


@pytest.mark.parametrize("quantization", LAYERS)
def test_gguf_is_refused(tiny_teacher, tmp_path, quantization):
    with pytest.raises(InputError, match="holds GGUF: set `quantization: int8`"):
        hf.load(
            tiny_teacher(quantization=quantization),
            hub.Checkpoint(str(tmp_path), tmp_path, None, "model.gguf"),
            "cpu",
        )
