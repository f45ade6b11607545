"""What the phantom is drawn with: random numbers, curves, coverage, textures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctseg.datasets.phantom.curves import blob, circle, direction, grown, mirrored, oval, rotated, tube
from ctseg.datasets.phantom.frame import Frame, random_bends
from ctseg.datasets.phantom.painting import Layer, Painting
from ctseg.datasets.phantom.raster import FULL, cover
from ctseg.datasets.phantom.stream import Stream
from ctseg.datasets.phantom.texture import blurred, lattice_noise, scanner_noise, streak_noise

coordinates = st.floats(-20, 80, allow_nan=False)
triangles = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=3).map(np.array)


def _area(outline: np.ndarray) -> float:
    x, y = outline.T
    return abs((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2


def test_random_numbers_never_change() -> None:
    stream = Stream(42, "liver")
    assert [stream.bits() for _ in range(2)] == [12252926738252402254, 7558286878097847253]
    assert stream.field(2, 2).tolist() == [
        [10857082684173208216, 1254597923217698354],
        [14680836131266108980, 9813887853703128048],
    ]


def test_random_numbers_are_spread_as_told() -> None:
    stream = Stream(1, "spread")
    uniform = np.array([stream.uniform(2, 6) for _ in range(4000)])
    bell = np.array([stream.bell(3) for _ in range(4000)])
    assert 2 <= uniform.min() < 2.02 < 5.98 < uniform.max() < 6
    assert bell.mean() == pytest.approx(0, abs=0.15)
    assert bell.std() == pytest.approx(3, rel=0.05)
    assert sorted(stream.shuffled(range(20))) == list(range(20))
    assert {stream.integer(1, 3) for _ in range(50)} == {1, 2, 3}
    assert 0.2 < np.mean([stream.chance(0.3) for _ in range(1000)]) < 0.4
    bits = np.unpackbits(stream.field(64, 64).view(np.uint8))
    assert bits.mean() == pytest.approx(0.5, abs=0.005)


def test_streams_of_other_names_are_other_streams() -> None:
    assert Stream(1, "liver").bits() != Stream(1, "spleen").bits()
    assert Stream(1, "liver").bits() != Stream(2, "liver").bits()
    assert Stream(1, "a", "b").bits() == Stream(1, "a", "b").bits()


@given(st.floats(-5, 5))
def test_directions_are_on_the_unit_circle(turns: float) -> None:
    cosine, sine = direction(turns)
    assert (cosine, sine) == pytest.approx((np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)), abs=1e-8)


def test_circle_goes_round_evenly() -> None:
    cosine, sine = circle(97)
    np.testing.assert_allclose(cosine + 1j * sine, np.exp(2j * np.pi * np.arange(97) / 97), atol=1e-8)


def test_growing_adds_a_margin_whatever_the_direction_of_the_outline() -> None:
    outline = oval((0.0, 0.0), 40.0, 40.0, corners=96)
    for same in (outline, outline[::-1]):
        assert _area(grown(same, 5.0)) == pytest.approx(np.pi * 45**2, rel=0.01)
        assert _area(grown(same, -5.0)) == pytest.approx(np.pi * 35**2, rel=0.01)


def test_a_tube_has_its_width_and_round_ends() -> None:
    assert _area(tube([(0.0, 0.0), (50.0, 0.0), (100.0, 0.0)], 5.0)) == pytest.approx(
        1000 + np.pi * 25, rel=0.01
    )


def test_turning_and_mirroring_keep_the_area() -> None:
    outline = blob(Stream(3, "blob"), (10.0, 5.0), 30.0, 20.0, 0.1)
    assert _area(rotated(outline, 0.13, (4.0, 5.0))) == pytest.approx(_area(outline))
    assert _area(mirrored(outline)) == pytest.approx(_area(outline))


@given(triangles)
@settings(max_examples=150)
def test_coverage_adds_up_to_the_area_inside_the_image(triangle: np.ndarray) -> None:
    found = cover([triangle + 20], 100, 100)
    total = 0.0 if found is None else found.share.sum() / FULL
    # Lines lie a quarter of a pixel apart, so thin slivers may come out wider or narrower.
    assert total == pytest.approx(_area(triangle), rel=0.02, abs=8.0)
    turned = cover([triangle[::-1] + 20], 100, 100)
    if found is not None:
        np.testing.assert_array_equal(found.share, turned.share)
        assert found.share.min() >= 0
        assert found.share.max() <= FULL


def test_coverage_is_exact_for_a_box_and_clipped_at_the_image() -> None:
    box = np.array([[-5.0, 2.0], [3.5, 2.0], [3.5, 4.25], [-5.0, 4.25]])
    found = cover([box], 10, 10)
    assert found is not None
    full = np.zeros((10, 10))
    full[found.box] = found.share / FULL
    expected = np.zeros((10, 10))
    expected[2:4, :3], expected[4, :3] = 1, 0.25
    expected[2:4, 3], expected[4, 3] = 0.5, 0.125
    np.testing.assert_array_equal(full, expected)


def test_overlapping_polygons_are_counted_once_and_polygons_outside_not_at_all() -> None:
    box = np.array([[1.0, 1.0], [5.0, 1.0], [5.0, 5.0], [1.0, 5.0]])
    found = cover([box, box[::-1] + 2], 10, 10)
    assert found is not None
    assert found.share.sum() == (16 + 16 - 4) * FULL
    assert cover([box + 50], 10, 10) is None
    assert cover([], 10, 10) is None


def test_scanner_noise_rises_from_low_frequencies_and_falls_to_high_ones() -> None:
    noise = scanner_noise(Stream(5, "noise"), 256, 256, 0.5)
    assert noise.std() == pytest.approx(256, rel=0.15)
    power = np.abs(np.fft.fft2(noise)) ** 2
    frequency = np.fft.fftfreq(256)
    radius = np.hypot(frequency[:, None], frequency)
    low, middle, high = (
        power[(radius > a) & (radius < b)].mean() for a, b in ((0, 0.02), (0.12, 0.2), (0.4, 0.5))
    )
    assert low < 0.75 * middle
    assert high < 0.5 * middle


def test_streaks_run_along_the_rows() -> None:
    noise = streak_noise(Stream(5, "streaks"), 128, 128, 40).astype(float)
    along = np.mean(noise[:, 5:] * noise[:, :-5]) / noise.var()
    across = np.mean(noise[5:] * noise[:-5]) / noise.var()
    assert along > 0.7
    assert abs(across) < 0.3


def test_blur_spreads_and_keeps_the_sum() -> None:
    image = np.zeros((21, 21), dtype=np.int32)
    image[10, 10] = 16_000
    out = blurred(image, 2)
    assert out.sum() == pytest.approx(16_000, abs=200)
    assert out.max() < 5_000


def test_lattice_noise_is_smooth_and_within_its_range() -> None:
    noise = lattice_noise(Stream(5, "lattice"), 128, 100, 16)
    assert noise.shape == (128, 100)
    assert np.abs(noise).max() <= 256
    assert noise.std() > 60
    assert np.abs(np.diff(noise, axis=0)).max() < 80


def _painting() -> Painting:
    flat = np.zeros((14, 14, 2))
    return Painting(Frame((64, 64), 1.0, (32.0, 32.0), (1.0, 1.0), 0.0, flat), 1)


def test_bends_move_outlines_smoothly() -> None:
    bends = random_bends(Stream(1, "bends"), 4.0)
    frame = Frame((512, 512), 0.8, (256.0, 256.0), (1.0, 1.0), 0.0, bends)
    outline = oval((0.0, 0.0), 100.0, 60.0)
    moved = frame.bent(outline) - outline
    assert 0.5 < np.abs(moved).max() < 15
    assert np.abs(np.diff(moved, axis=0)).max() < 2.5


def test_later_layers_cover_earlier_ones_and_rims_part_them() -> None:
    painting = _painting()
    painting.paint(
        Layer(outlines=(oval((0.0, 0.0), 20.0, 20.0),), hounsfield=100, organ="liver", label="liver")
    )
    touching = Layer(outlines=(oval((10.0, 0.0), 8.0, 8.0),), hounsfield=50, organ="kidney", label="kidney")
    painting.paint(touching)
    assert painting.names == ["", "liver", "kidney"]
    assert painting.hounsfield[32, 42] == 50 * 16
    assert painting.labels[32, 33:35].tolist() == [1, 2]
    painting.paint(Layer(**{**vars(touching), "rim_mm": 3.0}))
    assert painting.labels[32, 31:36].tolist() == [0, 0, 0, 2, 2]
    assert painting.hounsfield[32, 32] == -102 * 16


def test_gas_stands_level_above_fluid_and_stays_within_its_mask() -> None:
    painting = _painting()
    round_layer = Layer(
        outlines=(oval((0.0, 0.0), 20.0, 20.0),), hounsfield=20, organ="stomach", mask="lumen"
    )
    painting.paint(round_layer)
    box = np.array([[-30.0, -30.0], [30.0, -30.0], [30.0, 30.0], [-30.0, 30.0]])
    painting.paint(Layer(outlines=(box,), hounsfield=-960, organ="stomach", within=("lumen",), top_share=0.5))
    assert (painting.hounsfield[20:31, 32] == -960 * 16).all()
    assert (painting.hounsfield[33:45, 32] == 20 * 16).all()
    assert painting.hounsfield[5, 5] == -1000 * 16


def test_what_lies_outside_the_image_or_an_unpainted_mask_changes_nothing() -> None:
    painting = _painting()
    before = painting.hounsfield.copy()
    painting.paint(Layer(outlines=(oval((500.0, 0.0), 5.0, 5.0),), hounsfield=100, organ="rib", label="rib"))
    painting.paint(
        Layer(
            outlines=(oval((0.0, 0.0), 5.0, 5.0),),
            hounsfield=9,
            organ="liver lesion",
            label="x",
            within=("liver",),
        )
    )
    np.testing.assert_array_equal(painting.hounsfield, before)
    assert not painting.labels.any()
