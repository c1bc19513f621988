"""Casualty ratios from publicly reported, worded figures."""
