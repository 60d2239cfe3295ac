"""What is changed in a picture of H.265 to see where its slice ends: a column of blocks more, in a tile behind it.

Blocks are decoded tile after tile, and those of one refer to no other, so the picture stays as it is. The last bits of
the slice, which say that it is over, are changed to say that a tile is, and it gets more bytes. A decoder that comes to
its end, at the last block and at the last bit, goes on with them in the new column, as if they were a picture of that
column alone: that is decoded, too, to compare. One that lost its way reads other bytes there, or never comes there.
(A row more, as H.264 gets, would change how the blocks at the lower edge are cut.) This is done where it is easy, which
is what cameras send: one slice, no tiles or lines of blocks of its own, and a width of whole blocks.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dondoc.probing.picture.bits import Bits, bare, closed, golomb, guarded, packed
from dondoc.probing.picture.units import is_slice, kind

_SPS, _PPS, _IDR, _KEY = 33, 34, (19, 20), range(16, 22)
_INTRA = 2  # type of a slice
_HEAD = 40  # bytes, more than the head of such a slice has
_END = 8  # bytes, more than the end of a slice takes
COLUMN = 64  # pixels, the largest blocks: no smaller column, of which what is not shown may leave nothing
# Without plan, so that no other place in it looks like its beginning, and then what soon ends a slice. Of few others a
# decoder makes blocks at any quality, with and without the first byte.
MORE = hashlib.shake_128(b"296").digest(1200) + b"\xff" * 64


class Wider(NamedTuple):
    """The units of a picture that was made wider by COLUMN."""

    width: int  # as it was
    ending: Callable[[], list[bytes]]  # with the slice as it is, before MORE that it must not come to; rarely needed
    going_on: list[bytes]  # with the slice that goes on with MORE
    columns: list[list[bytes]]  # of nothing but the top of the column, with MORE as one decoder or another finds it


class _Pieces(NamedTuple):
    """The slice of a picture, as `Wider` has it."""

    ending: Callable[[], bytes]
    going_on: bytes
    columns: list[bytes]


class _NotEasy(Exception):
    """The picture has something for which this is not done."""


def wider(units: Sequence[bytes]) -> Wider | None:
    """The same with one column more; None where that is not easy."""
    slices = [unit for unit in units if is_slice("h265", unit)]
    if len(slices) != 1 or kind("h265", slices[0]) not in _KEY:
        return None
    piece = slices[0]
    try:
        sps, pps = _sets(piece, units)
        sequence = _Sps.of(rest := Bits(sps[2:]))
        picture = _Pps.of(Bits(pps[2:]))
        pieces = _pieces(piece, sequence, picture, rest)
    except (_NotEasy, IndexError, KeyError, ValueError, OverflowError):
        return None
    tiles = {
        sps: sps[:2] + sequence.of_size(sequence.width + COLUMN, sequence.height),
        pps: pps[:2] + picture.in_tiles(sequence.width // sequence.block),
    }
    alone = {sps: sps[:2] + sequence.of_size(COLUMN, COLUMN)}

    def changed(sets: Mapping[bytes, bytes], made: bytes) -> list[bytes]:
        return [made if unit == piece else sets.get(unit, unit) for unit in units]

    columns = [changed(alone, one) for one in pieces.columns]
    return Wider(sequence.width, lambda: changed(tiles, pieces.ending()), changed(tiles, pieces.going_on), columns)


def depending(units: Sequence[bytes]) -> set[int]:
    """Which of the units are parts of slices that depend on what precedes them."""
    try:
        allowed = dict(_allowing(unit) for unit in units if kind("h265", unit) == _PPS)
        return {n for n, unit in enumerate(units) if is_slice("h265", unit) and _depends(unit, allowed)}
    except (IndexError, ValueError, KeyError):
        return set()


def _allowing(pps: bytes) -> tuple[int, bool]:
    """The number of a picture parameter set, and whether it allows such."""
    number, bits = _number(pps)
    bits.golomb()  # pps_seq_parameter_set_id
    return number, bool(bits.read(1))  # dependent_slice_segments_enabled_flag


def _number(pps: bytes) -> tuple[int, Bits]:
    """That of a picture parameter set, and what follows it."""
    bits = Bits(pps[2:_HEAD])
    return bits.golomb(), bits


def _sets(piece: bytes, units: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The sequence's and the picture's parameter set, of those that came, that are a slice's: the last of a number."""
    head = Bits(piece[2:_HEAD])
    head.read(2)  # first_slice_segment_in_pic_flag, no_output_of_prior_pics_flag
    pictures = {_number(unit)[0]: unit for unit in units if kind("h265", unit) == _PPS}
    pps = pictures[head.golomb()]
    sequences = {_Sps.of(Bits(unit[2:])).number: unit for unit in units if kind("h265", unit) == _SPS}
    return sequences[_number(pps)[1].golomb()], pps


