"""**The yardsticks**: one file for each number we report; pure functions of arrays."""
