"""WAV, FLAC and other sounds to pcm, and back."""

from __future__ import annotations

import io
import re
import struct
import wave
from contextlib import AbstractContextManager, nullcontext
from math import prod
from typing import Any

import numpy as np
import soundfile

from ..corruptions import Pcm
from ..errors import DataError
from ..limits import DEFAULT_LIMITS, MAX_SAMPLE_RATE, DecodeLimits
from ..signals import on_grid
from .chunks import PCM, AudioChunk, find_samples
from .faults import Memory, decoder_cause, decoding, quiet_stderr
from .mpeg import is_mpeg, open_mpeg

BLOCK = 1 << 20  # samples decoded at a time where they are not of 16 bits
UNKNOWN = 1 << 62  # samples that libsndfile announces where a FLAC leaves them open, and more
PLAIN = struct.Struct("<4sI4s4sIHHIIHH4sI")  # a WAV of nothing else, up to the first sample
QUIET = (b"fLaC", b"OggS", b".snd", b"NIST")
NIST_SIZES = (b"sample_count", b"channel_count", b"sample_n_bytes")
AU = struct.Struct(">4sII")  # name, where the samples start, bytes of them


def decode_audio(
    data: bytes | memoryview, limits: DecodeLimits = DEFAULT_LIMITS
) -> tuple[Pcm, int]:
    """WAV, FLAC or what else libsndfile reads as ((channels, samples) int16, sample rate in Hz).

    Other depths are rounded to the 16-bit grid.  The array may be a view of `data`.  Where a header
    leaves the length open, as those of pipes do, the sound goes to the end.  Raises DataError with
    the cause where the sound is broken, cut off, empty or not finite, has more bytes than
    `limits.max_audio_bytes` or a sample rate above MAX_SAMPLE_RATE.
    """
    plain = _plain_wave(data, limits)
    if plain is not None:
        return plain
    with decoding("sound"):
        chunk = find_samples(data)
        if chunk is not None and chunk.wave is not None and _is_pcm16(data, chunk):
            pcm, sample_rate = _view(data, chunk, limits), chunk.wave.sample_rate
        else:
            pcm, sample_rate = _decode_with_soundfile(data, chunk, limits)
    if pcm.shape[1] == 0:
        raise DataError("the sound is empty.")
    _check_rate(sample_rate)
    return pcm, sample_rate


def _plain_wave(data: bytes | memoryview, limits: DecodeLimits) -> tuple[Pcm, int] | None:
    """A WAV as shards have it, in a tenth of the time; None for whatever is not exactly that."""
    if not PLAIN.size < len(data) <= limits.max_audio_bytes:
        return None
    riff, _, kind, fmt, size, code, channels, rate, _, width, bits, name, length = (
        PLAIN.unpack_from(data)
    )
    if (riff, kind, fmt, size, code, bits, name) != (b"RIFF", b"WAVE", b"fmt ", 16, 1, 16, b"data"):
        return None
    if length != len(data) - PLAIN.size or not 0 < rate <= MAX_SAMPLE_RATE:
        return None
    if not width == 2 * channels > 0 or length % width:
        return None
    pcm = np.frombuffer(data, "<i2", offset=PLAIN.size).astype(np.int16, copy=False)
    return pcm.reshape(-1, channels).T, rate


def _is_pcm16(data: bytes | memoryview, chunk: AudioChunk) -> bool:
    assert chunk.wave is not None
    wave = chunk.wave
    return wave.code == PCM and wave.block_align == 2 * wave.channels and data[:4] != b"RIFX"


def _view(data: bytes | memoryview, chunk: AudioChunk, limits: DecodeLimits) -> Pcm:
    """The samples of a 16-bit WAV as they lie in `data`, without a copy."""
    assert chunk.wave is not None
    channels = chunk.wave.channels
    samples = chunk.length // (2 * channels)
    _check_length(samples, channels, limits)
    pcm = np.frombuffer(data, "<i2", samples * channels, chunk.start).astype(np.int16, copy=False)
    return pcm.reshape(samples, channels).T


def _decode_with_soundfile(
    data: bytes | memoryview, chunk: AudioChunk | None, limits: DecodeLimits
) -> tuple[Pcm, int]:
    """A sound by libsndfile, all of it or a DataError."""
    quiet: AbstractContextManager[None] = nullcontext()
    is_estimate = False
    if chunk is not None:
        file = Memory(chunk.with_length(data) if chunk.is_open else data)
    elif is_mpeg(data):
        file, quiet, is_estimate = open_mpeg(data), quiet_stderr(), True
    else:
        _check_end(data)
        file, is_estimate = Memory(data), bytes(data[:4]) == b"OggS"
        if bytes(data[:4]) not in QUIET:  # libsndfile may find MPEG in it all the same
            quiet = quiet_stderr()
    with quiet, soundfile.SoundFile(file) as sound:
        _check_rate(sound.samplerate)
        is_open = sound.frames > UNKNOWN
        if not is_open:
            _check_length(sound.frames, sound.channels, limits)
        pcm = _read(sound, is_open, limits)
        if pcm.shape[1] < sound.frames and not is_open and not is_estimate:
            raise DataError(
                f"the sound is cut off: it announces {sound.frames} samples and holds "
                f"{pcm.shape[1]}."
            )
        return pcm, sound.samplerate


