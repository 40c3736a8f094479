"""Adam with one learning rate for the encoder and another for everything else.

A head trained from zero needs about 1e-3, a pretrained encoder a tenth of that or less.
"""

from thinc.api import Optimizer
from thinc.optimizers import FloatOrSeq
from thinc.types import FloatsXd


def adam_v1(
    *,
    encoder_learn_rate: FloatOrSeq = 5e-5,
    learn_rate: FloatOrSeq = 1e-3,
    beta1: FloatOrSeq = 0.9,
    beta2: FloatOrSeq = 0.999,
    eps: FloatOrSeq = 1e-8,
    L2: FloatOrSeq = 0.01,
    grad_clip: FloatOrSeq = 1.0,
) -> Optimizer:
    """Build the optimizer. Every setting is a number or a schedule, which `spacy train` advances once a step.

    encoder_learn_rate (FloatOrSeq): Rate of the encoder, that is of parameters inside PyTorch modules.
    learn_rate (FloatOrSeq): Rate of everything else: heads, and components that do not use the transformer.
    beta1 (FloatOrSeq): Decay of the first moment.
    beta2 (FloatOrSeq): Decay of the second moment.
    eps (FloatOrSeq): Added to the square root of the second moment.
    L2 (FloatOrSeq): Weight decay, decoupled and times the learning rate (AdamW); none on biases and layer norms.
    grad_clip (FloatOrSeq): Largest norm of the gradient of one parameter; 0 for no limit.
    RETURNS (Optimizer): The optimizer. It keeps no averages, which do not reach PyTorch parameters.
    """
    return HATOptimizer(
        encoder_learn_rate=encoder_learn_rate,
        learn_rate=learn_rate,
        beta1=beta1,
        beta2=beta2,
        eps=eps,
        L2=L2,
        grad_clip=grad_clip,
    )


class HATOptimizer(Optimizer):
    """thinc's Adam, with rate and weight decay chosen by the key of each parameter.

    A subclass, since spaCy and thinc read and step the attributes of an Optimizer.
    """

    encoder_learn_rate: float

    __slots__ = ["encoder_learn_rate"]

    def __init__(
        self,
        *,
        encoder_learn_rate: FloatOrSeq,
        learn_rate: FloatOrSeq,
        beta1: FloatOrSeq,
        beta2: FloatOrSeq,
        eps: FloatOrSeq,
        L2: FloatOrSeq,
        grad_clip: FloatOrSeq,
    ) -> None:
        super().__init__(
            learn_rate,
            beta1=beta1,
            beta2=beta2,
            eps=eps,
            L2=L2,
            grad_clip=grad_clip,
            L2_is_weight_decay=True,
            use_averages=False,
        )
        self._set_attr_or_schedule("encoder_learn_rate", encoder_learn_rate)

    def __call__(
        self, key: tuple[int, str], weights: FloatsXd, gradient: FloatsXd, *, lr_scale: float = 1.0
    ) -> tuple[FloatsXd, FloatsXd]:
        """Update one parameter.

        key (tuple[int, str]): Id of the layer or shim, and name of the parameter.
        weights (FloatsXd): The parameter, changed in place.
        gradient (FloatsXd): Its gradient, zeroed in place.
        lr_scale (float): A factor for the learning rate.
        RETURNS (tuple[FloatsXd, FloatsXd]): Both.
        """
        # Attributes for the time of one call, rather than lr_scale = encoder rate / rate: a warm-up starts at rate 0.
        learn_rate, L2 = self.learn_rate, self.L2
        try:
            if in_encoder(key[1]):
                self.learn_rate = self.encoder_learn_rate
            if not decays(key[1]):
                self.L2 = 0.0
            return super().__call__(key, weights, gradient, lr_scale=lr_scale)
        finally:
            self.learn_rate, self.L2 = learn_rate, L2


def in_encoder(name: str) -> bool:
    """Whether a parameter belongs to the encoder.

    PyTorch names the parameters of nested modules by their path (`encoder.layer.0.…weight`), thinc by a bare letter
    or word. So every nested PyTorch module counts as encoder.

    name (str): Name of the parameter.
    RETURNS (bool): True if it has a path.
    """
    return "." in name


def decays(name: str) -> bool:
    """Whether weight decay applies: not to biases and not to the gains of layer norms.

    name (str): Name of the parameter: `W`, `b`, `G`, … in thinc, a path in PyTorch.
    RETURNS (bool): True if it does.
    """
    module, _, parameter = name.rpartition(".")
    is_norm = "norm" in module.rpartition(".")[2].lower()
    return parameter not in ("bias", "b", "G") and not is_norm
