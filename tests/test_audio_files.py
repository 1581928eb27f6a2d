"""Sound files as other programs write them: read to the last sample, or refused in a sentence."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers.audio_files import PCM, RATE, chunk, coded, field, fmt, wave
from helpers.cli import run_avrb
from PIL import Image

from avrb_wds.codecs import decode_audio, encode_audio
from avrb_wds.errors import DataError
from avrb_wds.limits import DecodeLimits

RAW = PCM.T.astype("<i2").tobytes()
SUBTYPES = [
    "PCM_16", "PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAW", "ULAW", "IMA_ADPCM",
    "MS_ADPCM",
]  # fmt: skip
KINDS = [("WAV", subtype) for subtype in SUBTYPES]
KINDS += [(kind, subtype) for kind in ("WAVEX", "RF64", "W64") for subtype in SUBTYPES[:6]]
OPEN = [0, 0x7F000000, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0x7FFFFFD4, 0xFFFFFFDB, 0xFFFFFFFF]
EXTRA = [
    (b"LIST", b"INFOISFT\x06\0\0\0Lavf61"), (b"JUNK", bytes(27)), (b"bext", bytes(602)),
    (b"fact", struct.pack("<I", 3000)),
]  # fmt: skip


def decoded(data: bytes) -> np.ndarray:
    pcm, rate = decode_audio(data)
    assert rate == RATE
    return pcm


def by_soundfile(data: bytes) -> np.ndarray:
    """(channels, samples) in [-1, 1], as libsndfile has it."""
    samples: np.ndarray = soundfile.read(io.BytesIO(data), always_2d=True)[0].T
    return samples


@pytest.mark.parametrize(("kind", "subtype"), KINDS)
def test_every_kind_is_read_as_by_libsndfile(kind: str, subtype: str) -> None:
    data = coded(subtype, kind)
    expected = np.clip(np.rint(by_soundfile(data) * 32768), -32768, 32767)
    assert np.array_equal(decoded(data), expected)
    assert np.array_equal(decoded(data + b"\0"), expected)


@pytest.mark.parametrize(("kind", "subtype"), KINDS)
@pytest.mark.parametrize("kept", [0.3, 0.5, 0.98])
def test_a_file_that_is_cut_off_says_so(kind: str, subtype: str, kept: float) -> None:
    data = coded(subtype, kind)
    for end in (int(kept * len(data)), len(data) - 1):
        with pytest.raises(DataError, match=r"^the sound is cut off: [^\n]+\.$"):
            decode_audio(data[:end])


@pytest.mark.parametrize(("kind", "subtype"), KINDS)
@pytest.mark.parametrize("size", OPEN)
def test_a_length_left_open_means_to_the_end(kind: str, subtype: str, size: int) -> None:
    data = coded(subtype, kind)
    expected = decoded(data)
    opened = bytearray(data)
    if kind == "RF64":
        struct.pack_into(
            "<Q", opened, field(data, b"ds64") + 12, size if size < 1 << 31 else 1 << 63
        )
    else:
        order = "<Q" if kind == "W64" else "<I"
        at = field(data, b"data") + (12 if kind == "W64" else 0)
        struct.pack_into(order, opened, at, size + (24 if kind == "W64" else 0))
    assert np.array_equal(decoded(bytes(opened)), expected)
    if kind != "W64":  # and that of the whole file, too
        opened[4:8] = struct.pack("<I", min(size + 36, 0xFFFFFFFF) if size else 0)
        assert np.array_equal(decoded(bytes(opened)), expected)


@pytest.mark.parametrize("extra", [[], EXTRA[:1], EXTRA[1:], EXTRA])
@pytest.mark.parametrize("bits", [16, 24])
def test_other_chunks_are_passed_over(bits: int, extra: list[tuple[bytes, bytes]]) -> None:
    raw = RAW if bits == 16 else np.insert(np.frombuffer(RAW, "u1"), np.s_[::2], 0).tobytes()
    for data in (
        wave(raw, fmt(bits=bits), before=extra),
        wave(raw, fmt(bits=bits), after=extra),
        wave(raw, fmt(bits=bits), before=extra, after=extra),
        wave(raw, fmt(bits=bits), before=extra, riff=0xFFFFFFFF),
        wave(raw, fmt(bits=bits), before=extra, size=0xFFFFFFFF, riff=0xFFFFFFFF),
    ):
        assert np.array_equal(decoded(data), PCM)
    with pytest.raises(DataError, match="cut off"):
        decode_audio(wave(raw, fmt(bits=bits), before=extra)[:-1])
    with pytest.raises(DataError, match="is empty"):
        decode_audio(wave(b"", fmt(bits=bits), after=extra))


def test_odd_lengths() -> None:
    mono = bytes(range(1, 100))  # 99 samples of 8 bits
    data = wave(mono, fmt(channels=1, bits=8), after=EXTRA)
    expected = (np.frombuffer(mono, "u1").astype(int) - 128) * 256
    assert np.array_equal(decoded(data)[0], expected)
    assert np.array_equal(decoded(wave(mono, fmt(channels=1, bits=8))[:-1])[0], expected)
    unpadded = data.replace(b"\0LIST", b"LIST").replace(bytes(28), bytes(27))
    assert np.array_equal(decoded(unpadded)[0], expected)
    listed = chunk(b"LIST", bytes(5))
    early = wave(RAW, before=[(b"LIST", bytes(5))])
    assert np.array_equal(decoded(early.replace(listed, listed[:-1])), PCM)
    assert np.array_equal(decoded(wave(RAW + b"\1", size=len(RAW) + 1)), PCM)  # a quarter sample
    assert np.array_equal(decoded(wave(RAW + b"\1\2", size=0xFFFFFFFF)), PCM)


def test_an_extensible_header_of_16_bits_is_no_copy() -> None:
    tail = bytes.fromhex("0100000000001000800000aa00389b71")
    data = wave(RAW, fmt(0xFFFE) + struct.pack("<HHI", 22, 16, 3) + tail)
    assert np.array_equal(decoded(data), PCM)
    assert np.shares_memory(decoded(data), np.frombuffer(data, "u1"))
    plain = encode_audio(PCM, RATE)
    assert np.shares_memory(decoded(plain), np.frombuffer(plain, "u1"))
    assert np.array_equal(decode_audio(memoryview(bytearray(plain)))[0], PCM)


def test_a_wav_of_big_endian_numbers() -> None:
    data = coded("PCM_16", endian="BIG")
    assert data.startswith(b"RIFX")
    assert np.array_equal(decoded(data), PCM)
    with pytest.raises(DataError, match="announces 3000 samples and holds 2999"):
        decode_audio(data[:-1])


IMPOSSIBLE = {
    "rate 0": fmt(rate=0),
    "rate 4 GHz": fmt(rate=0xFFFFFFFF),
    "rate 100 MHz": fmt(rate=100_000_000),
    "no channels": fmt(channels=0),
    "no channels, blocks": fmt(channels=0, align=2),
    "65535 channels": fmt(channels=65_535),
    "blocks of 0": fmt(align=0),
    "blocks too small": fmt(align=2),
    "blocks too large": fmt(align=6),
    "24 bits in 2": fmt(bits=24, align=4),
    "no bits": fmt(bits=0),
    "8 bits, float": fmt(code=3, bits=8),
    "64 bits, whole": fmt(bits=64),
    "IMA without blocks": fmt(code=17, bits=4, align=0) + struct.pack("<HH", 2, 505),
    "IMA, blocks of 1": fmt(code=17, bits=4, align=1) + struct.pack("<HH", 2, 505),
    "MS ADPCM, no table": fmt(code=2, bits=4, align=256) + struct.pack("<HHH", 32, 500, 7),
    "unknown": fmt(code=0x1234),
    "short": fmt()[:14],
}


@pytest.mark.parametrize("header", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_an_impossible_header_is_named(header: bytes) -> None:
    for data in (wave(RAW, header), wave(RAW, header, size=0), wave(RAW, header, before=EXTRA)):
        with pytest.raises(DataError, match=r"^the sound [^\n]+\.$"):
            decode_audio(data)


def test_chunks_without_end() -> None:
    many = b"RIFF\0\0\0\0WAVE" + b"JUNK\0\0\0\0" * 100_000
    with pytest.raises(DataError, match=r"^the sound has more than 4096 chunks before its samples"):
        decode_audio(many)
    assert len(decoded(wave(b"", size=0) + b"JUNK\0\0\0\0" * 100_000)) == 2


def test_the_samples_come_after_their_format() -> None:
    data = b"RIFF\0\0\0\0WAVE" + chunk(b"data", RAW) + chunk(b"fmt ", fmt())
    with pytest.raises(DataError, match="impossible header: its format comes after its samples"):
        decode_audio(data)


@pytest.mark.parametrize("kept", [4, 11, 12, 19, 20, 35, 40, 43])
def test_a_header_that_is_cut_off_says_so(kept: int) -> None:
    with pytest.raises(DataError, match=r"^the sound is cut off: it ends within its header\.$"):
        decode_audio(wave(RAW)[:kept])


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_a_flac_of_open_length(subtype: str) -> None:
    samples = np.random.default_rng(0).integers(-900, 900, (700_000, 2), np.int16)
    data = bytearray(coded(subtype, "FLAC", samples))
    data[21] &= 0xF0  # STREAMINFO: 36 bits of the number of samples
    data[22:26] = bytes(4)
    assert np.array_equal(decoded(bytes(data)), samples.T)
    with pytest.raises(DataError, match=r"^the sound cannot be decoded: "):
        decode_audio(bytes(data[: len(data) // 2]))
    with pytest.raises(DataError, match="at most 1000000 bytes are read"):
        decode_audio(bytes(data), DecodeLimits(max_audio_bytes=1_000_000))


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [("AIFF", "PCM_16"), ("AIFF", "PCM_24"), ("AU", "PCM_16"), ("AU", "FLOAT"), ("CAF", "PCM_16"),
     ("NIST", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("FLAC", "PCM_16"),
     ("FLAC", "PCM_24")],
)  # fmt: skip
def test_other_files_are_read_whole_or_refused(kind: str, subtype: str) -> None:
    noise = np.random.default_rng(0).integers(-900, 900, (50_001, 1), np.int16)
    data = coded(subtype, kind, noise)
    assert decoded(data).shape == (1, 50_001)
    for end in (len(data) // 2, len(data) - 1):
        with pytest.raises(
            DataError, match=r"^the sound (is cut off|cannot be decoded): [^\n]+\.$"
        ):
            decode_audio(data[:end])


@pytest.mark.parametrize(("kind", "size"), [("AU", 0xFFFFFFFF), ("AIFF", 0x7F000008)])
def test_other_files_of_open_length(kind: str, size: int) -> None:
    data = bytearray(coded("PCM_16", kind))
    at = 8 if kind == "AU" else field(data, b"SSND")
    struct.pack_into(">I", data, at, size)
    assert np.array_equal(decoded(bytes(data)), PCM)


def test_what_a_compressed_sound_comes_to_is_bounded() -> None:
    data = coded("ULAW", samples=np.zeros(1_000_000, np.int16))
    assert decode_audio(data, DecodeLimits(max_audio_bytes=2_000_000))[0].shape == (1, 1_000_000)
    with pytest.raises(DataError, match="announces 1000000 samples in 1 channel"):
        decode_audio(data, DecodeLimits(max_audio_bytes=1_999_999))


def test_a_flac_holds_eight_channels() -> None:
    with pytest.raises(
        DataError, match=r"^9 channels at 16000 Hz do not fit a FLAC: .*; write a W"
    ):
        encode_audio(np.zeros((9, 100), np.int16), RATE, "flac")


def test_commands_name_the_file(tmp_path: Path) -> None:
    """A sound that is cut off, and one with an impossible header: each command says so."""
    bad = {"cut": coded("PCM_24")[:-999], "rate": wave(RAW, fmt(rate=0)), "good": coded("PCM_24")}
    (tmp_path / "frames/frame_0").mkdir(parents=True)
    for name, data in bad.items():
        (tmp_path / f"{name}.wav").write_bytes(data)
        Image.new("RGB", (32, 32)).save(tmp_path / f"frames/frame_0/{name}.jpg")
    rows = [{"wav": f"{n}.wav", "labels": "x", "video_id": n, "video_path": "frames"} for n in bad]
    (tmp_path / "list.json").write_text(json.dumps({"data": rows}))
    done = run_avrb("pack", "list.json", "out", "--max-errors", "2", folder=tmp_path)
    assert (done.returncode, "cut.wav: the sound is cut off" in done.stderr) == (0, True), (
        done.stderr
    )
    assert "rate.wav: the sound has an impossible header" in done.stderr
    for name, said in (("cut", "the sound is cut off"), ("rate", "the sound has an impossible")):
        done = run_avrb("corrupt", f"{name}.wav", "x.wav", "--corruption", "rain", folder=tmp_path)
        assert (done.returncode, f"{name}.wav: {said}" in done.stderr) == (1, True), done.stderr
