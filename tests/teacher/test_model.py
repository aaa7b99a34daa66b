"""What is said of a teacher that cannot be loaded."""

import shutil

import pytest
import torch
from transformers import Gemma3Config, LlamaConfig, LlamaForSequenceClassification

from bias_transfer.io.errors import InputError
from bias_transfer.study import params
from bias_transfer.teacher import model
from bias_transfer.teacher.examples import Pool


@pytest.fixture
def load(tiny_teacher, labelling):
    def load(device: str = "cpu", pool: Pool | None = None, **changes):
        return model.load(tiny_teacher(**changes), pool, labelling, device)

    return load


def test_missing_folder(load, tmp_path):
    with pytest.raises(InputError, match="nowhere is missing"):
        load(model=str(tmp_path / "nowhere"))


def test_empty_folder(load, tmp_path):
    with pytest.raises(InputError, match="cannot be loaded"):
        load(model=str(tmp_path))


@pytest.mark.parametrize("encoder", ["tiny_encoder", "tiny_distilbert"])
def test_model_that_is_not_a_causal_language_model(load, request, encoder):
    folder = request.getfixturevalue(encoder)
    # And not for what its tokenizer does to the labels.
    with pytest.raises(InputError, match=r"(?i)causal ?l"):
        load(model=str(folder), prompt="{text}", max_text_tokens=8)


def test_model_without_a_language_head_is_refused(load, tiny_llama, tmp_path):
    """Without this, transformers draws the missing head at random and the labels are noise."""
    folder = shutil.copytree(tiny_llama, tmp_path / "classifier")
    LlamaForSequenceClassification(LlamaConfig.from_pretrained(tiny_llama)).save_pretrained(folder)
    with pytest.raises(InputError, match="not a causal language model"):
        load(model=str(folder))


def test_prompt_that_does_not_fit_the_model_is_refused_before_its_weights_are_read(
    load, tiny_llama, tmp_path
):
    folder = shutil.copytree(
        tiny_llama, tmp_path / "weightless", ignore=shutil.ignore_patterns("*.safetensors")
    )
    with pytest.raises(InputError, match="context of 512"):
        load(model=str(folder), max_text_tokens=600)
    with pytest.raises(InputError, match="begins with the other"):
        load(model=str(folder), labels=(" Positive", " Positive film"))


def test_context_of_a_model_that_reads_images_too_stands_with_its_text_part(
    load, tiny_llama, tmp_path
):
    folder = shutil.copytree(
        tiny_llama, tmp_path / "gemma3", ignore=shutil.ignore_patterns("*.safetensors")
    )
    Gemma3Config(text_config={"max_position_embeddings": 512}).save_pretrained(folder)
    with pytest.raises(InputError, match="context of 512"):
        load(model=str(folder), max_text_tokens=600)


def test_examples_are_what_no_longer_fits(load, train):
    load(max_text_tokens=200)
    examples = params.Examples(count=3, choice="fixed", seed=0)
    with pytest.raises(InputError, match="context of 512"):
        load(max_text_tokens=200, examples=examples, pool=Pool(train, examples))


def test_chat_of_a_tokenizer_without_a_template(load):
    with pytest.raises(InputError, match="chat_template"):
        load(chat=True)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_model_is_of_the_dtype_that_is_named(load, dtype):
    assert load(dtype=dtype).engine.model.lm_head.weight.dtype == getattr(torch, dtype)


def test_budget_is_the_params_own(load, labelling):
    assert load().engine.batch_tokens == labelling.batch_tokens


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is there")
def test_cuda_without_a_gpu(load):
    with pytest.raises(InputError, match="no GPU"):
        load("cuda")
