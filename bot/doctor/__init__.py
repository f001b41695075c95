"""The doctor: what is wrong with this installation, and what to do about it.

A check first gathers facts (slow, may fail, may hang), then judges them (pure). `darkroom doctor`
shows all findings to the operator, `/server doctor` shows a server's admins what they may know.
"""
