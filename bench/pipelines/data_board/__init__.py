"""The data leaderboard: which synthetic data, and which augmentation, helps a classifier most, on equal terms."""
