"""The parity suite: every exporter, fitted, packed, run by the engine and compared with Python."""
