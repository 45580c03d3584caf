"""Receiving, releasing and recording: the platform itself, importable without Airflow."""

__version__ = "0.1.0"
