"""What a mirror does to affinities, and prediction with a mirrored look."""

import numpy as np
import pytest

from ctseg.networks.affinities import CHANNELS, CLASSES, OFFSETS, predict_affinities
from ctseg.networks.registry import build_network
from ctseg.networks.tensors import torch_logits
from ctseg.partition.affinities import ends, mirrored


def affinities_of(label_map: np.ndarray) -> np.ndarray:
    result = np.zeros((len(OFFSETS), *label_map.shape), np.float32)
    for channel, offset in enumerate(OFFSETS):
        first, second = ends(label_map, offset)
        ends(result[channel], offset)[0][...] = first == second
    return result


@pytest.mark.parametrize("shape", [(40, 50), (7, 33), (1, 1)])
def test_mirrored_affinities_are_those_of_the_mirrored_slice(shape) -> None:
    label_map = np.random.default_rng(0).integers(0, 3, shape)
    assert np.array_equal(mirrored(affinities_of(label_map), OFFSETS, 1), affinities_of(label_map[:, ::-1]))


def pairs(affinities: np.ndarray) -> list[np.ndarray]:
    return [ends(one, offset)[0] for one, offset in zip(affinities, OFFSETS, strict=True)]


def constant_look(image: np.ndarray) -> np.ndarray:
    """Answers that a mirror does not change: logits of the pairs of grey levels."""
    answer = np.zeros((1, CHANNELS, *image.shape[2:]), np.float32)
    answer[0, 1] = image[0, 0]
    for channel, offset in enumerate(OFFSETS):
        first, second = ends(image[0, 0], offset)
        ends(answer[0, CLASSES + channel], offset)[0][...] = 1 - np.abs(first - second)
    return answer


@pytest.mark.parametrize("shape", [(64, 64), (50, 64), (96, 61)])
def test_a_network_without_sides_says_the_same_with_a_mirrored_look(shape) -> None:
    grey = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    plain, both = (predict_affinities(constant_look, grey, 64, mirror) for mirror in (False, True))
    assert np.allclose(plain[0], both[0], atol=1e-6)
    assert max(plain[0].shape) == 64
    for one, other in zip(pairs(plain[1]), pairs(both[1]), strict=True):
        assert np.allclose(one, other, atol=1e-6)


def test_the_network_has_a_channel_for_each_offset() -> None:
    logits = torch_logits(build_network("tiny-unet-affinities").eval())
    foreground, affinities = predict_affinities(logits, np.zeros((40, 64), np.uint8), 32)
    assert foreground.shape == (20, 32)
    assert affinities.shape == (len(OFFSETS), 20, 32)
    assert affinities.dtype == np.float32
