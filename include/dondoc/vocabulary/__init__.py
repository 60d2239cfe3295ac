"""The closed sets of the contract, one type each, with all that belongs to a member; and how things are numbered.

Knows no other room. What cameras answer is the set of `probing`, which is usable alone and takes from here only what a
code is: `probing.verdicts`.
"""
