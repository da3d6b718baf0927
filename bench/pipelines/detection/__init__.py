"""Object detection: scenes, detectors, their scores and their boards."""
