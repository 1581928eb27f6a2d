"""Where the released code of AVROBUSTBENCH contradicts its paper, and what one may choose here."""

SAME = "Nothing differs here beside what holds for all, [at the end](#what-differs-everywhere)."

BY_NAME = {
    "gaussian": (
        "It takes the severity number itself for the SNR of the sound in dB, so that 1 is the "
        "worst. Here the SNR is 40 to 0 dB, as the paper has it; the profile `released` keeps 1 "
        "to 5 dB."
    ),
    "compression": (
        "At severity 1 it asks for a cutoff of 8000 Hz, which is half of a sample rate of 16 kHz, "
        "and raises. Here it is 7920 Hz, and any cutoff is held under .99 of half the sample rate. "
        "Both profiles do the same."
    ),
    "snow": "It works on frames of 224 x 224 only; here any size will do.",
    "frost": (
        "It works on frames of 224 x 224 only, and never picks the last of its six textures. Here "
        "any size will do and every texture of the bank is picked; the profile `released` keeps to "
        "the first five."
    ),
    "wind": "Its picture raises at every severity. Here it works, alike in both profiles.",
    "underwater": (
        "It swaps red and blue in its output and so attenuates blue, and it raises at severity 4, "
        "whose kernel is of even width. Here red is attenuated, nothing is swapped, and the kernel "
        "at 4 is 11 wide; the profile `released` swaps, with 11 at 4 too."
    ),
    "smoke": "It works on frames of 224 x 224 only; here any size will do.",
    "crowd": "It makes stereo of a mono clip. Here the clip's channel count stays as it is.",
    "interference": (
        "Its silent chunks may overlap, so that 9.7, 18.7, 26.7, 33.9 and 40.3 % of the sound fall "
        "silent. Here they never overlap and it is 10 to 50 %; the profile `released` places each "
        "chunk on its own."
    ),
}

CHOICES = """\
## What can be chosen

Stages, loaders and commands take all of these, `corrupt_frames` and `corrupt_waveform` those that
concern them. The first of each is what happens unasked.

| choice | values |
|---|---|
| `temporal` | `"frame"`: each frame draws anew, as in the released code. `"clip"`: one draw a \
clip, so that drops, ice, angle and person stay where they are; rain and snow fall, smoke drifts. |
| `modality` | `"both"`, `"visual"`, `"audio"`: the other one stays clean, and the draws of this \
one stay as they are. |
| `severity` | 1 to 5, or a pair `(visual, audio)` of which one may be 0 for clean: `(2, 5)`. |
| `profile` | `"default"`: as the paper says. `"released"`: as the released code does, where it \
runs. |
| `bank` | None for the built-in one, or what `avrb bank import` made. |"""

GENERAL = """\
## What differs everywhere

| matter | released code | here, in both profiles |
|---|---|---|
| grayscale and RGBA input | raises for the most part | converted to RGB |
| sample rate | taken for 16 kHz | the clip's own |
| order of frames | as the folder lists them | by number |
| randomness | three global generators, one of which cannot be seeded | \
seed, corruption, key, modality and frame number decide every draw |

Of its 75 paired cells the released code runs 68 on frames of 224 x 224, and 15 fewer on others."""
