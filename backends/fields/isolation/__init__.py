"""Decoding the files of users in a process of its own, so that a file that crashes a decoder does not take the server along.

``wire`` is what goes between the two processes, ``decoder`` is the server's side, ``worker`` the other one, and ``opened``
makes datasets of which only coordinates are here and the values there.
"""
