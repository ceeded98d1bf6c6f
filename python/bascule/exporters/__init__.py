"""Exporters: one file per family of estimators. `bascule.pack` imports every module here.

Each cites the method of the library whose order of arithmetic it follows. Most rows that Python
refuses are refused by `Graph.validate`; what a model cannot answer exactly is `Unsupported`.
"""
