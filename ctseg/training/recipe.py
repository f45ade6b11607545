"""Recipes: everything that decides a training run."""

from dataclasses import dataclass, field
from typing import Literal

from ctseg.errors import UserError

Loss = Literal["tvmf", "dice", "cosine-dice"]
Task = Literal["segment", "partition", "simclr", "mae", "swin-mae"]


class RecipeError(UserError):
    """A recipe cannot be used; the message names the key and says what to do."""


@dataclass(frozen=True)
class Data:
    """Which images are seen. Patients are divided into ``folds``; fold number ``fold`` is held out.

    With ``folds = 0`` nobody is held out, for a last run with settings that were chosen before: κ's Dice
    comes from training patients, nothing is selected, and the run gives the moving average at its end.
    """

    split: str = "ct-fewshot-train"
    folds: int = 4
    fold: int = 0
    fold_seed: int = 0
    kappa_patients: int = 1
    """How many of the held-out patients measure the Dice behind κ; the rest select the checkpoint."""
    train_patients: int = 0
    """How many of the patients that are not held out are trained on, the first of a shuffle; 0 means all."""
    unlabelled: tuple[str, ...] = ("ct-fewshot-unlabelled", "ct-fewshot-train")
    """Splits whose images pre-training sees; their labels are not read."""
    sources: tuple[str, ...] = ("annotated",)
    """Kinds of images that share each batch of the task ``partition`` equally."""
    phantoms: int = 120
    """How many phantoms are drawn, if they are among the sources."""
    atlases: bool = True
    """Whether label maps of the atlases are among those that are painted."""
    without: tuple[str, ...] = ()
    """Patients of ``unlabelled`` whose images consistency does not see."""


@dataclass(frozen=True)
class Optimiser:
    """AdamW, or SGD with momentum, with warm-up, then decay to 0 at the last step."""

    name: Literal["adamw", "sgd"] = "adamw"
    momentum: float = 0.9
    """Of SGD."""
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    warmup_steps: int = 50
    schedule: Literal["polynomial", "cosine"] = "polynomial"
    restarts: tuple[int, ...] = ()
    """Steps at which warm-up and decay begin anew."""
    power: float = 0.9
    clip_norm: float = 1.0
    ema_decay: float = 0.995


@dataclass(frozen=True)
class Augmentation:
    """How far a training slice is moved and re-windowed; lengths in px of a 512 px slice."""

    flip: float = 0.5
    """Probability of mirroring left to right."""
    quarter_turns: float = 0.0
    """Probability of a random turn by 90, 180 or 270 degrees."""
    rotation: float = 15.0
    """Largest turn in degrees, to either side."""
    scale: float = 1.25
    """Largest magnification; the smallest is its inverse."""
    shift: float = 40.0
    elastic: float = 6.0
    """Standard deviation of the displacement of a coarse grid of points."""
    contrast: float = 1.3
    brightness: float = 0.1
    """Largest shift of grey levels, as a part of their range."""
    gamma: float = 1.3
    noise: float = 0.04
    """Largest standard deviation of added noise, as a part of the grey range."""
    blur: float = 0.2
    """Probability of a small blur."""
    crop: float = 1.0
    """Smallest part of the slice's area that a view shows; 1 shows all of it."""
    cutout: float = 0.0
    """Largest side of a square that is blanked in every second view, as a part of the view's side."""


@dataclass(frozen=True)
class Recipe:
    """One training run.

    The task ``segment`` learns foreground, ``partition`` affinities beside it; any other is pre-training: it
    reads no labels and leaves ``encoder.safetensors``. With ``initial = "pretrained"`` a recipe starts from
    such a file, with ``"unet-tvmf"`` from that method's network.
    ``sizes`` are pairs (first step, side in px): training may begin small and end large. ``budget`` is a
    sentence written before training: steps, expected seconds a step, machine.
    """

    name: str
    budget: str
    steps: int
    task: Task = "segment"
    network: str = "unet-lite0"
    initial: Literal["imagenet", "random", "pretrained", "unet-tvmf"] = "imagenet"
    loss: Loss = "tvmf"
    lambda_: float = 32.0
    cross_entropy: float = 1.0
    """Weight of the cross-entropy added to the loss; 0 leaves it out."""
    affinity_classes: int = 2
    """Kinds of pairs that weigh alike; 3 sets pairs of two structures apart from those with background."""
    small_structures: float = 0.0
    """How much more a pixel of a small structure counts in the cross-entropy: (1 % of the image / area) to
    this power, at least 1 and at most 8; 0 leaves all pixels alike."""
    slots: float = 0.0
    """Weight of the slots' loss, for networks that have slots."""
    embedding: float = 0.0
    """Weight of the embeddings' loss, for networks that have embeddings."""
    consistency: float = 0.0
    """Weight of foreground's and embeddings' consistency on ``data.unlabelled``, as many slices a step as
    annotated ones."""
    sure_from: float = 0.95
    """Probability from which the teacher's class of a pixel is learnt there."""
    temperature: float = 0.1
    """τ of NT-Xent."""
    mask_ratio: float = 0.75
    """Part of the patches that a masked autoencoder does not see."""
    batch: int = 8
    sizes: tuple[tuple[int, int], ...] = ((0, 256),)
    seed: int = 0
    precision: Literal["no", "bf16", "fp16"] = "no"
    select_every: int = 100
    log_every: int = 10
    save_minutes: float = 5.0
    data: Data = field(default_factory=Data)
    optimiser: Optimiser = field(default_factory=Optimiser)
    augmentation: Augmentation = field(default_factory=Augmentation)

    def size_at(self, step: int) -> int:
        """Return the side in px of the training images at a step."""
        return [size for first, size in self.sizes if first <= step][-1]
