"""Installers: they put a target's bytes into a slot."""