def _depends(piece: bytes, allowed: Mapping[int, bool]) -> bool:
    bits = Bits(piece[2:_HEAD])
    if bits.read(1):  # first_slice_segment_in_pic_flag
        return False
    bits.read(16 <= kind("h265", piece) <= 23)  # no_output_of_prior_pics_flag
    return bool(allowed[bits.golomb()] and bits.read(1))  # slice_pic_parameter_set_id, dependent_slice_segment_flag


def _refuse_if(there: object) -> None:
    if there:
        raise _NotEasy


# Each line below reads what its comment names, as ITU-T H.265 calls it; most of it only to come to what follows.


@dataclass(frozen=True)
class _Sps:
    """A sequence parameter set (7.3.2.2)."""

    bits: str
    number: int
    at: tuple[int, int]  # where its size stands
    width: int
    height: int
    block: int  # pixels of a coding tree block
    planes: bool  # each coded by itself
    chroma: bool
    order: int  # bits of the number that says when a picture is shown
    smoothed: bool  # sample adaptive offset

    @classmethod
    def of(cls, bits: Bits) -> "_Sps":
        bits.read(4)  # sps_video_parameter_set_id
        layers = bits.read(3)  # sps_max_sub_layers_minus1
        bits.read(1)  # sps_temporal_id_nesting_flag
        _profile(bits, layers)
        number = bits.golomb()  # sps_seq_parameter_set_id
        chroma = bits.golomb()  # chroma_format_idc
        planes = chroma == 3 and bool(bits.read(1))  # separate_colour_plane_flag
        before = bits.at
        width = bits.golomb()  # pic_width_in_luma_samples
        height = bits.golomb()  # pic_height_in_luma_samples
        at = before, bits.at
        if bits.read(1):  # conformance_window_flag
            _refuse_if(bits.golomb())  # conf_win_left_offset: what is shown would begin elsewhere
            for _ in range(3):  # right, top, bottom
                bits.golomb()
        bits.golomb()  # bit_depth_luma_minus8
        bits.golomb()  # bit_depth_chroma_minus8
        order = min(bits.golomb() + 4, 16)  # log2_max_pic_order_cnt_lsb_minus4
        for _ in range(layers + 1 if bits.read(1) else 1):  # sps_sub_layer_ordering_info_present_flag
            for _ in range(3):  # sps_max_dec_pic_buffering_minus1, _num_reorder_pics, _latency_increase_plus1
                bits.golomb()
        # log2_min_luma_coding_block_size_minus3, log2_diff_max_min_luma_coding_block_size
        block = 1 << min(bits.golomb() + 3 + bits.golomb(), 7)
        _refuse_if(block > 64 or width % block or not width)
        for _ in range(4):  # sizes and depths of transform blocks
            bits.golomb()
        if bits.read(1) and bits.read(1):  # scaling_list_enabled_flag, sps_scaling_list_data_present_flag
            _scaling_lists(bits)
        bits.read(1)  # amp_enabled_flag
        smoothed = bool(bits.read(1))  # sample_adaptive_offset_enabled_flag
        return cls(bits.bits, number, at, width, height, block, planes, bool(chroma) and not planes, order, smoothed)

    def of_size(self, width: int, height: int) -> bytes:
        before, after = self.at
        return closed(self.bits[:before] + golomb(width) + golomb(height) + self.bits[after:])


def _profile(bits: Bits, layers: int) -> None:
    """profile_tier_level (7.3.3)."""
    bits.read(96)
    present = [(bits.read(1), bits.read(1)) for _ in range(layers)]
    bits.read(2 * (8 - layers) if layers else 0)
    for profile, level in present:
        bits.read(88 * profile + 8 * level)


def _scaling_lists(bits: Bits) -> None:
    """scaling_list_data (7.3.4)."""
    for size in range(4):
        for _ in range(2 if size == 3 else 6):
            if not bits.read(1):
                bits.golomb()
                continue
            for _ in range(min(64, 1 << 4 + 2 * size) + (size > 1)):
                bits.signed()


