"""How good the model is: its figures, the judges of its pictures, an experiment."""
