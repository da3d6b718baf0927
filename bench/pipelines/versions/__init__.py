"""Dataset versions: from a recipe to drawn, locked, verified, compared and exported images."""
