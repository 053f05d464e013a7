"""The pure core: no I/O, no clock, no AWS. Functions take values and return values."""
