"""Load a teacher into this process: tokenizer, prompt, and the engine that runs the model."""

from bias_transfer.pretrained import devices, hub
from bias_transfer.study.params import Labelling, Teacher
from bias_transfer.teacher.engines import hf, vllm
from bias_transfer.teacher.examples import Pool
from bias_transfer.teacher.prompt import Prompt
from bias_transfer.teacher.scoring import Scorer


def load(params: Teacher, pool: Pool | None, labelling: Labelling, device: str) -> Scorer:
    """Load model and tokenizer onto ``device`` (``auto``, ``cpu`` or ``cuda``).

    Raises
    ------
    InputError
        If the model is unreachable, gated or not a causal language model, the prompt does not fit
        it, or the engine is not installed.
    """
    from transformers import AutoConfig, AutoTokenizer

    target = devices.resolve(device)
    checkpoint = hub.locate(params.model, params.revision)
    hub.reach(checkpoint)
    with hub.clear_errors(params.model):
        tokenizer = AutoTokenizer.from_pretrained(checkpoint.name, **checkpoint.options)
        config = AutoConfig.from_pretrained(checkpoint.name, **checkpoint.options)
        prompt = Prompt(tokenizer, params, pool)
        prompt.check(getattr(config.get_text_config(), "max_position_embeddings", None))
        if labelling.engine == "vllm":
            return Scorer(prompt, vllm.load(params, checkpoint))
        engine = hf.HfEngine(hf.load(params, checkpoint, target), labelling.batch_tokens)
        return Scorer(prompt, engine)
