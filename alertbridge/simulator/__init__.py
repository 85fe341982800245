"""A world without waiting, and without phones: gateways and clocks that obey.

Part of the product: `demo`, `simulate` and the tests use the same code, so no fake
lives only for tests and none can rot.
"""
