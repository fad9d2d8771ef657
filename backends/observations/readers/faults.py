"""What damaged files of observations make the decoding libraries raise."""

from backends.fields import damage

#: In the middle of reading, in a process that does nothing else; each reader knows what else its library raises.
DECODING_PROBLEMS = (*damage.DECODING_PROBLEMS, OverflowError, MemoryError, AssertionError)
