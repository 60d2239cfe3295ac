"""What is measured in a quicker way is the same as in the plain one."""

import cv2
import numpy as np
import pytest

from dondoc.probing.picture import measure, signs

random = np.random.default_rng(5)


def test_a_picture_of_1920_by_1080_is_reduced_to_the_means_of_areas() -> None:
    for noise in (random.integers(0, 256, (1080, 1920)), random.integers(0, 2, (1080, 1920)) * 255):
        y = noise.astype(np.uint8)
        size = measure.WIDTH, measure.HEIGHT
        assert np.array_equal(measure._reduced(y), cv2.resize(y, size, interpolation=cv2.INTER_AREA))


@pytest.mark.parametrize("height", [96, 144, 288, 358, 540, 1080])
def test_colours_are_taken_from_where_brightness_is(height: int) -> None:
    plane = random.integers(0, 256, (height // 2, 177), np.uint8)
    rows, columns = np.arange(height // 10, height - height // 10, signs.COARSE), np.arange(0, 354, signs.COARSE)
    taken = signs._at_the_same_places(plane, (height, 354), height // 10)
    assert np.array_equal(taken, plane[np.ix_(rows // 2, columns // 2)])


def test_where_no_colour_is_far_from_grey_none_is_impossible() -> None:
    y, u, v = (one.ravel()[None].astype(np.float32) for one in np.mgrid[0:256, -17:18, -17:18])
    for full_range in (True, False):
        looked_at = signs.Sampled(y, u, v, full_range)
        assert signs._odd(looked_at) == 0
        looked_at.u[0, 0] = signs.POSSIBLE  # so that it is not passed over
        assert signs._odd(looked_at) == 0
        looked_at.u[0, 0] = -17
