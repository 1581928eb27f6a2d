"""Where the reference code of AVROBUSTBENCH contradicts its paper, and the options to choose."""

SAME = "No differences except the [general ones](#differences-from-the-reference-code)."

BY_NAME = {
    "gaussian": (
        "Uses the severity itself as the SNR of the audio in dB, so that severity 1 is the worst. "
        "Here the SNR is 40 to 0 dB, as in the paper; the profile `reference` uses 1 to 5 dB."
    ),
    "compression": (
        "At severity 1, asks for a cutoff of 8000 Hz, half of a sample rate of 16 kHz, and raises "
        "an error. Here the cutoff is 7920 Hz, and every cutoff is limited to "
        ".99 of half the sample rate, in both profiles."
    ),
    "snow": "Supports frames of 224 x 224 only; here any size works.",
    "frost": (
        "Supports frames of 224 x 224 only and never selects the last of its six textures. "
        "Here any size works and every texture of the bank can be selected; the "
        "profile `reference` uses the first five."
    ),
    "wind": (
        "The visual part raises an error at every severity. Here it works, and is the same in both "
        "profiles."
    ),
    "underwater": (
        "Swaps red and blue in its output, and so attenuates blue. It raises an "
        "error at severity 4, where its kernel has an even width. Here red is attenuated, nothing "
        "is swapped, and the kernel at severity 4 is 11 wide; the profile `reference` swaps the "
        "channels, also with a width of 11."
    ),
    "smoke": "Supports frames of 224 x 224 only; here any size works.",
    "crowd": "Converts a mono clip to stereo. Here the number of channels stays the same.",
    "interference": (
        "The silent chunks may overlap, so that 9.7, 18.7, 26.7, 33.9 and "
        "40.3 % of the audio are silent. Here they never overlap and 10 to 50 % are silent; the "
        "profile `reference` places each chunk independently."
    ),
}

CHOICES = """\
## Options

Stages, loaders and commands take all of these options; `corrupt_frames` and `corrupt_waveform` take
those that apply to them. The first value is the default.

| option | values |
|---|---|
| `temporal` | `"frame"`: each frame has its own draw, as in the reference code. `"clip"`: all \
frames share one draw, so that drops, ice, angle and person stay in place; rain and snow fall, \
smoke drifts. |
| `modality` | `"both"`, `"visual"`, `"audio"`: with one modality, the other stays clean, and the \
draws of the corrupted one do not change. |
| `severity` | 1 to 5, or a pair `(visual, audio)` such as `(2, 5)`, in which one may be 0 \
for clean. |
| `profile` | `"default"`: follows the paper. `"reference"`: follows the reference code, where \
that runs. |
| `bank` | None for the built-in bank, or a file that `avrb bank import` wrote. |"""

GENERAL = """\
## Differences from the reference code

| | reference code | here, in both profiles |
|---|---|---|
| grayscale and RGBA input | mostly raises an error | converted to RGB |
| sample rate | assumed to be 16 kHz | that of the clip |
| order of frames | the order of the directory listing | by number |
| randomness | three global generators, one of which cannot be seeded | \
every draw depends on seed, corruption, key, modality and frame index |

Of the 75 conditions, the reference code runs 68 on frames of 224 x 224, and 15 fewer on other
sizes."""