@dataclass(frozen=True)
class _Pps:
    """A picture parameter set (7.3.2.3) without tiles."""

    bits: str
    at: int  # where it says that it has none
    output: int  # output_flag_present_flag
    extra: int  # num_extra_slice_header_bits
    offsets: int  # pps_slice_chroma_qp_offsets_present_flag
    across: int  # pps_loop_filter_across_slices_enabled_flag
    override: int  # deblocking_filter_override_enabled_flag
    unsmoothed: int  # pps_deblocking_filter_disabled_flag
    extension: int  # slice_segment_header_extension_present_flag

    @classmethod
    def of(cls, bits: Bits) -> "_Pps":
        bits.golomb()  # pps_pic_parameter_set_id
        bits.golomb()  # pps_seq_parameter_set_id
        bits.read(1)  # dependent_slice_segments_enabled_flag
        output, extra = bits.read(1), bits.read(3)
        bits.read(2)  # sign_data_hiding_enabled_flag, cabac_init_present_flag
        bits.golomb()  # num_ref_idx_l0_default_active_minus1
        bits.golomb()  # num_ref_idx_l1_default_active_minus1
        bits.signed()  # init_qp_minus26
        bits.read(2)  # constrained_intra_pred_flag, transform_skip_enabled_flag
        if bits.read(1):  # cu_qp_delta_enabled_flag
            bits.golomb()  # diff_cu_qp_delta_depth
        bits.signed()  # pps_cb_qp_offset
        bits.signed()  # pps_cr_qp_offset
        offsets = bits.read(1)
        bits.read(3)  # weighted_pred_flag, weighted_bipred_flag, transquant_bypass_enabled_flag
        at = bits.at
        _refuse_if(bits.read(2))  # tiles_enabled_flag, entropy_coding_sync_enabled_flag
        across = bits.read(1)
        override = unsmoothed = 0
        if bits.read(1):  # deblocking_filter_control_present_flag
            override, unsmoothed = bits.read(1), bits.read(1)
            if not unsmoothed:
                bits.signed()  # pps_beta_offset_div2
                bits.signed()  # pps_tc_offset_div2
        if bits.read(1):  # pps_scaling_list_data_present_flag
            _scaling_lists(bits)
        bits.read(1)  # lists_modification_present_flag
        bits.golomb()  # log2_parallel_merge_level_minus2
        extension = bits.read(1)
        _refuse_if(bits.read(1))  # pps_extension_present_flag
        return cls(bits.bits, at, output, extra, offsets, across, override, unsmoothed, extension)

    def in_tiles(self, blocks: int) -> bytes:
        """With two columns of tiles, of which the first is so many blocks wide; no filter reaches across."""
        flags = "10"  # tiles_enabled_flag, entropy_coding_sync_enabled_flag
        tiles = golomb(1) + golomb(0) + "0" + golomb(blocks - 1) + "0"  # columns, rows, uniform, width, filter across
        return closed(self.bits[: self.at] + flags + tiles + self.bits[self.at + 2 :])


