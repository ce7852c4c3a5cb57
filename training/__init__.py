"""Texts the context model learns from, and the program that trains it."""
