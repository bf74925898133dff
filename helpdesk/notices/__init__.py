"""Rectification notices: the cause must go, and somebody looks whether it has."""
