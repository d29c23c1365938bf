"""Crash tests: a node trading on the hostile exchange is killed, frozen and loses power, again and again.

``python -m benchmarks.crash --rounds 100``; a few rounds are in the test suite.
"""
