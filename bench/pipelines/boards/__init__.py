"""Boards: from score cards to tables, pages and pictures, and what changed between two of them."""
