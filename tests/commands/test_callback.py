"""The callback logs, at each evaluation, the gaps that an audit of the same model finds."""

import pandas as pd
import pytest
import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    Trainer,
    TrainingArguments,
)

from bias_transfer import BiasCallback, audit
from bias_transfer.io.errors import InputError

PAIRS = pd.DataFrame(
    [
        (f"{verb}", group, verb, f"{person} {verb} a good film")
        for verb in ("saw", "made", "liked", "sold")
        for group, person in (("women", "she"), ("men", "he"))
    ],
    columns=["pair_id", "group", "template", "sentence"],
)


@pytest.fixture
def trainer(tiny_encoder, sentences, tmp_path):
    """Of the tiny encoder, with one row to learn from, evaluated after each of two epochs."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    model = AutoModelForSequenceClassification.from_pretrained(
        tiny_encoder, num_labels=2, id2label={0: "negative", 1: "positive"}
    )
    row = {**tokenizer(sentences[0]), "labels": 1}
    arguments = TrainingArguments(
        output_dir=str(tmp_path),
        num_train_epochs=2,
        eval_strategy="epoch",
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
    )
    return Trainer(
        model, arguments, train_dataset=[row], eval_dataset=[row], processing_class=tokenizer
    )


def test_gaps_are_logged_at_each_evaluation(trainer):
    trainer.add_callback(BiasCallback(trainer, corpus=PAIRS))
    trainer.train()
    logged = [entry for entry in trainer.state.log_history if "women___men_gap" in entry]
    assert [entry["epoch"] for entry in logged] == [1, 2]
    last = logged[-1]
    tokenizer, model = trainer.processing_class, trainer.model.eval()

    def model_now(texts):
        with torch.inference_mode():
            batch = tokenizer(texts, padding=True, return_tensors="pt")
            return model(**batch).logits.softmax(-1)[:, 1]

    row = audit(model_now, corpus=PAIRS).to_frame().iloc[0]
    assert last["women___men_gap"] == pytest.approx(row["mean_difference"], abs=1e-6)
    assert last["women___men_gap"] != 0
    assert last["women___men_gap_ci_low"] == pytest.approx(row["ci_low"], abs=1e-5)
    assert last["women___men_gap_ci_high"] == pytest.approx(row["ci_high"], abs=1e-5)


def test_the_model_goes_on_training(trainer):
    trainer.model.train()
    BiasCallback(trainer, corpus=PAIRS).on_evaluate()
    assert trainer.model.training


def test_labels_that_do_not_say_which_is_positive(trainer):
    trainer.model.config.id2label = {0: "a", 1: "b"}
    with pytest.raises(InputError, match="labels: a, b"):
        BiasCallback(trainer, corpus=PAIRS).on_evaluate()
