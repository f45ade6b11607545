"""What was pre-trained arrives in the network that is fine-tuned, tensor by tensor."""

import pytest
import torch
from pretraining import texture

from ctseg.networks.registry import build_network
from ctseg.networks.swin import SwinEncoder
from ctseg.networks.swin_unet import swin_unet
from ctseg.networks.vit import VisionTransformer, vit_segmenter
from ctseg.training.pretrained import load_pretrained_encoder
from ctseg.training.tasks.mae import MaskedAutoencoder
from ctseg.training.tasks.simclr import SimCLR
from ctseg.training.tasks.swin_mae import SwinMaskedAutoencoder


def mae():
    return MaskedAutoencoder(VisionTransformer(32, 2, 4, 16), dim=32, depth=1)


KINDS = {
    "mae": (mae, lambda: vit_segmenter(32, 2, 4, 16)),
    "swin-mae": (lambda: SwinMaskedAutoencoder(SwinEncoder(12)), lambda: swin_unet(12)),
    "simclr": (lambda: SimCLR(build_network("unet-lite0").encoder), lambda: build_network("unet-lite0")),
}


@pytest.mark.parametrize(("pretraining", "network"), KINDS.values(), ids=KINDS)
def test_every_tensor_of_the_encoder_moves_over(pretraining, network) -> None:
    torch.manual_seed(1)
    trained = pretraining()
    torch.manual_seed(2)
    tuned = network()
    head = tuned.state_dict()
    load_pretrained_encoder(tuned, trained.encoder_state())
    for name, tensor in trained.encoder.state_dict().items():
        assert torch.equal(tuned.encoder.state_dict()[name], tensor), name
    for name, tensor in tuned.state_dict().items():
        assert name.startswith("encoder.") or torch.equal(tensor, head[name]), name
    trained.eval(), tuned.eval()
    image = texture(1, 64)
    for one, other in zip(trained.encoder(image), tuned.encoder(image), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(("pretraining", "network"), KINDS.values(), ids=KINDS)
def test_weights_that_do_not_fit_are_refused_by_name(pretraining, network) -> None:
    tuned, weights = network(), dict(pretraining().encoder_state())
    last = list(weights)[-1]
    with pytest.raises(ValueError, match=f"{last} is missing or has another shape"):
        load_pretrained_encoder(tuned, {name: weights[name] for name in weights if name != last})
    with pytest.raises(ValueError, match=f"{last} is missing or has another shape"):
        load_pretrained_encoder(tuned, weights | {last: torch.zeros(3, 1, 7)})
    with pytest.raises(ValueError, match="it has no decoder"):
        load_pretrained_encoder(tuned, weights | {"decoder": torch.zeros(1)})


def test_half_precision_is_widened() -> None:
    tuned, weights = vit_segmenter(32, 2, 4, 16), mae().encoder_state()
    load_pretrained_encoder(tuned, {name: tensor.half() for name, tensor in weights.items()})
    assert all(parameter.dtype == torch.float32 for parameter in tuned.parameters())
