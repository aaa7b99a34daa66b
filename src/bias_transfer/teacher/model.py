"""Load a teacher into this process: tokenizer, prompt, and the engine that runs the model."""

from bias_transfer.io.errors import InputError
from bias_transfer.pretrained import devices, hub
from bias_transfer.study.params import Labelling, Teacher
from bias_transfer.teacher.engines import endpoint, hf, vllm
from bias_transfer.teacher.examples import Pool
from bias_transfer.teacher.prompt import Prompt
from bias_transfer.teacher.scoring import Scorer


def load(params: Teacher, pool: Pool | None, labelling: Labelling, device: str) -> Scorer:
    """Load model and tokenizer onto ``device`` (``auto``, ``cpu`` or ``cuda``).

    Raises
    ------
    InputError
        If the model is unreachable, gated or not a causal language model, the prompt does not fit
        it, the engine is not installed, or is not one for this model.
    """
    from transformers import AutoConfig, AutoTokenizer

    _check_engine(params, labelling.engine)
    source = params.tokenizer or params.model
    checkpoint = hub.locate(source, params.revision)
    hub.reach(checkpoint)
    with hub.clear_errors(source):
        tokenizer = AutoTokenizer.from_pretrained(checkpoint.name, **checkpoint.options)
        if params.served_as and labelling.url:
            prompt = Prompt(tokenizer, params, pool)
            prompt.check(None)  # the server knows its context, and says so
            return Scorer(prompt, endpoint.load(labelling.url, params.served_as, prompt))
        target = devices.resolve(device)
        config = AutoConfig.from_pretrained(checkpoint.name, **checkpoint.options)
        prompt = Prompt(tokenizer, params, pool)
        prompt.check(getattr(config.get_text_config(), "max_position_embeddings", None))
        if labelling.engine == "vllm":
            return Scorer(prompt, vllm.load(params, checkpoint))
        engine = hf.HfEngine(hf.load(params, checkpoint, target), labelling.batch_tokens)
        return Scorer(prompt, engine)


def _check_engine(params: Teacher, engine: str) -> None:
    if params.served_as and engine != "endpoint":
        raise InputError(
            f"model {params.model!r} is a server's: set `labelling.engine: endpoint`, and "
            f"`labelling.url` to where it is (engine {engine} runs models here)"
        )
    if engine == "endpoint" and not params.served_as:
        raise InputError(
            f"engine endpoint runs no model {params.model!r}: set the teacher's `model` to "
            "`endpoint:NAME`, by the name that the server gives it, and `tokenizer` to this"
        )
