"""FIT files as bytes: the profile, a reader and a writer. Nothing in here knows of hearts.

FIT (Flexible and Interoperable Data Transfer) is the file of most sports watches: a header, then
definition messages, each saying how the data messages of one local type are laid out, then a
16-bit checksum. Several such files may follow each other in one.
"""
