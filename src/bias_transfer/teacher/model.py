"""Load a teacher: its tokenizer, its prompt and the engine that runs its model, here or on a cluster."""

from bias_transfer import devices, hub
from bias_transfer.params import Labelling, Teacher
from bias_transfer.teacher import scoring
from bias_transfer.teacher.cluster import RayTeacher
from bias_transfer.teacher.engines import hf, vllm
from bias_transfer.teacher.examples import Pool
from bias_transfer.teacher.prompt import Prompt


def load(params: Teacher, pool: Pool | None, labelling: Labelling, device: str) -> scoring.Teacher | RayTeacher:
    """Load model and tokenizer onto ``device`` (``auto``, ``cpu`` or ``cuda``), or leave that to a cluster's workers.

    Raises
    ------
    InputError
        If the model is unreachable, gated or not a causal language model, the prompt does not fit it, or the engine is
        not installed.
    """
    from transformers import AutoConfig, AutoTokenizer

    if labelling.ray_workers:
        return RayTeacher(params, pool, labelling, device)
    target = devices.resolve(device)
    source = hub.locate(params.model, params.revision)
    hub.reach(source)
    with hub.clear_errors(params.model):
        tokenizer = AutoTokenizer.from_pretrained(source.name, **source.options)
        config = AutoConfig.from_pretrained(source.name, **source.options)
        prompt = Prompt(tokenizer, params, pool)
        prompt.check(getattr(config.get_text_config(), "max_position_embeddings", None))
        if labelling.engine == "vllm":
            return scoring.Teacher(prompt, vllm.load(params, source))
        return scoring.Teacher(prompt, hf.HfEngine(hf.load(params, source, target), labelling.batch_tokens))