def _read(sound: Any, is_open: bool, limits: DecodeLimits) -> Pcm:
    """All samples of an open file, to the end."""
    # After every block soundfile seeks to where it is, by which decoders lose their state.
    sound.seekable = lambda: False
    if sound.subtype == "PCM_16" and not is_open:
        pcm: Pcm = sound.read(sound.frames, "int16", always_2d=True)
        return pcm.T
    most = max(1, BLOCK // sound.channels)
    out = np.empty((most if is_open else sound.frames, sound.channels), np.int16)
    found = 0
    while len(block := _block(sound, most)):
        if found + len(block) > len(out):
            _check_length(found + len(block), sound.channels, limits)
            out = np.concatenate([out, np.empty_like(out)])
        out[found : found + len(block)] = block
        found += len(block)
    return out[:found].T


def _block(sound: Any, most: int) -> Pcm:
    if sound.subtype == "PCM_16":
        pcm: Pcm = sound.read(most, "int16", always_2d=True)
        return pcm
    samples = sound.read(most, "float64", always_2d=True)
    if not np.isfinite(samples).all():
        raise DataError("the sound holds NaN or infinity.")
    return on_grid(np.clip(samples, -1, 1))


def _check_rate(sample_rate: int) -> None:
    if not 0 < sample_rate <= MAX_SAMPLE_RATE:
        raise DataError(
            f"the sound has a sample rate of {sample_rate} Hz; 1 to {MAX_SAMPLE_RATE} Hz are read."
        )


def _check_length(samples: int, channels: int, limits: DecodeLimits) -> None:
    if 2 * samples * channels > limits.max_audio_bytes:
        raise DataError(
            f"the sound announces {samples} samples in {channels} channel(s); at most "
            f"{limits.max_audio_bytes} bytes are read."
        )


def _check_end(data: bytes | memoryview) -> None:
    """Raise DataError for an AU, NIST or Ogg file of which the end is missing.

    libsndfile takes the first two for short ones, and decodes Ogg up to the last whole page.
    """
    head, length = bytes(data[:1024]), 0
    if head[:4] == b".snd" and len(head) >= AU.size:
        _, start, size = AU.unpack_from(head)
        length = 0 if size == 0xFFFFFFFF else start + size
    elif head[:8] == b"NIST_1A\n" and b"shorten" not in head:
        sizes = [re.search(rb"\n%s -i (\d{1,9})\s" % name, head) for name in NIST_SIZES]
        start = int(head[8:16]) if head[8:15].strip().isdigit() else 0
        length = start + prod(int(size[1]) for size in sizes if size) if all(sizes) else 0
    elif head[:4] == b"OggS":
        length = _end_of_pages(data)
    if length > len(data):
        raise DataError(
            f"the sound is cut off: it announces {length} bytes, of which {len(data)} are there."
        )


def _end_of_pages(data: bytes | memoryview) -> int:
    """Where the last page of an Ogg file ends, or says that it does."""
    at = 0
    while bytes(data[at : at + 4]) == b"OggS":
        if at + 27 > len(data):
            return at + 27
        body = at + 27 + data[at + 26]
        at = body + sum(data[at + 27 : body])
    return at


def encode_audio(pcm: Pcm, sample_rate: int, kind: str = "wav") -> bytes:
    """pcm (channels, samples) int16 as a 16-bit "wav" or "flac" file.

    Raises DataError for channels or a rate that do not fit a FLAC.
    """
    coded = io.BytesIO()
    if kind == "wav":
        with wave.open(coded, "wb") as sound:
            sound.setnchannels(pcm.shape[0])
            sound.setsampwidth(2)
            sound.setframerate(sample_rate)
            sound.writeframes(np.ascontiguousarray(pcm.T).astype("<i2", copy=False).tobytes())
        return coded.getvalue()
    try:
        soundfile.write(coded, pcm.T, sample_rate, subtype="PCM_16", format=kind.upper())
    except soundfile.SoundFileError as error:
        raise DataError(
            f"{pcm.shape[0]} channels at {sample_rate} Hz do not fit a {kind.upper()}: "
            f"{decoder_cause(error)}; write a WAV."
        ) from error
    return coded.getvalue()
