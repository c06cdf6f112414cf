"""Networks: specifications become torch modules here."""
