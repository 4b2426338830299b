"""What energy costs: exact decimals, no clock, no file but the tariff tables."""
