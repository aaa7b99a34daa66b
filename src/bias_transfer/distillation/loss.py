"""The distillation loss.

Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015.
"""

import torch
from torch.nn import functional


def distillation_loss(
    logits: torch.Tensor,
    teacher: torch.Tensor,
    labels: torch.Tensor,
    alpha: float,
    temperature: float,
) -> torch.Tensor:
    """``alpha · T² · KL(teacher_T ‖ student_T) + (1 - alpha) · CE``: the batch's mean, in nats.

    Both sides are tempered: ``student_T = softmax(logits / T)`` and ``teacher_T = softmax(log
    teacher / T)``. T² keeps the gradient of the soft part at the scale of the hard part whatever T
    is. Alpha 0 is plain cross-entropy. Alpha 1 leaves the hard labels out; 0 then means that the
    student repeats its target exactly.

    Parameters
    ----------
    logits
        Of the student, shape (batch, classes).
    teacher
        The teacher's probabilities, shape (batch, classes); a probability of 0 is allowed.
    labels
        Hard labels, shape (batch,).
    alpha
        Weight of the teacher, from 0 to 1.
    temperature
        T, above 0.
    """
    hard = functional.cross_entropy(logits, labels)
    if alpha == 0:
        return hard
    target = (teacher.log() / temperature).softmax(-1)
    student = (logits / temperature).log_softmax(-1)
    soft = temperature**2 * functional.kl_div(student, target, reduction="batchmean")
    return alpha * soft + (1 - alpha) * hard
