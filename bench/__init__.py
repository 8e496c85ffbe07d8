"""Yadokari beside PocketBase: same machine, same data, same requests, in turns.

B1  Both sides hold the same rows, made from one fixed seed through the same HTTP API.
B2  A case is measured in turns (A B A B ...); a ratio belongs to one round, never to two.
B3  A ratio above 1 means that Yadokari is better, whether more or less is better there.
B4  A round in which any answer was an error is no result: the case has no figure, and says why.
B5  What shapes a figure (connections, load generator, `synchronous`, versions) is in the result.

Not here: tests of correctness (tests/oracle), proofs under load (make soak).
"""
