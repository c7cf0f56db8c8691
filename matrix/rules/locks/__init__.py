"""
Locked sets of requirements: what an application installs, to the last hash. Pure.

A set is locked by itself; every other set of an application is constrained by its main one.
"""
