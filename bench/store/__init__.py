"""**The disk**: everything that we write, atomically, and read back."""