def _pieces(piece: bytes, sequence: _Sps, picture: _Pps, rest: Bits) -> _Pieces:
    """Those of a slice; `rest`: of the sequence parameter set."""
    bits = Bits(piece[2:_HEAD])
    _refuse_if(not bits.read(1))  # first_slice_segment_in_pic_flag
    bits.read(1)  # no_output_of_prior_pics_flag
    bits.golomb()  # slice_pic_parameter_set_id
    bits.read(picture.extra)  # slice_reserved_flag
    _refuse_if(bits.golomb() != _INTRA)  # slice_type
    bits.read(picture.output + 2 * sequence.planes)  # pic_output_flag, colour_plane_id
    if kind("h265", piece) not in _IDR:
        _pass_references(bits, sequence, rest)
    # slice_sao_luma_flag, slice_sao_chroma_flag
    smoothed = [bits.read(1) for _ in range(1 + sequence.chroma)] if sequence.smoothed else []
    bits.signed()  # slice_qp_delta
    if picture.offsets:
        bits.signed()  # slice_cb_qp_offset
        bits.signed()  # slice_cr_qp_offset
    unsmoothed = picture.unsmoothed
    if picture.override and bits.read(1):  # deblocking_filter_override_flag
        unsmoothed = bits.read(1)  # slice_deblocking_filter_disabled_flag
        if not unsmoothed:
            bits.signed()  # slice_beta_offset_div2
            bits.signed()  # slice_tc_offset_div2
    if picture.across and (any(smoothed) or not unsmoothed):
        bits.read(1)  # slice_loop_filter_across_slices_enabled_flag
    at = bits.at
    if picture.extension:
        bits.read(8 * bits.golomb())  # slice_segment_header_extension_length, and as many bytes
    end = bits.at
    _refuse_if(not bits.read(1) or bits.read(-bits.at % 8))  # byte_alignment
    entry_points = golomb(0)  # num_entry_point_offsets, which stands where there are tiles
    head, alone = packed(bits.bits[:at] + entry_points + bits.bits[at:end] + "1"), packed(bits.bits[:end] + "1")
    content = bare(piece[2:])[bits.at // 8 :]

    def made(*parts: bytes) -> bytes:
        return piece[:2] + guarded(b"".join(parts))

    return _Pieces(
        ending=lambda: made(head, content, MORE),
        going_on=made(head, content[:-_END], _without_end(content[-_END:]), MORE),
        columns=[made(alone, more) for more in _more_as_read(content)],
    )


def _more_as_read(content: bytes) -> list[bytes]:
    """What a decoder finds behind a slice that goes on with MORE: that, or that without its first byte.

    Where the stop bit is the last bit of its byte, FFmpeg (`skip_bytes` of its arithmetic decoder) at times goes on one
    byte too far.
    """
    return [MORE, MORE[1:]] if content[-1] & 1 else [MORE]


def _pass_references(bits: Bits, sequence: _Sps, rest: Bits) -> None:
    """What the head of a slice says of other pictures, which those after it may refer to."""
    if rest.read(1):  # pcm_enabled_flag
        rest.read(8)  # pcm_sample_bit_depth_luma_minus1, pcm_sample_bit_depth_chroma_minus1
        rest.golomb()  # log2_min_pcm_luma_coding_block_size_minus3
        rest.golomb()  # log2_diff_max_min_pcm_luma_coding_block_size
        rest.read(1)  # pcm_loop_filter_disabled_flag
    sets: list[int] = []  # how many pictures each is of
    for _ in range(min(count := rest.golomb(), 65)):  # num_short_term_ref_pic_sets
        sets.append(_reference_set(rest, sets, own=False))
    _refuse_if(rest.read(1))  # long_term_ref_pics_present_flag
    timed = rest.read(1)  # sps_temporal_mvp_enabled_flag
    bits.read(sequence.order)  # slice_pic_order_cnt_lsb
    if bits.read(1):  # short_term_ref_pic_set_sps_flag
        bits.read(max(count - 1, 0).bit_length())  # short_term_ref_pic_set_idx
    else:
        _reference_set(bits, sets, own=True)
    bits.read(timed)  # slice_temporal_mvp_enabled_flag


def _reference_set(bits: Bits, sets: Sequence[int], *, own: bool) -> int:
    """st_ref_pic_set (7.3.7), after others: of how many pictures it is. `own`: a slice's, which may use any of them."""
    if sets and bits.read(1):  # inter_ref_pic_set_prediction_flag
        back = bits.golomb() if own else 0  # delta_idx_minus1
        bits.read(1)  # delta_rps_sign
        bits.golomb()  # abs_delta_rps_minus1
        return sum(bits.read(1) or bits.read(1) for _ in range(sets[-1 - back] + 1))  # used_by_curr_pic_flag, use_delta
    count = bits.golomb() + bits.golomb()  # num_negative_pics, num_positive_pics
    _refuse_if(count > 16)
    for _ in range(count):
        bits.golomb()  # delta_poc_s0_minus1, delta_poc_s1_minus1
        bits.read(1)  # used_by_curr_pic_s0_flag, used_by_curr_pic_s1_flag
    return count


def _without_end(content: bytes) -> bytes:
    """The end of a slice, so that it says that its tile is over (end_of_subset_one_bit), and not itself.

    The decoder has read as far as the stop bit when it comes to where a slice says that it is over: by the upmost two
    of the values that are left (9.3.4.3.5). The next two below say that it is not, and then, that its tile is.
    """
    bits = int.from_bytes(content)
    return (bits - 2 * (bits & -bits)).to_bytes(len(content))
