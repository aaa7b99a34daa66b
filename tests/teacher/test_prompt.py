"""The seam between prompt and label, and how a long text is cut."""

import pytest
from transformers import AutoTokenizer

from bias_transfer.errors import InputError
from bias_transfer.teacher import prompt as prompts

CONTEXT = 512


@pytest.fixture(scope="module")
def tokenizer(tiny_llama):
    return AutoTokenizer.from_pretrained(tiny_llama)


def n_tokens(tokenizer, text: str) -> int:
    return len(tokenizer.encode(text, add_special_tokens=False))


def test_label_ids_are_what_tokenising_prompt_and_label_as_one_string_gives(tokenizer, tiny_teacher, sentences):
    params = tiny_teacher()
    prompt = prompts.build(params, tokenizer, CONTEXT)
    for text in sentences:
        ids = prompt.ids(text)
        for label, label_id in zip(params.labels, prompt.label_ids, strict=True):
            assert tokenizer.encode(params.prompt.format(text=text) + label) == [*ids, label_id]
    assert tokenizer.convert_ids_to_tokens(list(prompt.label_ids)) == ["ĠNegative", "ĠPositive"]


def test_special_tokens_stand_once_at_the_start(tokenizer, tiny_teacher):
    ids = prompts.build(tiny_teacher(), tokenizer, CONTEXT).ids("a warm film")
    assert ids[0] == tokenizer.bos_token_id
    assert ids.count(tokenizer.bos_token_id) == 1


def test_label_of_several_tokens_is_refused(tokenizer, tiny_teacher):
    assert n_tokens(tokenizer, " Indifferent") > 1
    with pytest.raises(InputError, match="' Indifferent' is not one token"):
        prompts.build(tiny_teacher(labels=(" Negative", " Indifferent")), tokenizer, CONTEXT)


def test_two_words_that_are_the_same_unknown_token_are_refused(tiny_encoder, tiny_teacher):
    """A vocabulary with an unknown word gives every unknown label the same id."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    tokenizer.backend_tokenizer.post_processor = None  # no [SEP] between prompt and label
    with pytest.raises(InputError, match="same token"):
        prompts.build(tiny_teacher(labels=(" Ω", " Ψ")), tokenizer, CONTEXT)


def test_prompt_that_ends_in_the_labels_space_is_refused(tokenizer, tiny_teacher):
    """The original study's seam: "Sentiment: " and "Negative" are never tokenised as the two are together."""
    params = tiny_teacher(prompt="Text: {text}\nSentiment: ", labels=("Negative", "Positive"))
    with pytest.raises(InputError, match="end the prompt without a space"):
        prompts.build(params, tokenizer, CONTEXT)


def test_prompt_that_ends_in_a_space_of_its_own_keeps_the_seam_whole(tokenizer, tiny_teacher):
    """Two spaces are two tokens, the second one the label's: odd, but what the tokenizer does with the one string."""
    params = tiny_teacher(prompt="Text: {text}\nSentiment: ")
    prompt = prompts.build(params, tokenizer, CONTEXT)
    assert tokenizer.encode("Text: a film\nSentiment:  Positive") == [*prompt.ids("a film"), prompt.label_ids[1]]


def test_label_glued_to_the_prompts_last_word_is_refused(tokenizer, tiny_teacher):
    """Without a space "Sentiment:" and "Negative" are tokenised as a seam that is not the label's own token."""
    with pytest.raises(InputError, match="'Negative' is not one token"):
        prompts.build(tiny_teacher(labels=("Negative", "Positive")), tokenizer, CONTEXT)


def test_tokenizer_that_ends_every_prompt_with_a_token_of_its_own_is_refused(tiny_encoder, tiny_teacher):
    """The label would be scored after a [SEP] that stands behind it when both are one string."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    assert tokenizer.convert_ids_to_tokens(tokenizer.encode("film that")) == ["[CLS]", "film", "that", "[SEP]"]
    with pytest.raises(InputError, match="' film' is not one token of its own after the prompt"):
        prompts.build(tiny_teacher(labels=(" film", " that")), tokenizer, CONTEXT)


def test_text_at_the_limit_is_left_alone(tokenizer, tiny_teacher, sentences):
    text = " ".join(sentences)
    limit = n_tokens(tokenizer, text)
    prompt = prompts.build(tiny_teacher(max_text_tokens=limit), tokenizer, CONTEXT)
    assert prompt.fit(text) == text
    assert prompts.build(tiny_teacher(max_text_tokens=limit - 1), tokenizer, CONTEXT).fit(text) != text


@pytest.mark.parametrize("limit", [2, 7, 20])
def test_long_text_keeps_its_head_and_its_tail(tokenizer, tiny_teacher, sentences, limit):
    text = " ".join(sentences)
    prompt = prompts.build(tiny_teacher(max_text_tokens=limit), tokenizer, CONTEXT)
    head, tail = prompt.fit(text).split(" ... ")
    assert text.startswith(head) and text.endswith(tail)
    assert n_tokens(tokenizer, head) == limit // 2
    offsets = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    assert tail == text[offsets[-(limit - limit // 2)][0] :]


def test_limit_of_one_token_cuts_too(tokenizer, tiny_teacher, sentences):
    text = " ".join(sentences)
    assert len(prompts.build(tiny_teacher(max_text_tokens=1), tokenizer, CONTEXT).fit(text)) < len(text)


@pytest.mark.parametrize("limit", [2, 10, 21])
@pytest.mark.parametrize(
    "text",
    ["word " * 300, "wonderful" * 80, "😀" * 80, "é" * 300, "\n" * 300, "x", ""],
    ids=["words", "one word", "four-byte letters", "two-byte letters", "newlines", "short", "empty"],
)
def test_no_prompt_exceeds_the_context_that_was_checked(tokenizer, tiny_teacher, text, limit):
    params = tiny_teacher(max_text_tokens=limit)
    context = smallest_context(params, tokenizer)
    assert len(prompts.build(params, tokenizer, context).ids(text)) <= context


def smallest_context(params, tokenizer) -> int:
    for context in range(1, CONTEXT):
        try:
            prompts.build(params, tokenizer, context)
        except InputError:
            continue
        return context
    raise AssertionError("no context is large enough")


def test_prompt_too_long_for_the_context_is_refused(tokenizer, tiny_teacher):
    prompts.build(tiny_teacher(max_text_tokens=300), tokenizer, CONTEXT)
    with pytest.raises(InputError, match="context of 512: lower max_text_tokens"):
        prompts.build(tiny_teacher(max_text_tokens=CONTEXT), tokenizer, CONTEXT)


@pytest.mark.parametrize("text", ["{x}", "{text}", "{0} and {", "100 % {}", r"\n{text!r}"])
def test_braces_in_a_text_survive(tokenizer, tiny_teacher, text):
    prompt = prompts.build(tiny_teacher(), tokenizer, CONTEXT)
    decoded = tokenizer.decode(prompt.ids(text), skip_special_tokens=True)
    assert decoded.endswith(f"\n\nText: {text}\nSentiment:")
    assert decoded.startswith("Please classify")


def test_braces_in_the_prompt_survive(tokenizer, tiny_teacher):
    prompt = prompts.build(tiny_teacher(prompt='{"task": {}}\nText: {text}\nSentiment:'), tokenizer, CONTEXT)
    decoded = tokenizer.decode(prompt.ids("a {warm} film"), skip_special_tokens=True)
    assert decoded == '{"task": {}}\nText: a {warm} film\nSentiment:'
