"""**The presses**: one file for each format a result is published in; pure functions to text or bytes."""
