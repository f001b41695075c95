"""What a million members need, computed: `python -m benchmarks.scale`.

assumptions   what nobody measured here, with its source
measured      what is measured on the way: bytes of rows and of pictures
figures       the formulas, and the tables of docs/scale.md
"""
