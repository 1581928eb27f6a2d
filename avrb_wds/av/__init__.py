"""Videos read by PyAV: their frames and their sound, placed on the one clock of the file.

Packing, corrupting and previews all read videos here, so that they agree on what is in one.
"""
