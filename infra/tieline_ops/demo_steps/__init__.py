"""The steps of `make demo`, by what they show. Each asserts with a deadline, and says what it saw.

A step is a function of the `World`; it acts as people do, past both systems' APIs.
"""
